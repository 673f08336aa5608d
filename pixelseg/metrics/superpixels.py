"""Metrics of superpixels: do they keep to the borders of objects, and are they good regions.

After Stutz, Hermans and Leibe, "Superpixels: an evaluation of the state-of-the-art", Computer
Vision and Image Understanding 166, 2018, and the papers named at each score. Two facts about a
superpixel matter to most of them: how its pixels spread over the true regions, which is one
table of overlaps, and where its outline runs.

As in that benchmark, segments are first split into components that are connected across sides of
pixels: a label that lies in two places is two superpixels. The benchmark's program has quirks
(rounding, window shape, what it does with empty input); here the definition holds, and the
docstrings say where the program differs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.grid import find_borders
from ._accumulator import MeanAccumulator
from ._averages import aggregate, ratio
from ._contingency import contingency_table
from ._inputs import Ignore, as_reach, check_annotators
from ._superpixel_views import OUTSIDE, SegmentsView, view_segments, view_truths, widen


@dataclass(frozen=True)
class SuperpixelScores:
    """The metrics of one segmentation into superpixels, or their means over a set.

    With n_ij pixels common to region i and segment j, a_i and b_j their sizes and N pixels in all:

    - `n_segments` : connected components of the segments.
    - `boundary_recall` : share of true boundary pixels that have a boundary of the segments in the
      window around them, higher is better. NaN if the truth has no boundary (the benchmark's
      program says 0).
    - `boundary_precision` : with the pixels that recall found, their share in these and the
      boundary pixels of the segments without a true one in the window around them. Low by nature
      for superpixels, which split every region. NaN if there is neither (the program says 0).
    - `undersegmentation_error` : Neubert and Protzel, 2012, how far segments spill over the
      borders of regions: the smaller of what is inside and what is outside,
      1/N sum over i and j with n_ij > 0 of min(n_ij, b_j - n_ij). Lower is better.
    - `undersegmentation_error_levin` : Levinshtein and others, 2009, the mean over regions of
      (sum over j with n_ij > 0 of b_j - a_i) / a_i. The program divides by the largest label plus
      one in place of the number of regions. It may pass 1.
    - `undersegmentation_error_bergh` : van den Bergh and others, 2012, what is outside the
      segment's main region, 1 - `achievable_segmentation_accuracy`.
    - `achievable_segmentation_accuracy` : Liu, Tuzel, Ramalingam and Chellappa, CVPR 2011, share of
      right pixels if each segment took the region that it overlaps most: what a perfect
      classifier of the segments would reach, 1/N sum over j of max over i of n_ij.
    - `explained_variation`, `compactness`, `boundary_density` : see the functions of these names;
      the first is NaN without an image.
    """

    n_segments: float
    boundary_recall: float
    boundary_precision: float
    undersegmentation_error: float
    undersegmentation_error_levin: float
    undersegmentation_error_bergh: float
    achievable_segmentation_accuracy: float
    explained_variation: float
    compactness: float
    boundary_density: float


def superpixel_scores(
    truth: Any,
    segments: npt.ArrayLike,
    image: Any = None,
    *,
    annotators: str = "worst",
    tolerance: float = 0.0025,
    tolerance_unit: str = "diagonal",
    ignore: Ignore = 0,
    background: int | None = 0,
    mask: Any = None,
    channel_axis: int | str | None = "auto",
) -> SuperpixelScores:
    """Compute all metrics of superpixels at once.

    Parameters
    ----------
    truth : array of int, shape (H, W) or (D, H, W), a list of such, or one array with an axis more
        The regions that each annotator drew.
    segments : array of int, shape (H, W) or (D, H, W)
        The superpixels.
    image : array, default None
        The image that was segmented, for the explained variation.
    annotators : {"worst", "mean"}, default "worst"
        How several annotators are aggregated. "worst" takes the least favourable for each metric,
        as the headline figures of the benchmark do. Annotators without a value are passed over.
    tolerance : float, default 0.0025
        Half the width of the window in which a boundary pixel is looked for, rounded to whole
        pixels, a half upward. The default is the benchmark's: 1 on an image of 321 x 481, a window
        of 3 x 3.
    tolerance_unit : {"diagonal", "pixel"}, default "diagonal"
        Whether `tolerance` is a share of the image's diagonal or a number of pixels.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth that say nothing; 0 is what pixelseg takes for unlabelled, and
        None is for a truth whose 0 is a region or a background. Their pixels do not count for that
        annotator, and a step to them is no boundary.
    background : int or None, default 0
        Label of the segments that is no superpixel but outside, as by `mask`. None takes 0 as a
        superpixel like the others.
    mask : array of bool, default None
        True where a pixel counts; None counts all. What lies outside is like beyond the image.
    channel_axis : int, "auto" or None, default "auto"
        The axis of `image` that holds the channels, None if there is none.

    Returns
    -------
    scores : SuperpixelScores

    Raises
    ------
    TypeError, ValueError
        If shapes or dtypes are not as above, or `ignore` or `mask` leaves nothing.

    Notes
    -----
    A pixel is boundary if a neighbour across a side has another label: both sides of a step, as
    `skimage.segmentation.find_boundaries`. The window is a square (a cube in 3-D), as the
    benchmark's program has it, though its comments say Euclidean. Nothing is matched one to one,
    so that recall alone favours many segments; `boundary_scores` is the stricter measure.

    Memory: some 40 bytes a pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import superpixel_scores
    >>> truth = np.repeat([[1, 1, 1, 2, 2, 2]], 6, axis=0)
    >>> segments = np.repeat([[1, 1, 2, 2, 3, 3]], 6, axis=0)
    >>> scores = superpixel_scores(truth, segments)
    >>> scores.n_segments, scores.boundary_recall, scores.undersegmentation_error
    (3, 1.0, 0.333...)
    """
    check_annotators(annotators)
    view = view_segments(segments, mask, background)
    truths = view_truths(truth, view, ignore)
    radius = math.floor(as_reach(tolerance, tolerance_unit, view.labels.shape) + 0.5)
    near_segments = widen(view.marks, radius)
    each = [_scores_beside(one, view, near_segments, radius) for one in truths]
    aggregated = {
        name: aggregate([one[name] for one in each], annotators, max if "error" in name else min)
        for name in each[0]
    }
    return SuperpixelScores(
        n_segments=view.n_segments,
        explained_variation=(
            math.nan if image is None else view.explained_variation(image, channel_axis)
        ),
        compactness=view.compactness(),
        boundary_density=view.boundary_density(),
        **aggregated,
    )


def _scores_beside(
    truth: Array, view: SegmentsView, near_segments: Array, radius: int
) -> dict[str, float]:
    """The scores that depend on the truth, of one annotator, by their names."""
    boundary = find_borders(truth, ignore=OUTSIDE)
    n_found = np.count_nonzero(boundary & near_segments)
    n_alone = np.count_nonzero((view.marks > widen(boundary, radius)) & (truth != OUTSIDE))
    table = contingency_table(truth, view.labels)
    sizes = table.prediction_sizes[table.columns]
    touching = np.bincount(table.rows, sizes, minlength=len(table.truth_sizes))
    largest = np.zeros(len(table.prediction_sizes), np.int64)
    np.maximum.at(largest, table.columns, table.counts)
    achievable = largest.sum() / table.n_pixels
    spilled = np.minimum(table.counts, sizes - table.counts).sum()
    return {
        "boundary_recall": ratio(n_found, np.count_nonzero(boundary)),
        "boundary_precision": ratio(n_found, n_found + n_alone),
        "undersegmentation_error": spilled / table.n_pixels,
        "undersegmentation_error_levin": (touching / table.truth_sizes - 1).mean(),
        "undersegmentation_error_bergh": 1 - achievable,
        "achievable_segmentation_accuracy": achievable,
    }


def explained_variation(
    segments: npt.ArrayLike,
    image: Any,
    *,
    background: int | None = 0,
    mask: Any = None,
    channel_axis: int | str | None = "auto",
) -> float:
    """Share of the image's variation that the means of the segments keep.

    Parameters
    ----------
    segments
        As in `superpixel_scores`.
    image : array, shape of `segments`, with or without an axis of channels
        The image that was segmented, any real dtype; the channels are summed.
    background, mask
        As in `superpixel_scores`.
    channel_axis : int, "auto" or None, default "auto"
        The axis of `image` that holds the channels, None if there is none.

    Returns
    -------
    share : float
        From 0 to 1, higher is better; NaN if the image is constant.

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`; also if the shapes of segments and image differ.

    Notes
    -----
    Moore and others, CVPR 2008: sum over pixels of the squared distance of their segment's mean
    to the image's mean, over that of the pixels themselves. Sums are in float64; the
    benchmark's program sums in float32, which costs it some 1e-4.

    Examples
    --------
    >>> from pixelseg.metrics import explained_variation
    >>> explained_variation([[1, 1, 2, 2]], [[0, 2, 4, 6]])
    0.8
    """
    return view_segments(segments, mask, background).explained_variation(image, channel_axis)


def compactness(segments: npt.ArrayLike, *, background: int | None = 0, mask: Any = None) -> float:
    """How round segments are, each weighted by its size.

    Parameters
    ----------
    segments, background, mask
        As in `superpixel_scores`; the border of what counts is outline, like the image's.

    Returns
    -------
    compactness : float
        Higher is rounder; at most pi / 4 = 0.785, that of squares, in 2-D, and pi / 6 = 0.524, that
        of cubes, in 3-D.

    Notes
    -----
    A measure of the result, by its authors' name; the `compactness` of methods such as SLIC is the
    weight that they give it. Schick, Fischer and Stiefelhagen, ICPR 2012: the mean over pixels of
    4 pi b / L^2 of their segment, with b its pixels and L the sides of pixels on its outline, those
    on the image's border among them. As an outline runs along sides of pixels, a disc is no
    rounder than its bounding square, and the figure does not compare with one from a smoothed
    outline. In 3-D (ours) it is 36 pi b^2 / A^3 with A the faces.

    Examples
    --------
    >>> from pixelseg.metrics import compactness
    >>> compactness([[1, 1], [1, 1]])
    0.785...
    """
    return view_segments(segments, mask, background).compactness()


def boundary_density(
    segments: npt.ArrayLike, *, background: int | None = 0, mask: Any = None
) -> float:
    """Share of pixels that are boundary, both sides of each step.

    Parameters
    ----------
    segments, background, mask
        As in `superpixel_scores`.

    Returns
    -------
    density : float
        From 0 to 1; lower means smoother outlines at the same number of segments.

    Examples
    --------
    >>> from pixelseg.metrics import boundary_density
    >>> boundary_density([[1, 1, 1, 2]])
    0.5
    """
    return view_segments(segments, mask, background).boundary_density()


@dataclass(eq=False, kw_only=True)
class SuperpixelAccumulator(MeanAccumulator[SuperpixelScores]):
    """Average the scores of superpixels over images.

    Parameters
    ----------
    annotators, tolerance, tolerance_unit, ignore, background
        As in `superpixel_scores`, for every image.

    Notes
    -----
    The mean over images of the worst annotator is the headline of the benchmark. Its program drops
    the last image from those means (a mistake), and reads the first five annotators of each only.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import SuperpixelAccumulator
    >>> truth = np.repeat([[1, 1, 1, 2, 2, 2]], 6, axis=0)
    >>> scores = SuperpixelAccumulator()
    >>> scores.update(truth, truth).update(truth, np.ones_like(truth)).result().mean.n_segments
    1.5
    """

    annotators: str = "worst"
    tolerance: float = 0.0025
    tolerance_unit: str = "diagonal"
    ignore: Ignore = 0
    background: int | None = 0

    def update(
        self,
        truth: Any,
        segments: npt.ArrayLike,
        image: Any = None,
        *,
        mask: Any = None,
        channel_axis: int | str | None = "auto",
    ) -> Self:
        """Add one image, as `superpixel_scores` takes it; return the accumulator."""
        options = {**self._parameters(), "mask": mask, "channel_axis": channel_axis}
        return self._keep(superpixel_scores(truth, segments, image, **options))
