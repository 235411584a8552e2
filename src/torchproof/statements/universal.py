"""Universal words: what a single example does not prove."""

from __future__ import annotations

import ast
import re

WORDS = (
    "all", "always", "any", "anything", "anywhere", "every", "everything", "everywhere", "never",
    "none", "nothing", "nowhere", "only", "whatever", "whenever", "wherever", "whichever",
    "no matter", "however many", "however much", "however often", "however long", "however deep",
)  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(map(re.escape, sorted(WORDS, key=len, reverse=True)))})\b", re.I)
# They claim nothing of the kind: keyword-only; not at all; not only.
_IDIOM = re.compile(
    r"\w+-only|\bonly-\w+|\b(?:not|at|after|above|first of|in) all\b|\bnot only\b|\bif any\b|"
    r"\ball the same\b|\bany more\b|\ball but \w+",
    re.I,
)
CODE = re.compile(r"(`+)(?:(?!\1).)+?\1", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\([^)]*\)")
_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)(.*)", re.MULTILINE)
_LOOPS = (ast.For, ast.While, ast.comprehension)
_SEARCHES = frozenset({"all", "any", "map", "set"})
_SCOPE = re.compile(r"scope\((?P<words>[^)]*)\):\s*(?P<reason>\S.*)")


def universal_words(text: str) -> tuple[str, ...]:
    """Return the universal words of a Markdown text, lower case, sorted; code does not count."""
    plain = _LINK.sub(lambda match: match["text"], CODE.sub("`x`", text))
    plain = _IDIOM.sub(" ", _QUOTED.sub(" ", re.sub(r"\s+", " ", plain)))
    return tuple(sorted({match.lower() for match in _WORD.findall(plain)}))


def searches(code: str) -> bool:
    """Return whether a block goes through a space: with a loop, or `all`, `any`, `map` or `set`."""
    try:
        tree = ast.parse("\n".join(_PROMPT.findall(code)))
    except SyntaxError:
        return False
    return any(
        isinstance(node, _LOOPS)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _SEARCHES
        )
        for node in ast.walk(tree)
    )


def scoped_words(comment: str) -> tuple[str, ...] | None:
    """Return the words that `scope(only, all): the reason` names; None if it is not written so."""
    match = _SCOPE.fullmatch(comment.strip())
    if match is None:
        return None
    return tuple(word.strip().lower() for word in match["words"].split(","))
