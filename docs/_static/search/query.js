// Rank the results of a query: equal messages, then entries of the name and headings of the same
// words, then similar messages, then sections by their words and by the questions they answer.
"use strict";

var torchproofSearch = (() => {
  const MOST = 40;
  // How much a section of a kind is worth; what lists or mentions, and what shows an error, comes last.
  const WORTH = { recipe: 1.3, entry: 1.1, section: 1, script: 0.8, page: 0.6, errors: 0.3, part: 0.4, aside: 0.3 };
  const BOOST = { names: 2, title: 4, page: 1.5, questions: 6 };
  // For a query in code, which may be a name with a typo or its beginning.
  const NAMING = { names: 6, title: 4, page: 1.5, questions: 0.01 };
  const CODE = /[\w)][._(]|_/;
  const MESSAGE = 0.1;
  // The weight of the nearest question, against that of all words of a section; and what a question
  // adds that is equal to the query.
  const ASKED = 1.2;
  const POWER = 2;
  const EQUAL = 0.999;
  const { words } = torchproofSearchTerms;

  /** Return MiniSearch's documents: one for each section and message. */
  function documentsOf({ pages, sections }) {
    return sections.flatMap(({ page, names = [], messages = [], pasted = [], questions = [], ...section }, at) => {
      const joined = { page: pages[page].title, names: names.join(" "), questions: questions.join(" ") };
      const own = { ...section, ...joined, id: `${at}`, at };
      return [own, ...[...messages, ...pasted].map((message, n) => ({ id: `${at}.${n}`, at, message }))];
    });
  }

  function kindOf({ kind }, { aside, errors, recipes, script }) {
    if (aside) return "aside";
    if (errors) return "errors";
    if (kind !== "section") return kind;
    return script ? "part" : recipes ? "recipe" : kind;
  }

  function create(index) {
    const { pages, sections } = index;
    const { indexed, telling } = torchproofSearchTerms.create(index.synonyms);
    const named = torchproofSearchNames.create(sections);
    const shown = torchproofSearchMessages.create(index);
    const answered = torchproofSearchQuestions.create(index, telling);
    const worth = sections.map((section) => WORTH[kindOf(section, pages[section.page])]);
    const known = new Set();
    const ofWords = { code: new Map(), text: new Map() };
    const engine = new MiniSearch({
      fields: ["names", "title", "page", "questions", "message", "text", "code"],
      storeFields: ["at", "message"],
      tokenize: words,
      processTerm(word, field) {
        const kept = field === "code" ? ofWords.code : ofWords.text;
        if (!kept.has(word)) {
          kept.set(word, indexed(word, field));
          for (const term of [kept.get(word)].flat()) known.add(term);
        }
        return kept.get(word);
      },
      searchOptions: { tokenize: (text) => text.split(" "), processTerm: (term) => term },
    });
    engine.addAll(documentsOf(index));

    const asMessage = { boost: { ...BOOST, message: 4 } };
    const asWords = {
      boost: { ...BOOST, message: MESSAGE },
      weights: { fuzzy: 0.15, prefix: 0.6 },
      // Only of a term that stands nowhere another may be meant: a typo, or the beginning of a word.
      fuzzy: (term) => (term.length > 3 && !known.has(term) && !/\d/.test(term) ? 0.2 : false),
      prefix: (term, _, all) => term.length > 1 && !all.every((one) => known.has(one)),
    };
    const asCode = { ...asWords, boost: { ...NAMING, message: MESSAGE } };

    /** Return the sections that have words of the query, by their words and their nearest question. */
    function ranked(query, isMessage) {
      const isCode = !isMessage && CODE.test(query) && !/\s\w+\s/.test(query);
      const asked = telling(query, isCode ? "code" : "text");
      // While a word is not typed to its end, it may be a name, and makes no question yet.
      const isUnfinished = !known.has(asked.at(-1));
      const options = isMessage ? asMessage : isCode || isUnfinished ? asCode : asWords;
      const near = isCode ? new Map() : answered(asked);
      const asks = isUnfinished ? ASKED / 2 : ASKED;
      const found = new Map([...near.keys()].map((at) => [at, { at, words: 0, message: 0, terms: asked }]));
      for (const { at, message, score, terms } of engine.search(asked.join(" "), options)) {
        const own = found.get(at) ?? found.set(at, { at, words: 0, message: 0, terms: [] }).get(at);
        const part = message ? "message" : "words";
        if (score <= own[part]) continue;
        own[part] = score;
        if (isMessage && message) own.shown = message;
        if (isMessage || !message) own.terms = [...own.terms, ...terms];
      }
      const scored = [...found.values()].map((own) => ({ ...own, plain: (own.words + own.message) * worth[own.at] }));
      const most = Math.max(1e-9, ...scored.map(({ plain }) => plain));
      const score = ({ at, plain }) => {
        const nearness = near.get(at) ?? 0;
        return plain / most + asks * nearness ** POWER + (nearness > EQUAL ? 1 : 0);
      };
      const order = scored.map((own) => ({ at: own.at, message: own.shown, terms: own.terms, score: score(own) }));
      return order.sort((a, b) => b.score - a.score);
    }

    /** Return the sections that match a query, best first and without duplicates. */
    function search(text) {
      const query = torchproofSearchMessages.messageIn(text);
      const { equal, alike } = shown(query);
      const names = named(query);
      const isMessage = !names.length && (torchproofSearchMessages.typed(query) || equal.length + alike.length > 0);

      const byScore = ranked(query, isMessage);
      const place = new Map(byScore.map(({ at }, n) => [at, n]).reverse());
      const byPlace = (a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity);
      const asked = words(query).join(" ");
      const titled = [...sections.keys()].filter((at) => words(sections[at].title).join(" ") === asked);

      const results = new Map();
      const add = ({ at, message, terms = telling(query) }) => {
        if (results.has(at)) return;
        const section = sections[at];
        results.set(at, { ...section, page: pages[section.page], message, terms });
      };
      equal.forEach(add);
      for (const at of [...names.sort(byPlace), ...titled.sort(byPlace)]) add({ at });
      alike.forEach(add);
      byScore.forEach(add);
      const best = [...results.values()].slice(0, MOST);
      // Highlight the same words in all results, including fuzzy matches.
      const found = new Set(best.flatMap(({ terms }) => terms));
      const hits = (word) => [indexed(word.toLowerCase())].flat().some((term) => found.has(term));
      return best.map((result) => ({ ...result, hits }));
    }

    return { search };
  }

  return { create };
})();
