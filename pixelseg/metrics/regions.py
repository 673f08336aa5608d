"""Every score of a partition of the image into regions, from one contingency table a truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from ._accumulator import MeanAccumulator
from ._averages import mean, mean_of
from ._contingency import partition_tables
from ._inputs import Ignore
from .covering import Covering, covering_of
from .information import VariationOfInformation, v_info_of, variation_of
from .rand import (
    PartitionScores,
    adapted_rand_of,
    adjusted_rand_index_of,
    rand_index_of,
)


@dataclass(frozen=True)
class RegionScores:
    """Every score of one partition against one truth or the mean over several.

    `variation_of_information` is in bits; everything else is best at 1.
    """

    covering: Covering
    rand_index: float
    adjusted_rand_index: float
    variation_of_information: VariationOfInformation
    adapted_rand: PartitionScores
    v_info: PartitionScores


def region_scores(
    truth: Any, prediction: Any, *, ignore: Ignore = 0, background: int | None = 0
) -> RegionScores:
    """Compute every score of a partition, for the price of counting its pixels once a truth.

    Parameters
    ----------
    truth : array of int, any shape, or a list of such, or one array with one more axis in front
        Segments of one annotator or of several, of which the mean is taken.
    prediction : array of int, shape of one truth
        Segments of the result.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth whose pixels are left out of everything; 0 restricts the
        scores to the foreground, as the challenges of connectomics do. None scores 0 of the truth
        as a segment.
    background : int or None, default 0
        Label of the prediction that is no segment: it covers nothing, and each of its pixels stands
        alone, so that a border between cells joins nothing, and leaving pixels out does not pay.
        None scores 0 of the prediction as a segment, as Berkeley's and CREMI's programs do.

    Returns
    -------
    scores : RegionScores
        What `covering`, `rand_index`, `adjusted_rand_index`, `variation_of_information`,
        `adapted_rand` and `v_info` return one by one.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`; also if `background` is neither None nor an integer.

    Notes
    -----
    An image of 481 x 321 with five truths takes 2 to 4 ms.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import region_scores
    >>> scores = region_scores(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    >>> scores.rand_index, scores.covering.of_truth, scores.adapted_rand.precision
    (0.5, 0.625, 0.75)
    """
    tables = partition_tables(truth, prediction, ignore, background)
    return RegionScores(
        covering=covering_of(tables),
        rand_index=mean([rand_index_of(table) for table in tables]),
        adjusted_rand_index=mean([adjusted_rand_index_of(table) for table in tables]),
        variation_of_information=mean_of([variation_of(table) for table in tables]),
        adapted_rand=mean_of([adapted_rand_of(table) for table in tables]),
        v_info=mean_of([v_info_of(table) for table in tables]),
    )


@dataclass(eq=False, kw_only=True)
class RegionAccumulator(MeanAccumulator[RegionScores]):
    """Average the scores of partitions over images: every image of the set weighs the same.

    Parameters
    ----------
    ignore, background
        As in `region_scores`.

    Notes
    -----
    The Berkeley benchmark pools covering over annotators, not images: see `HierarchyAccumulator`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import RegionAccumulator
    >>> scores = RegionAccumulator()
    >>> for prediction in ([1, 1, 2, 2], [1, 1, 1, 2]):
    ...     scores = scores.update(np.array([1, 1, 1, 2]), np.array(prediction))
    >>> scores.result().mean.rand_index
    0.75
    """

    ignore: Ignore = 0
    background: int | None = 0

    def update(self, truth: Any, prediction: Any) -> Self:
        """Add one image, as `region_scores` takes it; return the accumulator."""
        return self._keep(region_scores(truth, prediction, **self._parameters()))
