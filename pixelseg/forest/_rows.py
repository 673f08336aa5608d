"""Checks and chunks of the planes that forests and networks evaluate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.threads import run_chunks

#: Rows that one thread takes at a time; the borders do not depend on the number of threads.
CHUNK = 8192


def as_planes(planes: Any, n_features: int, check_finite: bool = True) -> Array:
    """Finite float32 planes (n_features, n), without a copy where they are that."""
    with np.errstate(over="ignore"):
        planes = np.asarray(planes, FEATURE_DTYPE)
    if planes.ndim != 2 or len(planes) != n_features:
        raise ValueError(
            f"planes has shape {planes.shape} but must be ({n_features}, n): the model was "
            f"trained on {n_features} features."
        )
    # The extremes are a cheap first look: they are finite only if every value is.
    if check_finite and planes.size and not np.isfinite([planes.min(), planes.max()]).all():
        row, feature = np.argwhere(~np.isfinite(planes.T))[0]
        raise ValueError(
            f"planes holds {planes[feature, row]} in feature {feature}, row {row}, but must be "
            "finite and fit float32: replace missing values first."
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


def evaluate_chunks(
    evaluate: Callable[[Array, int, slice], None], planes: Array, n_jobs: int | None
) -> None:
    """Call `evaluate(planes, start, rows of the result)` for every chunk of rows.

    The planes that `evaluate` gets are writeable and in C order, so that it is compiled once: such
    planes are handed over whole, and all others, rows above all, are copied chunk by chunk.
    """
    n = planes.shape[1]
    whole = planes.flags.c_contiguous and planes.flags.writeable

    def evaluate_chunk(start: int) -> None:
        rows = slice(start, min(start + CHUNK, n))
        if whole:
            evaluate(planes, start, rows)
        else:
            evaluate(planes[:, rows].copy(order="C"), 0, rows)

    run_chunks(evaluate_chunk, range(0, n, CHUNK), n_jobs)
