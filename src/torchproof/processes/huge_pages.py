"""Huge pages for a process that forks often.

A fork copies the page table of its parent, entry by entry, and tears the copy down at its exit. The
heap after `import torch` takes tens of thousands of entries, or a few dozen in huge pages.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import sys
from pathlib import Path

_ANONYMOUS = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0\s*(?:\[heap\])?")
_HUGE = 2 << 20
"""Bytes of a huge page on x86-64, and on arm64 with pages of 4 KiB."""
_MADV_COLLAPSE = 25
"""See https://man7.org/linux/man-pages/man2/madvise.2.html; since Linux 6.1."""


def use_huge_pages() -> None:
    """Move the private memory of this process into huge pages, where the system can.

    This copies the memory once, which takes a tenth of a second for torch, and adds only what
    rounding to huge pages takes. On systems other than Linux 6.1 or later, nothing happens.
    """
    if sys.platform != "linux" or mmap.PAGESIZE != 4096:
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for first, last in map(_bounds, Path("/proc/self/maps").read_text().splitlines()):
        for address in range(-(-first // _HUGE) * _HUGE, last - _HUGE + 1, _HUGE):
            madvise(address, _HUGE, _MADV_COLLAPSE)


def _bounds(line: str) -> tuple[int, int]:
    found = _ANONYMOUS.fullmatch(line)
    return (int(found[1], 16), int(found[2], 16)) if found else (0, 0)
