// Match a pasted error or warning message with those shown in sections.
"use strict";

var torchproofSearchMessages = (() => {
  const TYPE = /^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b:? */;
  const PLACE = /^\S*:\d+: (?=\w*Warning\b)/;
  // A traceback that lost its line breaks.
  const JOINED = /^.*Traceback \(most recent call last\).*?(?=\b\w+Error: )/s;
  // The least nearness of similar messages: with a type such as ValueError, and without.
  const SIMILAR = 0.3;
  const NEAR = 0.7;
  // The nearness of a message that holds the query, or is held by it.
  const HELD = 0.75;
  // Of those that are as near, one that the section is said to answer comes first, then a page of errors.
  const PASTED = 1.15;
  const ERRORS = 1.1;

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
    const messages = sections.flatMap(({ page, messages: own = [], pasted = [] }, at) => {
      const worth = pages[page].errors ? ERRORS : 1;
      const all = [...own.map((message) => [message, worth]), ...pasted.map((message) => [message, PASTED])];
      return all.map(([message, worth]) => {
        const body = flat(message.replace(TYPE, ""));
        return { at, message, worth, errors: pages[page].errors, text: flat(message), body, long: length(body) > 3 };
      });
    });
    const compared = torchproofSearchPatterns.create(messages.map(({ message }) => message));

    return (query) => {
      const asked = flat(query);
      const body = flat(query.replace(TYPE, ""));
      const enough = length(body) > 2;
      const least = TYPE.test(query) ? SIMILAR : enough ? NEAR : Infinity;
      const equality = ({ text, body: own }) => (text === asked ? 2 : own === body && length(body) > 1 ? 1 : 0);
      const holds = (message) => enough && ((message.long && body.includes(message.body)) || message.body.includes(body));
      const near = compared(query);
      const found = [];
      messages.forEach((message, n) => {
        const likeness = Math.max(near.get(n) ?? 0, holds(message) ? HELD : 0);
        const equal = equality(message);
        if (equal || likeness >= least || holds(message)) found.push({ ...message, equal, likeness });
      });
      const often = new Map();
      for (const { at } of found) often.set(at, (often.get(at) ?? 0) + 1);
      const order = ({ at, errors, worth, equal, likeness }) =>
        equal ? [1, errors, equal, often.get(at)] : [0, likeness * worth, often.get(at), 0];
      const sorted = found.sort((a, b) => firstDifference(order(b), order(a)));
      return { equal: sorted.filter(({ equal }) => equal), alike: sorted.filter(({ equal }) => !equal) };
    };
  }

  return { create, messageIn, typed: (text) => TYPE.test(text) };
})();
