"""Rand's family: do pairs of pixels that belong together in one partition do so in the other?

A pair is right if truth and result agree on it. The Rand index counts all pairs, most of which are
trivially apart; the adapted Rand scores of connectomics count pairs that are joined, as precision
and recall; the adjusted index subtracts what chance gives.

W. M. Rand, JASA 66, 1971. L. Hubert and P. Arabie, J. Classification 2, 1985. R. Unnikrishnan,
C. Pantofaru and M. Hebert, IEEE TPAMI 29, 2007 (several truths). I. Arganda-Carreras et al.,
"Crowdsourcing the creation of image segmentation algorithms for connectomics", Frontiers in
Neuroanatomy 9:142, 2015 (adapted Rand).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._core.checks import as_flag
from ._averages import mean, mean_of
from ._contingency import PartitionTable, partition_tables
from ._inputs import Ignore


@dataclass(frozen=True)
class PartitionScores:
    """How well the segments of a result agree with those of a truth; all from 0 to 1.

    `precision` falls where the result merges segments of the truth (the paper's merge score),
    `recall` where it splits them (split score); `f1` is their harmonic mean and `error` is 1 - f1.
    Of several truths each is the mean.
    """

    precision: float
    recall: float
    f1: float
    error: float


def adapted_rand(
    truth: Any,
    prediction: Any,
    *,
    ignore: Ignore = 0,
    background: int | None = 0,
    self_pairs: bool = True,
) -> PartitionScores:
    """Compare two partitions by the pairs of pixels that each joins: V-Rand, adapted Rand error.

    Parameters
    ----------
    truth, prediction, ignore, background
        As in `region_scores`.
    self_pairs : bool, default True
        Whether a pixel makes a pair with itself, as in the challenges' definition by
        probabilities (sums over n squared). False counts n (n - 1) pairs.

    Returns
    -------
    scores : PartitionScores
        `error` is the adapted Rand error of SNEMI3D; `f1` is V-Rand of ISBI 2012. Where a
        partition joins no pair at all, nothing that it joins is wrong: the share is 1.

    Notes
    -----
    Precision is the share of the result's pairs that the truth joins too, recall the share of the
    truth's pairs that the result joins. `skimage.metrics.adapted_rand_error` (0.26) returns them
    in swapped places, counts no self pairs, takes 0 of the prediction as a segment, and gives NaN
    where nothing is joined; its error is ours with `background=None, self_pairs=False`. Tools that
    add c / n in place of c for c background pixels (an old version of gala, CREMI's script) differ
    a little more the larger the background.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import adapted_rand
    >>> truth, prediction = np.array([1, 1, 1, 1]), np.array([1, 1, 2, 2])
    >>> adapted_rand(truth, prediction)
    PartitionScores(precision=1.0, recall=0.5, f1=0.666..., error=0.333...)
    """
    tables = partition_tables(truth, prediction, ignore, background)
    return mean_of([adapted_rand_of(table, self_pairs) for table in tables])


def rand_index(
    truth: Any, prediction: Any, *, ignore: Ignore = 0, background: int | None = 0
) -> float:
    """Share of all pairs of pixels on which two partitions agree; of several truths, PRI.

    Parameters
    ----------
    truth, prediction, ignore, background
        As in `region_scores`. The mean over several truths is the probabilistic Rand index (PRI).

    Returns
    -------
    index : float
        From 0 to 1. 1 if there is only one pixel.

    Notes
    -----
    With `background=None` equal to `sklearn.metrics.rand_score` and, over several truths, to the
    PRI of the Berkeley region benchmark. Most pairs are apart in any two partitions of a natural
    image, so that even poor results reach 0.7.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import rand_index
    >>> rand_index(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    0.5
    """
    tables = partition_tables(truth, prediction, ignore, background)
    return mean([rand_index_of(table) for table in tables])


def adjusted_rand_index(
    truth: Any, prediction: Any, *, ignore: Ignore = 0, background: int | None = 0
) -> float:
    """Rand index above chance: 0 for a random result of the same sizes, 1 for an equal partition.

    Parameters
    ----------
    truth, prediction, ignore, background
        As in `region_scores`.

    Returns
    -------
    index : float
        At most 1, negative if worse than chance.

    Notes
    -----
    With `background=None` equal to `sklearn.metrics.adjusted_rand_score`. It is not 1 - the
    adapted Rand error, which is no correction for chance.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import adjusted_rand_index
    >>> adjusted_rand_index(np.array([1, 1, 2, 2]), np.array([1, 1, 2, 3]))
    0.571...
    """
    tables = partition_tables(truth, prediction, ignore, background)
    return mean([adjusted_rand_index_of(table) for table in tables])


def adapted_rand_of(table: PartitionTable, self_pairs: bool = True) -> PartitionScores:
    """Adapted Rand of one table."""
    both, in_truth, in_prediction = joined_pairs(table)
    if not as_flag("self_pairs", self_pairs):
        both, in_truth, in_prediction = (
            pairs - table.n_pixels for pairs in (both, in_truth, in_prediction)
        )
    return partition_scores(both, in_prediction, in_truth)


def rand_index_of(table: PartitionTable) -> float:
    """Rand index of one table."""
    both, in_truth, in_prediction = joined_pairs(table)
    pairs = table.n_pixels * (table.n_pixels - 1) / 2
    return 1 - ((in_truth + in_prediction) / 2 - both) / pairs if pairs else 1.0


def adjusted_rand_index_of(table: PartitionTable) -> float:
    """Adjusted Rand index of one table."""
    n = table.n_pixels
    both, in_truth, in_prediction = (total - n for total in joined_pairs(table))
    if in_truth == in_prediction == both:
        return 1.0
    by_chance = in_truth * in_prediction / (n * (n - 1.0))
    return (both - by_chance) / ((in_truth + in_prediction) / 2 - by_chance)


def joined_pairs(table: PartitionTable) -> tuple[float, float, float]:
    """Ordered pairs of pixels, each with itself too, joined in both, in truth, in prediction."""
    groups = table.segment_counts, table.truth_sizes, table.segment_sizes
    both, in_truth, in_prediction = (sizes @ sizes for sizes in (g.astype(float) for g in groups))
    return both + table.n_alone, in_truth, in_prediction + table.n_alone


def partition_scores(shared: float, of_prediction: float, of_truth: float) -> PartitionScores:
    """Precision and recall of what is shared, 1 where there is nothing to share."""
    precision = shared / of_prediction if of_prediction else 1.0
    recall = shared / of_truth if of_truth else 1.0
    total = of_prediction + of_truth
    f1 = 2 * shared / total if total else 1.0
    return PartitionScores(precision, recall, f1, 1 - f1)
