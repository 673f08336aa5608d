"""The ISBI 2012 procedure: partitions from maps of cell borders, whatever their thickness.

I. Arganda-Carreras et al., Frontiers in Neuroanatomy 9:142, 2015. A map of cell interiors is cut at
a threshold, its regions grow into the border until lines of one pixel part them, and the partition
is scored on the true cells alone. So a thick border is no error, and a gap in it is a large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._core.arrays import SEGMENT_DTYPE, Array, as_labels, to_array
from .._core.checks import as_flag
from .._core.grid import label_components
from ._averages import mean_of
from ._contingency import partition_tables
from ._inputs import as_thresholds, check_pixels
from .information import v_info_of
from .rand import PartitionScores, joined_pairs, partition_scores

#: The thresholds of the challenge.
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class BorderThinnedScores:
    """V-Rand and V-Info at each threshold, over all slices.

    `thresholds` is float64 (n_thresholds,); `v_rand` and `v_info` have one entry a threshold.
    """

    thresholds: Array
    v_rand: tuple[PartitionScores, ...]
    v_info: tuple[PartitionScores, ...]

    @property
    def best_v_rand(self) -> PartitionScores:
        """V-Rand at the threshold where its F1 is largest: what the challenge ranked by."""
        return max(self.v_rand, key=lambda scores: scores.f1)

    @property
    def best_v_info(self) -> PartitionScores:
        """V-Info at the threshold where its F1 is largest."""
        return max(self.v_info, key=lambda scores: scores.f1)


def border_thinned_scores(
    truth: npt.ArrayLike,
    interior: npt.ArrayLike,
    *,
    thresholds: int | Sequence[float] | Array = THRESHOLDS,
    pool_slices: bool = True,
) -> BorderThinnedScores:
    """Score a map of cell interiors as the ISBI 2012 challenge on neuron boundaries does.

    Parameters
    ----------
    truth : array of bool or int, shape (H, W) or (D, H, W)
        bool: True inside cells, whose 4-connected components in each slice are the true segments.
        int: the segments themselves, 0 on borders.
    interior : array of float, shape of truth
        Probability that a pixel is inside a cell.
    thresholds : int or increasing sequence of float, default 0, 0.1, ..., 0.9
        A pixel is inside where it is above the threshold. A number n stands for n thresholds
        evenly between 0 and 1.
    pool_slices : bool, default True
        Whether the pairs of pixels of all slices are pooled for V-Rand, or its scores averaged
        over slices. V-Info is always averaged.

    Returns
    -------
    scores : BorderThinnedScores

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or are not 2-D or 3-D, the interior is not finite floats, a truth has
        negative labels, a slice of it has no cell, or the thresholds do not increase.

    Notes
    -----
    Slice by slice, also in 3-D. The border of the truth is left out (foreground-restricted); what
    is left of the border of the result after thinning counts as segments of one pixel. The border
    is flooded as by Vincent and Soille (IEEE TPAMI 13(6), 1991), pixels at the same distance in
    the order of Fiji's script, column by column: other orders (scikit-image's watershed) move the
    scores by up to 0.001. Memory: 30 bytes a pixel of a slice.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import border_thinned_scores
    >>> truth = np.repeat([[True, True, True, False, True, True, True]], 5, axis=0)
    >>> thick = np.repeat([[0.9, 0.9, 0.3, 0.1, 0.3, 0.9, 0.9]], 5, axis=0)
    >>> border_thinned_scores(truth, thick, thresholds=[0.05, 0.5]).v_rand[1].f1
    1.0
    """
    cells, maps = _as_slices(truth, interior)
    levels = as_thresholds(thresholds)
    as_flag("pool_slices", pool_slices)
    v_rand, v_info = [], []
    for level in levels:
        pairs, rand, info = [], [], []
        for cell, inside in zip(cells, maps, strict=True):
            table = partition_tables(cell, _thin_borders(inside > level), 0, 0)[0]
            both, in_truth, in_prediction = joined_pairs(table)
            pairs.append((both, in_prediction, in_truth))
            rand.append(partition_scores(*pairs[-1]))
            info.append(v_info_of(table))
        v_rand.append(
            partition_scores(*np.sum(pairs, axis=0).tolist()) if pool_slices else mean_of(rand)
        )
        v_info.append(mean_of(info))
    return BorderThinnedScores(levels, tuple(v_rand), tuple(v_info))


def _as_slices(truth: npt.ArrayLike, interior: npt.ArrayLike) -> tuple[list[Array], Array]:
    """The true segments and the interior map of each slice."""
    truth, interior = to_array("truth", truth), to_array("interior", interior)
    check_pixels("truth", truth)
    if interior.shape != truth.shape:
        raise ValueError(
            f"interior has shape {interior.shape} but truth has shape {truth.shape}: pass the "
            "probability of one class, such as probabilities[..., k]."
        )
    if interior.dtype.kind != "f" or not np.isfinite(interior).all():
        raise ValueError(
            "interior must hold finite floats, the probability that a pixel is inside a cell: "
            "divide an 8-bit map by 255."
        )
    slices = list(truth.reshape(-1, *truth.shape[-2:]))
    if truth.dtype == bool:
        slices = [label_components(one)[0] for one in slices]
    else:
        as_labels(truth, name="truth")
    for place, one in enumerate(slices):
        if not one.any():
            raise ValueError(f"truth has no cell in slice {place}: leave the slice out.")
    return slices, interior.reshape(-1, *interior.shape[-2:])


def _thin_borders(inside: Array) -> Array:
    """Segments of a mask (H, W) grown until 1-pixel lines, labelled 0, part them."""
    from ._basins_kernels import DAM, grow_basins

    height, width = inside.shape
    padded = np.full((height + 2, width + 2), DAM, SEGMENT_DTYPE)
    padded[1:-1, 1:-1] = label_components(inside)[0]
    grow_basins(padded.reshape(-1), width + 2, np.empty(height * width, np.int64))
    return np.maximum(padded[1:-1, 1:-1], 0)
