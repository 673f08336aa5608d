"""Information that two partitions share, and what each knows beyond the other.

M. Meila, "Comparing clusterings: an axiomatic view", ICML 2005 (variation of information);
I. Arganda-Carreras et al., Frontiers in Neuroanatomy 9:142, 2015 (V-Info). Draw a pixel: how many
bits does the segment in one partition leave open about the segment in the other?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from ._contingency import ContingencyTable, Ignore, contingency_tables
from .rand import PartitionScores, background_column, mean, mean_scores, partition_scores


@dataclass(frozen=True)
class VariationOfInformation:
    """Bits that each partition leaves open about the other; 0 where they are equal.

    `split` is H(prediction | truth), which grows as the result splits segments of the truth;
    `merge` is H(truth | prediction), which grows as it merges them.
    """

    split: float
    merge: float

    @property
    def total(self) -> float:
        """Variation of information, in bits: split + merge."""
        return self.split + self.merge


def variation_of_information(
    truth: Any, prediction: Any, *, ignore: Ignore = 0
) -> VariationOfInformation:
    """Measure the variation of information of two partitions, in bits (log base 2).

    Parameters
    ----------
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments. Of several truths the mean is taken, as in the Berkeley region benchmark.
    prediction : array of int, shape of one truth
        Segments of the result; 0 is a segment like any other, as in CREMI.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.

    Returns
    -------
    variation : VariationOfInformation
        From 0 (equal) to log2 of the number of pixels; smaller is better.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

    Notes
    -----
    `skimage.metrics.variation_of_information(truth, prediction)` returns the array [split, merge]
    in bits and ignores nothing by default; scikit-learn's mutual information is in nats.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import variation_of_information
    >>> variation_of_information(np.array([1, 1, 1, 1]), np.array([1, 1, 2, 2]))
    VariationOfInformation(split=1.0, merge=0.0)
    """
    tables = contingency_tables(truth, prediction, ignore)
    return mean_variation([variation_of(table) for table in tables])


def v_info(
    truth: Any, prediction: Any, *, ignore: Ignore = 0, background: int | None = 0
) -> PartitionScores:
    """Compare two partitions by the information they share, as precision and recall: V-Info.

    Parameters
    ----------
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments. Of several truths the mean is taken.
    prediction : array of int, shape of one truth
        Segments of the result.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out; 0 restricts the score to the foreground.
    background : int or None, default 0
        Label of the prediction whose pixels count as segments of one pixel each. None takes it as
        a segment like any other.

    Returns
    -------
    scores : PartitionScores
        With I the shared information and H the entropies: precision I / H(truth) falls with
        mergers, recall I / H(prediction) falls with splits, f1 is 2 I / (H(truth) +
        H(prediction)). The base of the logarithm cancels. A share of nothing (one segment only) is
        1: nothing is lost.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

    Notes
    -----
    With `background=None`, precision and recall are scikit-learn's homogeneity and completeness,
    and f1 its V-measure. Fiji's script sets what has no entropy to 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import v_info
    >>> v_info(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    PartitionScores(precision=0.383..., recall=0.311..., f1=0.343..., error=0.656...)
    """
    tables = contingency_tables(truth, prediction, ignore)
    return mean_scores([v_info_of(table, background) for table in tables])


def variation_of(table: ContingencyTable) -> VariationOfInformation:
    """Variation of information of one table; sums of terms that are never negative."""
    counts = table.counts.astype(float)
    share = counts / table.n_pixels
    split = share @ np.log2(table.truth_sizes[table.rows] / counts)
    merge = share @ np.log2(table.prediction_sizes[table.columns] / counts)
    return VariationOfInformation(float(split), float(merge))


def v_info_of(table: ContingencyTable, background: int | None) -> PartitionScores:
    """V-Info of one table."""
    n = table.n_pixels
    cells, columns, alone = table.counts, table.prediction_sizes, 0
    place = background_column(table, background)
    if place is not None:
        alone = int(columns[place])
        cells, columns = cells[table.columns != place], np.delete(columns, place)
    of_truth = entropy(table.truth_sizes, n)
    # A pixel that is a segment of its own has the share 1 / n, whatever its truth.
    of_pixels = alone / n * np.log2(n)
    of_prediction = entropy(columns, n) + of_pixels
    joint = entropy(cells, n) + of_pixels
    shared = min(max(of_truth + of_prediction - joint, 0.0), of_truth, of_prediction)
    return partition_scores(shared, of_truth, of_prediction)


def entropy(sizes: Array, n_pixels: int) -> float:
    """Entropy in bits of segments of these sizes, among so many pixels."""
    share = sizes / n_pixels
    return float(-(share @ np.log2(share))) + 0.0


def mean_variation(variations: list[VariationOfInformation]) -> VariationOfInformation:
    """The mean of each field."""
    return VariationOfInformation(
        mean([one.split for one in variations]), mean([one.merge for one in variations])
    )
