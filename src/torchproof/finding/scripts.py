"""Read the scripts of the gallery as subjects."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from torchproof.finding.subjects import Found, Problem, Subject

_ROLE = re.compile(r":py:(?:meth|func|class|attr|obj|data):`(?:[^`<]*<)?[~!]?([\w.]+)>?`")
_SENTENCE = re.compile(r".+?[.?](?=\s|$)", re.DOTALL)
SCRIPT_LIMIT = 60.0
"""Default time limit of a script, in seconds."""


def find_in_script(path: Path, *, root: Path) -> Found:
    """Return the subject of a script; its names are those that it refers to by roles."""
    file = path.relative_to(root).as_posix()
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source, file)
    except SyntaxError as error:
        return Found(problems=(Problem(file, error.lineno or 1, f"not Python: {error.msg}"),))
    problems = []
    title = (ast.get_docstring(tree) or "").strip().split("\n")[0]
    if not title:
        problems.append(Problem(file, 1, "script without a title; begin with a docstring"))
    asserts = sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
    if not asserts:
        problems.append(Problem(file, 1, "nobody checks this script: assert what it finds"))
    problems += [
        Problem(file, node.lineno, "a script runs without torchproof; import only its subject")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and "torchproof" in ast.unparse(node)
    ]
    names = tuple(dict.fromkeys(_ROLE.findall(source)))
    subject = Subject(
        id=file,
        kind="script",
        file=file,
        line=1,
        title=title,
        names=names,
        source=source,
        asserts=asserts,
        limit=SCRIPT_LIMIT,
    )
    return Found((subject,), tuple(problems))


def question_of(script: Subject) -> str:
    """Return the docstring below its title up to the first question mark, as one line of reST.

    A docstring that asks nothing is taken up to the end of its first sentence.
    """
    text = ast.get_docstring(ast.parse(script.source)) or ""
    body = " ".join(text.split("\n\n")[1].split()) if "\n\n" in text else ""
    sentences = [match[0].strip() for match in _SENTENCE.finditer(body)]
    asked = [n for n, sentence in enumerate(sentences, 1) if sentence.endswith("?")]
    return " ".join(sentences[: asked[0] if asked else 1])
