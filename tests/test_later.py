"""Words of drawings that are said where they are shown."""

from __future__ import annotations

import torch

from torchproof.deferred_text import later, plain, said
from torchproof.finding.subjects import Picture
from torchproof.pictures.draw import draw

WORDS = {"%s leads to %s.": "%s: %s!", "the %s": "<%s>"}


def test_marked_messages_are_said_from_the_inside_out() -> None:
    marked = f"a {later('%s leads to %s.', later('the %s', '100%'), 'b')} c"
    assert said(marked, str) == "a the 100% leads to b. c"
    assert said(marked, lambda message: WORDS[message]) == "a <100%>: b! c"


def test_what_is_drawn_for_later_is_in_english_what_is_drawn_plainly() -> None:
    weight = torch.ones(2, requires_grad=True)
    loss = (weight * torch.ones(2)).sum() + weight.max(0).values
    trace = ["net forward", "net hook 2"]
    namespace = {"loss": loss, "net": torch.nn.BatchNorm1d(1), "trace": trace}
    for picture in (
        Picture("graph", "loss", saved=True),
        Picture("tree", "net"),
        Picture("trace", "trace"),
    ):
        marked = draw(picture, namespace, say=later)
        shown = said(marked, str)
        assert marked != shown and said(shown, str) == shown
        # The id of a graph is a digest of what it says.
        assert _without_id(shown) == _without_id(draw(picture, namespace, say=plain))


def _without_id(drawing: str) -> str:
    head, mark, tail = drawing.partition("graph-")
    return drawing.replace(mark + tail[:12], "") if mark else head
