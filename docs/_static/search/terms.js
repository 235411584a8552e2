// Turn text into terms: words without stop words, stemmed, synonyms as one.
"use strict";

var torchproofSearchTerms = (() => {
  const WORD = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu;
  const PLAIN = /^[a-z]+$/;
  const STOP = new Set(
    (
      "a about all am an and any are as at be been but by can could did do does doing each every for from get gets getting had has have how i " +
      "if in into is it its just make me must my need needs of on or our same should so some that the their them then " +
      "there these they this to too use used using want was way we were what when where which while who why will with would " +
      "you your pytorch torch python"
    ).split(" "),
  );

  const words = (text) => text.toLowerCase().match(WORD) ?? [];

  /** Return functions from words to terms, for the synonyms of an index. */
  function create(synonyms = []) {
    const stemmer = new Stemmer();
    const stems = new Map();
    // `requires_grad_` counts as `requires_grad`.
    const stemmed = (word) => (PLAIN.test(word) ? stemmer.stemWord(word) : word.replace(/(?<=\w)_$/, ""));
    const meaning = new Map(synonyms.flatMap((group) => group.map((word) => [stemmed(word), stemmed(group[0])])));

    /** Return the term of one word: of its synonyms the first. */
    function term(word) {
      if (!stems.has(word)) {
        const stem = stemmed(word);
        stems.set(word, meaning.get(stem) ?? stem);
      }
      return stems.get(word);
    }

    /** Return the terms of a word; a snake_case name has those of its parts too, except in code. */
    function indexed(word, field) {
      const parts = field === "code" ? [] : word.split("_").filter(Boolean);
      return parts.length > 1 ? [term(word), ...parts.map(term)] : term(word);
    }

    /** Return the terms of a query without stop words, or of all its words if nothing is left. */
    function telling(query, field) {
      const all = words(query);
      const some = all.filter((word) => !STOP.has(word));
      return [...new Set((some.length ? some : all).flatMap((word) => indexed(word, field)))];
    }

    return { indexed, telling };
  }

  return { create, words, WORD };
})();
