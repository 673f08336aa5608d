"""Which refiner a fitted model keeps: the one that is given, or the best at the strokes."""

from __future__ import annotations

from typing import Any

from .._core.progress import Progress
from ..refine import Tuning
from ..refine.refiner import settle
from ..refine.tune import tune_out_of_fold, untried
from .folds import TooFewGroupsError
from .out_of_fold import out_of_fold
from .refiners import TUNED
from .training import Trainable, TrainingSet


def choose_refiner(
    training: Trainable,
    training_set: TrainingSet,
    images: Any,
    labels: Any,
    masks: Any,
    progress: Progress,
) -> tuple[Any, Tuning | None]:
    """The refiner that a fitted model keeps; where `refine` is a name, it is tuned on the labels.

    Where too little is labelled to hold some out, nothing is refined.
    """
    if not isinstance(training.refine, str):
        return settle(training.refine, training_set.input_spec.value_range), None
    candidates = TUNED[training.refine].candidates()
    try:
        held_out = out_of_fold(training, training_set, images, labels, masks)
    except TooFewGroupsError:
        few = "too little is labelled to hold some out"
        return None, untried(candidates, training_set.record.classes, few)
    tuning = tune_out_of_fold(candidates, held_out, progress=progress)
    return tuning.refiner, tuning
