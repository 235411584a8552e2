// What opens the search: Ctrl-K, Cmd-K, `/`, and buttons in place of the theme's form.
// The index and what reads it are loaded when the search is first opened.
"use strict";

(() => {
  const here = document.currentScript.src;
  const root = new URL("../../", here);
  const NEEDED = [
    new URL("../vendor/minisearch.js", here),
    new URL("query.js", here),
    new URL("search-index.js", root),
  ];
  const FIELDS = "input, textarea, select, [contenteditable]";
  const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
  let loading;
  let opened;

  function load(url) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      // In the order given, as the later ones need the earlier.
      script.async = false;
      script.src = url;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${url.pathname} is missing`)));
      document.head.append(script);
    });
  }

  function engine() {
    loading ??= Promise.all(NEEDED.map(load)).then(() => torchproofSearch.create(torchproofSearchIndex));
    // The next attempt loads anew.
    loading.catch(() => (loading = undefined));
    return loading;
  }

  /** Return what opens and holds the field: a dialog. */
  function dialog() {
    const element = document.createElement("dialog");
    element.className = "search-dialog";
    element.setAttribute("aria-label", "Search");
    const view = torchproofSearchView.create({ id: "search", root, engine, chosen: () => element.close() });
    const close = document.createElement("button");
    close.type = "button";
    close.className = "search-close";
    close.textContent = "Esc";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => element.close());
    view.element.querySelector(".search-bar").append(close);
    element.append(view.element);
    // A click beside the dialog is a click on its backdrop, which is part of it.
    element.addEventListener("click", (event) => event.target === element && element.close());
    document.body.append(element);
    return { view, show: () => element.open || element.showModal() };
  }

  /** Return the field of the page search.html, which asks what its address says. */
  function onPage(place) {
    const address = new URL(location);
    // The way back from a result leads to the same results.
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
    opened ??= dialog();
    opened.show();
    opened.view.input.focus();
    opened.view.input.select();
    opened.view.answer();
  }

  function button(className, ...children) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = className;
    element.setAttribute("aria-label", "Search");
    element.setAttribute("aria-haspopup", "dialog");
    element.setAttribute("aria-keyshortcuts", "Control+K Meta+K /");
    element.append(...children);
    element.addEventListener("click", open);
    return element;
  }

  const place = document.getElementById("search-page");
  if (place) {
    opened = onPage(place);
    opened.view.input.focus();
  }
  const keys = document.createElement("kbd");
  keys.textContent = MAC ? "⌘ K" : "Ctrl K";
  const label = document.createElement("span");
  label.className = "sidebar-search";
  label.textContent = "Search";
  document
    .querySelector("form.sidebar-search-container")
    ?.replaceWith(button("sidebar-search-container search-open", label, keys));
  document.querySelector(".header-right")?.prepend(button("search-open-icon"));

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !target.closest?.(FIELDS);
    if (event.isComposing || !((command && key.toLowerCase() === "k") || (plain && key === "/"))) return;
    event.preventDefault();
    open();
  });
})();
