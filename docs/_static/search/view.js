// The field and the list of results: a combobox whose popup is a list of links.
// The pattern: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
"use strict";

var torchproofSearchView = (() => {
  const MOST_OF_A_PAGE = 6;
  const LENGTH = 220;

  const HINTS = [
    ["a name", "zero_grad"],
    ["a call", "vis.line"],
    ["an error message, whole", "grad can be implicitly created only for scalar outputs"],
    ["words", "freeze layers"],
  ];

  /** Return an element with attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Return text in which the words that were found are marked. */
  function marked(text, found) {
    const fragment = document.createDocumentFragment();
    let at = 0;
    for (const { index, 0: word } of found ? text.matchAll(found) : []) {
      fragment.append(text.slice(at, index), make("mark", {}, word));
      at = index + word.length;
    }
    fragment.append(text.slice(at));
    return fragment;
  }

  function finder(terms) {
    const words = terms.filter((term) => term.length > 1).sort((a, b) => b.length - a.length);
    if (!words.length) return null;
    return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  }

  /** Return the part of a text around a place in it. */
  function excerpt(text, place) {
    const start = place > LENGTH / 2 ? text.indexOf(" ", place - 60) + 1 : 0;
    const part = text.slice(start, start + LENGTH);
    return (start ? "… " : "") + part + (start + LENGTH < text.length ? " …" : "");
  }

  function grouped(results) {
    const groups = new Map();
    for (const result of results) {
      const group = groups.get(result.page) ?? groups.set(result.page, []).get(result.page);
      if (group.length < MOST_OF_A_PAGE) group.push(result);
    }
    return groups;
  }

  /** Make the field with its results: `engine` promises what answers, `chosen` hears of a choice. */
  function create({ id, root, engine, chosen = () => {} }) {
    const list = make("div", { id: `${id}-results`, class: "search-results", role: "listbox", "aria-label": "Results", hidden: "" });
    const input = make("input", {
      class: "search-input", type: "text", role: "combobox", inputmode: "search", enterkeyhint: "go",
      placeholder: "Name, message or words", "aria-label": "Search", "aria-controls": list.id,
      "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    });
    const hints = make("div", { class: "search-hints" }, make("p", {}, "Search for"), make("ul", {}, ...HINTS.map(hint)));
    const status = make("p", { class: "search-status", role: "status" });
    const keys = make("p", { class: "search-keys", "aria-hidden": "true" });
    keys.append(make("kbd", {}, "↑"), make("kbd", {}, "↓"), " choose ", make("kbd", {}, "Enter"), " open");
    const element = make("div", { class: "search-view" }, make("div", { class: "search-bar" }, input), list, hints,
      make("div", { class: "search-foot" }, status, keys));
    let options = [];
    let active = -1;

    function hint([what, query]) {
      const button = make("button", { type: "button" }, query);
      button.addEventListener("click", () => {
        input.focus();
        ask(query);
      });
      return make("li", {}, `${what}: `, button);
    }

    function option({ title, names = [], page, anchor, message, text = "", terms }, number) {
      const found = finder(terms);
      const holds = (part) => Boolean(found) && part.search(found) >= 0;
      const link = make("a", {
        id: `${id}-${number}`, class: "search-option", role: "option", tabindex: "-1", "aria-selected": "false",
        href: new URL(page.url + (anchor ? `#${anchor}` : ""), root).href,
      });
      const own = names.filter((name) => holds(name.split(".").at(-1)));
      const head = make("span", { class: "search-title" }, make("span", {}, marked(title, found)));
      head.append(...(own.length ? own : names.slice(0, 1)).map((name) => make("code", {}, marked(name, found))));
      // What a section says first tells best what it is; the words elsewhere say why it was found.
      const start = holds(title) || own.length ? 0 : text.search(found ?? /^/);
      link.append(head, make("span", { class: "search-text" }, marked(excerpt(message ?? text, message ? 0 : start), found)));
      link.addEventListener("click", chosen);
      link.addEventListener("mousemove", () => activate(options.indexOf(link), false));
      return link;
    }

    function activate(number, scroll = true) {
      options[active]?.setAttribute("aria-selected", "false");
      active = number;
      const now = options[active];
      now?.setAttribute("aria-selected", "true");
      if (now) input.setAttribute("aria-activedescendant", now.id);
      else input.removeAttribute("aria-activedescendant");
      if (scroll) now?.scrollIntoView({ block: "nearest" });
    }

    function show(results) {
      let number = 0;
      const groups = [...grouped(results)].map(([page, found], n) => {
        const heading = make("div", { id: `${id}-page-${n}`, class: "search-group", role: "presentation" });
        heading.textContent = [page.script && "Script", page.area, page.title].filter(Boolean).join(" › ");
        const links = found.map((result) => option(result, number++));
        return make("div", { role: "group", "aria-labelledby": heading.id }, heading, ...links);
      });
      list.replaceChildren(...groups);
      list.scrollTop = 0;
      options = [...list.querySelectorAll("[role=option]")];
      const asked = Boolean(input.value.trim());
      list.hidden = !options.length;
      hints.hidden = options.length > 0;
      input.setAttribute("aria-expanded", String(options.length > 0));
      status.textContent = !asked ? "" : options.length === 1 ? "1 result" : options.length ? `${options.length} results` : "No results. Fewer or other words may find it.";
      activate(options.length ? 0 : -1);
    }

    async function answer() {
      const asked = input.value;
      status.textContent ||= asked.trim() ? "Loading…" : "";
      try {
        const { search } = await engine();
        // What was typed meanwhile has an answer of its own.
        if (asked === input.value) show(asked.trim() ? search(asked) : []);
      } catch (error) {
        status.textContent = `The search cannot be loaded: ${error.message}`;
      }
    }

    function ask(query) {
      input.value = query;
      return answer();
    }

    function move(step) {
      if (options.length) activate((active + step + options.length) % options.length);
    }

    input.addEventListener("input", answer);
    // A field drops line breaks, and with them where a message begins; so they become a sign.
    input.addEventListener("paste", (event) => {
      const lines = event.clipboardData.getData("text/plain").trim().split(/\r?\n/);
      if (lines.length < 2) return;
      event.preventDefault();
      input.setRangeText(lines.join("⏎"), input.selectionStart, input.selectionEnd, "end");
      answer();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps && !event.altKey) move(steps[event.key]);
      else if (event.key === "Enter") options[active]?.click();
      else return;
      event.preventDefault();
    });
    return { element, input, ask, answer };
  }

  return { create };
})();
