"""Count the docstrings of the documented torch names that pass Python's doctest as they stand.

Each docstring runs with the names of its module, without options, in a process of its own.
"""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import multiprocessing
import sys
import warnings

from torchproof.api.introspection import find
from torchproof.api.inventory import public_names

LIMIT = 120.0
"""Seconds that a docstring may take."""


def docstring(name: str) -> str:
    """Return the docstring of a name itself, not that of the type of its value."""
    _, value = find(name)
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    described = inspect.isroutine(value) or inspect.isclass(value)
    return (value.__doc__ or "") if described or inspect.isgetsetdescriptor(value) else ""


def passes(name: str) -> bool:
    """Run the docstring of a name; anything that raises or differs is a failure."""
    _, value = find(name)
    module = sys.modules[getattr(value, "__module__", None) or "torch"]
    try:
        test = doctest.DocTestParser().get_doctest(
            docstring(name), dict(vars(module)), name, name, 0
        )
    except ValueError:
        return False
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        return doctest.DocTestRunner(verbose=False).run(test, out=out.write).failed == 0


def main() -> None:
    """Print the counts, and the names that pass."""
    areas = public_names()
    names = [n.qualified for area in ("nn-module", "autograd") for n in areas[area]]
    shown = {docstring(name): name for name in names if ">>>" in docstring(name)}
    passed = []
    context = multiprocessing.get_context("fork")
    for name in shown.values():
        with context.Pool(1) as pool, contextlib.suppress(multiprocessing.TimeoutError):
            if pool.apply_async(passes, [name]).get(LIMIT):
                passed.append(name)
    print(f"{len(names)} names, {len(shown)} docstrings with >>>, {len(passed)} pass:")
    print("\n".join(sorted(passed)))


if __name__ == "__main__":
    main()
