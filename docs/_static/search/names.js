// Find the entries that a name or call refers to: `zero_grad`, `vis.line`, `m.register_buffer(`.
"use strict";

var torchproofSearchNames = (() => {
  // Common variable names for the receiver of a method.
  const RECEIVERS = {
    "visdom.visdom": ["vis", "viz", "visdom", "client"],
    "torch.nn.module": ["nn", "self", "super", "m", "mod", "module", "model", "net", "layer"],
    "torch.tensor": ["tensor", "t", "x", "y", "w", "loss", "out", "output", "param", "weight"],
    "torch.autograd.function": ["ctx", "function", "fn"],
    "torch.autograd.graph.node": ["node", "grad_fn"],
    "torch.optim.optimizer": ["optimizer", "optim", "opt"],
  };
  const BEFORE_NAME = /^(?:>>>\s*)?(?:(?:with|await|return|del|import)\s+|\w+\s*=\s*|@)?/;
  // A dotted name, alone, followed by an unclosed argument list, or by a whole one.
  const CALLED = /^([\p{L}_]\w*(?:\(\))?(?:\.[\p{L}_]\w*)*)\s*(?:\([^)]*|\(.*\))?:?$/u;

  /** Rate a name against a query: 3 equal, 2 ends with it, 1 has a common receiver, 0 same last part. */
  function nearness(name, asked) {
    const type = name.slice(0, -1).join(".");
    const ends = name.slice(-asked.length).join(".") === asked.join(".");
    if (ends) return name.length === asked.length ? 3 : 2;
    return RECEIVERS[type]?.includes(asked.at(-2)) ? 1 : 0;
  }

  /** Return a function from a query to the indices of the sections whose entries it names. */
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
      // With an unknown receiver, all names with the same last part match.
      const best = Math.max(...found.map(({ near }) => near));
      return found.filter(({ near }) => asked.length === 1 || near === best).map(({ at }) => at);
    };
  }

  return { create };
})();
