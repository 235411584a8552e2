// The answers to a query: a name's own entry first, then the section that shows a message, then
// what MiniSearch ranks.
"use strict";

var torchproofSearch = (() => {
  const TYPE = /^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b:? */;
  // What readers call the object whose method they look up.
  const RECEIVERS = {
    "visdom.Visdom": ["vis", "viz", "visdom", "client"],
    "torch.nn.Module": ["nn", "self", "super", "m", "mod", "module", "model", "net", "layer"],
    "torch.Tensor": ["tensor", "t", "x", "y", "w", "loss", "out", "output", "param", "weight"],
    "torch.autograd.Function": ["ctx", "function", "fn"],
    "torch.autograd.graph.Node": ["node", "grad_fn"],
    "torch.optim.Optimizer": ["optimizer", "optim", "opt"],
  };
  const BEFORE_NAME = /^(?:>>>\s*)?(?:(?:with|await|return|del|import)\s+|\w+\s*=\s*|@)?/;
  // A dotted name, then nothing, an open parenthesis, or a call to its end.
  const CALLED = /^([\p{L}_]\w*(?:\(\))?(?:\.[\p{L}_]\w*)*)\s*(?:\([^)]*|\(.*\))?:?$/u;
  const FILLING = new Set("a an and are be can do does for from how i in is it my of on or the to what when which why with".split(" "));
  const FEW = 5;
  const MOST = 40;

  const words = (text) => text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}_]+/gu) ?? [];

  /** Return a word and, of a name, the words that it is made of. */
  function withParts(word, field) {
    if (field === "code") return word;
    const parts = word.split("_").filter(Boolean);
    return parts.length > 1 ? [word, ...parts] : [word];
  }

  const flat = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();

  /** Compare two lists like their first items that differ. */
  function firstDifference(one, other) {
    const differences = one.map((item, n) => item - other[n]);
    return differences.find(Boolean) ?? 0;
  }

  /** Return the message in what was pasted: a traceback ends with it, a warning has a path before it. */
  function messageIn(pasted) {
    const lines = pasted.split(/\n|⏎/).map((line) => line.replace(/^\S*:\d+: (?=\w*Warning\b)/, ""));
    const last = lines.findLastIndex((line) => TYPE.test(line));
    const kept = last > 0 ? lines.slice(last) : lines;
    return kept.join(" ").replace(/^.*Traceback \(most recent call last\).*?(?=\b\w+Error: )/s, "").trim();
  }

  function documentsOf({ pages, sections }) {
    return sections.flatMap((section, at) => {
      const page = pages[section.page];
      const messages = (section.messages ?? []).map((message, n) => ({ id: `${at}.${n}`, at, message, errors: page.errors }));
      const { title, text, code, kind } = section;
      return [{ id: `${at}`, at, title, page: page.title, text, code, kind, names: section.names?.join(" ") }, ...messages];
    });
  }

  function create(index) {
    const { pages, sections } = index;
    const documents = documentsOf(index);
    const engine = new MiniSearch({
      fields: ["names", "title", "page", "message", "text", "code"],
      storeFields: ["at", "message", "kind", "errors"],
      tokenize: words,
      processTerm: withParts,
      searchOptions: { tokenize: words, processTerm: (word) => word },
    });
    engine.addAll(documents);

    const entries = new Map();
    sections.forEach((section, at) => section.names?.forEach((name) => entries.set(name, at)));
    const messages = documents
      .filter(({ message }) => message)
      .map(({ at, message, errors }) => {
        const body = flat(message.replace(TYPE, ""));
        return { at, message, errors, text: flat(message), body, words: words(body).length };
      });

    /** Return the entries whose name was given whole, or from any of its dots on. */
    function named(query) {
      const path = query.trim().replace(BEFORE_NAME, "").match(CALLED)?.[1];
      if (!path) return [];
      const parts = path.toLowerCase().split(".").map((part) => part.replace("()", ""));
      const [last, receiver] = [parts.at(-1), parts.at(-2)];
      const found = [];
      for (const [name, at] of entries) {
        const own = name.toLowerCase().split(".");
        if (own.at(-1) !== last) continue;
        const ends = own.slice(-parts.length).join(".") === parts.join(".");
        const type = own.slice(0, -1).join(".");
        const known = Object.keys(RECEIVERS).find((name) => name.toLowerCase() === type);
        const meant = known && RECEIVERS[known].includes(receiver);
        found.push({ at, close: ends ? (own.length === parts.length ? 3 : 2) : meant ? 1 : 0 });
      }
      // A receiver that no one knows may be anything.
      const best = Math.max(...found.map(({ close }) => close));
      return found.filter(({ close }) => parts.length === 1 || close === best).map(({ at }) => at);
    }

    /** Return the messages that are the query, then those that hold it or are part of it. */
    function shown(query) {
      const asked = flat(query);
      const body = flat(query.replace(TYPE, ""));
      const enough = words(body).length > 2;
      const rank = (message) => {
        if (message.text === asked) return 4;
        if (message.body === body && body.includes(" ")) return 3;
        if (enough && message.words > 3 && body.includes(message.body)) return 2;
        return enough && message.body.includes(body) ? 1 : 0;
      };
      const found = messages.flatMap((message) => {
        const own = rank(message);
        return own ? [{ ...message, rank: own }] : [];
      });
      const count = new Map();
      for (const { at } of found) count.set(at, (count.get(at) ?? 0) + 1);
      const order = (message) => [message.rank > 2, message.errors, message.rank, count.get(message.at)];
      return found.sort((a, b) => firstDifference(order(b), order(a)));
    }

    function ranked(query, isMessage) {
      const boost = { names: 6, title: 4, page: 1.5, message: isMessage ? 4 : 0.7 };
      const boostDocument = (_id, _term, { kind, message, errors }) =>
        kind === "entry" ? 1.5 : kind === "page" ? 0.6 : message && errors ? 1.3 : 1;
      const telling = words(query).filter((word) => !FILLING.has(word));
      const asked = telling.length ? telling.join(" ") : query;
      if (isMessage) return engine.search(asked, { boost, boostDocument, combineWith: "OR" });
      const fuzzy = (word) => (word.length > 3 && !/\d/.test(word) ? 0.2 : false);
      const options = { boost, boostDocument, weights: { fuzzy: 0.15, prefix: 0.3 }, fuzzy, prefix: (word) => word.length > 1 };
      const all = engine.search(asked, { ...options, combineWith: "AND" });
      return all.length < FEW ? [...all, ...engine.search(asked, { ...options, combineWith: "OR" })] : all;
    }

    /** Return the sections that answer a query, the best first, each once. */
    function search(text) {
      const query = messageIn(text);
      const asked = words(query);
      const found = shown(query);
      const names = named(query);
      const isMessage = !names.length && (TYPE.test(query) || found.length > 0 || asked.length > 6);
      const byScore = ranked(query, isMessage);
      const place = new Map(byScore.map(({ at }, n) => [at, n]).reverse());
      const byPlace = (a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity);
      const titled = sections.flatMap(({ title }, at) => (flat(title) === flat(query) ? [at] : []));

      const results = new Map();
      const add = ({ at, message, terms = asked }) => {
        const section = sections[at];
        const telling = terms.filter((term) => !FILLING.has(term));
        if (!results.has(at)) results.set(at, { ...section, page: pages[section.page], message, terms: telling });
      };
      found.filter(({ rank }) => rank > 2).forEach(add);
      [...names.sort(byPlace), ...titled.sort(byPlace)].forEach((at) => add({ at }));
      found.forEach(add);
      byScore.forEach(add);
      return [...results.values()].slice(0, MOST);
    }

    return { search };
  }

  return { create };
})();
