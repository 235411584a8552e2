"""Say the steps of a replay in words, one sentence a step, with the values beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from torchproof.language import Translate, untranslated
from torchproof.pictures.graph_words import node_texts
from torchproof.replays.kinds import (
    Calls,
    Ends,
    Place,
    Records,
    Replay,
    Runs,
    Starts,
    TraceReplay,
    Values,
)

_SAID = 3
"""Leaves whose `.grad` the last sentence says; a list has the others."""
_POINTS = re.compile(r"\.\.(?=\s|$)")
Told = dict[str, Any]
"""A step as the player reads it; see `static/replay.js`."""


def graph_told(replay: Replay, *, translate: Translate = untranslated) -> Told:
    """Return the steps of a graph for the player."""
    teller = _Teller(replay, translate)
    told = [teller.step(step) for step in replay.steps]
    for step in told:
        # torch writes a whole number with a point of its own.
        step["say"] = _POINTS.sub(".", step["say"])
    title = translate("Replay of %s", replay.name)
    return _told(title, told, translate)


def trace_told(replay: TraceReplay, *, translate: Translate = untranslated) -> Told:
    """Return the steps of a call trace for the player."""
    told: list[Told] = []
    for line, made in zip(replay.lines, replay.made, strict=True):
        said = f"{line}."
        if made.function:
            said += " " + translate("This line is from %s.", _name(made.function))
        values = [given.partition(": ")[::2] for given in made.given]
        step: Told = {"say": said}
        told.append(step | _values(values) | _place(made.place))
    return _told(translate("Replay of %s", replay.name), told, translate)


def _told(title: str, steps: list[Told], translate: Translate) -> Told:
    labels = [
        translate("First step"),
        translate("Previous step"),
        translate("Next step"),
        translate("Last step"),
        translate("Step"),
    ]
    return {
        "title": title,
        "labels": labels,
        # The player puts the numbers in: a translation may have them in another order.
        "count": translate("Step %s of %s:", "{at}", "{all}"),
        "rest": translate("The whole figure; %s steps show how it comes to be.", str(len(steps))),
        "steps": steps,
    }


class _Teller:
    """Says the steps of one replay."""

    def __init__(self, replay: Replay, translate: Translate) -> None:
        self.say = translate
        self.replay = replay
        self.texts = self._texts()

    def _texts(self) -> dict[str, str]:
        """Return the label of each node, with what tells it from others where it must be."""
        nodes = self.replay.graph.nodes
        texts = node_texts(self.replay.graph, translate=self.say)
        labels = Counter(node.label for node in nodes)
        details = Counter((node.label, node.detail) for node in nodes)
        for node in nodes:
            if labels[node.label] == 1:
                texts[node.key] = node.label
            elif node.detail and details[node.label, node.detail] == 1:
                texts[node.key] = f"{node.label} ({node.detail.strip('()')})"
        return texts

    def step(self, step: object) -> Told:
        """Return a step of any kind."""
        if isinstance(step, Records):
            return self._records(step)
        if isinstance(step, Starts):
            return self._starts(step)
        if isinstance(step, Calls):
            return self._calls(step)
        if isinstance(step, Runs):
            return self._runs(step)
        assert isinstance(step, Ends)
        return self._ends(step)

    def _records(self, step: Records) -> Told:
        names = self._joined(self.texts[key] for key in step.nodes)
        if step.place is None:
            said = self.say("Code outside of this section records %s.", names)
        elif step.place.block < 0:
            said = self.say("An earlier example has recorded %s.", names)
        elif step.place.block > 0:
            said = self.say("A later example records %s.", names)
        else:
            said = self.say("This line records %s.", names)
        values = [
            (
                self.say("%s saves", self.texts[saved.key]),
                ", ".join(" ".join(filter(None, tensor)) for tensor in saved.tensors),
            )
            for saved in step.saved
        ]
        told = {"say": said, "on": step.shown, "hot": step.nodes}
        return told | _values(values) | _place(step.place)

    def _starts(self, step: Starts) -> Told:
        name = self.replay.name
        if step.own:
            said = self.say(
                "The example runs no backward pass from %s; the replay does, with ones.", name
            )
            return {"say": said, "hot": ["n0"]}
        if step.place is None:
            said = self.say("Code outside of this section starts a backward pass.")
        elif step.place.block > 0:
            said = self.say("A later example starts a backward pass.")
        else:
            said = self.say("This line starts a backward pass.")
        return {"say": said, "hot": ["n0"]} | _place(step.place)

    def _calls(self, step: Calls) -> Told:
        name = _name(step.name)
        given, returned = self._values(step.given), self._values(step.returned)
        if given and returned:
            said = self.say(
                "The engine calls %s: it gets %s and returns %s.", name, given, returned
            )
        elif given:
            said = self.say("The engine calls %s: it gets %s.", name, given)
        else:
            said = self.say("The engine calls %s.", name)
        values = [(self.say("%s gets", name), text) for text in step.given if text]
        values += [(self.say("%s returns", name), text) for text in step.returned if text]
        return {"say": said} | _values(values) | _place(step.place)

    def _runs(self, step: Runs) -> Told:
        name, received = self.texts[step.key], self._values(step.received)
        values = [(self.say("%s receives", name), text) for text in step.received if text]
        told: Told = {"hot": [step.key], "done": step.key}
        if step.failed:
            said = self.say("%s receives %s and raises an error.", name, received)
        elif step.grad is not None:
            grad = self._short(step.grad)
            if grad == received:
                said = self.say("%s receives %s, which is now its .grad.", name, received)
            else:
                said = self.say("%s receives %s, and its .grad is now %s.", name, received, grad)
            told["grad"] = [(f"{name}.grad", step.grad)]
        else:
            sent = [(self.texts[key], text) for key, text in step.sent if text]
            values += [(self.say("to %s", to), text) for to, text in sent]
            told["ways"] = [f"{step.key} {key}" for key, text in step.sent if text]
            parts = (self.say("%s to %s", self._short(text), to) for to, text in sent)
            if sent:
                joined = self._joined(parts)
                said = self.say("%s receives %s and sends %s.", name, received, joined)
            else:
                said = self.say("%s receives %s and sends nothing on.", name, received)
        if step.freed:
            said += " " + self.say("What it saved is freed.")
        return {"say": said} | told | _values(values)

    def _ends(self, step: Ends) -> Told:
        if step.error:
            return {"say": self.say("The pass fails with %s", step.error), "hot": []}
        grads = [(f"{self.texts[key]}.grad", text) for key, text in step.grads]
        said = self.say("The pass is over.")
        if 0 < len(grads) <= _SAID:
            parts = (
                self.say("%s is %s", name, self._short(text or "None")) for name, text in grads
            )
            said = f"{said} {self._joined(parts)}."
        return {"say": said, "grad": [(name, text or "None") for name, text in grads]}

    def _values(self, values: Values) -> str:
        return self._joined(
            self._short(text) if text else self.say("no gradient") for text in values
        )

    def _short(self, text: str) -> str:
        """Return a gradient for a sentence: numbers if they are few, else the shape."""
        if text.startswith("shape "):
            shape = text[: text.index(")") + 1].removeprefix("shape ")
            return self.say("a tensor of shape %s", shape)
        return text

    def _joined(self, parts: Iterable[str]) -> str:
        *most, last = [*parts] or [""]
        return self.say("%s and %s", ", ".join(most), last) if most else last


def _name(function: str) -> str:
    return "lambda" if function == "<lambda>" else function


def _values(values: Iterable[Iterable[str]]) -> Told:
    found = [list(pair) for pair in values]
    return {"values": found} if found else {}


def _place(place: Place | None) -> Told:
    return {} if place is None else {"code": place.code, "at": [place.block, place.row]}
