"""All subjects of a repository: its pages and its scripts."""

from __future__ import annotations

from pathlib import Path

from torchproof.examples import find_in_page
from torchproof.scripts import find_in_script
from torchproof.subjects import Found, Problem, Subject


def find_in_tree(root: Path) -> Found:
    """Find the subjects under `root`: pages under docs, then scripts under gallery."""
    files = find_files(root).values()
    subjects = [subject for found in files for subject in found.subjects]
    problems = [problem for found in files for problem in found.problems]
    return Found(tuple(subjects), tuple(sorted(problems)))


def find_files(root: Path) -> dict[Path, Found]:
    """Find the subjects of each page and script, in the order of their paths.

    A name with two entries is a problem at the second.
    """
    files = {path: find_in_page(path, root=root) for path in page_paths(root / "docs")}
    files |= {path: find_in_script(path, root=root) for path in script_paths(root / "gallery")}
    _add_duplicates(files)
    return files


def page_paths(folder: Path) -> list[Path]:
    """Return the pages under a folder, without what a build wrote there."""
    return sorted(
        path
        for path in folder.rglob("*.md")
        if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


def script_paths(folder: Path) -> list[Path]:
    """Return the scripts under a folder."""
    return sorted(folder.rglob("*.py"))


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
