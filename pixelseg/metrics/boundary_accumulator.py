"""The Berkeley boundary benchmark: ODS, OIS and AP over thresholds and over sets of images.

Arbelaez, Maire, Fowlkes and Malik, "Contour detection and hierarchical image segmentation",
IEEE TPAMI 33(5), 2011. A soft boundary map is cut at many thresholds, and each cut is matched
with each annotator; the whole set is then summarised three ways: at the one threshold that suits
the set best (ODS), at the best threshold of each image (OIS), and over all of them (AP).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._core.arrays import Array, to_array
from ._accumulator import ThresholdAccumulator
from ._inputs import Ignore, as_reach, spatial_shape
from .boundaries import annotate, boundary_map, count_matches, f_measure, rates
from .thinning import thin_boundaries

#: Between two thresholds, recall and precision are mixed at this many points for ODS.
_POINTS_BETWEEN_THRESHOLDS = 100
#: Average precision is read at recalls 0, 0.01, ..., 1.
_RECALL_GRID = 101


@dataclass(frozen=True)
class BoundaryPoint:
    """A point of a precision-recall curve; `threshold` is None where several are pooled."""

    threshold: float | None
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True)
class BoundaryCurve:
    """What `BoundaryAccumulator.result` returns.

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


@dataclass(eq=False, kw_only=True)
class BoundaryAccumulator(ThresholdAccumulator):
    """Score boundary maps of a set of images: the Berkeley boundary benchmark.

    Parameters
    ----------
    thresholds : int or increasing sequence of float, default 99
        Where soft maps are cut: a map is boundary where it is at least the threshold. A number n
        stands for n thresholds evenly between 0 and 1, `linspace(1 / (n + 1), 1 - 1 / (n + 1), n)`.
        Segmentations stand for the thresholds of a sequence, which must be as many; else for 1,
        2, ...
    tolerance, tolerance_unit, thin, ignore, background
        As in `boundary_scores`.

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
    >>> from pixelseg.metrics import BoundaryAccumulator
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 8, axis=0)
    >>> soft = np.zeros((8, 8))
    >>> soft[:, 3], soft[:, 6] = 0.8, 0.3
    >>> scores = BoundaryAccumulator(thresholds=3)
    >>> curve = scores.update(truth, soft).result()
    >>> curve.thresholds, curve.precision, curve.ods.f1
    (array([0.25, 0.5 , 0.75]), array([0.5, 1. , 1. ]), 1.0)
    """

    tolerance: float = 0.0075
    tolerance_unit: str = "diagonal"
    thin: bool = True
    ignore: Ignore = 0
    background: int | None = 0

    def update(self, truth: Any, prediction: Any) -> Self:
        """Score one image.

        Parameters
        ----------
        truth : array of bool or int, shape (H, W), or a list of such, or one array (n, H, W)
            As in `boundary_scores`.
        prediction : array or list of arrays
            Floats (H, W): a soft boundary map. Floats (2H + 1, 2W + 1): an ultrametric contour map
            of double size ("ucm2"), of which every second row and column from the third is the
            soft map. A list of integer arrays (H, W), or one array (n, H, W): segmentations in
            the order of the thresholds, as many for every image.

        Returns
        -------
        self : BoundaryAccumulator
        """
        shape = spatial_shape(truth)
        maps, levels = self._cut(prediction, shape)
        annotations = annotate(truth, shape, self.ignore)
        self._keep_levels(levels)
        # Often nothing lies between two thresholds, and their maps are one.
        new = [k for k in range(len(maps)) if k == 0 or not np.array_equal(maps[k], maps[k - 1])]
        distinct = [thin_boundaries(maps[k]) if self.thin else maps[k] for k in new]
        reach = as_reach(self.tolerance, self.tolerance_unit, shape)
        counts = count_matches(annotations, distinct, reach)
        return self._keep(np.repeat(counts, np.diff([*new, len(maps)]), axis=0))

    def result(self) -> BoundaryCurve:
        """Pool the images so far; without any a ValueError."""
        counts, thresholds = np.stack(self._records()), self._levels
        recall, precision, f1 = rates(counts.sum(axis=0))
        best = np.argmax(rates(counts)[2], axis=1)
        pooled = rates(counts[np.arange(len(counts)), best].sum(axis=0))
        return BoundaryCurve(
            thresholds=thresholds.copy(),
            recall=recall,
            precision=precision,
            f1=f1,
            ods=_best_point(thresholds, recall, precision),
            ois=BoundaryPoint(None, *(float(value) for value in pooled)),
            average_precision=_average_precision(recall, precision),
            images=tuple(_best_point(thresholds, *rates(image)[:2]) for image in counts),
            counts=counts,
        )

    def _cut(self, prediction: Any, shape: tuple[int, ...]) -> tuple[list[Array], Array]:
        """The boundary maps of a prediction, one for each threshold, and the thresholds."""
        if isinstance(prediction, list | tuple) or to_array("prediction", prediction).ndim == 3:
            segmentations, levels = self._as_segmentations(prediction, shape)
            return [boundary_map(one, ignore=self.background) for one in segmentations], levels
        soft = to_array("prediction", prediction)
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
        return [soft >= threshold for threshold in self._cuts], self._cuts


def _best_point(thresholds: Array, recall: Array, precision: Array) -> BoundaryPoint:
    """The point of largest F on the curve, straight between neighbours; the first of equals."""
    share = np.linspace(0, 1, _POINTS_BETWEEN_THRESHOLDS)

    def mix(values: Array) -> Array:
        between = np.outer(values[:-1], 1 - share) + np.outer(values[1:], share)
        return np.concatenate([values[:1], between.ravel()])

    curves = [mix(values) for values in (thresholds, recall, precision)]
    curves.append(f_measure(*curves[1:]))
    best = np.argmax(curves[-1])
    return BoundaryPoint(*(float(curve[best]) for curve in curves))


def _average_precision(recall: Array, precision: Array) -> float:
    """The area under precision over recall, 0 outside the measured recalls."""
    known, first = np.unique(recall, return_index=True)
    if len(known) < 2:
        return 0.0
    grid = np.linspace(0, 1, _RECALL_GRID)
    heights = np.interp(grid, known, precision[first], left=0, right=0)
    return float(heights.sum() / (_RECALL_GRID - 1))
