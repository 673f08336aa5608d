"""What capacities hold, and the dtype that holds their sums."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array

#: The share of an integer's range that capacities at a node may reach in all: a residual excess is
#: at most four times as large.
_RANGE_SHARE = 4
#: Whole numbers in floats are taken as integers up to here.
_MOST_WHOLE = 2.0**53


class Range(NamedTuple):
    """The least and the largest finite of some numbers, and what kind they are.

    `least` is NaN where any is; `whole` where all are integers that int64 holds, or infinite.
    """

    least: Any
    most: Any
    whole: bool
    infinite: bool


def find_range(name: str, array: Array) -> Range:
    """Look at numbers of any real dtype, once."""
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} has dtype {array.dtype} but must hold numbers.")
    if array.size == 0:
        return Range(0, 0, True, False)
    if array.dtype.kind != "f":
        least, most = int(array.min()), int(array.max())
        if most > np.iinfo(np.int64).max:
            raise ValueError(f"{name} holds {most} but whole numbers must fit 63 bits.")
        return Range(least, most, True, False)
    from ._terminal_kernels import find_range as of_row

    wide = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    low, high, whole = of_row(np.ascontiguousarray(wide).reshape(-1))
    high = max(high, 0.0)
    whole = bool(whole and high <= _MOST_WHOLE)
    return Range(low, int(high) if whole else high, whole, bool(array.max() == np.inf))


def capacity_dtype(most: Any, ranges: Iterable[Range]) -> np.dtype:
    """int32 or int64 where all are whole and the sums at a node fit, else float64.

    Integers whose sums would overflow are a ValueError: as floats they would lose digits.
    """
    if not all(each.whole for each in ranges):
        return np.dtype(np.float64)
    for dtype in (np.int32, np.int64):
        if most + 1 <= np.iinfo(dtype).max // _RANGE_SHARE:
            return np.dtype(dtype)
    top = np.iinfo(np.int64).max // _RANGE_SHARE
    raise ValueError(
        f"weights sum to as much as {most:.3g} at a pixel, but whole numbers are summed exactly up "
        f"to {top:.3g}: divide all capacities by a common factor, or pass floats that are not "
        "whole."
    )
