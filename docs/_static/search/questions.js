// Compare a query with the questions that sections answer, and with headings, by terms in common.
"use strict";

var torchproofSearchQuestions = (() => {
  // A heading speaks of its section less plainly than a question that somebody asked.
  const HEADING = 0.8;
  const WITH_PAGE = 0.7;
  const OF_ERRORS = 0.6;
  // A query should be covered by the question more than the question by the query.
  const [COVERED, COVERING] = [0.7, 0.3];

  /** Return a function from terms to the nearness, up to 1, of each section's nearest question. */
  function create({ pages, sections }, telling) {
    const questions = sections.flatMap(({ page, title, anchor, questions: own = [] }, at) => {
      const { title: about, aside, errors } = pages[page];
      const texts = own.map((text) => [text, 1]);
      const worth = errors ? OF_ERRORS : 1;
      if (!aside) texts.push([title, HEADING * worth]);
      if (!aside && anchor) texts.push([`${title} ${about}`, WITH_PAGE * worth]);
      return texts.map(([text, weight]) => ({ at, weight, terms: telling(text) }));
    });
    const having = new Map();
    questions.forEach(({ terms }, n) => {
      for (const term of terms) (having.get(term) ?? having.set(term, []).get(term)).push(n);
    });
    // A term that few questions have tells more, as in BM25.
    const worth = (term) => Math.log(1 + questions.length / (having.get(term)?.length ?? 1));
    const sum = (terms) => terms.reduce((total, term) => total + worth(term), 0);
    const sums = questions.map(({ terms }) => sum(terms));

    return (asked) => {
      const common = new Map();
      for (const term of asked) {
        for (const n of having.get(term) ?? []) common.set(n, (common.get(n) ?? 0) + worth(term));
      }
      const whole = sum(asked);
      const best = new Map();
      for (const [n, shared] of common) {
        const { at, weight } = questions[n];
        const near = (weight * shared) / (whole ** COVERED * sums[n] ** COVERING);
        if (near > (best.get(at) ?? 0)) best.set(at, near);
      }
      return best;
    };
  }

  return { create };
})();
