"""What we take from Python, pytest, Matplotlib and Dask beyond their documentation."""

from __future__ import annotations

import ast
import doctest
import functools
import inspect
import io
import linecache
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distributed
import matplotlib.pyplot as plt
import pytest
from contracts import Contract, check
from matplotlib.collections import PathCollection, QuadMesh

from torchproof.hosts.pytest_plugin import NoTests, SubjectItem

STATEMENTS = ("finding/statements.py",)
FIGURES = ("pictures/figure_words.py",)
PLUGIN = ("hosts/pytest_plugin.py",)
CLUSTER = ("running/cluster.py",)


def touched(
    package: str, part: str, files: tuple[str, ...], written: str
) -> Callable[[Callable[[], object]], Contract]:
    """Make a contract of a function."""
    return functools.partial(Contract, package, part, files, written)


@touched(
    "Python", "message of a block that cannot be read", STATEMENTS, r"^line \d+ of the \w+ for"
)
def block() -> bool:
    begins = "line 2 of the docstring for example has "
    for text, said in (
        (">>> 1\n>>>2\n", "line 2 of the docstring for example lacks blank after >>>: '>>>2'"),
        ("    >>> 1\n  2\n", f"{begins}inconsistent leading whitespace: '2'"),
    ):
        with pytest.raises(ValueError) as caught:
            doctest.DocTestParser().parse(text, "example")
        assert str(caught.value) == said, str(caught.value)
    return True


@touched("Python", "Example.exc_msg", STATEMENTS, "part.exc_msg")
def exc_msg() -> bool:
    text = ">>> 1 / 0\nTraceback (most recent call last):\n    ...\nZeroDivisionError: no\n"
    (example,) = doctest.DocTestParser().get_examples(text)
    return example.exc_msg == "ZeroDivisionError: no\n" and example.lineno == 0


@touched("Python", "line at the end of a SyntaxError", STATEMENTS, r" on line \d+$")
def syntax() -> bool:
    with pytest.raises(SyntaxError) as caught:
        ast.parse("if x:\n1\n", mode="single")
    return caught.value.msg == "expected an indented block after 'if' statement on line 1"


@touched("Python", "line in the message of TOML", ("finding/toml_lines.py",), r"at line (\d+)")
def toml() -> bool:
    with pytest.raises(tomllib.TOMLDecodeError, match=r"at line 2\b"):
        tomllib.loads("a = 1\nb = =\n")
    return True


@touched("Python", "inspect.formatannotation", ("api/annotations.py",), "inspect.formatannotation")
def formatannotation() -> bool:
    given = (int, Path, int | None, list[int])
    expected = ["int", "pathlib.Path", "int | None", "list[int]"]
    found = [inspect.formatannotation(annotation) for annotation in given]
    return [text.replace("pathlib._local.", "pathlib.") for text in found] == expected


@touched("Python", "linecache.cache", ("running/execution.py",), "linecache.cache[file]")
def cache() -> bool:
    # What has no time of change is not asked of the disk again.
    linecache.cache["no file.md"] = (2, None, ["one\n", "two\n"], "no file.md")
    linecache.checkcache("no file.md")
    found = linecache.getline("no file.md", 2)
    del linecache.cache["no file.md"]
    return found == "two\n"


EXITS = (
    *("processes/child_process.py", "processes/orphans.py", "running/child.py"),
    *("running/fork_server.py", "sphinx_ext/output/page_processes.py", "visdom/server_process.py"),
    *("mutants/subject_process.py", "replays/server.py"),
)


@touched("Python", "os._exit", EXITS, "os._exit(")
def leave() -> bool:
    return callable(os._exit)


@touched("Python", "__defaults__", ("mutants/planting.py",), "function.__defaults__ =")
def defaults() -> bool:
    def add(one: int = 1) -> int:
        return one + 1

    add.__defaults__ = (2,)
    return add() == 3


@touched("Python", "AST._fields", ("code_digest.py",), "node._fields")
def fields() -> bool:
    return ast.Assert._fields == ("test", "msg")


@touched("matplotlib", "QuadMesh", FIGURES, '__name__ == "QuadMesh"')
def mesh() -> bool:
    _, axes = plt.subplots()
    kinds = [type(axes.pcolormesh([[1, 2], [3, 4]])), type(axes.pcolormesh([[1]], shading="auto"))]
    plt.close()
    return kinds == [QuadMesh] * 2 and QuadMesh.__name__ == "QuadMesh"


@touched("matplotlib", "PathCollection", FIGURES, '__name__ == "PathCollection"')
def cloud() -> bool:
    _, axes = plt.subplots()
    points = axes.scatter([1, 2], [3, 4])
    plt.close()
    return type(points) is PathCollection and len(points.get_offsets()) == 2  # type: ignore[arg-type]


@touched("matplotlib", "BarContainer.datavalues and orientation", FIGURES, '"datavalues"')
def bars() -> bool:
    _, axes = plt.subplots()
    found: list[Any] = [axes.bar([0, 1], [2, 3]), axes.barh([0, 1], [2, 3])]
    plt.close()
    ways = [bars.orientation for bars in found]
    return ways == ["vertical", "horizontal"] and list(found[0].datavalues) == [2, 3]


@touched("matplotlib", "comments and ids of its SVG", ("panes/data.py",), '"matplotlib.org" in')
def svg() -> bool:
    figure, axes = plt.subplots()
    axes.plot([1, 2], marker="o")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    plt.close()
    return "matplotlib.org" in file.getvalue() and "<dc:date>" in file.getvalue()


@touched("pytest", "Item.from_parent(nodeid=)", PLUGIN, "nodeid=nodeid")
def nodeid() -> bool:
    return "nodeid" in inspect.signature(pytest.Item.__init__).parameters and (
        issubclass(SubjectItem, pytest.Item) and issubclass(NoTests, pytest.File)
    )


@touched("pytest", "longrepr of what was skipped", PLUGIN, "report.longrepr = (")
def longrepr() -> bool:
    # The place of a skip is shown from its three parts.
    return "fspath, lineno, reason = event.longrepr" in inspect.getsource(
        __import__("_pytest.terminal").terminal._folded_skips
    )


@touched("pytest", "Item.extra_keyword_matches", PLUGIN, "extra_keyword_matches |=")
def keywords() -> bool:
    return "extra_keyword_matches" in inspect.getsource(__import__("_pytest.mark").mark)


@touched("pytest-xdist", "workerinput and numprocesses", PLUGIN, '"workerinput"')
def xdist() -> bool:
    plugin, remote = (
        inspect.getsource(getattr(__import__("xdist", fromlist=[name]), name))
        for name in ("plugin", "remote")
    )
    return '"numprocesses"' in plugin and "config.workerinput = " in remote


@touched("distributed", "Client.scheduler_info", CLUSTER, 'scheduler_info()["workers"]')
def scheduler_info() -> bool:
    # Some releases tell of five workers unless asked for more.
    takes = inspect.signature(distributed.Client.scheduler_info).parameters
    return "n_workers" not in takes or takes["n_workers"].default == -1


@touched(
    "distributed", "Worker.state.total_resources", CLUSTER, "dask_worker.state.total_resources"
)
def resources() -> bool:
    from distributed.worker_state_machine import WorkerState

    state = WorkerState(resources={"cuda": 1.0})
    return state.total_resources == {"cuda": 1.0}


CONTRACTS = tuple(value for value in list(vars().values()) if isinstance(value, Contract))


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_libraries_are_as_our_code_takes_them(contract: Contract) -> None:
    check(contract)
