"""What a case is: one algorithm, its inputs, its peers, and the bars it must meet."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: The size at which the tests run every case.
TINY = "tiny"


@dataclass(frozen=True)
class Peer:
    """Another way to compute the same thing.

    `call(inputs)` gives the peer's result. `difference(ours, theirs)` is a number that must not
    exceed `tolerance`; a peer that computes something else has none. `bar` is how many times
    faster than this peer we must be (per unit of work), None where nothing was promised.
    """

    name: str
    call: Callable[[Any], Any]
    needs: str | None = None
    bar: float | None = None
    difference: Callable[[Any, Any], float] | None = None
    tolerance: float = 0.0
    #: Sizes at which this peer runs; None is all of them. For peers that take minutes.
    sizes: Sequence[str] | None = None

    def missing(self) -> str | None:
        """Why this peer cannot run here, or None if it can."""
        if self.needs is None:
            return None
        # Of "cv2.ximgproc" the first part may be there without the second.
        whole, first = self.needs, self.needs.partition(".")[0]
        found = all(importlib.util.find_spec(name) is not None for name in (first, whole))
        return None if found else f"not installed: {self.needs}"

    def runs_at(self, size: str) -> bool:
        """Whether the peer takes part at this size."""
        return self.sizes is None or size in self.sizes


@dataclass(frozen=True)
class Case:
    """One public algorithm at one or more sizes.

    `make(size)` prepares the inputs (not timed); `ours(inputs)` is what is timed; `units(result)`
    is the amount of work in a result where peers do different amounts (columns of features).
    `limit` is a bar in seconds of CPU time, and with `limit_over` of the time beyond that peer.
    """

    name: str
    covers: Sequence[str]
    make: Callable[[str], Any]
    ours: Callable[[Any], Any]
    sizes: Sequence[str]
    quick: Sequence[str]
    peers: Sequence[Peer] = ()
    units: Callable[[Any], float] = lambda result: 1.0
    unit: str = "call"
    limit: float | None = None
    limit_over: str | None = None
    #: Work done in child processes is timed too; peak memory is then not measured.
    children: bool = False


def largest_difference(ours: Any, theirs: Any) -> float:
    """The largest absolute difference of two arrays (or numbers, or tuples of numbers)."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        raise AssertionError(f"shapes differ: {ours.shape} and {theirs.shape}")
    both_nan = np.isnan(ours) & np.isnan(theirs)
    return float(np.max(np.where(both_nan, 0.0, np.abs(ours - theirs)), initial=0.0))


def share_of_different(ours: Any, theirs: Any) -> float:
    """The share of entries of two label images that differ."""
    return float(np.mean(np.asarray(ours) != np.asarray(theirs)))


def column_difference(ours: Any, theirs: Any) -> float:
    """The largest difference of any column of features, over the column's largest value."""
    worst = 0.0
    planes = list(theirs)
    columns = np.moveaxis(ours, -1, 0)
    if len(columns) != len(planes):
        raise AssertionError(f"{len(columns)} columns against {len(planes)}")
    for column, plane in zip(columns, planes, strict=True):
        scale = max(float(np.abs(plane).max()), 1e-12)
        worst = max(worst, float(np.abs(column.astype(np.float64) - plane).max()) / scale)
    return worst
