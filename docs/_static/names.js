// Filter the lists of names. Without JavaScript the lists are complete and the filter is hidden.
(() => {
  const items = [...document.querySelectorAll(".names-full > li, .names-short > li")];
  if (!items.length) return;
  const texts = items.map((item) => {
    const link = item.querySelector("a");
    return `${link.hash.slice(1)} ${item.querySelector(".names-also")?.textContent ?? ""}`.toLowerCase();
  });
  const holders = [...new Set(items.map((item) => item.closest("dd") ?? item.closest("section")))];

  const box = document.querySelector(".names-filter");
  const [input, output] = [box.querySelector("input"), box.querySelector("output")];

  const show = (element, shown) => (element.style.display = shown ? "" : "none");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = new Set();
    items.forEach((item, index) => {
      const fits = words.every((word) => texts[index].includes(word));
      show(item, fits);
      if (fits) found.add(item.querySelector("a").hash);
    });
    for (const holder of holders) {
      const left = [...holder.querySelectorAll("li")].some((item) => item.style.display !== "none");
      show(holder, left);
      if (holder.tagName === "DD") show(holder.previousElementSibling, left);
    }
    output.textContent = words.length ? box.dataset.found.replace("%s", found.size) : "";
  });
})();
