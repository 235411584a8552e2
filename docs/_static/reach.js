// What scrolls sideways can be scrolled with the keyboard, and says what it is.
// Only where something is cut off: each of these is one more stop for the Tab key.
"use strict";

const SCROLLERS = ".highlight pre, .table-wrapper, .option-table, .autograd-graph, .drawn-list";

function reach(element, cut) {
  if (cut === element.hasAttribute("tabindex")) return;
  if (!cut) return element.removeAttribute("tabindex");
  element.tabIndex = 0;
  if (element.tagName === "DIV") {
    const caption = element.querySelector("caption");
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", caption ? caption.textContent : "Scrolls sideways");
  }
}

const watch = new ResizeObserver((entries) => {
  // All are measured before one is changed: the browser lays out the page once.
  const cut = entries.map(({ target }) => target.scrollWidth > target.clientWidth);
  entries.forEach(({ target }, number) => reach(target, cut[number]));
});
document.querySelectorAll(SCROLLERS).forEach((element) => watch.observe(element));
