"""What running the statements of a subject comes to, and on which line a failure is reported."""

from __future__ import annotations

import pytest
from sites import SETUP, page
from trees import Tree, section, write_tree

from torchproof.finding.pages import find_in_page
from torchproof.pictures.kinds import Graph
from torchproof.running.outcome import Failure, Outcome

WRONG = ">>> 1 + 1  # wrong\n3"
PAGE = f"""\
---
title: Page
---

# Page

{SETUP}
## At the top

```{{doctest}}
>>> 1
1

{WRONG}
```

## After options and a comment

```{{doctest}}
:graph: loss
:saved:
>>> # a comment
>>> for i in range(2):
...     print(i)
...
0
1

>>> 2 + 2  # wrong
5
```

## In a list

* first

  1. second

     ```{{doctest}}
     >>> 1 + 1  # wrong
     3
     ```

## In an admonition of backticks

````{{note}}
:class: wide

Words.

```{{doctest}}
{WRONG}
```
````

## In an admonition of colons

:::{{note}} Title
Words.

```{{doctest}}
{WRONG}
```
:::

## In an admonition in an admonition

::::{{note}}
:::{{tip}}
:class: wide

* first

  ```{{doctest}}
  >>> print("a")
  a
  >>> print("b\\n\\nc")  # wrong
  b
  <BLANKLINE>
  d
  >>> def f(
  ...     x,
  ... ):
  ...     return x
  ...
  >>> f(  # wrong
  ...     1,
  ... )
  2
  ```
:::
::::

## Raised

```{{doctest}}
>>> def fail():
...     raise KeyError("gone")
...
>>> fail()  # wrong
1
```

## Not raised

```{{doctest}}
>>> int("1")  # wrong
Traceback (most recent call last):
    ...
ValueError: invalid literal
```

## Raised with another message

```{{doctest}}
>>> int("one")  # wrong
Traceback (most recent call last):
    ...
ValueError: invalid literal for int() with base 10: 'two'
```
"""
SCRIPT = '''"""
A finding
=========
"""
import torch

# %%
# Words.


def check(value):
    assert value == 2, "two"  # wrong


check(2)
check(3)
'''


def only_failure(outcome: Outcome) -> Failure:
    assert outcome.status == "failed"
    (failure,) = outcome.failures
    return failure


def marked(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if "# wrong" in line]


def test_lines_of_wrong_output_are_exact_wherever_the_block_stands(tree: Tree) -> None:
    write_tree(tree.root, {"docs/page.md": PAGE})
    found = find_in_page(tree.root / "docs/page.md", root=tree.root)
    assert found.problems == ()
    outcomes = [tree.worker.run(subject, "cpu") for subject in found.subjects]
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert [failure.line for o in outcomes for failure in o.failures] == marked(PAGE)
    raised, not_raised, other = (outcome.failures[0] for outcome in outcomes[-3:])
    # The traceback shows the page's own lines.
    line = next(n for n, text in enumerate(PAGE.splitlines(), 1) if "gone" in text)
    assert f'File "docs/page.md", line {line}, in fail' in raised.got
    assert 'raise KeyError("gone")' in raised.got
    assert "torchproof" not in raised.got
    assert not_raised.got == "1\n"
    assert other.got.endswith("ValueError: invalid literal for int() with base 10: 'one'\n")


def test_line_of_a_failing_script_is_that_of_the_assert(tree: Tree) -> None:
    failure = only_failure(tree.run_script(SCRIPT))
    assert [failure.line] == marked(SCRIPT)
    assert 'assert value == 2, "two"' in failure.source
    assert failure.got.endswith("AssertionError: two\n")
    assert "torchproof" not in failure.got


@pytest.mark.parametrize(
    ("text", "line", "got"),
    [
        ('"""Title"""\nimport sys\nassert 1\nsys.exit(0)\n', 4, "left with sys.exit"),
        ('"""Title"""\nimport sys\nassert 1\nsys.exit("why")\n', 4, "SystemExit: why"),
        ('"""Title"""\nassert 1\nfor _ in range(9):\n    print("x" * 200_000)\n', 4, "1048576"),
    ],
)
def test_script_that_does_not_reach_its_end_fails(
    tree: Tree, text: str, line: int, got: str
) -> None:
    failure = only_failure(tree.run_script(text))
    assert failure.line == line
    assert got in failure.got


def test_script_passes_as_one_example_with_its_asserts(tree: Tree) -> None:
    text = '"""Title"""\nimport sys\nprint(sys.argv)\nassert __name__ == "__main__"\nassert 1\n'
    outcome = tree.run_script(text)
    assert (outcome.status, outcome.examples, outcome.checked) == ("passed", 1, 2)


def test_examples_and_checked_outputs_are_counted_without_the_setup(tree: Tree) -> None:
    blocks = ">>> 1\n1\n>>> assert True\n```\n\n```{doctest}\n>>> nn.Linear(2, 1).training\nTrue"
    outcome = tree.run(blocks)
    assert (outcome.status, outcome.examples, outcome.checked) == ("passed", 2, 3)
    assert outcome.seconds > 0
    wrong = tree.run(blocks.replace("1\n1", "1\n2"))
    assert (wrong.status, wrong.examples, wrong.checked) == ("failed", 1, 2)


def test_setup_that_fails_is_reported_on_its_line(tree: Tree) -> None:
    failure = only_failure(tree.run(">>> 1\n1", setup="```{doctest}\n>>> import gone\n```\n"))
    assert failure.line == 4
    assert "No module named 'gone'" in failure.got


def test_subject_stops_after_five_failures(tree: Tree) -> None:
    outcome = tree.run("\n".join([">>> 1\n2"] * 9))
    assert len(outcome.failures) == 5


def test_exceptions_are_compared_with_their_messages(tree: Tree) -> None:
    want = "Traceback (most recent call last):\n    ...\n"
    dtype = "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype="
    block = f">>> nn.Linear(1, 1).to(torch.int64)\n{want}TypeError: {dtype}torch.int64"
    assert tree.run(block).status == "passed"
    assert tree.run(block.replace("torch.int64", "torch.int32", 1)).status == "failed"
    assert tree.run(block.replace("TypeError", "ValueError")).status == "failed"


def test_leaving_the_interpreter_is_a_failure(tree: Tree) -> None:
    for leave in ("exit(0)", "import sys; sys.exit(0)", "raise KeyboardInterrupt"):
        assert tree.run(f">>> {leave}\n>>> 1\n1").status == "failed"


def test_source_of_what_an_example_defines_can_be_read(tree: Tree) -> None:
    block = (
        ">>> import inspect\n>>> def double(x):\n...     return 2 * x\n...\n"
        ">>> print(inspect.getsource(double))\ndef double(x):\n    return 2 * x\n<BLANKLINE>"
    )
    assert tree.run(block).status == "passed"


@pytest.mark.parametrize(
    "statement",
    ["print('x' * 100_000_000)", "for _ in range(100): print('x' * 1_000_000)"],
)
def test_too_much_output_is_a_failure_that_says_so(tree: Tree, statement: str) -> None:
    failure = only_failure(tree.run(f">>> {statement}\nx"))
    assert failure.got.endswith("the statement printed more than 1048576 characters\n")
    assert len(failure.got) < 6000


def test_long_output_is_cut(tree: Tree) -> None:
    failure = only_failure(tree.run(">>> print('x' * 5000)\ny"))
    assert failure.got == "x" * 2000 + "\n[3001 more characters]\n"


def test_graph_is_drawn_for_the_example_that_asks(tree: Tree) -> None:
    loss = ">>> loss = torch.ones(2, requires_grad=True).sum()\n>>> loss.item()\n2.0"
    outcome = tree.run(f">>> 1\n1\n```\n\n```{{doctest}}\n:graph: loss\n{loss}")
    (drawing,) = outcome.drawings
    assert (drawing.example, drawing.name) == (1, "loss")
    assert isinstance(drawing.shown, Graph)
    assert [node.label for node in drawing.shown.nodes] == ["loss", "SumBackward0", "leaf"]


def test_graph_of_no_variable_is_a_failure_of_its_block(tree: Tree) -> None:
    failure = only_failure(tree.run(":graph: loss\n>>> 1\n1"))
    assert failure.source == ":graph: loss"
    assert failure.got == "no variable `loss` after this block"
    assert failure.line == 10


def test_sections_do_not_see_each_others_names(tree: Tree) -> None:
    first = section("first", ">>> x = 1\n>>> x\n1")
    second = section("second", ">>> 'x' in globals()\nFalse")
    write_tree(tree.root, {"docs/page.md": page(first, second)})
    subjects = find_in_page(tree.root / "docs/page.md", root=tree.root).subjects
    assert [tree.worker.run(subject, "cpu").status for subject in subjects] == ["passed"] * 2
