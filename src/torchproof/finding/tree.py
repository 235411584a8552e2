"""Find all subjects of a repository: its pages and its scripts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from torchproof.finding.cache import FoundCache
from torchproof.finding.pages import find_in_page
from torchproof.finding.scripts import find_in_script
from torchproof.finding.subjects import Found, Problem, Subject


def find_in_tree(root: Path, *, cache: Path | None = None) -> Found:
    """Find the subjects under `root`: pages under docs, then scripts under gallery.

    `cache` is a file with the findings of unchanged files.
    """
    files = find_files(root, cache=cache).values()
    subjects = [subject for found in files for subject in found.subjects]
    problems = [problem for found in files for problem in found.problems]
    return Found(tuple(subjects), tuple(sorted(problems)))


def find_files(root: Path, *, cache: Path | None = None) -> dict[Path, Found]:
    """Find the subjects of each page and script, sorted by path.

    A second entry for a name is a problem.
    """
    pages, scripts = page_paths(root / "docs"), script_paths(root / "gallery")
    known = FoundCache(cache)
    files = {}
    for path in (*pages, *scripts):
        finder = find_in_page if path.suffix == ".md" else find_in_script
        find = functools.partial(_find, finder, path, root)
        files[path] = known.found(path, root=root, find=find)
    known.write()
    _add_duplicates(files)
    return files


def page_paths(folder: Path) -> list[Path]:
    """Return the pages under a folder, without the output of builds."""
    return sorted(
        path
        for path in folder.rglob("*.md")
        if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


def script_paths(folder: Path) -> list[Path]:
    """Return the scripts under a folder."""
    return sorted(folder.rglob("*.py"))


def _find(find: Callable[..., Found], path: Path, root: Path) -> Found:
    try:
        return find(path, root=root)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        file = path.relative_to(root).as_posix()
        return Found(problems=(Problem(file, line, "not UTF-8; save the file as UTF-8"),))


def _add_duplicates(files: dict[Path, Found]) -> None:
    first: dict[str, Subject] = {}
    for path, found in files.items():
        problems = [
            Problem(
                subject.file,
                subject.line,
                f"second entry for {name}; the first is {first[name].file}:{first[name].line}. "
                "Keep one, refer to it from the other",
            )
            for subject in found.subjects
            if subject.kind == "entry"
            for name in subject.names
            if first.setdefault(name, subject) is not subject
        ]
        if problems:
            files[path] = Found(found.subjects, (*found.problems, *problems))
