// Open the search with Ctrl-K, Cmd-K, `/`, or buttons that replace the theme's form.
// The index and the search engine are loaded when the search is first used.
"use strict";

(() => {
  const here = document.currentScript.src;
  const root = new URL("../../", here);
  const PARTS = ["terms", "names", "patterns", "messages", "questions", "query"].map((part) => `${part}.js`);
  const NEEDED = ["../vendor/minisearch.js", ...PARTS].map((file) => new URL(file, here));
  NEEDED.push(...["search-stemmer.js", "search-index.js"].map((file) => new URL(file, root)));
  const FIELDS = "input, textarea, select, [contenteditable]";
  const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
  const say = torchproofSearchWords;
  const { make } = torchproofSearchResult;
  let loading;
  let opened;

  function load(url) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      // Execute the scripts in order, since later ones need the earlier ones.
      script.async = false;
      script.src = url;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(say.missing(url.pathname))));
      document.head.append(script);
    });
  }

  function engine() {
    const made = () => torchproofSearch.create(torchproofSearchIndex);
    loading ??= Promise.all(NEEDED.map(load)).then(made);
    // After a failure, the next attempt loads again.
    loading.catch(() => (loading = undefined));
    return loading;
  }

  /** Create the search in a dialog. */
  function inDialog() {
    const close = make("button", { type: "button", class: "search-close", "aria-label": `${say.close} (Esc)` }, "Esc");
    const dialog = make("dialog", { class: "search-dialog", "aria-label": say.search });
    const view = torchproofSearchView.create({ id: "search", root, engine, chosen: () => dialog.close() });
    view.element.querySelector(".search-bar").append(close);
    dialog.append(view.element);
    close.addEventListener("click", () => dialog.close());
    // A click outside the dialog is on its backdrop, so its target is the dialog itself.
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    document.body.append(dialog);
    return { view, show: () => dialog.open || dialog.showModal() };
  }

  /** Create the search on the page search.html, and run the query in the URL. */
  function onPage(place) {
    const address = new URL(location);
    // Store the query in the URL, so that Back leads to the same results.
    const chosen = () => {
      address.searchParams.set("q", view.input.value);
      history.replaceState(null, "", address);
    };
    const view = torchproofSearchView.create({ id: "search", root, engine, chosen });
    place.replaceChildren(view.element);
    view.ask(address.searchParams.get("q") ?? "");
    return { view, show: () => {} };
  }

  function open() {
    opened ??= inDialog();
    opened.show();
    opened.view.input.focus();
    opened.view.input.select();
    opened.view.answer();
  }

  function button(attributes, ...children) {
    const shortcuts = { "aria-haspopup": "dialog", "aria-keyshortcuts": "Control+K Meta+K /" };
    const element = make("button", { type: "button", ...shortcuts, ...attributes }, ...children);
    element.addEventListener("click", open);
    return element;
  }

  const place = document.getElementById("search-page");
  if (place) {
    opened = onPage(place);
    opened.view.input.focus();
  }
  const label = make("span", { class: "sidebar-search" }, say.search);
  const large = button({ class: "sidebar-search-container search-open" }, label, make("kbd", {}, MAC ? "⌘ K" : "Ctrl K"));
  const small = button({ class: "search-open-icon", "aria-label": say.search });
  document.querySelector("form.sidebar-search-container")?.replaceWith(large);
  document.querySelector(".header-right")?.prepend(small);

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const command = event.ctrlKey || event.metaKey;
    const asked = command ? key.toLowerCase() === "k" && !event.shiftKey : key === "/" && !target.closest?.(FIELDS);
    if (!asked || event.altKey || event.isComposing) return;
    event.preventDefault();
    open();
  });
})();
