// The player of a replay: a slider and four buttons below a figure, which is otherwise as it was.
// The steps lie beside the figure as JSON, see `replays/words.py`. Nothing moves by itself, and
// nothing is fetched. Step 0 is the figure as the page shows it without this script.
"use strict";

(() => {
  const PROMPT = /^(>>> |\.\.\. ?)/;
  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text) made.textContent = text;
    return made;
  };

  // The line that a step names, as a range in a code block: in the figure's own block, or in the
  // nearest one before or after it that has this line.
  function lineOf(figure, { code, at: [away, row] }) {
    const before = [];
    const after = [];
    for (const block of document.querySelectorAll("div.highlight pre")) {
      const follows = figure.compareDocumentPosition(block) & Node.DOCUMENT_POSITION_FOLLOWING;
      (follows ? after : before).push(block);
    }
    before.reverse();
    const blocks = away > 0 ? after : away < 0 ? before.slice(1) : before.slice(0, 1);
    for (const pre of blocks) {
      const lines = pre.textContent.split("\n");
      const same = (number) => lines[number]?.replace(PROMPT, "").trim() === code;
      const number = same(row) ? row : lines.findIndex((_, index) => same(index));
      if (number >= 0) return { pre, ...measured(pre, lines, number) };
    }
    return null;
  }

  function measured(pre, lines, number) {
    const begin = lines.slice(0, number).reduce((sum, line) => sum + line.length + 1, 0);
    const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let seen = 0;
    let started = false;
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const next = seen + text.length;
      if (!started && begin < next) {
        range.setStart(text, begin - seen);
        started = true;
      }
      if (started && begin + lines[number].length <= next) {
        range.setEnd(text, begin + lines[number].length - seen);
        break;
      }
      seen = next;
    }
    const box = range.getBoundingClientRect();
    return { top: box.top - pre.getBoundingClientRect().top, height: box.height };
  }

  function player(figure, told) {
    const { steps, labels } = told;
    const root = element("div", "replay");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", told.title);
    const bar = element("div", "replay-bar");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: steps.length, value: 0, step: 1 });
    slider.setAttribute("aria-label", labels[4]);
    const said = element("p", "replay-said");
    said.setAttribute("aria-live", "polite");
    const code = element("pre", "replay-code");
    const values = element("dl", "replay-values");
    let at = 0;
    let lit = null;

    const go = (to) => {
      at = Math.max(0, Math.min(steps.length, to));
      show();
    };
    const button = (label, sign, to) => {
      const made = element("button", "", sign);
      made.type = "button";
      made.title = label;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", () => go(to()));
      return made;
    };
    const buttons = [
      button(labels[0], "|◀", () => 0),
      button(labels[1], "◀", () => at - 1),
      button(labels[2], "▶", () => at + 1),
      button(labels[3], "▶|", () => steps.length),
    ];
    bar.append(buttons[0], buttons[1], slider, buttons[2], buttons[3]);
    root.append(bar, said, code, values);

    slider.addEventListener("input", () => go(Number(slider.value)));
    root.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length }[event.key];
      if (to === undefined || event.target === slider || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(to);
    });

    const mark = (node, name, on) => node.classList.toggle(name, on);
    function show() {
      const step = steps[at - 1];
      const past = steps.slice(0, at);
      slider.value = at;
      const count = told.count.replace("{at}", at).replace("{all}", steps.length);
      slider.setAttribute("aria-valuetext", step ? count.replace(/[:：]$/, "") : "0");
      said.textContent = step ? `${count} ${step.say}` : told.rest;
      // A button that can do no more stays where the focus may be.
      for (const [index, made] of buttons.entries()) {
        made.setAttribute("aria-disabled", index < 2 ? at === 0 : at === steps.length);
      }
      code.textContent = step?.code ?? "";
      const grads = new Map(past.flatMap((one) => one.grad ?? []));
      values.replaceChildren();
      for (const [name, value] of [...(step?.values ?? []), ...grads]) {
        values.append(element("dt", "", name), element("dd", "", value));
      }
      const on = new Set(past.flatMap((one) => one.on ?? []));
      const done = new Set(past.flatMap((one) => one.done ?? []));
      for (const node of figure.querySelectorAll("[data-node]")) {
        const key = node.dataset.node;
        mark(node, "replay-off", Boolean(step) && !on.has(key));
        mark(node, "replay-done", done.has(key));
        mark(node, "replay-hot", Boolean(step?.hot?.includes(key)));
      }
      for (const edge of figure.querySelectorAll("[data-edge]")) {
        const [source] = edge.dataset.edge.split(" ");
        // The root's line belongs to the node that it leads to.
        mark(edge, "replay-off", Boolean(step) && !on.has(source));
        mark(edge, "replay-hot", Boolean(step?.ways?.includes(edge.dataset.edge)));
      }
      for (const [index, line] of figure.querySelectorAll(".call-trace li").entries()) {
        mark(line, "replay-off", Boolean(step) && index >= at);
        mark(line, "replay-hot", Boolean(step) && index === at - 1);
      }
      lit?.classList.remove("replay-lit");
      const line = step?.code === undefined ? null : lineOf(figure, step);
      lit = line?.pre ?? null;
      if (line) {
        lit.classList.add("replay-lit");
        lit.style.setProperty("--lit-top", `${line.top}px`);
        lit.style.setProperty("--lit-height", `${line.height}px`);
      }
    }
    show();
    return root;
  }

  for (const data of document.querySelectorAll("script.replay-steps")) {
    const figure = data.parentElement;
    figure.append(player(figure, JSON.parse(data.textContent)));
  }
})();
