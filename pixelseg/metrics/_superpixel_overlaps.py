"""How segments spread over true regions, and what that costs."""

from __future__ import annotations

import numpy as np

from ._contingency import ContingencyTable


def neubert_protzel(table: ContingencyTable) -> float:
    """Of each overlap the smaller of what is inside and what is outside, per pixel."""
    outside = table.prediction_sizes[table.columns] - table.counts
    return float(np.minimum(table.counts, outside).sum() / table.n_pixels)


def levin(table: ContingencyTable) -> float:
    """The mean over regions of the pixels that its segments have too many, per pixel of it."""
    touching = np.bincount(
        table.rows,
        table.prediction_sizes[table.columns],
        minlength=len(table.truth_sizes),
    )
    return float((touching / table.truth_sizes - 1).mean())


def achievable_accuracy(table: ContingencyTable) -> float:
    """The pixels of each segment in the region that it overlaps most, per pixel."""
    largest = np.zeros(len(table.prediction_sizes), np.int64)
    np.maximum.at(largest, table.columns, table.counts)
    return float(largest.sum() / table.n_pixels)
