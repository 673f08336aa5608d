"""Covering: how well each segment of one partition is overlapped by the best one of another.

P. Arbelaez, M. Maire, C. Fowlkes and J. Malik, IEEE TPAMI 33(5), 2011. The overlap is the
intersection over union; segments weigh by their size. It is not symmetric: a result of tiny
segments covers the truth badly, while the truth may cover such a result as badly in its turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from ._averages import ratio
from ._contingency import PartitionTable, partition_tables
from ._inputs import Ignore


@dataclass(frozen=True)
class Covering:
    """Covering in both directions, each from 0 to 1.

    `of_truth` is how well the segments of the prediction cover those of the truth, which is what
    the Berkeley benchmark reports; `of_prediction` is the reverse, each segment of the prediction
    covered by the best segment of any annotator.
    """

    of_truth: float
    of_prediction: float


def covering(
    truth: Any, prediction: Any, *, ignore: Ignore = 0, background: int | None = 0
) -> Covering:
    """Measure how well the segments of one partition cover those of another.

    Parameters
    ----------
    truth, prediction, ignore, background
        As in `region_scores`. Of several truths, each weighs the same in `of_truth` (if each has
        as many scored pixels); in `of_prediction` a segment takes its best overlap with any of
        them. The background of the prediction covers nothing, and need not be covered.

    Returns
    -------
    covering : Covering
        `of_prediction` is NaN if the prediction has no segment.

    Notes
    -----
    Over a set of images and thresholds see `HierarchyAccumulator`. Where annotators ignore
    different pixels, the size of a segment of the prediction is its mean over the annotators.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import covering
    >>> covering(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    Covering(of_truth=0.625, of_prediction=0.583...)
    """
    return covering_of(partition_tables(truth, prediction, ignore, background))


def covering_of(tables: list[PartitionTable]) -> Covering:
    """Covering of one prediction by the tables of all its truths."""
    overlaps = [best_of_truth(table) for table in tables]
    n_pixels = sum(table.n_pixels for table in tables)
    return Covering(covered_pixels(tables, overlaps) / n_pixels, reverse_covering(tables))


def best_of_truth(table: PartitionTable) -> Array:
    """The best overlap of each segment of the truth, float64 (n_truth,)."""
    starts = np.searchsorted(table.rows, np.arange(len(table.truth_labels)))
    return np.maximum.reduceat(_overlaps(table), starts)


def covered_pixels(tables: list[PartitionTable], overlaps: list[Array]) -> float:
    """Pixels of all truths, each by the overlap of its segment."""
    return sum(
        float(table.truth_sizes @ overlap) for table, overlap in zip(tables, overlaps, strict=True)
    )


def reverse_covering(tables: list[PartitionTable]) -> float:
    """Covering of the prediction by the segments of all annotators together."""
    labels = np.unique(np.concatenate([table.prediction_labels for table in tables]))
    best, sizes = np.zeros(len(labels)), np.zeros(len(labels))
    for table in tables:
        place = np.searchsorted(labels, table.prediction_labels)
        np.maximum.at(best, place[table.columns], _overlaps(table))
        sizes[place] += table.prediction_sizes * table.is_segment
    return float(ratio(sizes @ best, sizes.sum()))


def _overlaps(table: PartitionTable) -> Array:
    """Intersection over union of each cell, float64 (n_cells,), 0 on the background."""
    return np.where(table.in_segment, table.iou, 0.0) if table.n_alone else table.iou
