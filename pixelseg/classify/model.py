"""`FittedModel`: what is left of training, one frozen record that predicts, is scored and is saved.

It holds no image, and several threads may use it at once. A prediction goes tile by tile:
features, classifier, prior, answer; never the whole feature stack. A refiner that says how far it
reaches works tile by tile as well, on probabilities of blocks of tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .._core.image import Image, as_image
from .._core.memory import Memory, parse_memory
from .._core.progress import Progress, Reporter
from .._core.threads import effective_n_jobs
from ..features import FeatureBank
from ..refine import Tuning
from ..refine.refiner import reach_of
from .input_spec import InputSpec
from .outputs import Outputs
from .prediction import Prediction
from .prediction_plan import PredictionPlan, plan_prediction
from .row_classifier import RowClassifier

#: Plans that are kept for the next image of the same shape.
_KEPT_PLANS = 64
#: Longest side of the patch that a model file keeps to check itself, by the number of spatial axes:
#: large enough to show every filter, small enough to cost a hundredth of a second.
PATCH_SIDES = {2: 64, 3: 24}


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
        Called on probabilities before the answers are taken from them, settled for images like
        those of training.
    class_names : mapping of int to str, or None
    tuning : Tuning or None
        How the refiner was chosen, where it was tuned.
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
    tuning: Tuning | None = None
    _plans: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def classes(self) -> Array:
        """Labels of the classes, int64, ascending."""
        return self.rows.classes

    def plan(
        self, image: Image, max_memory: Memory = None, n_jobs: int | None = None
    ) -> PredictionPlan:
        """Settle how features are made, and cut the image into tiles of `max_memory` bytes.

        Together they need that at the most; with None, what they need at the least, and `fits` of
        the tiles says whether that was within the default. Plans are kept for images like this one.
        """
        n_jobs = effective_n_jobs(n_jobs)
        kind = (image.shape3d, image.ndim, image.n_channels, image.spacing, image.mask is None)
        reach = None if self.refiner is None else reach_of(self.refiner, image)
        key = (kind, reach, parse_memory(max_memory, image.ndim), max_memory is None, n_jobs)
        known = self._plans.get(key)
        if known is not None:
            return known
        features = self.features.plan(image)
        plan = plan_prediction(
            image, features, self.rows.n_classes, self.refiner, reach, max_memory, n_jobs
        )
        if len(self._plans) >= _KEPT_PLANS:
            self._plans.clear()
        self._plans[key] = plan
        return plan

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
        plan = self.plan(image, max_memory, n_jobs)
        blocks = plan.boxes(image.ndim)
        n_tiles = sum(len(plan.tiles_of(plan.around(block, image))) for block in blocks)
        with Reporter(progress, n_tiles, "predict") as report:
            threads = effective_n_jobs(n_jobs)
            prediction = Prediction(self.rows, self.refiner, plan, image, threads, report)
            answer = prediction.classify if self.refiner is None else prediction.refine
            for block in blocks:
                answer(block, outputs)

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
