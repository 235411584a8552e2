"""Replays: what is recorded of a graph and a backward pass, and what it is compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from trees import write_tree

from torchproof.finding.pages import find_in_page
from torchproof.finding.scripts import find_in_script
from torchproof.finding.subjects import Subject
from torchproof.replays.checking import Plain, difference
from torchproof.replays.kinds import Calls, Ends, Recording, Records, Replay, Runs, Starts
from torchproof.replays.recorder import Figure
from torchproof.replays.store import replays_of

PAGE = """
# Page

```{doctest}
>>> import threading
>>> import torch
>>> from torch import nn
```

## product

```{doctest}
:graph: y
>>> w = torch.tensor(3.0, requires_grad=True)
>>> x = torch.tensor([1.0, 2.0])
>>> y = (w * x).sum()
>>> assert y == 9
```

```{doctest}
>>> def double(grad):
...     return 2 * grad
>>> handle = w.register_hook(double)
>>> y.backward()
>>> assert w.grad == 6
```

## never

```{doctest}
:graph: y
>>> w = torch.tensor(3.0, requires_grad=True)
>>> y = w.exp()
>>> assert y > 0
```

## twice

```{doctest}
:graph: y
>>> w = torch.tensor(3.0, requires_grad=True)
>>> y = w.exp()
>>> y.backward(retain_graph=True)
>>> y.backward()
>>> assert w.grad > 0
```

## broken

```{doctest}
:graph: y
>>> w = torch.tensor([3.0], requires_grad=True)
>>> a = w * 1
>>> y = (a * a).sum()
>>> _ = a.mul_(2)
>>> try:
...     y.backward()
... except RuntimeError as error:
...     print("modified" in str(error))
True
```

## loop

```{doctest}
:graph: y
>>> net = nn.Linear(4, 4)
>>> for _ in range(2):
...     y = net(torch.ones(1, 4)).sum()
...     y.backward()
>>> assert y.ndim == 0
```

## random

```{doctest}
:graph: y
>>> net = nn.Linear(2, 1)
>>> y = net(torch.ones(1, 2)).exp().sum()
>>> y.backward()
>>> assert y > 0
```

## again

```{doctest}
>>> w = torch.tensor(3.0, requires_grad=True)
>>> y = w * w
>>> y.backward(retain_graph=True)
>>> assert w.grad == 6
```

```{doctest}
:graph: y
>>> assert y == 9
```

```{doctest}
>>> y.backward()
>>> assert w.grad == 12
```

## threads

```{doctest}
:graph: y
>>> w = torch.tensor(3.0, requires_grad=True)
>>> parts = []
>>> def work():
...     parts.append(w * w)
>>> for _ in range(2):
...     thread = threading.Thread(target=work)
...     thread.start()
...     thread.join()
>>> y = parts[0] + parts[1]
>>> assert y == 18
```

## trace

```{doctest}
:trace: log
>>> log = []
>>> class Net(nn.Module):
...     def forward(self, x):
...         log.append("Net forward")
...         return x
>>> _ = Net()(torch.ones(2, 3))
>>> assert log
```
"""
SCRIPT = '''"""A title

What is it?
"""
# %%
import torch

w = torch.tensor(2.0, requires_grad=True)
y = w * w
# torchproof: graph y

# %%
y.backward()
assert w.grad == 4
'''


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    root = write_tree(
        tmp_path_factory.mktemp("tree"), {"docs/page.md": PAGE, "gallery/script.py": SCRIPT}
    )
    found = find_in_page(root / "docs/page.md", root=root)
    script = find_in_script(root / "gallery/script.py", root=root)
    assert found.problems == script.problems == ()
    return [*found.subjects, *script.subjects]


@pytest.fixture(scope="module")
def recordings(
    subjects: list[Subject], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Recording]:
    found = replays_of(subjects, folder=tmp_path_factory.mktemp("replays"))
    return {name.rpartition("::")[2]: recording for name, recording in found.items()}


def only(recording: Recording) -> Replay:
    assert recording.refused == ()
    (replay,) = recording.graphs
    return replay


def test_nothing_is_refused(recordings: dict[str, Recording]) -> None:
    assert {name: r.refused for name, r in recordings.items() if r.refused} == {}


def test_steps_of_a_pass_in_a_later_example(recordings: dict[str, Recording]) -> None:
    replay = only(recordings["product"])
    multiplied, start, *ran, end = replay.steps
    assert isinstance(multiplied, Records)
    # One line records both nodes, and the leaf and the input without grad appear with them.
    assert multiplied.nodes == ("n2", "n1")
    assert set(multiplied.shown) == {"n0", "n1", "n2", "n3", "n2.cut"}
    assert [saved.tensors for saved in multiplied.saved] == [(("other", "(2,)"),)]
    assert multiplied.place is not None
    assert (multiplied.place.row, multiplied.place.code) == (2, "y = (w * x).sum()")
    assert isinstance(start, Starts)
    assert start.place is not None
    assert (start.place.block, start.place.row, start.own) == (1, 3, False)
    assert [(s.key, s.received, s.sent, s.freed) for s in ran if isinstance(s, Runs)] == [
        ("n1", ("1.",), (("n2", "[1., 1.]"),), False),
        ("n2", ("[1., 1.]",), (("n3", "3."),), True),
        ("n3", ("6.",), (), False),
    ]
    (hook,) = [step for step in ran if isinstance(step, Calls)]
    assert (hook.name, hook.given, hook.returned) == ("double", ("3.",), ("6.",))
    assert ran.index(hook) == 2
    assert end == Ends((("n3", "6."),))


def test_a_pass_that_the_example_never_runs_is_said_to_be_the_replays_own(
    recordings: dict[str, Recording],
) -> None:
    (start,) = [s for s in only(recordings["never"]).steps if isinstance(s, Starts)]
    assert (start.own, start.place) == (True, None)


def test_the_first_pass_is_shown_and_what_it_keeps_is_not_freed(
    recordings: dict[str, Recording],
) -> None:
    ran = [s for s in only(recordings["twice"]).steps if isinstance(s, Runs)]
    assert [(s.key, s.freed) for s in ran] == [("n1", False), ("n2", False)]


def test_a_pass_that_fails_ends_in_the_node_that_raised(recordings: dict[str, Recording]) -> None:
    *_, last, end = only(recordings["broken"]).steps
    assert isinstance(last, Runs)
    assert (last.key, last.received, last.failed) == ("n2", ("[1.]",), True)
    assert isinstance(end, Ends)
    assert end.error.startswith("RuntimeError: one of the variables needed for gradient")


def test_a_pass_within_one_statement_with_the_recording(recordings: dict[str, Recording]) -> None:
    replay = only(recordings["loop"])
    (start,) = [s for s in replay.steps if isinstance(s, Starts)]
    assert start.place is not None
    assert start.place.code == "y.backward()"
    assert [s.place.code for s in replay.steps if isinstance(s, Records) and s.place] == [
        "y = net(torch.ones(1, 4)).sum()"
    ]
    # The second turn of the loop: what the first one left is added to.
    grads = [s.grad for s in replay.steps if isinstance(s, Runs) and s.grad]
    assert "[2., 2., 2., 2.]" in grads
    assert "shape (4, 4), norm 8, from 2 to 2" in grads


def test_the_pass_is_one_of_the_figures_example_or_of_a_later_one(
    recordings: dict[str, Recording],
) -> None:
    recorded, start, *_, end = only(recordings["again"]).steps
    assert isinstance(recorded, Records)
    assert recorded.place is not None
    assert recorded.place.block == -1
    assert isinstance(start, Starts)
    assert start.place is not None
    assert start.place.block == 1
    assert end == Ends((("n2", "12."),))


def test_a_graph_recorded_in_several_threads_has_no_replay(
    recordings: dict[str, Recording],
) -> None:
    assert recordings["threads"] == Recording()


def test_a_trace_knows_what_wrote_its_lines(recordings: dict[str, Recording]) -> None:
    (trace,) = recordings["trace"].traces
    (made,) = trace.made
    assert trace.lines == ("Net forward",)
    assert (made.function, made.given) == ("forward", ("x: tensor (2, 3)",))
    assert made.place is not None
    assert (made.place.row, made.place.code) == (3, 'log.append("Net forward")')


def test_the_blocks_of_a_script_are_its_examples(recordings: dict[str, Recording]) -> None:
    (start,) = [s for s in only(recordings["gallery/script.py"]).steps if isinstance(s, Starts)]
    assert start.place is not None
    assert (start.place.block, start.place.code) == (1, "y.backward()")


def test_recordings_are_the_same_each_time_and_are_kept(
    subjects: list[Subject], recordings: dict[str, Recording], tmp_path: Path
) -> None:
    chosen = [s for s in subjects if s.id.endswith(("product", "random"))]
    said: list[str] = []
    again = replays_of(chosen, folder=tmp_path, announce=said.append)
    for name, recording in again.items():
        before = recordings[name.rpartition("::")[2]]
        assert msgspec.json.encode(recording) == msgspec.json.encode(before)
    assert said == ["recording the replays of 2 subjects"]
    assert replays_of(chosen, folder=tmp_path, announce=said.append) == again
    assert len(said) == 1
    assert len(list(tmp_path.iterdir())) == 2
    replays_of([replace(chosen[0], digest="other")], folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


ORDER = (("SumBackward0", 7), ("MulBackward0", 6), ("torch::autograd::AccumulateGrad", -1))


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (Plain(0, ORDER, {"n3": "6"}), ""),
        (Plain(0, None, {"n3": "6"}), ""),
        (Plain(0, (("SumBackward0", 1), ("MulBackward0", 0), ORDER[2]), {"n3": "6"}), ""),
        (Plain(0, (ORDER[1], ORDER[0], ORDER[2]), {"n3": "6"}), "in another order"),
        (Plain(0, ORDER[:2], {"n3": "6"}), "in another order"),
        (Plain(0, ORDER, {"n3": "7"}), "another .grad"),
        (None, "does not come to the pass"),
    ],
)
def test_what_a_run_without_hooks_shows_differently_is_told(
    recordings: dict[str, Recording], plain: Plain | None, reason: str
) -> None:
    figure = Figure(only(recordings["product"]), 0, False, ORDER, {"n3": "6"})
    told = difference(figure, plain)
    assert bool(told) == bool(reason)
    assert reason in told
