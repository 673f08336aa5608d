"""The Berkeley region benchmark: covering, PRI and VOI over thresholds and over sets of images.

P. Arbelaez, M. Maire, C. Fowlkes and J. Malik, IEEE TPAMI 33(5), 2011. A hierarchy is cut at many
thresholds, and each cut is compared with each annotator. A set is summarised at the one threshold
that suits it best (ODS), at the best threshold of each image (OIS), and, for covering, with each
segment of the truth at its own best threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from .._core.arrays import Array, to_array
from .._core.checks import as_count
from .._core.grid import label_components
from ._accumulator import ThresholdAccumulator
from ._averages import mean
from ._contingency import partition_tables
from ._inputs import Ignore
from .covering import Covering, best_of_truth, covered_pixels, reverse_covering
from .information import variation_of
from .rand import rand_index_of


@dataclass(frozen=True)
class ThresholdSummary:
    """One metric over the thresholds and the whole set.

    `curve` is float64 (n_thresholds,); `ods` is its best value, at `threshold`, the first of
    equals; `ois` takes each image at its own best threshold.
    """

    curve: Array
    threshold: float
    ods: float
    ois: float


@dataclass(frozen=True)
class ImageCovering:
    """Covering of one image at the threshold where its truth is covered best, first of equals."""

    threshold: float
    covering: Covering


@dataclass(frozen=True)
class HierarchyCurve:
    """What `HierarchyAccumulator.result` returns.

    `thresholds` is float64 (n_thresholds,); `covering_best` takes each segment of the truth at its
    own best threshold; `variation_of_information` is in bits, best where least; `images` is in
    the order of `update`.
    """

    thresholds: Array
    covering: ThresholdSummary
    covering_best: float
    rand_index: ThresholdSummary
    variation_of_information: ThresholdSummary
    images: tuple[ImageCovering, ...]


class _Counts(NamedTuple):
    """What is kept of an image: a few numbers a threshold; of a set, with one more axis in front.

    `covered` (n_thresholds,) pixels of all truths are covered, of `truth_pixels`; `best_covered`
    if each segment takes its best threshold; `reverse_covered` (n_thresholds,) pixels of the
    segmentations are, of `pixels`. All are float64 arrays.
    """

    covered: Array
    truth_pixels: Array
    best_covered: Array
    reverse_covered: Array
    pixels: Array
    rand_index: Array
    variation: Array


@dataclass(eq=False, kw_only=True)
class HierarchyAccumulator(ThresholdAccumulator):
    """Score hierarchies of segments of a set of images: the Berkeley region benchmark.

    Parameters
    ----------
    thresholds : int or increasing sequence of float, default 99
        Where ultrametric contour maps are cut. A number n stands for n thresholds evenly between 0
        and 1, `linspace(1 / (n + 1), 1 - 1 / (n + 1), n)`. Segmentations stand for the thresholds
        of a sequence, which must be as many; else for 1, 2, ...
    ignore, background
        As in `region_scores`.
    printed_digits : int, default None
        Significant digits that the numbers of each image are rounded to before they are summed.
        The original passes them through text files of 6 digits; 6 gives its very figures. None
        rounds nothing, which moves the sixth digit by 1 at most.

    Raises
    ------
    TypeError, ValueError
        If the thresholds are not increasing, or what is given to `update` is not as it says.

    Notes
    -----
    As the original (`collect_eval_reg.m`): for covering, pixels are summed over all annotators of
    all images, so that images weigh by their number of annotators; PRI and VOI are means over
    annotators, then over images. Nothing is interpolated. The threshold of ODS is chosen for each
    metric by itself. Time: some 3 ms a megapixel of truth and threshold, and the labelling of
    components for contour maps. Memory: 32 bytes an image and threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import HierarchyAccumulator
    >>> truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
    >>> fine = np.repeat([[1, 2, 3, 4]], 4, axis=0)
    >>> curve = HierarchyAccumulator().update(truth, [fine, truth, np.ones_like(truth)]).result()
    >>> curve.covering.curve, curve.covering.threshold, curve.covering.ods
    (array([0.5, 1. , 0.5]), 2.0, 1.0)
    """

    ignore: Ignore = 0
    background: int | None = 0
    printed_digits: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.printed_digits is not None:
            as_count("printed_digits", self.printed_digits)

    def update(self, truth: Any, prediction: Any) -> Self:
        """Score one image.

        Parameters
        ----------
        truth : array of int, a list of such, or one array with one more axis in front
            Segments, one array for each annotator.
        prediction : array of float, shape (2H + 1, 2W + 1), or list of arrays of int
            An ultrametric contour map of double size ("ucm2"), whose segments at a threshold are
            the 8-connected components of what is at most the threshold; or segmentations of the
            truth's shape in the order of the thresholds, fine to coarse, as many for every image
            (for images of two axes also one array (n, H, W)).

        Returns
        -------
        self : HierarchyAccumulator
        """
        segmentations, levels = self._cut(prediction)
        self._keep_levels(levels)
        best: list[Array] = []
        points = []
        for segments in segmentations:
            if segments is not None:
                tables = partition_tables(truth, segments, self.ignore, self.background)
                overlaps = [best_of_truth(table) for table in tables]
                best = [np.maximum(*pair) for pair in zip(best or overlaps, overlaps, strict=True)]
                point = (
                    covered_pixels(tables, overlaps),
                    reverse_covering(tables),
                    mean([rand_index_of(table) for table in tables]),
                    mean([variation_of(table).total for table in tables]),
                )
            points.append(point)
        covered, reverse, rand_index, variation = np.transpose(points)
        truth_pixels = sum(table.n_pixels for table in tables)
        pixels = truth_pixels / len(tables)
        values = covered, truth_pixels, covered_pixels(tables, best), reverse * pixels, pixels
        return self._keep(_Counts(*map(self._print, (*values, rand_index, variation))))

    def result(self) -> HierarchyCurve:
        """Summarise the images so far; without any a ValueError."""
        images, thresholds = self._records(), self._levels
        counts = _Counts(*map(np.stack, zip(*images, strict=True)))
        pixels = counts.truth_pixels.sum()
        best = np.argmax(counts.covered, axis=1)
        return HierarchyCurve(
            thresholds=thresholds.copy(),
            covering=_summarise(thresholds, counts.covered, pixels, np.max),
            covering_best=float(counts.best_covered.sum() / pixels),
            rand_index=_summarise(thresholds, counts.rand_index, len(images), np.max),
            variation_of_information=_summarise(thresholds, counts.variation, len(images), np.min),
            images=tuple(
                ImageCovering(
                    float(thresholds[k]),
                    Covering(
                        float(one.covered[k] / one.truth_pixels),
                        float(one.reverse_covered[k] / one.pixels),
                    ),
                )
                for one, k in zip(images, best, strict=True)
            ),
        )

    def _cut(self, prediction: Any) -> tuple[list[Array | None], Array]:
        """The segmentations, None where one is that before it, and their thresholds."""
        is_list = isinstance(prediction, list | tuple)
        if is_list or to_array("prediction", prediction).dtype.kind in "ui":
            if not is_list and np.ndim(prediction) == 2:
                raise ValueError(
                    f"prediction has shape {np.shape(prediction)}, which is one segmentation: pass "
                    "a list, [prediction], of one for each threshold."
                )
            segmentations, levels = self._as_segmentations(prediction)
            return [*segmentations], levels
        return _cut_contours(prediction, self._cuts), self._cuts

    def _print(self, values: Any) -> Array:
        """The values as a file of `printed_digits` would hold them."""
        values = np.asarray(values, float)
        if self.printed_digits is None:
            return values
        printed = [float(f"{value:.{self.printed_digits}g}") for value in values.ravel()]
        return np.reshape(printed, values.shape)


def _cut_contours(contours: Any, thresholds: Array) -> list[Array | None]:
    """Segments of an ultrametric contour map at each threshold, None where nothing changed."""
    contours = to_array("prediction", contours)
    if contours.dtype.kind != "f" or contours.ndim != 2 or not all(s % 2 for s in contours.shape):
        raise ValueError(
            f"prediction has shape {contours.shape} and dtype {contours.dtype}, but an ultrametric "
            "contour map is float (2H + 1, 2W + 1): pass one, or a list of segmentations."
        )
    if not np.isfinite(contours).all():
        raise ValueError("prediction holds NaN or infinity: pass finite values.")
    cuts: list[Array | None] = []
    n_before = -1
    for threshold in thresholds:
        inside = contours <= threshold
        # What is inside only grows.
        n_inside = int(np.count_nonzero(inside))
        changed = n_inside != n_before
        cuts.append(label_components(inside, 2)[0][1::2, 1::2] if changed else None)
        n_before = n_inside
    return cuts


def _summarise(thresholds: Array, values: Array, total: float, best: Any) -> ThresholdSummary:
    """Summarise values (n_images, n_thresholds) of which the `best` is the max or the min."""
    curve = values.sum(axis=0) / total
    place = int(np.flatnonzero(curve == best(curve))[0])
    ois = best(values, axis=1).sum() / total
    return ThresholdSummary(curve, float(thresholds[place]), float(curve[place]), float(ois))
