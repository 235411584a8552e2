// Rank the results of a query: equal messages, then entries of the name and headings of the same
// words, then similar messages, then MiniSearch's results.
"use strict";

var torchproofSearch = (() => {
  const WORD = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu;
  const FILLING = new Set(
    ("a an and are be can do does for from how i in is it my of on or the to what when which why with").split(" "),
  );
  const FEW = 5;
  const MOST = 40;
  // A query of more words is treated as a message.
  const LONG = 6;

  const words = (text) => text.toLowerCase().match(WORD) ?? [];

  /** Return the words of a query without stop words, or all if nothing is left. */
  function telling(query) {
    const all = words(query);
    const some = all.filter((word) => !FILLING.has(word));
    return some.length ? some : all;
  }

  /** Return a word, and for a snake_case name also its parts, except in code. */
  function withParts(word, field) {
    const parts = field === "code" ? [] : word.split("_").filter(Boolean);
    return parts.length > 1 ? [word, ...parts] : word;
  }

  /** Return MiniSearch's documents: one per section, and one per message. */
  function documentsOf({ pages, sections }) {
    return sections.flatMap(({ page, names = [], messages = [], ...section }, at) => {
      const { title, errors } = pages[page];
      const own = { ...section, id: `${at}`, at, page: title, names: names.join(" ") };
      return [own, ...messages.map((message, n) => ({ id: `${at}.${n}`, at, message, errors }))];
    });
  }

  function boostDocument(_id, _term, { kind, message, errors }) {
    if (message) return errors ? 1.3 : 1;
    return { entry: 1.5, page: 0.6 }[kind] ?? 1;
  }

  function create(index) {
    const { pages, sections } = index;
    const named = torchproofSearchNames.create(sections);
    const shown = torchproofSearchMessages.create(index);
    const engine = new MiniSearch({
      fields: ["names", "title", "page", "message", "text", "code"],
      storeFields: ["at", "message", "kind", "errors"],
      tokenize: words,
      processTerm: withParts,
      searchOptions: { tokenize: words, processTerm: (word) => word, boostDocument },
    });
    engine.addAll(documentsOf(index));

    const boost = { names: 6, title: 4, page: 1.5, message: 0.7 };
    const asMessage = { boost: { ...boost, message: 4 }, combineWith: "OR" };
    const asWords = {
      boost,
      weights: { fuzzy: 0.15, prefix: 0.3 },
      fuzzy: (word) => (word.length > 3 && !/\d/.test(word) ? 0.2 : false),
      prefix: (word) => word.length > 1,
    };

    function ranked(query, isMessage) {
      const asked = telling(query).join(" ");
      if (isMessage) return engine.search(asked, asMessage);
      const all = engine.search(asked, { ...asWords, combineWith: "AND" });
      if (all.length >= FEW) return all;
      return [...all, ...engine.search(asked, { ...asWords, combineWith: "OR" })];
    }

    /** Return the sections that match a query, best first and without duplicates. */
    function search(text) {
      const query = torchproofSearchMessages.messageIn(text);
      const { equal, alike } = shown(query);
      const names = named(query);
      const speaks = torchproofSearchMessages.typed(query) || equal.length || alike.length;
      const isMessage = !names.length && (speaks || words(query).length > LONG);

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
      const terms = [...new Set(best.flatMap((result) => result.terms))];
      return best.map((result) => ({ ...result, terms }));
    }

    return { search };
  }

  return { create };
})();
