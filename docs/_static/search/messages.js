// Match a pasted error or warning message with those shown in sections.
"use strict";

var torchproofSearchMessages = (() => {
  const TYPE = /^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b:? */;
  const PLACE = /^\S*:\d+: (?=\w*Warning\b)/;
  // A traceback that lost its line breaks.
  const JOINED = /^.*Traceback \(most recent call last\).*?(?=\b\w+Error: )/s;
  const EQUAL = 3;

  const flat = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
  const length = (text) => text.split(" ").length;

  /** Extract the message from pasted text: the end of a traceback, a warning without its location. */
  function messageIn(pasted) {
    const lines = pasted.split(/\n|⏎/).map((line) => line.replace(PLACE, ""));
    const last = lines.findLastIndex((line) => TYPE.test(line));
    return lines.slice(Math.max(last, 0)).join(" ").replace(JOINED, "").trim();
  }

  /** Compare two lists lexicographically. */
  function firstDifference(one, other) {
    return one.map((item, n) => item - other[n]).find(Boolean) ?? 0;
  }

  /** Return a function from a query to the equal and the similar messages, best first. */
  function create({ pages, sections }) {
    const messages = sections.flatMap(({ page, messages: own = [] }, at) =>
      own.map((message) => {
        const body = flat(message.replace(TYPE, ""));
        return { at, message, errors: pages[page].errors, text: flat(message), body, long: length(body) > 3 };
      }),
    );

    return (query) => {
      const asked = flat(query);
      const body = flat(query.replace(TYPE, ""));
      const enough = length(body) > 2;
      const nearness = (message) => {
        if (message.text === asked) return EQUAL + 1;
        if (message.body === body && length(body) > 1) return EQUAL;
        if (enough && message.long && body.includes(message.body)) return 2;
        return enough && message.body.includes(body) ? 1 : 0;
      };
      const judged = messages.map((message) => ({ ...message, near: nearness(message) }));
      const found = judged.filter(({ near }) => near);
      const often = new Map();
      for (const { at } of found) often.set(at, (often.get(at) ?? 0) + 1);
      const order = ({ at, errors, near }) => [near >= EQUAL, errors, near, often.get(at)];
      const sorted = found.sort((a, b) => firstDifference(order(b), order(a)));
      return {
        equal: sorted.filter(({ near }) => near >= EQUAL),
        alike: sorted.filter(({ near }) => near < EQUAL),
      };
    };
  }

  return { create, messageIn, typed: (text) => TYPE.test(text) };
})();
