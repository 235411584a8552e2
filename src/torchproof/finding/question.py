"""Extract the question that a script answers from its docstring."""

from __future__ import annotations

import ast
import re

from torchproof.finding.subjects import Subject

_SENTENCE = re.compile(r".+?[.?](?=\s|$)", re.DOTALL)


def question(script: Subject) -> str:
    """Return the docstring below its title up to the first question mark, as one line of reST.

    A docstring without a question mark is cut after its first sentence.
    """
    text = ast.get_docstring(ast.parse(script.source)) or ""
    body = " ".join(text.split("\n\n")[1].split()) if "\n\n" in text else ""
    sentences = [match[0].strip() for match in _SENTENCE.finditer(body)]
    asked = [n for n, sentence in enumerate(sentences, 1) if sentence.endswith("?")]
    return " ".join(sentences[: asked[0] if asked else 1])
