"""The Berkeley region benchmark: covering, PRI and VOI over thresholds and over sets of images.

P. Arbelaez, M. Maire, C. Fowlkes and J. Malik, IEEE TPAMI 33(5), 2011. A hierarchy is cut at many
thresholds, and each cut is compared with each annotator. A set is summed up at the one threshold
that suits it best (ODS), at the best threshold of each image (OIS), and, for covering, with each
segment of the truth at its own best threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.grid import label_components
from ._contingency import ContingencyTable, Ignore, as_ignore, contingency_tables
from .boundary_benchmark import as_thresholds
from .information import variation_of
from .overlap import Covering, best_of_truth, reverse_covering
from .rand import mean, rand_index_of


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
class RegionCurve:
    """What `RegionBenchmark.result` returns.

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


@dataclass(frozen=True)
class ImageCounts:
    """What is kept of one image: a few numbers a threshold.

    `covered` (n_thresholds,) pixels of all its truths are covered, of `truth_pixels`;
    `best_covered` if each segment takes its best threshold; `reverse_covered` (n_thresholds,)
    pixels of the segmentations are, of `pixels`.
    """

    covered: Array
    truth_pixels: float
    best_covered: float
    reverse_covered: Array
    pixels: float
    rand_index: Array
    variation: Array


class RegionBenchmark:
    """Score hierarchies of segments of a set of images, one image at a time.

    Parameters
    ----------
    thresholds : int or increasing sequence of float, default 99
        Where ultrametric contour maps are cut. A number n stands for n thresholds evenly between 0
        and 1, `linspace(1 / (n + 1), 1 - 1 / (n + 1), n)`. Lists of segmentations use 1, 2, ... in
        place of it.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.
    printed_digits : int, default None
        Significant digits that the numbers of each image are rounded to before they are summed up.
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
    >>> from pixelseg.metrics import RegionBenchmark
    >>> truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
    >>> fine = np.repeat([[1, 2, 3, 4]], 4, axis=0)
    >>> curve = RegionBenchmark().update(truth, [fine, truth, np.ones_like(truth)]).result()
    >>> curve.covering.curve, curve.covering.threshold, curve.covering.ods
    (array([0.5, 1. , 0.5]), 2.0, 1.0)
    """

    def __init__(
        self,
        thresholds: int | Sequence[float] | Array = 99,
        *,
        ignore: Ignore = 0,
        printed_digits: int | None = None,
    ) -> None:
        self.thresholds = as_thresholds(thresholds)
        self.ignore = ignore
        self.printed_digits = printed_digits
        as_ignore(ignore)
        if printed_digits is not None and printed_digits < 1:
            raise ValueError(f"printed_digits is {printed_digits} but must be None or at least 1.")
        self._images: list[ImageCounts] = []
        self._thresholds: Array | None = None

    def update(self, truth: Any, prediction: Any) -> RegionBenchmark:
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
        self : RegionBenchmark
        """
        segmentations, thresholds = self._cut(prediction)
        self._check_thresholds(thresholds)
        counts: list[tuple[float, float, float, float]] = []
        best: list[Array] = []
        tables: list[ContingencyTable] = []
        for segments in segmentations:
            if segments is not None:
                tables = contingency_tables(truth, segments, self.ignore)
                overlaps = [best_of_truth(table) for table in tables]
                best = [np.maximum(*pair) for pair in zip(best or overlaps, overlaps, strict=True)]
                counts.append(counts_of(tables, overlaps))
            else:
                counts.append(counts[-1])
        covered, reverse, rand_index, variation = np.transpose(counts)
        pixels = sum(table.n_pixels for table in tables)
        self._images.append(
            ImageCounts(
                covered=self._print(covered),
                truth_pixels=float(self._print(pixels)),
                best_covered=float(self._print(covered_pixels(tables, best))),
                reverse_covered=self._print(reverse * pixels / len(tables)),
                pixels=float(self._print(pixels / len(tables))),
                rand_index=self._print(rand_index),
                variation=self._print(variation),
            )
        )
        self._thresholds = thresholds
        return self

    def merge(self, other: RegionBenchmark) -> RegionBenchmark:
        """Add the images of another benchmark behind one's own.

        Parameters
        ----------
        other : RegionBenchmark
            With the same thresholds, `ignore` and `printed_digits`.

        Returns
        -------
        self : RegionBenchmark
        """
        if (self.ignore, self.printed_digits) != (other.ignore, other.printed_digits):
            raise ValueError(
                "other has another ignore or printed_digits: merge benchmarks that were made alike."
            )
        if other._thresholds is not None:
            self._check_thresholds(other._thresholds)
            self._thresholds = other._thresholds
        self._images += other._images
        return self

    def result(self) -> RegionCurve:
        """Sum up the images so far.

        Returns
        -------
        curve : RegionCurve

        Raises
        ------
        ValueError
            If there was no `update`.
        """
        if self._thresholds is None:
            raise ValueError("there is nothing to sum up: call update(truth, prediction) first.")
        thresholds = self._thresholds
        covered = np.stack([image.covered for image in self._images])
        pixels = np.array([image.truth_pixels for image in self._images])
        best_place = np.argmax(covered, axis=1)
        best = covered[np.arange(len(covered)), best_place]
        curve = covered.sum(axis=0) / pixels.sum()
        place = int(np.argmax(curve))
        rand_index = np.stack([image.rand_index for image in self._images])
        variation = np.stack([image.variation for image in self._images])
        return RegionCurve(
            thresholds=thresholds.copy(),
            covering=ThresholdSummary(
                curve,
                float(thresholds[place]),
                float(curve[place]),
                float(best.sum() / pixels.sum()),
            ),
            covering_best=sum(image.best_covered for image in self._images) / float(pixels.sum()),
            rand_index=summarise(thresholds, rand_index, np.max),
            variation_of_information=summarise(thresholds, variation, np.min),
            images=tuple(
                ImageCovering(
                    float(thresholds[where]),
                    Covering(
                        float(value / image.truth_pixels),
                        float(image.reverse_covered[where] / image.pixels),
                    ),
                )
                for image, where, value in zip(self._images, best_place, best, strict=True)
            ),
        )

    def _cut(self, prediction: Any) -> tuple[list[Array | None], Array]:
        """The segmentations, None where one is that before it, and their thresholds."""
        if isinstance(prediction, list | tuple) or np.asarray(prediction).dtype.kind in "ui":
            if np.ndim(prediction) == 2 and not isinstance(prediction, list | tuple):
                raise ValueError(
                    f"prediction has shape {np.shape(prediction)}, which is one segmentation: pass "
                    "a list, [prediction], of one for each threshold."
                )
            segmentations = [as_labels(one, name="prediction") for one in prediction]
            if not segmentations:
                raise ValueError("prediction is an empty list: pass at least one segmentation.")
            return [*segmentations], np.arange(1.0, len(segmentations) + 1)
        return cut_contours(prediction, self.thresholds), self.thresholds

    def _check_thresholds(self, thresholds: Array) -> None:
        before = self._thresholds
        if before is not None and not np.array_equal(thresholds, before):
            raise ValueError(
                f"prediction has {len(thresholds)} thresholds, up to {thresholds[-1]}, but the "
                f"images before it have {len(before)}, up to {before[-1]}: score contour maps "
                "apart from segmentations, and as many segmentations of each image."
            )

    def _print(self, values: Any) -> Array:
        """The values as a file of `printed_digits` would hold them."""
        values = np.asarray(values, float)
        if self.printed_digits is None:
            return values
        printed = [float(f"{value:.{self.printed_digits}g}") for value in values.ravel()]
        return np.reshape(printed, values.shape)


def region_benchmark(
    truths: Iterable[Any],
    predictions: Iterable[Any],
    *,
    thresholds: int | Sequence[float] | Array = 99,
    ignore: Ignore = 0,
    printed_digits: int | None = None,
) -> RegionCurve:
    """Score hierarchies of segments of a set of images: covering, PRI and VOI over thresholds.

    Parameters
    ----------
    truths, predictions : iterables of the same length
        For each image what `RegionBenchmark.update` takes; read one at a time.
    thresholds, ignore, printed_digits
        As in `RegionBenchmark`.

    Returns
    -------
    curve : RegionCurve

    Raises
    ------
    TypeError, ValueError
        As `RegionBenchmark`; also if there are more truths than predictions or the reverse.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import region_benchmark
    >>> truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
    >>> region_benchmark([truth], [[truth, np.ones_like(truth)]]).covering_best
    1.0
    """
    benchmark = RegionBenchmark(thresholds, ignore=ignore, printed_digits=printed_digits)
    for truth, prediction in zip(truths, predictions, strict=True):
        benchmark.update(truth, prediction)
    return benchmark.result()


def cut_contours(contours: Any, thresholds: Array) -> list[Array | None]:
    """Segments of an ultrametric contour map at each threshold, None where nothing changed."""
    contours = np.asarray(contours)
    if contours.dtype.kind != "f" or contours.ndim != 2 or not all(s % 2 for s in contours.shape):
        raise ValueError(
            f"prediction has shape {contours.shape} and dtype {contours.dtype}, but an ultrametric "
            "contour map is float (2H + 1, 2W + 1): pass one, or a list of segmentations."
        )
    if not np.isfinite(contours).all():
        raise ValueError("prediction holds NaN or infinity: pass finite values.")
    cuts: list[Array | None] = []
    before: Array | None = None
    for threshold in thresholds:
        inside = contours <= threshold
        if before is not None and np.array_equal(inside, before):
            cuts.append(None)
            continue
        segments, _ = label_components(inside, connectivity=2)
        cuts.append(segments[1::2, 1::2])
        before = inside
    return cuts


def counts_of(
    tables: list[ContingencyTable], overlaps: list[Array]
) -> tuple[float, float, float, float]:
    """Covered pixels, reverse covering, PRI and VOI of one segmentation."""
    return (
        covered_pixels(tables, overlaps),
        reverse_covering(tables),
        mean([rand_index_of(table) for table in tables]),
        mean([variation_of(table).total for table in tables]),
    )


def covered_pixels(tables: list[ContingencyTable], overlaps: list[Array]) -> float:
    """Pixels of all truths, each by the overlap of its segment."""
    return sum(
        float(table.truth_sizes @ overlap) for table, overlap in zip(tables, overlaps, strict=True)
    )


def summarise(thresholds: Array, values: Array, best: Any) -> ThresholdSummary:
    """Sum up a metric (n_images, n_thresholds) of which the `best` is the max or the min."""
    curve = values.mean(axis=0)
    place = int(np.flatnonzero(curve == best(curve))[0])
    return ThresholdSummary(
        curve, float(thresholds[place]), float(curve[place]), float(best(values, axis=1).mean())
    )
