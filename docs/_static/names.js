// A filter over the lists of names. Without JavaScript the lists are whole, and there is no filter.
(() => {
  const items = [...document.querySelectorAll(".names-full > li, .names-short > li")];
  if (!items.length) return;
  const texts = items.map((item) => {
    const link = item.querySelector("a");
    return `${link.hash.slice(1)} ${item.querySelector(".names-also")?.textContent ?? ""}`.toLowerCase();
  });
  const holders = [...new Set(items.map((item) => item.closest("dd") ?? item.closest("section")))];

  const box = document.createElement("p");
  box.className = "names-filter";
  box.innerHTML =
    '<label for="names-filter">Filter</label><input id="names-filter" type="search" autocomplete="off" ' +
    'spellcheck="false" placeholder="zero_grad, torch.autograd, visdom"><output for="names-filter"></output>';
  items[0].closest("section").parentElement.querySelector("h2").before(box);
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
    output.textContent = words.length ? `${found.size} found` : "";
  });
})();
