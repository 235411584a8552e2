// Render a result: a link with the heading, the names and an excerpt, with matches highlighted.
"use strict";

var torchproofSearchResult = (() => {
  const LENGTH = 220;
  const HAN = /\p{Script=Han}/u;
  const [BEGIN, END] = ["(?<![\\p{L}\\p{N}])", "(?![\\p{L}\\p{N}])"];

  /** Create an element with attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  let last = { source: "" };

  /** Return a RegExp for the terms as whole words; Chinese terms match anywhere, as it has no spaces. */
  function finder(terms) {
    const words = terms
      .filter((term) => term.length > 1 || HAN.test(term))
      .sort((a, b) => b.length - a.length)
      .map((term) => (HAN.test(term) ? term : `${BEGIN}${term}${END}`));
    const source = words.length ? words.join("|") : "$.";
    // Compiling dominates the run time, so the results of a query share one RegExp.
    if (last.source !== source) last = { source, expression: new RegExp(source, "giu") };
    return last.expression;
  }

  function marked(text, found) {
    const fragment = document.createDocumentFragment();
    let at = 0;
    for (const { index, 0: word } of text.matchAll(found)) {
      fragment.append(text.slice(at, index), make("mark", {}, word));
      at = index + word.length;
    }
    fragment.append(text.slice(at));
    return fragment;
  }

  /** Return an excerpt of a text around a position. */
  function excerpt(text, place) {
    const start = place > LENGTH / 2 ? text.indexOf(" ", place - 60) + 1 : 0;
    const part = text.slice(start, start + LENGTH);
    return (start ? "… " : "") + part + (start + LENGTH < text.length ? " …" : "");
  }

  /** Create the listbox option for a result. */
  function option({ title, names = [], page, anchor, message, text = "", terms }, { id, root }) {
    const found = finder(terms);
    const holds = (part) => part.search(found) >= 0;
    const meant = names.filter((name) => holds(name.split(".").at(-1)));
    const shown = meant.length ? meant : names.slice(0, 1);
    // Show the start of a section, which describes it best. If only its text matched, show the match.
    const known = message || holds(title) || meant.length;
    const part = excerpt(message ?? text, known ? 0 : text.search(found));
    return make(
      "a",
      {
        id,
        class: "search-option",
        role: "option",
        tabindex: "-1",
        "aria-selected": "false",
        href: new URL(page.url + (anchor ? `#${anchor}` : ""), root).href,
      },
      make(
        "span",
        { class: "search-title" },
        make("span", {}, marked(title, found)),
        ...shown.map((name) => make("code", {}, marked(name, found))),
      ),
      make("span", { class: "search-text" }, marked(part, found)),
    );
  }

  return { make, option };
})();
