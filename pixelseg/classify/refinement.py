"""Which refiner a fitted model keeps: the one that is given, or the best at the strokes."""

from __future__ import annotations

from typing import Any

from .._core.progress import Progress
from ..refine import Tuning
from ..refine.refiner import settle
from ..refine.tune import tune_by_borders, tune_out_of_fold
from .folds import TooFewGroupsError
from .out_of_fold import in_sample, out_of_fold
from .refiners import TUNED
from .row_classifier import RowClassifier
from .training import Trainable, TrainingSet


def choose_refiner(
    training: Trainable,
    training_set: TrainingSet,
    rows: RowClassifier,
    images: Any,
    labels: Any,
    masks: Any,
    progress: Progress,
) -> tuple[Any, Tuning | None]:
    """The refiner that a fitted model keeps; where `refine` is a name, it is tuned on the labels.

    Where too little is labelled to hold some out, the borders in what the model itself, `rows`,
    says of these images are all that tells.
    """
    if not isinstance(training.refine, str):
        return settle(training.refine, training_set.input_spec.value_range), None
    candidates = TUNED[training.refine].candidates()
    try:
        held_out = out_of_fold(training, training_set, images, labels, masks)
    except TooFewGroupsError:
        seen = in_sample(training, training_set, rows, images, labels, masks)
        tuning = tune_by_borders(candidates, seen, "too little is labelled to hold some out")
        return tuning.refiner, tuning
    tuning = tune_out_of_fold(candidates, held_out, progress=progress)
    return tuning.refiner, tuning
