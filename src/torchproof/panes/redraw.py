"""Draw the pictures of whole pages that are out of date.

`python -m torchproof.panes.redraw` draws those of docs/visdom/pages; with names, these in any case.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torchproof.panes.page_drawing import draw_page, page_browser
from torchproof.panes.page_pictures import PLACE, PagePictures
from torchproof.panes.page_scenario import ScenarioError, read_scenario
from torchproof.visdom.chromium import BrowserMissingError
from torchproof.visdom.client import quiet_client
from torchproof.visdom.front_end import AssetsError
from torchproof.visdom.server import ServerError


@dataclass(frozen=True)
class Redrawn:
    """What became of a picture: drawn, or an error; `here` if only this machine cannot draw it."""

    name: str
    error: str = ""
    here: bool = False


def redraw(pictures: PagePictures, names: Sequence[str]) -> Iterator[Redrawn]:
    """Draw pictures one by one, each with a new server."""
    try:
        with page_browser() as context:
            for name in names:
                try:
                    drawn = draw_page(context, read_scenario(pictures.scenario(name)))
                except ScenarioError as error:
                    yield Redrawn(name, str(error))
                else:
                    pictures.write(name, drawn)
                    yield Redrawn(name)
    except (AssetsError, BrowserMissingError, ServerError, OSError) as error:
        yield from (
            Redrawn(name, str(error), here=True) for name in names if _is_left(pictures, name)
        )


def redraw_apart(pictures: PagePictures, names: Sequence[str]) -> list[Redrawn]:
    """Draw pictures in a new process, for hosts that must not run the code of scenarios."""
    command = [sys.executable, "-m", "torchproof.panes.redraw", "--json"]
    command += [f"--folder={pictures.folder}", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        told = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = "\n    ".join(done.stderr.strip().splitlines()[-8:])
        return [Redrawn(name, f"drawing failed:\n    {last}") for name in names]
    return [Redrawn(**one) for one in told]


def _is_left(pictures: PagePictures, name: str) -> bool:
    return bool(pictures.out_of_date(name))


def main(argv: Sequence[str]) -> int:
    """Draw what is named or due; return the exit status."""
    parser = argparse.ArgumentParser(prog="tox -e pages --", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenarios to draw; without, those that are due")
    parser.add_argument("--folder", type=Path, default=Path("docs", PLACE))
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    pictures = PagePictures(chosen.folder.resolve())
    if unknown := set(chosen.names) - set(pictures.names()):
        parser.error(f"no scenario {min(unknown)} in {chosen.folder}")
    quiet_client()
    told = []
    for one in redraw(pictures, chosen.names or list(pictures.due())):
        told.append(one)
        if not chosen.json:
            print(one.error or f"{chosen.folder / one.name}.png: drawn", flush=True)
    if chosen.json:
        print(json.dumps([asdict(one) for one in told]))
    return 1 if any(one.error for one in told) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
