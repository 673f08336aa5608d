"""`FittedModel`: what is left of training, one frozen record that predicts, is scored and is saved.

It holds no image, and several threads may use it at once. A prediction goes tile by tile:
features, classifier, prior, answer; never the whole feature stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .._core.boxes import Box, Shape3D, shape3d, shape_of, slices_of
from .._core.image import Image, as_image
from .._core.memory import Memory, parse_memory
from .._core.progress import Progress, Reporter
from .._core.threads import effective_n_jobs, run_chunks
from .._core.tiles import TilePlan, plan_tiles
from .._core.workspace import workspace
from ..features import FeatureBank, FeaturePlan, compute_box, workspace_bytes
from .input_spec import InputSpec
from .outputs import Outputs
from .refiners import refine
from .row_classifier import RowClassifier

#: Bytes a pixel and class that the classifier's answer passes through: float64 and float32.
_BYTES_PER_PROBABILITY = 8 + 4
#: Plans that are kept for the next image of the same shape.
_KEPT_PLANS = 64


@dataclass(frozen=True)
class TrainingRecord:
    """What a model remembers of its training.

    `n_marked` and `n_kept` count the labelled pixels of each of `classes`, all of them and those
    that were learned from; `label_hash` is that of all label images in any order; `check_patch`
    is a small part (C, *spatial) of a training image by which a loaded model checks itself.
    """

    classes: tuple[int, ...]
    n_marked: tuple[int, ...]
    n_kept: tuple[int, ...]
    n_images: int
    label_hash: str
    check_patch: Array = field(repr=False, compare=False)
    cross_validated_mean_iou: float | None = None


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A feature bank, a classifier with its prior, and what they were trained on.

    Attributes
    ----------
    estimator : str
        The class that was fitted, `"PixelClassifier"`.
    params : mapping
        Its parameters, those that decide what is learned; `random_state` is the seed that was used.
    features : FeatureBank
    feature_names : tuple of str
    rows : RowClassifier
        Classifier, classes and prior.
    input_spec : InputSpec
        Axes, channels, dtype and range of values of the training images.
    training : TrainingRecord
    refiner : object or None
        Called on whole probabilities before the answers are taken from them.
    class_names : mapping of int to str, or None
    """

    estimator: str
    params: Mapping[str, Any]
    features: FeatureBank
    feature_names: tuple[str, ...]
    rows: RowClassifier
    input_spec: InputSpec
    training: TrainingRecord
    refiner: Any = None
    class_names: Mapping[int, str] | None = None
    _plans: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def classes(self) -> Array:
        """Labels of the classes, int64, ascending."""
        return self.rows.classes

    def plan(
        self, image: Image, max_memory: Memory = None, n_jobs: int | None = None
    ) -> tuple[FeaturePlan, TilePlan]:
        """Settle how features are made, and cut the image into tiles of `max_memory` bytes.

        Together they need that at the most; with None, what they need at the least, and `fits` of
        the tiles says whether that was within the default. Plans are kept for images like this one.
        """
        n_jobs = effective_n_jobs(n_jobs)
        kind = (image.shape3d, image.ndim, image.n_channels, image.spacing, image.mask is None)
        budget = parse_memory(max_memory, image.ndim)
        key = (kind, budget, max_memory is None, n_jobs)
        known = self._plans.get(key)
        if known is not None:
            return known
        features = self.features.plan(image)
        bytes_per_pixel = 4 * features.n_features + self.rows.n_classes * _BYTES_PER_PROBABILITY

        def tile_bytes(shape: Shape3D) -> int:
            held = workspace_bytes(features, shape, image.shape3d)
            return held + prod(shape) * (bytes_per_pixel + 16)

        tiles = plan_tiles(
            image.shape3d,
            features.halo,
            tile_bytes,
            budget=budget,
            is_binding=max_memory is not None,
            n_jobs=n_jobs,
        )
        if len(self._plans) >= _KEPT_PLANS:
            self._plans.clear()
        self._plans[key] = features, tiles
        return features, tiles

    def predict(
        self,
        image: Image,
        outputs: Outputs,
        max_memory: Memory = None,
        n_jobs: int | None = None,
        progress: Progress = False,
    ) -> None:
        """Write all answers that are wanted; outside a mask they are 0.

        Where labels are all and nothing refines, a forest asks fewer trees.
        """
        features, tiles = self.plan(image, max_memory, n_jobs)
        boxes = tiles.boxes(image.ndim)
        whole = None
        if self.refiner is not None:
            shape = (*image.spatial_shape, self.rows.n_classes)
            whole = np.empty(shape, PROBABILITY_DTYPE)
        wanted = outputs if whole is None else Outputs(self.classes, probabilities=whole)
        answer = self.rows.predict_places if wanted.labels_only else self.rows.predict_proba
        write = wanted.write_places if wanted.labels_only else wanted.write_probabilities
        # With one tile in flight the threads that are left evaluate the forest together.
        inner_jobs = max(1, effective_n_jobs(n_jobs) // min(tiles.n_parallel, len(boxes)))

        def predict_box(box: Box) -> None:
            shape = shape_of(box)
            mask = None if image.mask is None else image.mask[slices_of(box)]
            with workspace.within(tiles.bytes_per_tile):
                stack = workspace.take((features.n_features, *shape3d(shape)))
                compute_box(features, image, box, stack)
                planes = stack.reshape(features.n_features, -1)
                rows = answer(planes, inner_jobs)
            write(box, rows.reshape(*shape, *rows.shape[1:]), mask)
            report.advance()

        with Reporter(progress, len(boxes), "predict") as report:
            run_chunks(predict_box, boxes, tiles.n_parallel)
        if whole is not None:
            refined = refine(self.refiner, whole, image)
            outputs.write_probabilities(image.whole, refined, image.mask)

    def open_check_patch(self) -> Image:
        """The check patch as an image."""
        patch = self.training.check_patch
        return as_image(patch, channel_axis=0, spacing=self.input_spec.spacing)

    def predict_check(self) -> Array:
        """Probabilities of the check patch: equal where a model predicts as it did elsewhere."""
        patch = self.open_check_patch()
        out = np.empty((*patch.spatial_shape, self.rows.n_classes), PROBABILITY_DTYPE)
        replace(self, refiner=None).predict(patch, Outputs(self.classes, probabilities=out))
        return out
