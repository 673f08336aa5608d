"""The Berkeley boundary benchmark: ODS, OIS and AP over thresholds and over sets of images.

Arbelaez, Maire, Fowlkes and Malik, "Contour detection and hierarchical image segmentation",
IEEE TPAMI 33(5), 2011. A soft boundary map is cut at many thresholds, and each cut is matched
with each annotator; the whole set is then summed up three ways: at the one threshold that suits
the set best (ODS), at the best threshold of each image (OIS), and over all of them (AP).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from ._contingency import Ignore
from .boundaries import annotate, boundary_map, count_matches, f_measure, rates
from .matching import as_reach
from .thinning import thin_boundaries

#: Between two thresholds, recall and precision are mixed at this many points for ODS.
POINTS_BETWEEN_THRESHOLDS = 100
#: Average precision is read at recalls 0, 0.01, ..., 1.
RECALL_GRID = 101


@dataclass(frozen=True)
class BoundaryPoint:
    """A point of a precision-recall curve; `threshold` is None where several are pooled."""

    threshold: float | None
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True)
class BoundaryCurve:
    """What `BoundaryBenchmark.result` returns.

    `thresholds`, `recall`, `precision` and `f1` are float64 (n_thresholds,), over the whole set;
    `ods` is the best point of that curve, `ois` pools each image's best threshold; `images` has
    the best point of each image, in the order of `update`; `counts` is int64 (n_images,
    n_thresholds, 4): matched and all truth pixels, matched and all predicted pixels.
    """

    thresholds: Array
    recall: Array
    precision: Array
    f1: Array
    ods: BoundaryPoint
    ois: BoundaryPoint
    average_precision: float
    images: tuple[BoundaryPoint, ...]
    counts: Array


class BoundaryBenchmark:
    """Score boundary maps of a set of images, one image at a time.

    Parameters
    ----------
    thresholds : int or increasing sequence of float, default 99
        Where soft maps are cut: a map is boundary where it is at least the threshold. A number n
        stands for n thresholds evenly between 0 and 1, `linspace(1 / (n + 1), 1 - 1 / (n + 1), n)`.
        Lists of segmentations use 1, 2, ... in place of it.
    tolerance : float, default 0.0075
        How far apart two matched pixels may be. The default is Berkeley's for BSDS500: 4.3 pixels
        on an image of 321 x 481.
    tolerance_unit : {"diagonal", "pixel"}, default "diagonal"
        Whether `tolerance` is a share of each image's diagonal or a number of pixels.
    thin : bool, default True
        Whether to thin the predicted boundaries to lines of one pixel, as Berkeley does.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth that say nothing (see `boundary_scores`).

    Raises
    ------
    TypeError, ValueError
        If the thresholds are not increasing, or what is given to `update` is not as it says.

    Notes
    -----
    As the original (`collect_eval_bdry.m`): counts are summed over images; ODS is interpolated
    between thresholds; OIS takes each image's best listed threshold and sums the counts there (it
    is not a mean of F); AP interpolates precision at recalls 0, 0.01, ..., 1 and is 0 outside
    the measured recalls, so that few thresholds say little. On the original's own five-image test
    the figures agree within what its random matcher moves (0.001); ours never move.

    Memory: for each image, the thinned maps (a byte a pixel and threshold) while it is scored;
    32 bytes a threshold are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import BoundaryBenchmark
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 8, axis=0)
    >>> soft = np.zeros((8, 8))
    >>> soft[:, 3], soft[:, 6] = 0.8, 0.3
    >>> benchmark = BoundaryBenchmark(thresholds=3)
    >>> curve = benchmark.update(truth, soft).result()
    >>> curve.thresholds, curve.precision, curve.ods.f1
    (array([0.25, 0.5 , 0.75]), array([0.5, 1. , 1. ]), 1.0)
    """

    def __init__(
        self,
        thresholds: int | Sequence[float] | Array = 99,
        *,
        tolerance: float = 0.0075,
        tolerance_unit: str = "diagonal",
        thin: bool = True,
        ignore: Ignore = 0,
    ) -> None:
        self.thresholds = as_thresholds(thresholds)
        self.tolerance = tolerance
        self.tolerance_unit = tolerance_unit
        self.thin = thin
        self.ignore = ignore
        as_reach(tolerance, tolerance_unit, (1, 1))
        self._counts: list[Array] = []
        self._thresholds: Array | None = None

    def update(self, truth: Any, prediction: Any) -> BoundaryBenchmark:
        """Score one image.

        Parameters
        ----------
        truth : array of bool or int, shape (H, W), or a list of such, or one array (n, H, W)
            One map for each annotator: bool is a boundary map and is taken as it is; integers are
            a segmentation, whose boundaries are marked and thinned.
        prediction : array or list of arrays
            Floats (H, W): a soft boundary map. Floats (2H + 1, 2W + 1): an ultrametric contour map
            of double size ("ucm2"), of which every second row and column from the third is the
            soft map. A list of integer arrays (H, W), or one array (n, H, W): segmentations in
            the order of the thresholds, as many for every image.

        Returns
        -------
        self : BoundaryBenchmark
        """
        shape = spatial_shape(truth)
        maps, thresholds = self._cut(prediction, shape)
        if self._thresholds is not None and not np.array_equal(thresholds, self._thresholds):
            raise ValueError(
                f"prediction has {len(thresholds)} thresholds, up to {thresholds[-1]}, but the "
                f"images before it have {len(self._thresholds)}, up to {self._thresholds[-1]}: "
                "score soft maps apart from segmentations, and as many segmentations of each image."
            )
        annotations = annotate(truth, shape, self.ignore)
        # Often nothing lies between two thresholds, and their maps are one.
        new = [k for k in range(len(maps)) if k == 0 or not np.array_equal(maps[k], maps[k - 1])]
        distinct = [thin_boundaries(maps[k]) if self.thin else maps[k] for k in new]
        reach = as_reach(self.tolerance, self.tolerance_unit, shape)
        counts = count_matches(annotations, distinct, reach)
        self._counts.append(np.repeat(counts, np.diff([*new, len(maps)]), axis=0))
        self._thresholds = thresholds
        return self

    def result(self) -> BoundaryCurve:
        """Sum up the images so far.

        Returns
        -------
        curve : BoundaryCurve

        Raises
        ------
        ValueError
            If there was no `update`.
        """
        if self._thresholds is None:
            raise ValueError("there is nothing to sum up: call update(truth, prediction) first.")
        thresholds = self._thresholds
        counts = np.stack(self._counts)
        recall, precision, f1 = rates(counts.sum(axis=0))
        best = np.argmax(rates(counts)[2], axis=1)
        pooled = rates(counts[np.arange(len(counts)), best].sum(axis=0))
        return BoundaryCurve(
            thresholds=thresholds.copy(),
            recall=recall,
            precision=precision,
            f1=f1,
            ods=best_point(thresholds, recall, precision),
            ois=BoundaryPoint(None, *(float(value) for value in pooled)),
            average_precision=average_precision(recall, precision),
            images=tuple(best_point(thresholds, *rates(image)[:2]) for image in counts),
            counts=counts,
        )

    def _cut(self, prediction: Any, shape: tuple[int, ...]) -> tuple[list[Array], Array]:
        """The boundary maps of a prediction, one for each threshold, and the thresholds."""
        if isinstance(prediction, list | tuple) or np.ndim(prediction) == 3:
            maps = [boundary_map(as_labels(one, shape, name="prediction")) for one in prediction]
            if not maps:
                raise ValueError("prediction is an empty list: pass at least one segmentation.")
            return maps, np.arange(1.0, len(maps) + 1)
        soft = np.asarray(prediction)
        if soft.dtype.kind != "f":
            raise TypeError(
                f"prediction has dtype {soft.dtype}, which could be a soft map or a segmentation: "
                "pass floats from 0 to 1 (an 8-bit map divided by 255), or a list of segmentations."
            )
        double = tuple(2 * size + 1 for size in shape)
        if soft.shape == double:
            soft = soft[2::2, 2::2]
        if soft.shape != shape:
            raise ValueError(
                f"prediction has shape {soft.shape} but truth has shape {shape}: pass a soft map "
                f"of that shape, or an ultrametric contour map of shape {double}."
            )
        if not np.isfinite(soft).all():
            raise ValueError("prediction holds NaN or infinity: pass finite values.")
        return [soft >= threshold for threshold in self.thresholds], self.thresholds


def boundary_benchmark(
    truths: Iterable[Any],
    predictions: Iterable[Any],
    *,
    thresholds: int | Sequence[float] | Array = 99,
    tolerance: float = 0.0075,
    tolerance_unit: str = "diagonal",
    thin: bool = True,
    ignore: Ignore = 0,
) -> BoundaryCurve:
    """Score the boundary maps of a set of images: ODS, OIS, AP and the curve.

    Parameters
    ----------
    truths, predictions : iterables of the same length
        For each image what `BoundaryBenchmark.update` takes; read one at a time.
    thresholds, tolerance, tolerance_unit, thin, ignore
        As in `BoundaryBenchmark`.

    Returns
    -------
    curve : BoundaryCurve

    Raises
    ------
    TypeError, ValueError
        As `BoundaryBenchmark`; also if there are more truths than predictions or the reverse.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import boundary_benchmark
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 8, axis=0)
    >>> curve = boundary_benchmark([truth], [[truth, np.ones_like(truth)]])
    >>> curve.f1
    array([1., 0.])
    """
    benchmark = BoundaryBenchmark(
        thresholds,
        tolerance=tolerance,
        tolerance_unit=tolerance_unit,
        thin=thin,
        ignore=ignore,
    )
    for truth, prediction in zip(truths, predictions, strict=True):
        benchmark.update(truth, prediction)
    return benchmark.result()


def as_thresholds(thresholds: int | Sequence[float] | Array) -> Array:
    """Check thresholds, or space a number of them evenly between 0 and 1."""
    if isinstance(thresholds, int | np.integer) and not isinstance(thresholds, bool):
        if thresholds < 1:
            raise ValueError(f"thresholds is {thresholds} but must be at least 1.")
        return np.linspace(1 / (thresholds + 1), 1 - 1 / (thresholds + 1), int(thresholds))
    values = np.array(thresholds, dtype=float)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(
            f"thresholds has shape {values.shape} but must be a number of thresholds or a list."
        )
    if not (np.isfinite(values).all() and (np.diff(values) > 0).all()):
        raise ValueError(
            f"thresholds is {thresholds!r} but must be finite and increase: pass them sorted, each "
            "once."
        )
    return values


def spatial_shape(truth: Any) -> tuple[int, ...]:
    """The shape of an image whose truth is one map, a list of maps or a stack of them."""
    several = isinstance(truth, list | tuple) and len(truth) > 0 and np.ndim(truth[0]) > 1
    shape = np.shape(truth[0] if several else truth)
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(
            f"truth has shape {shape} but must be (H, W), or a list of such arrays, or one array "
            "(n, H, W)."
        )
    return shape[-2:]


def best_point(thresholds: Array, recall: Array, precision: Array) -> BoundaryPoint:
    """The point of largest F on the curve, straight between neighbours; the first of equals."""
    share = np.linspace(0, 1, POINTS_BETWEEN_THRESHOLDS)

    def mix(values: Array) -> Array:
        between = np.outer(values[:-1], 1 - share) + np.outer(values[1:], share)
        return np.concatenate([values[:1], between.ravel()])

    f1 = f_measure(mix(recall), mix(precision))
    best = np.argmax(f1)
    return BoundaryPoint(
        float(mix(thresholds)[best]),
        float(mix(recall)[best]),
        float(mix(precision)[best]),
        float(f1[best]),
    )


def average_precision(recall: Array, precision: Array) -> float:
    """The area under precision over recall, 0 outside the measured recalls."""
    known, first = np.unique(recall, return_index=True)
    if len(known) < 2:
        return 0.0
    grid = np.linspace(0, 1, RECALL_GRID)
    return float(
        np.interp(grid, known, precision[first], left=0, right=0).sum() / (RECALL_GRID - 1)
    )
