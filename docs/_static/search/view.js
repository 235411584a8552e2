// The search input and its results: a combobox whose popup is a listbox of links.
// See https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
"use strict";

var torchproofSearchView = (() => {
  const MOST_OF_A_PAGE = 6;
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };
  const say = torchproofSearchWords;
  const { make, option } = torchproofSearchResult;

  /** Group the results by page, the page of the best result first. */
  function grouped(results) {
    const groups = new Map();
    for (const result of results) {
      const group = groups.get(result.page) ?? groups.set(result.page, []).get(result.page);
      if (group.length < MOST_OF_A_PAGE) group.push(result);
    }
    return [...groups];
  }

  function key(name) {
    return make("kbd", {}, name);
  }

  /** Create the input and its results. `engine` returns a promise of the search engine; `chosen` is
   * called when a result is clicked. */
  function create({ id, root, engine, chosen = () => {} }) {
    const list = make("div", {
      id: `${id}-results`,
      class: "search-results",
      role: "listbox",
      "aria-label": say.results,
    });
    const input = make("input", {
      class: "search-input",
      type: "text",
      role: "combobox",
      inputmode: "search",
      enterkeyhint: "go",
      placeholder: say.placeholder,
      "aria-label": say.search,
      "aria-controls": list.id,
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
    });
    const examples = make("ul", {}, ...say.examples.map(hint));
    const hints = make("div", { class: "search-hints" }, make("p", {}, say.hints), examples);
    const status = make("p", { class: "search-status", role: "status" });
    const keys = make("p", { class: "search-keys", "aria-hidden": "true" });
    keys.append(key("↑"), key("↓"), ` ${say.choose} `, key("Enter"), ` ${say.open}`);
    const bar = make("div", { class: "search-bar" }, input);
    const foot = make("div", { class: "search-foot" }, status, keys);
    const element = make("div", { class: "search-view" }, bar, list, hints, foot);
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

    function activate(number) {
      options[active]?.setAttribute("aria-selected", "false");
      active = number;
      options[active]?.setAttribute("aria-selected", "true");
      if (options[active]) input.setAttribute("aria-activedescendant", options[active].id);
      else input.removeAttribute("aria-activedescendant");
    }

    function move(step) {
      if (!options.length) return;
      activate((active + step + options.length) % options.length);
      options[active].scrollIntoView({ block: "nearest" });
    }

    function group([page, results], number) {
      const heading = make("div", { id: `${id}-page-${number}`, class: "search-group", role: "presentation" });
      heading.textContent = [page.script && say.script, page.area, page.title].filter(Boolean).join(" › ");
      const links = results.map((result, n) => option(result, { id: `${id}-${number}-${n}`, root }));
      return make("div", { role: "group", "aria-labelledby": heading.id }, heading, ...links);
    }

    function show(results) {
      list.replaceChildren(...grouped(results).map(group));
      list.scrollTop = 0;
      options = [...list.querySelectorAll("[role=option]")];
      list.hidden = !options.length;
      hints.hidden = options.length > 0;
      input.setAttribute("aria-expanded", String(options.length > 0));
      activate(options.length ? 0 : -1);
    }

    async function answer() {
      const asked = input.value;
      status.textContent ||= asked.trim() && say.loading;
      try {
        const { search } = await engine();
        // The input has changed meanwhile, which started another search.
        if (asked !== input.value) return;
        show(asked.trim() ? search(asked) : []);
        status.textContent = asked.trim() && (options.length ? say.found(options.length) : say.nothing);
      } catch (error) {
        status.textContent = error.message;
      }
    }

    function ask(query) {
      input.value = query;
      return answer();
    }

    show([]);
    input.addEventListener("input", answer);
    // An input drops line breaks, which mark where a message begins, so replace them with a sign.
    input.addEventListener("paste", (event) => {
      const lines = event.clipboardData.getData("text/plain").trim().split(/\r?\n/);
      if (lines.length < 2) return;
      event.preventDefault();
      input.setRangeText(lines.join("⏎"), input.selectionStart, input.selectionEnd, "end");
      answer();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.altKey) return;
      if (event.key in STEPS) move(STEPS[event.key]);
      else if (event.key === "Enter") options[active]?.click();
      else return;
      event.preventDefault();
    });
    list.addEventListener("mousemove", ({ target }) => {
      const number = options.indexOf(target.closest("[role=option]"));
      if (number >= 0) activate(number);
    });
    list.addEventListener("click", ({ target }) => target.closest("[role=option]") && chosen());
    return { element, input, ask, answer };
  }

  return { create };
})();
