"""How `evaluate` scores and draws: a scorer for each family of metrics.

A scorer keeps an accumulator of the whole set and the names of the images that are in it, so
that an image that one family cannot score is still in the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
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
        self._set = _ACCUMULATORS[family](**self._options)
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
        view = _VIEWS[self.family]
        each = {name: view(one) for name, one in zip(self.names, images, strict=True)}
        if self.family == "boundaries":
            return each, {
                **view(result.ods),
                "ois_f1": result.ois.f1,
                "average_precision": result.average_precision,
            }
        return each, view(getattr(result, "mean", result))


def _view_classes(scores: Any) -> Scores:
    names = ("mean_iou", "accuracy", "mean_dice", "balanced_accuracy", "cohen_kappa")
    return {name: float(getattr(scores, name)) for name in names}


def _view_regions(scores: Any) -> Scores:
    return {
        "covering": scores.covering.of_truth,
        "rand_index": scores.rand_index,
        "adjusted_rand_index": scores.adjusted_rand_index,
        "voi_split": scores.variation_of_information.split,
        "voi_merge": scores.variation_of_information.merge,
        "adapted_rand_error": scores.adapted_rand.error,
        "v_info_f1": scores.v_info.f1,
    }


def _view_boundaries(point: Any) -> Scores:
    return {
        "f1": point.f1,
        "precision": point.precision,
        "recall": point.recall,
        "threshold": math.nan if point.threshold is None else point.threshold,
    }


def _view_instances(scores: Any) -> Scores:
    objects, panoptic = scores.objects, scores.panoptic
    average = getattr(scores, "mean_average_precision", objects.mean_average_precision)
    return {
        "panoptic_quality": panoptic.quality,
        "segmentation_quality": panoptic.segmentation,
        "recognition_quality": panoptic.recognition,
        "f1_at_50": float(objects.f1[0]),
        "mean_average_precision": average,
        "aji": scores.aji,
        "aji_plus": scores.aji_plus,
    }


def _view_superpixels(scores: Any) -> Scores:
    # Explained variation is of the image, which is not at hand.
    first = "achievable_segmentation_accuracy"
    names = [field.name for field in fields(scores) if field.name != "explained_variation"]
    return {name: getattr(scores, name) for name in sorted(names, key=lambda name: name != first)}


_ACCUMULATORS: Mapping[str, Callable[..., Any]] = {
    "classes": metrics.ClassAccumulator,
    "regions": metrics.RegionAccumulator,
    "boundaries": metrics.BoundaryAccumulator,
    "instances": metrics.InstanceAccumulator,
    "superpixels": metrics.SuperpixelAccumulator,
}
#: For each family what is shown of its scores; the first is the headline, where less is worse.
_VIEWS: Mapping[str, Callable[[Any], Scores]] = {
    "classes": _view_classes,
    "regions": _view_regions,
    "boundaries": _view_boundaries,
    "instances": _view_instances,
    "superpixels": _view_superpixels,
}


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
