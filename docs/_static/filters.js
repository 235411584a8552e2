// Filter a table by facets and words. Without JavaScript the table is complete.
"use strict";

for (const form of document.querySelectorAll("form.filters")) {
  const rows = [...document.querySelectorAll(`#${form.dataset.target} tbody > tr`)];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const counted = rows.filter((row) => !row.matches(".matrix-subject, .matrix-total"));

  const apply = () => {
    const data = new FormData(form);
    const words = data.get("words").toLowerCase().split(/\s+/).filter(Boolean);
    const facets = [...data].filter(([name, value]) => name !== "words" && value);
    for (const row of rows) {
      const fits =
        facets.every(([name, value]) => row.classList.contains(`facet-${name}-${value}`)) &&
        words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits && !(row.matches(".matrix-total") && !facets.length && !words.length);
    }
    // Keep the row of a page visible above its matching sections.
    for (const row of rows.filter((row) => row.matches(".matrix-page"))) {
      let next = row.nextElementSibling;
      while (row.hidden && next?.matches(".matrix-subject")) {
        row.hidden = next.hidden;
        next = next.nextElementSibling;
      }
    }
    const shown = counted.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = form.dataset.of
      .replace("%(shown)s", shown)
      .replace("%(all)s", counted.length);
    const query = new URLSearchParams([...data].filter(([, value]) => value)).toString();
    history.replaceState(null, "", query ? `?${query}${location.hash}` : location.pathname + location.hash);
  };

  for (const [name, value] of new URLSearchParams(location.search)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}
