"""What forests and networks ask of the rows they read: layout, finite values, shares of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.threads import run_chunks

#: Rows that one thread takes at a time; the borders do not depend on the number of threads.
CHUNK = 8192


def as_planes(X: Any, n_features: int, check_finite: bool = True) -> Array:
    """Rows as finite float32 planes (n_features, n), without a copy where they are that."""
    with np.errstate(over="ignore"):
        planes = np.asarray(X, FEATURE_DTYPE).T
    if planes.ndim != 2 or len(planes) != n_features:
        raise ValueError(
            f"X has shape {planes.shape[::-1]} but must be (n, {n_features}): the model was "
            f"trained on {n_features} features."
        )
    # The extremes are a cheap first look: they are finite only if every value is.
    if check_finite and planes.size and not np.isfinite([planes.min(), planes.max()]).all():
        row, feature = np.argwhere(~np.isfinite(planes.T))[0]
        raise ValueError(
            f"X holds {planes[feature, row]} in row {row}, feature {feature}, but must be finite "
            "and fit float32: replace missing values first."
        )
    return planes


def as_out(out: Any, shape: tuple[int, int]) -> Array:
    """The caller's array for the result, checked, or a new one."""
    if out is None:
        return np.empty(shape)
    if not isinstance(out, np.ndarray):
        raise ValueError(
            f"out is a {type(out).__name__} but must be a float64 array of shape {shape}."
        )
    if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(
            f"out has shape {out.shape} and dtype {out.dtype} but must be a float64 array of shape "
            f"{shape} in C order: leave it out to get a new array."
        )
    return out


def fill(
    read: Callable[[Array, int, Array], None], planes: Array, out: Array, n_jobs: int | None
) -> None:
    """Call `read(planes, start, rows of out)` for every chunk of rows.

    The planes that `read` gets are writeable and in C order, so that it is compiled once: such
    planes are handed over whole, and all others, rows above all, are copied chunk by chunk.
    """
    n = planes.shape[1]
    whole = planes.flags.c_contiguous and planes.flags.writeable

    def read_chunk(start: int) -> None:
        stop = min(start + CHUNK, n)
        if whole:
            read(planes, start, out[start:stop])
        else:
            read(planes[:, start:stop].copy(order="C"), 0, out[start:stop])

    run_chunks(read_chunk, range(0, n, CHUNK), n_jobs)
