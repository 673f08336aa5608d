"""Scores of a fitted model at labelled pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.image import Image
from .._core.memory import Memory, parse_memory
from .._core.threads import effective_n_jobs
from ..metrics import contingency_table
from ..metrics.confusion import count_classes, pool_classes
from .input_spec import check_input
from .model import FittedModel
from .outputs import Outputs, label_dtype
from .sampling import fill_rows
from .training_images import OpenImage, check_pairs, iterate_pairs

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

    Truth in rows; one row and column for each class that is labelled or predicted there, in
    ascending order. Where few pixels are labelled, only the features around them are computed. A
    labelled class that the model does not know counts as wrong.
    """
    check_pairs(images, labels, masks, open_image)
    counts = []
    for source, own, mask in iterate_pairs(images, labels, masks):
        image = open_image(source, mask)
        check_input(image, model.input_spec, "the model")
        truth = as_labels(own, image.spatial_shape)
        truth = truth if image.mask is None else truth * image.mask
        positions = np.flatnonzero(truth > 0)
        if len(positions):
            answers = _at_labels(model, image, truth, positions, max_memory, n_jobs)
            counts.append(count_classes(contingency_table(*answers), None, (0,)))
    if not counts:
        raise ValueError("labels has no labelled pixel: there is nothing to score.")
    return pool_classes(counts).confusion


def _at_labels(
    model: FittedModel,
    image: Image,
    truth: Array,
    positions: Array,
    max_memory: Memory,
    n_jobs: int | None,
) -> tuple[Array, Array]:
    """Truth and predicted labels, at labelled pixels alone or of the whole image."""
    plan, _ = model.plan(image, max_memory, n_jobs)
    budget = parse_memory(max_memory, image.ndim)
    rows = 2 * 4 * plan.n_features * len(positions)  # and a copy for the classifier
    if model.refiner is None and len(positions) <= _FEW_PIXELS and rows <= budget // 2:
        X = np.empty((len(positions), plan.n_features), np.float32)
        fill_rows(image, plan, positions, X, budget=budget - rows, n_jobs=n_jobs)
        places = model.rows.predict_places(X.T, effective_n_jobs(n_jobs))
        return truth.reshape(-1)[positions], model.classes[places]
    labels = np.empty(image.spatial_shape, label_dtype(model.classes))
    model.predict(image, Outputs(model.classes, labels=labels), max_memory, n_jobs)
    return truth, labels
