// The entries that a name or a call means: `zero_grad`, `vis.line`, `m.register_buffer(`.
"use strict";

var torchproofSearchNames = (() => {
  // What readers call the object whose method they look up.
  const RECEIVERS = {
    "visdom.visdom": ["vis", "viz", "visdom", "client"],
    "torch.nn.module": ["nn", "self", "super", "m", "mod", "module", "model", "net", "layer"],
    "torch.tensor": ["tensor", "t", "x", "y", "w", "loss", "out", "output", "param", "weight"],
    "torch.autograd.function": ["ctx", "function", "fn"],
    "torch.autograd.graph.node": ["node", "grad_fn"],
    "torch.optim.optimizer": ["optimizer", "optim", "opt"],
  };
  const BEFORE_NAME = /^(?:>>>\s*)?(?:(?:with|await|return|del|import)\s+|\w+\s*=\s*|@)?/;
  // A dotted name, then nothing, an open parenthesis, or a call to its end.
  const CALLED = /^([\p{L}_]\w*(?:\(\))?(?:\.[\p{L}_]\w*)*)\s*(?:\([^)]*|\(.*\))?:?$/u;

  /** Say how near a name is to what was asked: the same, its end, of a known receiver, its last part. */
  function nearness(name, asked) {
    const type = name.slice(0, -1).join(".");
    const ends = name.slice(-asked.length).join(".") === asked.join(".");
    if (ends) return name.length === asked.length ? 3 : 2;
    return RECEIVERS[type]?.includes(asked.at(-2)) ? 1 : 0;
  }

  /** Return a function from a query to the numbers of the sections whose entries it names. */
  function create(sections) {
    const entries = sections.flatMap(({ names = [] }, at) =>
      names.map((name) => ({ at, name: name.toLowerCase().split(".") })),
    );
    return (query) => {
      const path = query.trim().replace(BEFORE_NAME, "").match(CALLED)?.[1];
      const asked = (path ?? "").toLowerCase().replaceAll("()", "").split(".");
      const found = entries
        .filter(({ name }) => name.at(-1) === asked.at(-1))
        .map(({ at, name }) => ({ at, near: nearness(name, asked) }));
      // A receiver that no one knows may be anything.
      const best = Math.max(...found.map(({ near }) => near));
      return found.filter(({ near }) => asked.length === 1 || near === best).map(({ at }) => at);
    };
  }

  return { create };
})();
