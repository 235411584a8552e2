// What scrolls sideways can be scrolled with the keyboard, and says what it is.
// Only where something is cut off: each of these is one more stop for the Tab key.
"use strict";

const SCROLLERS = ".highlight pre, .table-wrapper, .option-table, .autograd-graph, .drawn-list, .sphx-glr-script-out pre";

function reach(element) {
  const cut =
    element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
  const scrolls = /auto|scroll/.test(getComputedStyle(element).overflow);
  if (cut && scrolls) {
    element.tabIndex = 0;
    if (element.tagName === "DIV") {
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", element.querySelector("caption")?.textContent ?? "Scrolls sideways");
    }
  } else {
    element.removeAttribute("tabindex");
  }
}

const watch = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
document.querySelectorAll(SCROLLERS).forEach((element) => watch.observe(element));
