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

import numpy as np

from ._contingency import ContingencyTable, Ignore, contingency_tables


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
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments. Of several truths the mean is taken.
    prediction : array of int, shape of one truth
        Segments of the result.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out of everything; 0 restricts the score to the
        foreground, as the challenges do.
    background : int or None, default 0
        Label of the prediction whose pixels count as segments of one pixel each (a border between
        cells joins nothing). None takes it as a segment like any other.
    self_pairs : bool, default True
        Whether a pixel makes a pair with itself, as in the challenges' definition by
        probabilities (sums over n squared). False counts n (n - 1) pairs.

    Returns
    -------
    scores : PartitionScores
        `error` is the adapted Rand error of SNEMI3D; `f1` is V-Rand of ISBI 2012. Where a
        partition joins no pair at all, nothing that it joins is wrong: the share is 1.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

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
    tables = contingency_tables(truth, prediction, ignore)
    return mean_scores([adapted_rand_of(table, background, self_pairs) for table in tables])


def rand_index(truth: Any, prediction: Any, *, ignore: Ignore = 0) -> float:
    """Share of all pairs of pixels on which two partitions agree; of several truths, PRI.

    Parameters
    ----------
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments. The mean over several truths is the probabilistic Rand index (PRI).
    prediction : array of int, shape of one truth
        Segments of the result.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.

    Returns
    -------
    index : float
        From 0 to 1. 1 if there is only one pixel.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

    Notes
    -----
    Equal to `sklearn.metrics.rand_score` and, over several truths, to the PRI of the Berkeley
    region benchmark. Most pairs are apart in any two partitions of a natural image, so that even
    poor results reach 0.7.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import rand_index
    >>> rand_index(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    0.5
    """
    return mean([rand_index_of(table) for table in contingency_tables(truth, prediction, ignore)])


def adjusted_rand_index(truth: Any, prediction: Any, *, ignore: Ignore = 0) -> float:
    """Rand index above chance: 0 for a random result of the same sizes, 1 for an equal partition.

    Parameters
    ----------
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments. Of several truths the mean is taken.
    prediction : array of int, shape of one truth
        Segments of the result.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.

    Returns
    -------
    index : float
        At most 1, negative if worse than chance.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

    Notes
    -----
    Equal to `sklearn.metrics.adjusted_rand_score`. It is not 1 - the adapted Rand error, which is
    no correction for chance.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import adjusted_rand_index
    >>> adjusted_rand_index(np.array([1, 1, 2, 2]), np.array([1, 1, 2, 3]))
    0.571...
    """
    tables = contingency_tables(truth, prediction, ignore)
    return mean([adjusted_rand_index_of(table) for table in tables])


def adapted_rand_of(
    table: ContingencyTable, background: int | None, self_pairs: bool
) -> PartitionScores:
    """Adapted Rand of one table."""
    both, in_truth, in_prediction = squares(table, background)
    if not self_pairs:
        both, in_truth, in_prediction = (
            pairs - table.n_pixels for pairs in (both, in_truth, in_prediction)
        )
    return partition_scores(both, in_prediction, in_truth)


def rand_index_of(table: ContingencyTable) -> float:
    """Rand index of one table."""
    both, in_truth, in_prediction = squares(table, None)
    pairs = table.n_pixels * (table.n_pixels - 1) / 2
    return 1 - ((in_truth + in_prediction) / 2 - both) / pairs if pairs else 1.0


def adjusted_rand_index_of(table: ContingencyTable) -> float:
    """Adjusted Rand index of one table."""
    n = table.n_pixels
    both, in_truth, in_prediction = (total - n for total in squares(table, None))
    if in_truth == in_prediction == both:
        return 1.0
    by_chance = in_truth * in_prediction / (n * (n - 1.0))
    return (both - by_chance) / ((in_truth + in_prediction) / 2 - by_chance)


def squares(table: ContingencyTable, background: int | None) -> tuple[float, float, float]:
    """Ordered pairs of pixels, each with itself too, joined in both, in truth, in prediction.

    Pixels of the background label of the prediction are joined with themselves alone there.
    """
    cells, columns = table.counts.astype(float), table.prediction_sizes.astype(float)
    rows = table.truth_sizes.astype(float)
    alone = 0.0
    place = background_column(table, background)
    if place is not None:
        alone = columns[place]
        cells, columns = cells[table.columns != place], np.delete(columns, place)
    return cells @ cells + alone, rows @ rows, columns @ columns + alone


def background_column(table: ContingencyTable, background: int | None) -> int | None:
    """The column of the background label of the prediction, None if it does not occur."""
    if background is None:
        return None
    place = int(np.searchsorted(table.prediction_labels, background))
    found = place < len(table.prediction_labels) and table.prediction_labels[place] == background
    return place if found else None


def partition_scores(shared: float, of_prediction: float, of_truth: float) -> PartitionScores:
    """Precision and recall of what is shared, 1 where there is nothing to share."""
    precision = shared / of_prediction if of_prediction else 1.0
    recall = shared / of_truth if of_truth else 1.0
    total = of_prediction + of_truth
    f1 = 2 * shared / total if total else 1.0
    return PartitionScores(precision, recall, f1, 1 - f1)


def mean_scores(scores: list[PartitionScores]) -> PartitionScores:
    """The mean of each field."""
    return PartitionScores(
        *(mean([getattr(score, name) for score in scores]) for name in score_names())
    )


def score_names() -> tuple[str, ...]:
    """Fields of `PartitionScores`."""
    return tuple(PartitionScores.__dataclass_fields__)


def mean(values: list[float]) -> float:
    """The mean as a float."""
    return float(np.mean(values))
