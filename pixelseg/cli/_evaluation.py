"""How `evaluate` scores and draws: a scorer for each family of metrics.

A scorer keeps an accumulator of the whole set and the names of the images that are in it, so
that an image that one family cannot score is still in the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from .. import metrics
from .._core.arrays import Array
from ..io import read_image, read_labels

Scores = dict[str, float]


def read_prediction(path: Path, family: str) -> Array:
    """Labels; for boundaries also a soft map, which is a file of floats from 0 to 1."""
    if family == "boundaries" and path.suffix.lower() != ".png":
        soft = np.asarray(read_image(path, channel_axis=None))
        if soft.dtype.kind == "f" and not soft.max(initial=0) > 1:
            return soft
    return read_labels(path)


class Scorer:
    """One family of metrics over a set: `update` with each image, then `images` and `total`."""

    def __init__(self, family: str, ignore: tuple[int, ...] | None):
        self.family = family
        self.names: list[str] = []
        self._options: dict[str, Any] = {} if ignore is None else {"ignore": ignore}
        self._set = FAMILIES[family][0](**self._options)
        self._classes: list[Any] = []

    def update(self, name: str, truth: Array, prediction: Array) -> None:
        """Add an image, or none of it if it cannot be scored."""
        soft = prediction.dtype.kind == "f"
        if not soft and truth.shape != prediction.shape:
            raise ValueError(
                f"the prediction has shape {prediction.shape} but the truth has shape "
                f"{truth.shape}: they must be of the same image."
            )
        if self.family == "classes":
            alone = metrics.ClassAccumulator(**self._options).update(truth, prediction)
            self._classes.append(alone.result())
            self._set.merge(alone)
        elif self.family == "boundaries":
            self._set.update([truth], prediction if soft else [prediction])
        else:
            self._set.update(truth, prediction)
        self.names.append(name)

    def result(self) -> tuple[dict[str, Scores], Scores]:
        """The scores of each image by its name, and those of all together."""
        if not self.names:
            return {}, {}
        result = self._set.result()
        images = self._classes if self.family == "classes" else result.images
        each = {
            name: _shown(self.family, one) for name, one in zip(self.names, images, strict=True)
        }
        summary = result.ods if self.family == "boundaries" else getattr(result, "mean", result)
        total = _shown(self.family, summary)
        if self.family == "boundaries":
            total |= {"ois_f1": result.ois.f1, "average_precision": result.average_precision}
        elif self.family == "instances":
            total["mean_average_precision"] = result.mean_average_precision
        return each, total


#: What `--metrics` can name: the accumulator of each family, and what is shown of its scores. The
#: first is the headline, where less is worse. The explained variation of superpixels is of the
#: image, which is not at hand.
FAMILIES: Mapping[str, tuple[Callable[..., Any], str]] = {
    "classes": (
        metrics.ClassAccumulator,
        "mean_iou accuracy mean_dice balanced_accuracy cohen_kappa",
    ),
    "regions": (
        metrics.RegionAccumulator,
        "covering rand_index adjusted_rand_index voi_split voi_merge adapted_rand_error v_info_f1",
    ),
    "boundaries": (metrics.BoundaryAccumulator, "f1 precision recall threshold"),
    "instances": (
        metrics.InstanceAccumulator,
        "panoptic_quality segmentation_quality recognition_quality f1_at_50 "
        "mean_average_precision aji aji_plus",
    ),
    "superpixels": (
        metrics.SuperpixelAccumulator,
        "achievable_segmentation_accuracy n_segments boundary_recall boundary_precision "
        "undersegmentation_error undersegmentation_error_levin undersegmentation_error_bergh "
        "compactness boundary_density",
    ),
}
#: Where a score is kept, if not under the name that is shown.
_PATHS = {
    "covering": "covering.of_truth",
    "voi_split": "variation_of_information.split",
    "voi_merge": "variation_of_information.merge",
    "adapted_rand_error": "adapted_rand.error",
    "v_info_f1": "v_info.f1",
    "panoptic_quality": "panoptic.quality",
    "segmentation_quality": "panoptic.segmentation",
    "recognition_quality": "panoptic.recognition",
    "f1_at_50": "objects.f1",
    "mean_average_precision": "objects.mean_average_precision",
}


def _shown(family: str, scores: Any) -> Scores:
    """What is shown of some scores: NaN for None, of a curve its first value."""
    _, shown = FAMILIES[family]
    values = {name: attrgetter(_PATHS.get(name, name))(scores) for name in shown.split()}
    return {name: float(np.asarray(value, float).flat[0]) for name, value in values.items()}


def draw(
    family: str, truth: Array, prediction: Array, ignore: tuple[int, ...] | None, cut: float
) -> Array:
    """Truth, prediction and errors side by side; of a volume, the middle slice.

    Errors are red and ignored pixels grey; of boundaries, the lines of only one side are errors,
    be they within the tolerance or not. `cut` is the threshold of a soft boundary map.
    """
    from ..plot import montage, overlay, uncertainty_map

    if ignore is None:
        ignore = () if family == "instances" else (0,)
    soft = prediction.dtype.kind == "f"
    if soft and prediction.shape != truth.shape:
        prediction = prediction[2::2, 2::2]
    if family == "boundaries":
        lines = prediction >= cut if soft else metrics.boundary_map(prediction)
        wrong = metrics.boundary_map(truth, ignore=ignore) != lines
    else:
        wrong = _errors(family, truth, prediction, ignore)
    state = np.where(np.isin(truth, ignore), 2, wrong.astype(np.uint8))
    if truth.ndim == 3:
        middle = len(truth) // 2
        truth, prediction, state = truth[middle], prediction[middle], state[middle]
    dark = np.zeros(truth.shape, np.uint8)
    shown = uncertainty_map(prediction) if soft else overlay(dark, prediction, alpha=1)
    errors = overlay(dark, state, alpha=1, colors=["#e02020", "#606060"])
    pictures = [overlay(dark, truth, alpha=1), shown, errors]
    return montage(pictures, titles=["truth", "prediction", "errors"])


def _errors(family: str, truth: Array, prediction: Array, ignore: tuple[int, ...]) -> Array:
    """Where classes differ; where segments do, outside the best partner of either side."""
    if family == "classes":
        return truth != prediction
    table = metrics.contingency_table(truth, prediction, ignore=ignore)
    wrong = table.counts < _largest_of(table.columns, table.counts)
    if family != "superpixels":
        wrong |= table.counts < _largest_of(table.rows, table.counts)
    # The cell of each pixel; an ignored one may have none, and is grey whatever it finds.
    n_columns = len(table.prediction_labels)
    row = np.searchsorted(table.truth_labels, truth)
    column = np.searchsorted(table.prediction_labels, prediction)
    cell = np.searchsorted(table.rows * n_columns + table.columns, row * n_columns + column)
    return wrong[np.minimum(cell, len(wrong) - 1)]


def _largest_of(groups: Array, counts: Array) -> Array:
    """For each cell the largest count of its group."""
    largest = np.zeros(groups.max() + 1, np.int64)
    np.maximum.at(largest, groups, counts)
    return largest[groups]
