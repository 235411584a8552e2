// Open the folds that an address leads into, and all of them to print.
// Browsers of today do the first by themselves; without JavaScript a fold opens by a click.
"use strict";

(() => {
  const FOLD = "details.fold";

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target?.closest(`${FOLD}:not([open])`);
    if (!fold) return;
    fold.open = true;
    target.scrollIntoView();
  }

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(`${FOLD}:not([open])`)];
    for (const fold of opened) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });
  window.addEventListener("hashchange", reveal);
  reveal();
})();
