// Follow a section that moved to another page. Without JavaScript a line leads there.
"use strict";

(() => {
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const link = target?.matches(".moved") && target.querySelector("a");
    if (link) location.replace(link.href);
  }
  window.addEventListener("hashchange", follow);
  follow();
})();
