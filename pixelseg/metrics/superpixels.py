"""Metrics of superpixels: do they keep to the borders of objects, and are they good regions.

After Stutz, Hermans and Leibe, "Superpixels: an evaluation of the state-of-the-art", Computer
Vision and Image Understanding 166, 2018, and the papers named at each function. Two facts about a
superpixel matter to most of them: how its pixels spread over the true regions, which is one
table of overlaps, and where its outline runs.

As in that benchmark, segments are first split into pieces that are connected across sides of
pixels: a label that lies in two places is two superpixels. The benchmark's program has quirks
(rounding, window shape, what it does with empty input); here the definition holds, and each
docstring says where the program differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ._contingency import ContingencyTable, Ignore, contingency_table
from ._superpixel_overlaps import UNDERSEGMENTATION, achievable_accuracy
from ._superpixel_views import (
    Hits,
    as_radius,
    count_hits,
    view_segments,
    view_truths,
)
from .superpixels_alone import boundary_density_of, compactness_of, explained_variation_of

#: How several annotators are summed up: the least favourable, or the mean.
ANNOTATORS = ("worst", "mean")


@dataclass(frozen=True)
class SuperpixelScores:
    """The metrics of one segmentation into superpixels.

    `n_segments` counts connected pieces (whole for one image, a mean for many); the other fields
    are named like the functions that compute them alone. `explained_variation` is NaN if there
    was no image. The metrics that need a truth sum up the annotators, each metric on its own.
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
    mask: Any = None,
    channel_axis: int | str | None = "auto",
) -> SuperpixelScores:
    """Compute all metrics of superpixels at once.

    Parameters
    ----------
    truth : array of int, shape (H, W) or (D, H, W), a list of such, or one array with an axis more
        The regions that each annotator drew.
    segments : array of int, shape (H, W) or (D, H, W)
        The superpixels; 0 is a superpixel like the others.
    image : array, default None
        The image that was segmented, for the explained variation.
    annotators : {"worst", "mean"}, default "worst"
        How several annotators are summed up. "worst" takes the least favourable for each metric,
        as the headline figures of the benchmark do.
    tolerance : float, default 0.0025
        Half the width of the window in which a boundary pixel is looked for (see
        `boundary_recall`); the default is the benchmark's.
    tolerance_unit : {"diagonal", "pixel"}, default "diagonal"
        Whether `tolerance` is a share of the image's diagonal or a number of pixels.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth that say nothing; 0 is what pixelseg takes for unlabelled, and
        None is for a truth whose 0 is a region or a background. Their pixels do not count for that
        annotator, and a step to them is no boundary.
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
    view = view_segments(segments, mask)
    truths = view_truths(truth, view, ignore)
    radius = as_radius(tolerance, tolerance_unit, view)
    hits = count_hits(truths, view, radius)
    overlaps = [contingency_table(one, view.labels) for one in truths]

    def error(method: str) -> float:
        return sum_up([UNDERSEGMENTATION[method](one) for one in overlaps], annotators, max)

    return SuperpixelScores(
        n_segments=view.n_segments,
        boundary_recall=sum_up([one.recall for one in hits], annotators, min),
        boundary_precision=sum_up([one.precision for one in hits], annotators, min),
        undersegmentation_error=error("neubert-protzel"),
        undersegmentation_error_levin=error("levin"),
        undersegmentation_error_bergh=error("van-den-bergh"),
        achievable_segmentation_accuracy=sum_up(
            [achievable_accuracy(one) for one in overlaps], annotators, min
        ),
        explained_variation=(
            math.nan if image is None else explained_variation_of(view, image, channel_axis)
        ),
        compactness=compactness_of(view),
        boundary_density=boundary_density_of(view),
    )


def boundary_recall(
    truth: Any,
    segments: npt.ArrayLike,
    *,
    annotators: str = "worst",
    tolerance: float = 0.0025,
    tolerance_unit: str = "diagonal",
    ignore: Ignore = 0,
    mask: Any = None,
) -> float:
    """Share of true boundary pixels that have a boundary of the segments nearby.

    Parameters
    ----------
    truth, segments, annotators, ignore, mask
        As in `superpixel_scores`.
    tolerance : float, default 0.0025
        Half the width of the window, rounded to whole pixels, a half upward. The default is 1 on
        an image of 321 x 481: a window of 3 x 3.
    tolerance_unit : {"diagonal", "pixel"}, default "diagonal"
        Whether `tolerance` is a share of the image's diagonal or a number of pixels.

    Returns
    -------
    recall : float
        From 0 to 1, higher is better; NaN if the truth has no boundary (the benchmark's program
        says 0 there), and such annotators are passed over if others have one.

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`.

    Notes
    -----
    A pixel is boundary if a neighbour across a side has another label: both sides of a step, as
    `skimage.segmentation.find_boundaries`. The window is a square (a cube in 3-D), as the
    benchmark's program has it, though its comments say Euclidean. Nothing is matched one to one,
    so that recall alone favours many segments; `boundary_scores` is the stricter measure.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import boundary_recall
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 8, axis=0)
    >>> segments = np.repeat([[1, 1, 2, 2, 2, 2, 2, 2]], 8, axis=0)
    >>> boundary_recall(truth, segments, tolerance=1, tolerance_unit="pixel")
    0.5
    """
    check_annotators(annotators)
    hits = _hits(truth, segments, tolerance, tolerance_unit, ignore, mask)
    return sum_up([one.recall for one in hits], annotators, min)


def boundary_precision(
    truth: Any,
    segments: npt.ArrayLike,
    *,
    annotators: str = "worst",
    tolerance: float = 0.0025,
    tolerance_unit: str = "diagonal",
    ignore: Ignore = 0,
    mask: Any = None,
) -> float:
    """Share of right ones among the boundary pixels that were found or stand alone.

    Found are true boundary pixels with a boundary of the segments in the window around them; alone
    are boundary pixels of the segments without a true one in the window around them.

    Parameters
    ----------
    truth, segments, annotators, tolerance, tolerance_unit, ignore, mask
        As in `boundary_recall`.

    Returns
    -------
    precision : float
        From 0 to 1, higher is better, but low by nature for superpixels, which split every region;
        NaN if nothing was found and nothing stands alone (the benchmark's program says 0).

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import boundary_precision
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 8, axis=0)
    >>> segments = np.repeat([[1, 1, 2, 2, 2, 2, 3, 3]], 8, axis=0)
    >>> boundary_precision(truth, segments, tolerance=1, tolerance_unit="pixel")
    0.5
    """
    check_annotators(annotators)
    hits = _hits(truth, segments, tolerance, tolerance_unit, ignore, mask)
    return sum_up([one.precision for one in hits], annotators, min)


def undersegmentation_error(
    truth: Any,
    segments: npt.ArrayLike,
    *,
    method: str = "neubert-protzel",
    annotators: str = "worst",
    ignore: Ignore = 0,
    mask: Any = None,
) -> float:
    """How far segments spill over the borders of the true regions.

    Parameters
    ----------
    truth, segments, annotators, ignore, mask
        As in `superpixel_scores`.
    method : {"neubert-protzel", "levin", "van-den-bergh"}, default "neubert-protzel"
        What a segment that lies in several regions costs; see the notes.

    Returns
    -------
    error : float
        From 0, lower is better; at most 1 except for "levin".

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`; also for another method.

    Notes
    -----
    With n_ij pixels common to region i and segment j, a_i and b_j their sizes and N pixels in all:

    - "neubert-protzel" (2012): the smaller of what is inside and what is outside,
      1/N sum over i and j with n_ij > 0 of min(n_ij, b_j - n_ij);
    - "levin" (Levinshtein and others, 2009): all that is outside, relative to the region, the mean
      over regions of (sum over j with n_ij > 0 of b_j - a_i) / a_i. The benchmark's program
      divides by the largest label plus one in place of the number of regions;
    - "van-den-bergh" (2012): what is outside the segment's main region,
      1/N sum over j of min over i of (b_j - n_ij), which is 1 - `achievable_segmentation_accuracy`.

    Examples
    --------
    >>> from pixelseg.metrics import undersegmentation_error
    >>> undersegmentation_error([[1, 1, 1, 2]], [[1, 1, 2, 2]])
    0.5
    """
    if method not in UNDERSEGMENTATION:
        raise ValueError(f"method is {method!r} but must be one of {sorted(UNDERSEGMENTATION)}.")
    check_annotators(annotators)
    overlaps = _overlaps(truth, segments, ignore, mask)
    return sum_up([UNDERSEGMENTATION[method](one) for one in overlaps], annotators, max)


def achievable_segmentation_accuracy(
    truth: Any,
    segments: npt.ArrayLike,
    *,
    annotators: str = "worst",
    ignore: Ignore = 0,
    mask: Any = None,
) -> float:
    """Share of right pixels if each segment took the true region that it overlaps most.

    Parameters
    ----------
    truth, segments, annotators, ignore, mask
        As in `superpixel_scores`.

    Returns
    -------
    accuracy : float
        From 0 to 1, higher is better: what a perfect classifier of the segments would reach.

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`.

    Notes
    -----
    Liu, Tuzel, Ramalingam and Chellappa, CVPR 2011: 1/N sum over j of max over i of n_ij.

    Examples
    --------
    >>> from pixelseg.metrics import achievable_segmentation_accuracy
    >>> achievable_segmentation_accuracy([[1, 1, 1, 2]], [[1, 1, 2, 2]])
    0.75
    """
    check_annotators(annotators)
    overlaps = _overlaps(truth, segments, ignore, mask)
    return sum_up([achievable_accuracy(one) for one in overlaps], annotators, min)


def check_annotators(annotators: str) -> None:
    """Refuse a way of summing up annotators that there is not."""
    if annotators not in ANNOTATORS:
        raise ValueError(f"annotators is {annotators!r} but must be one of {ANNOTATORS}.")


def sum_up(values: Sequence[float], annotators: str, worst: Callable) -> float:
    """Sum up one metric over the annotators for whom it is defined."""
    known = [float(value) for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    return worst(known) if annotators == "worst" else math.fsum(known) / len(known)


def _hits(
    truth: Any, segments: Any, tolerance: float, unit: str, ignore: Ignore, mask: Any
) -> list[Hits]:
    view = view_segments(segments, mask)
    radius = as_radius(tolerance, unit, view)
    return count_hits(view_truths(truth, view, ignore), view, radius)


def _overlaps(truth: Any, segments: Any, ignore: Ignore, mask: Any) -> list[ContingencyTable]:
    view = view_segments(segments, mask)
    return [contingency_table(one, view.labels) for one in view_truths(truth, view, ignore)]
