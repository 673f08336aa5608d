"""Precision, recall and F of boundaries, with a tolerance and one-to-one matching.

The Berkeley definition (Martin, Fowlkes and Malik, IEEE TPAMI 26(5), 2004; Arbelaez, Maire,
Fowlkes and Malik, IEEE TPAMI 33(5), 2011) with several annotators: each is matched on its own; a
pixel of the prediction is right if any annotator has it; recall counts the pixels of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, as_labels, to_array
from .._core.checks import as_flag
from ._inputs import (
    Ignore,
    as_annotations,
    as_background,
    as_ignore,
    as_map,
    as_reach,
    check_pixels,
    check_something_left,
    ignored_pixels,
)
from .matching import find_candidates
from .thinning import thin_boundaries


@dataclass(frozen=True)
class BoundaryScores:
    """How well boundaries agree, and the counts behind it.

    `n_truth` counts the boundary pixels of all annotators together and `n_truth_matched` those
    that were paired; `n_prediction` counts the predicted pixels and `n_prediction_matched` those
    that were paired with at least one annotator.
    """

    precision: float
    recall: float
    f1: float
    n_truth: int
    n_truth_matched: int
    n_prediction: int
    n_prediction_matched: int


def boundary_map(labels: npt.ArrayLike, *, ignore: Ignore = 0) -> Array:
    """Mark the boundaries between labels by the rule of the Berkeley benchmark.

    A pixel is boundary where the block of 2 x 2 pixels to its right and below holds more than one
    label, so that the line lies on the upper or left side of a step, one pixel wide but for
    corners.

    Parameters
    ----------
    labels : array of int, shape (H, W)
        A segmentation.
    ignore : int, sequence of int or None, default 0
        Label or labels whose pixels count as absent: a step to or from them is no boundary. None
        takes 0 as a segment like the others.

    Returns
    -------
    boundaries : array of bool, shape (H, W)

    Raises
    ------
    TypeError, ValueError
        If the labels are not integers, are negative, or are not 2-D.

    Notes
    -----
    None of the modes of `skimage.segmentation.find_boundaries` is this rule; its default marks
    both sides of a step, as `superpixel_scores` does. BSDS500's stored boundaries are
    `thin_boundaries(boundary_map(segmentation))`.

    Examples
    --------
    >>> from pixelseg.metrics import boundary_map
    >>> boundary_map([[1, 2], [1, 2]])
    array([[ True, False],
           [ True, False]])
    """
    labels = as_labels(labels)
    check_pixels("labels", labels, volumes=False)
    absent = ignored_pixels(labels, as_ignore(ignore))
    low = high = labels
    if absent.any():
        low = np.where(absent, np.iinfo(labels.dtype).max, labels)
        high = np.where(absent, np.iinfo(labels.dtype).min, labels)
    return np.asarray(_over_blocks(np.minimum, low) < _over_blocks(np.maximum, high))


def _over_blocks(extreme: np.ufunc, labels: Array) -> Array:
    """Take the extreme label of each 2 x 2 block; the last row and column stand for themselves."""
    across, result = np.empty_like(labels), np.empty_like(labels)
    extreme(labels[:, :-1], labels[:, 1:], out=across[:, :-1])
    across[:, -1] = labels[:, -1]
    extreme(across[:-1], across[1:], out=result[:-1])
    result[-1] = across[-1]
    return result


def boundary_scores(
    truth: Any,
    prediction: npt.ArrayLike,
    *,
    tolerance: float = 0.0075,
    tolerance_unit: str = "diagonal",
    thin: bool = True,
    ignore: Ignore = 0,
    background: int | None = 0,
) -> BoundaryScores:
    """Score one set of boundaries against one annotator or several.

    Parameters
    ----------
    truth : array of bool or int, shape (H, W), or a list of such, or one array (n, H, W)
        One map for each annotator: bool is a boundary map and is taken as it is; integers are a
        segmentation, whose boundaries are marked (`boundary_map`) and thinned.
    prediction : array of bool or int, shape (H, W)
        A boundary map, or a segmentation, whose boundaries are marked.
    tolerance, tolerance_unit
        How far apart two matched pixels may be, as in `match_boundaries`.
    thin : bool, default True
        Whether to thin the predicted boundaries to lines of one pixel, as Berkeley does.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth that say nothing; 0 is what pixelseg takes for unlabelled, and
        None is for a truth whose 0 is a region or a background with borders. Their pixels are left
        out for that annotator, and predicted pixels that every annotator leaves out do not count.
        A bool truth has no labels.
    background : int or None, default 0
        Label of a predicted segmentation that is no segment: a step to or from it is no boundary.
        None takes 0 as a segment like the others.

    Returns
    -------
    scores : BoundaryScores

    Raises
    ------
    TypeError, ValueError
        If shapes or dtypes are not as above, or `ignore` leaves nothing of the truth.

    See Also
    --------
    BoundaryAccumulator : soft maps over many thresholds, and sets of images (ODS, OIS, AP).
    match_boundaries : the pairs themselves.

    Notes
    -----
    Berkeley's rule for what has no pixels: precision without predicted pixels, recall without
    true ones, and F when both are 0, are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import boundary_scores
    >>> truth = np.repeat([[1, 1, 1, 2, 2, 2, 2, 2]], 8, axis=0)
    >>> prediction = np.repeat([[1, 1, 1, 1, 2, 2, 3, 3]], 8, axis=0)
    >>> scores = boundary_scores(truth, prediction, tolerance=1, tolerance_unit="pixel")
    >>> scores.precision, scores.recall
    (0.5, 1.0)
    """
    prediction = to_array("prediction", prediction)
    if prediction.dtype != bool:
        labels = as_labels(prediction, name="prediction")
        check_pixels("prediction", labels, volumes=False)
        prediction = boundary_map(labels, ignore=as_background(background))
    prediction = as_map(prediction, "prediction")
    annotations = annotate(truth, prediction.shape, ignore)
    reach = as_reach(tolerance, tolerance_unit, prediction.shape)
    if as_flag("thin", thin):
        prediction = thin_boundaries(prediction)
    counts = count_matches(annotations, [prediction], reach)[0]
    recall, precision, f1 = rates(counts)
    return BoundaryScores(
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        n_truth_matched=int(counts[0]),
        n_truth=int(counts[1]),
        n_prediction_matched=int(counts[2]),
        n_prediction=int(counts[3]),
    )


@dataclass(frozen=True)
class _Annotation:
    """One annotator's boundary map, and where that annotator says nothing."""

    boundaries: Array
    ignored: Array


def annotate(truth: Any, shape: tuple[int, ...], ignore: Ignore) -> list[_Annotation]:
    """Check what was given as truth, and mark and thin the boundaries of segmentations."""
    truths = as_annotations(truth, shape)
    labels = as_ignore(ignore)
    annotations = []
    for one in truths:
        ignored = ignored_pixels(one, labels)
        if one.dtype != bool:
            one = thin_boundaries(boundary_map(one, ignore=labels))
        annotations.append(_Annotation(one & ~ignored, ignored))
    check_something_left(not all(one.ignored.all() for one in annotations), labels)
    return annotations


def count_matches(annotations: list[_Annotation], maps: list[Array], reach: float) -> Array:
    """Match every map with every annotator; the four counts of each map, int64 (n_maps, 4).

    The counts are matched and all truth pixels, summed over annotators, and matched (by any
    annotator) and all map pixels: Berkeley's cntR, sumR, cntP, sumP.
    """
    counts = np.zeros((len(maps), 4), np.int64)
    # The maps of one image share most pixels: candidates are found once, for all of them.
    union = np.any(maps, axis=0)
    index = np.cumsum(union.ravel()) - 1
    pixels = [np.flatnonzero(one) for one in maps]
    matched = [np.zeros(len(one), bool) for one in pixels]
    for annotation in annotations:
        candidates = find_candidates(annotation.boundaries, union, reach)
        counts[:, 1] += candidates.n_columns
        for k, at in enumerate(pixels):
            rows = index[at[~annotation.ignored.flat[at]]]
            column_of, row_of = candidates.match(rows)
            counts[k, 0] += np.count_nonzero(row_of >= 0)
            matched[k] |= column_of[index[at]] >= 0
    ignored_by_all = np.all([annotation.ignored for annotation in annotations], axis=0)
    counts[:, 2] = [np.count_nonzero(one) for one in matched]
    counts[:, 3] = [np.count_nonzero(~ignored_by_all.flat[at]) for at in pixels]
    return counts


def rates(counts: Array) -> tuple[Array, Array, Array]:
    """Recall, precision and F of counts (..., 4); 0 where there is nothing to divide by."""
    matched = np.asarray(counts, float)
    recall = matched[..., 0] / np.maximum(matched[..., 1], 1)
    precision = matched[..., 2] / np.maximum(matched[..., 3], 1)
    return recall, precision, f_measure(recall, precision)


def f_measure(recall: Array, precision: Array) -> Array:
    """The harmonic mean of recall and precision, 0 where both are 0."""
    total = recall + precision
    return 2 * recall * precision / np.where(total > 0, total, 1)
