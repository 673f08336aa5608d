"""Scores of a fitted model at labelled pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.image import Image
from .._core.memory import Memory, parse_memory
from .._core.threads import effective_n_jobs
from .model import FittedModel
from .outputs import Outputs, label_dtype
from .sampling import fill_rows
from .training_images import OpenImage, check_pairs, iterate_pairs, summarise

#: Up to this many labelled pixels of an image, rows of features beat whole tiles.
_FEW_PIXELS = 100_000


def labelled_confusion(
    model: FittedModel,
    images: Any,
    labels: Any,
    masks: Any,
    open_image: OpenImage,
    max_memory: Memory = None,
    n_jobs: int | None = None,
) -> Array:
    """Confusion matrix of a fitted model over the labelled pixels of all images.

    Truth in rows; one row and column for each class that the model knows or that is labelled, in
    ascending order. Where few pixels are labelled, only the features around them are computed. A
    labelled class that the model does not know counts as wrong.
    """
    check_pairs(images, labels, masks, open_image)
    known = model.classes
    counts: dict[int, Array] = {value: np.zeros(len(known), np.int64) for value in known.tolist()}
    for source, own, mask in iterate_pairs(images, labels, masks):
        image = open_image(source, mask)
        truth = as_labels(own, image.spatial_shape)
        present = np.array(list(summarise(truth, image.mask).n_marked))
        if len(present) == 0:
            continue
        positions = np.flatnonzero(truth if image.mask is None else truth * image.mask)
        rows = np.searchsorted(present, truth.reshape(-1)[positions])
        columns = _predict_places(model, image, positions, max_memory, n_jobs)
        shape = (len(present), len(known))
        table = np.bincount(np.ravel_multi_index((rows, columns), shape), minlength=np.prod(shape))
        for value, row in zip(present.tolist(), table.reshape(shape), strict=True):
            counts[value] = counts.get(value, 0) + row
    if not any(row.any() for row in counts.values()):
        raise ValueError("labels has no labelled pixel: there is nothing to score.")
    classes = sorted(counts)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    confusion[:, np.searchsorted(classes, known)] = [counts[value] for value in classes]
    return confusion


def _predict_places(
    model: FittedModel,
    image: Image,
    positions: Array,
    max_memory: Memory,
    n_jobs: int | None,
) -> Array:
    """Place in the model's classes at flat positions of an image."""
    model.input_spec.check(image)
    plan = model.features.plan(image)
    budget = parse_memory(max_memory, image.ndim)
    rows = 2 * 4 * plan.n_features * len(positions)  # and a copy for the classifier
    if model.refiner is None and len(positions) <= _FEW_PIXELS and rows <= budget // 2:
        X = np.empty((len(positions), plan.n_features), np.float32)
        fill_rows(image, plan, positions, X, budget=budget - rows, n_jobs=n_jobs)
        return model.rows.predict_places(X.T, effective_n_jobs(n_jobs))
    labels = np.empty(image.spatial_shape, label_dtype(model.classes))
    outputs = Outputs(model.classes, labels=labels)
    model.predict(image, outputs, max_memory, n_jobs)
    return np.searchsorted(model.classes, labels.reshape(-1)[positions])
