"""What a reader copies or downloads starts no server that other machines reach."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = ["docs", "gallery", "src", "templates", "README.md", "CONTRIBUTING.md"]
KINDS = {".md", ".py", ".rst", ".toml", ".html"}
MODULE = re.compile(r"-m[\s\"',]+visdom\.server(?=[\s\"'`,.:;)\]]|$)(?!\.\w)")
LOCAL = re.compile(r"-m[\s\"',]+visdom\.server[\s\"',]+-bind_local")
CALL = re.compile(r"\bstart_server\(.*")
# Sentences about the command itself: they tell nobody to start it, or say at once what to add.
ABOUT = {
    "docs/questions.toml": ['"python -m visdom.server",'],
    "docs/then-and-now.toml": ['then_zh = "python3 -m visdom.server"'],
    "docs/visdom/server.md": [
        "The note's `python3 -m visdom.server` is still the command; add `-bind_local`.",
    ],
    "src/torchproof/visdom/application.py": ["`python -m visdom.server` downloads its front end"],
    "src/torchproof/visdom/server.py": ["`flags` are those of `python -m visdom.server`"],
    "src/torchproof/visdom/server_flags.py": ["The flags of `python -m visdom.server`"],
}


def texts() -> dict[str, str]:
    """Return all that a reader may read or download, by its path; not what a build has made."""
    found = {}
    for name in READ:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            place = file.relative_to(ROOT).as_posix()
            if file.suffix in KINDS and not place.startswith(("docs/_build/", "docs/gallery/")):
                found[place] = file.read_text(encoding="utf-8")
    return found


def open_starts(place: str, text: str) -> list[str]:
    """Return each place that starts a server for every machine, as `file:line: text`."""
    for sentence in ABOUT.get(place, []):
        assert sentence in text, f"{place} no longer says {sentence!r}: take it out of ABOUT"
        text = text.replace(sentence, "\n" * sentence.count("\n"))
    starts = [m for m in MODULE.finditer(text) if not LOCAL.match(text, m.start())]
    starts += [m for m in CALL.finditer(text) if "bind_local=True" not in m[0]]
    return [f"{place}:{text.count(chr(10), 0, m.start()) + 1}: {m[0]}" for m in starts]


def test_whoever_says_how_to_start_visdom_says_bind_local() -> None:
    found = [start for place, text in texts().items() for start in open_starts(place, text)]
    assert not found, "add -bind_local:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("run python -m visdom.server", 1),
        ("run `python -m visdom.server -port 1`", 1),
        ("python -m\nvisdom.server", 1),
        ('Popen([sys.executable, "-m", "visdom.server"])', 1),
        ("start_server(port=1)", 1),
        ("run python -m visdom.server -bind_local", 0),
        ('Popen([sys.executable, "-m", "visdom.server", "-bind_local"])', 0),
        ("start_server(port=1, bind_local=True)", 0),
        ("python -m torchproof.visdom_server", 0),
        ("from visdom.server.run_server import start_server", 0),
    ],
)
def test_both_ways_of_a_start_are_seen(text: str, count: int) -> None:
    assert len(open_starts("page.md", text)) == count
