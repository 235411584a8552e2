"""Write a replay of your own loss: the graph as it is recorded, and a backward pass through it.

`python -m torchproof.replay script.py --loss loss` runs a script up to its first backward pass
from the variable `loss`, and writes one HTML file that needs nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from torchproof.files import write_atomically
from torchproof.replays.html import replay_html
from torchproof.replays.script import NoReplayError, replay_script

__all__ = ["NoReplayError", "write_replay"]


def write_replay(
    script: str | Path, to: str | Path, *, loss: str = "loss", arguments: Sequence[str] = ()
) -> Path:
    """Run a script up to its first backward pass from a variable, and write its replay.

    `arguments` are those of the script. Raises NoReplayError if there is nothing to replay.
    """
    replay, source = replay_script(Path(script), loss, arguments=arguments)
    write_atomically(Path(to), replay_html(replay, source, title=f"Replay of {loss}"))
    return Path(to)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the replay of a script, and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m torchproof.replay", description=__doc__)
    parser.add_argument("script", type=Path, help="a Python file that trains or computes")
    parser.add_argument("--loss", default="loss", help="the variable to start from")
    parser.add_argument("--to", type=Path, help="the file to write, by default SCRIPT-LOSS.html")
    parser.epilog = "What follows -- are the arguments of the script."
    words = list(sys.argv[1:] if argv is None else argv)
    end = words.index("--") if "--" in words else len(words)
    given, arguments = parser.parse_args(words[:end]), words[end + 1 :]
    if not given.script.is_file():
        parser.error(f"there is no file {given.script}")
    to = given.to or Path(f"{given.script.stem}-{given.loss}.html")
    try:
        write_replay(given.script, to, loss=given.loss, arguments=arguments)
    except NoReplayError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"wrote {to}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
