// Make horizontally scrolling elements focusable, so that the keyboard can scroll them, and label them.
// Only those that overflow, since each is one more tab stop.
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
  // Measure all before changing any, so that the browser lays out the page only once.
  const cut = entries.map(({ target }) => target.scrollWidth > target.clientWidth);
  entries.forEach(({ target }, number) => reach(target, cut[number]));
});
document.querySelectorAll(SCROLLERS).forEach((element) => watch.observe(element));
