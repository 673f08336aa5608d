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


def describe_tuning(tuning: Any) -> str:
    """Which refiner was chosen and what it scored, in one line."""
    chosen = "none" if tuning.refiner is None else tuning.choices[tuning.chosen]
    if tuning.n_pixels == 0:
        return f"{chosen}: {tuning.reason}"
    scores = f"mean IoU at held-out strokes {tuning.mean_iou[0]:.3f}"
    if tuning.refiner is not None:
        scores += f" before and {tuning.mean_iou[tuning.chosen]:.3f} after"
    return f"{chosen} of {plural(len(tuning.choices) - 1, 'setting')}: {scores} ({tuning.reason})"


def sizes_text(sizes: Any) -> str:
    """Sizes along axes: 0.5 x 0.5."""
    return " x ".join(f"{size:g}" for size in sizes)


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 image, 2 images."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
