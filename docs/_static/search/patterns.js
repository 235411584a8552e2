// Reduce a message to what does not differ from reader to reader, and compare messages by that.
"use strict";

var torchproofSearchPatterns = (() => {
  // What differs: objects, shapes, values, addresses, paths, devices, types, nodes. Quotes hold names.
  const QUOTED = /(?<![\w)])'[^']*'|"[^"]*"|`[^`]*`/g;
  const VARIABLE = [
    [/(?:https?:\/)?(?:[\w.~-]*\/)+[\w.~@?=-]*|\b[\w-]+\.py\b/g, " ‹path› "],
    [/\btensor\(\[.*?\]\)|\btorch\.size\(\[.*?\]\)|[[(][-\d\s.,]*\d[-\d\s.,]*[\])]/g, " ‹shape› "],
    [/<[^<>]*>/g, " ‹object› "],
    [/\b(?:0x[\da-f]+|[\d.]*\d(?:[a-z]{1,3}\b)?)/g, " ‹number› "],
    [/\b(?:cpu|cuda|mps|xpu|meta)(?::\d+)?\b/g, " ‹device› "],
    [/\b(?:torch\.)?(?:cuda\.)?(?:float|double|half|bfloat16|long|int|bool|byte|char|short)(?:\d+|tensor)?\b/g, " ‹type› "],
    [/\b\w+backward\d*\b/g, " ‹node› "],
    [/\bstate_dict for \w+/g, "state_dict for ‹class›"],
    [/\b\w+\.(?=(?:__init__|forward)\()/g, ""],
    [/\bmodule \[\w+\]/g, "module ‹class›"],
    [/\b[\w.]+ is not a module subclass/g, "‹class› is not a module subclass"],
  ];
  // A class of the reader's, or of a library; NoneType and types in small letters say what went wrong.
  const CLASS = /^['"`](?!NoneType\b)[A-Z]\w*['"`]$/;
  const OBJECT = /^['"`]([a-z]+|NoneType)['"`]$/;
  const TOKEN = /‹\w*›|[\p{L}_]+/gu;
  // A name in quotes tells two messages apart, but less than their words do.
  const NAME = 0.3;

  /** Return the weights of a message's parts: its words, pairs of them, and the names in quotes. */
  function partsOf(message) {
    const parts = new Map();
    for (const [quoted] of message.matchAll(QUOTED)) parts.set(`'${quoted.slice(1, -1).toLowerCase()}'`, NAME);
    let text = message.replace(QUOTED, (quoted, at) => {
      if (CLASS.test(quoted)) return " ‹class› ";
      const isType = message.startsWith(" object", at + quoted.length);
      return isType ? quoted.replace(OBJECT, "$1") : " ‹name› ";
    });
    text = text.toLowerCase();
    for (const [pattern, sign] of VARIABLE) text = text.replace(pattern, sign);
    const tokens = text.match(TOKEN) ?? [];
    tokens.forEach((token, n) => parts.set(token, 1).set(`${token} ${tokens[n + 1] ?? ""}`, 1));
    return parts;
  }

  /** Return a function from a message to the nearness, about 1 at most, of each message that shares parts with it. */
  function create(messages) {
    const parts = messages.map(partsOf);
    const having = new Map();
    parts.forEach((own, n) => {
      for (const part of own.keys()) (having.get(part) ?? having.set(part, []).get(part)).push(n);
    });
    const worth = (part) => Math.log(1 + messages.length / (having.get(part)?.length ?? 1));
    // A name in common brings messages nearer; another one does not part them.
    const sum = (own) => [...own].reduce((total, [part, weight]) => total + (weight < 1 ? 0 : worth(part)), 0);
    const sums = parts.map(sum);

    return (message) => {
      const asked = partsOf(message);
      const whole = sum(asked);
      const near = new Map();
      for (const [part, weight] of asked) {
        for (const n of having.get(part) ?? []) near.set(n, (near.get(n) ?? 0) + weight * worth(part));
      }
      for (const [n, shared] of near) near.set(n, shared / Math.sqrt(whole * sums[n] || 1));
      return near;
    };
  }

  return { create };
})();
