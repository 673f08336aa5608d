"""Talking to the user: results on stdout, everything else on stderr, one line at a time."""

from __future__ import annotations

import sys
import time
from typing import Any


def complain(message: object) -> None:
    """Say on stderr what went wrong."""
    print(f"pixelseg: error: {message}", file=sys.stderr)


def note(message: object) -> None:
    """Say on stderr what is worth knowing."""
    print(f"pixelseg: {message}", file=sys.stderr)


def show_warning(message: Any, *_: Any, **__: Any) -> None:
    """Show a warning as a sentence, without the line of code that issued it."""
    note(f"warning: {message}")


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def __str__(self) -> str:
        seconds = time.perf_counter() - self._start
        return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 image, 2 images."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


class FileBar:
    """A bar on stderr over several files; what is done of the current one counts in part."""

    def __init__(self, total: int, description: str):
        from tqdm import tqdm

        # With disable=None nothing is drawn where stderr is not a terminal, as in a log.
        self._bar = tqdm(
            total=total,
            desc=description,
            disable=None,
            leave=False,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left {postfix}",
        )
        self._done = 0

    def __enter__(self) -> FileBar:
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.close()

    def start(self, name: str) -> None:
        """Name the file that is worked on."""
        self._bar.set_postfix_str(name)

    def part(self, done: int, total: int) -> None:
        """Say how far the current file is: what `progress=` of the library calls."""
        self._bar.n = self._done + done / total
        self._bar.refresh()

    def finish(self) -> None:
        """Count the current file as done."""
        self._done += 1
        self.part(0, 1)
