"""Estimate how long a script takes to read, from its words of prose and its lines of code."""

from __future__ import annotations

import ast
import math
import re

from torchproof.finding.subjects import Subject

WORDS_A_MINUTE = 200
LINES_A_MINUTE = 15
_WORD = re.compile(r"\S*[^\W_]\S*")


def minutes_to_read(script: Subject) -> int:
    """Return the minutes that a script takes to read, rounded up.

    Prose is the docstring and the comments that stand alone; the rest of the lines is code, but for
    blank ones.
    """
    tree = ast.parse(script.source)
    lines = script.source.splitlines()
    head = tree.body[0].end_lineno if ast.get_docstring(tree) is not None else 0
    comments = [line.lstrip("# ") for line in lines[head:] if line.startswith("#")]
    prose = " ".join([ast.get_docstring(tree) or "", *comments])
    code = [line for line in lines[head:] if line.strip() and not line.startswith("#")]
    return math.ceil(len(_WORD.findall(prose)) / WORDS_A_MINUTE + len(code) / LINES_A_MINUTE)
