// Render a result: a link with the heading, the names and an excerpt, with matches highlighted.
"use strict";

var torchproofSearchResult = (() => {
  const LENGTH = 220;

  /** Create an element with attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Return the text with the words marked that `hits` holds of. */
  function marked(text, hits) {
    const fragment = document.createDocumentFragment();
    let at = 0;
    for (const { index, 0: word } of text.matchAll(torchproofSearchTerms.WORD)) {
      if (!hits(word)) continue;
      fragment.append(text.slice(at, index), make("mark", {}, word));
      at = index + word.length;
    }
    fragment.append(text.slice(at));
    return fragment;
  }

  /** Return the place of the first word that `hits` holds of, or -1. */
  function placeIn(text, hits) {
    for (const { index, 0: word } of text.matchAll(torchproofSearchTerms.WORD)) if (hits(word)) return index;
    return -1;
  }

  /** Return an excerpt of a text around a position. */
  function excerpt(text, place) {
    const start = place > LENGTH / 2 ? text.indexOf(" ", place - 60) + 1 : 0;
    const part = text.slice(start, start + LENGTH);
    return (start ? "… " : "") + part + (start + LENGTH < text.length ? " …" : "");
  }

  /** Create the listbox option for a result. */
  function option({ title, names = [], page, anchor, message, text = "", hits }, { id, root }) {
    const holds = (part) => placeIn(part, hits) >= 0;
    const meant = names.filter((name) => holds(name.split(".").at(-1)));
    const shown = meant.length ? meant : names.slice(0, 1);
    // Show the start of a section, which describes it best. If only its text matched, show the match.
    const known = message || holds(title) || meant.length;
    const part = excerpt(message ?? text, known ? 0 : placeIn(text, hits));
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
        make("span", {}, marked(title, hits)),
        ...shown.map((name) => make("code", {}, marked(name, hits))),
      ),
      make("span", { class: "search-text" }, marked(part, hits)),
    );
  }

  return { make, option };
})();
