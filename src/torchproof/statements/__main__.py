"""`python -m torchproof.statements PAGE …`: what on these pages is bound to no proof."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from torchproof.statements.binding import Standing, read_statements


def main() -> int:
    """Print the faults of the pages and the counts; return 1 if there are faults."""
    parser = argparse.ArgumentParser(prog="python -m torchproof.statements", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path, help="MyST pages")
    faults = 0
    for page in parser.parse_args().pages:
        found = read_statements(page.read_text(encoding="utf-8"))
        for fault in found.faults:
            print(f"{page}:{fault.line}: {fault.message}")
        counts = ", ".join(f"{found.number(s)} {s.value}" for s in Standing)
        print(f"{page}: {counts}, {len(found.faults)} faults")
        faults += len(found.faults)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
