"""Classification of pixels: from a few strokes to labels, tile by tile."""

from .._core.tiles import TilePlan
from .input_spec import InputSpec
from .load import load
from .model import FittedModel, TrainingRecord
from .pixel import PixelClassifier
from .refiners import REFINERS
from .row_classifier import RowClassifier
from .scoring import CrossValidation

__all__ = [
    "REFINERS",
    "CrossValidation",
    "FittedModel",
    "InputSpec",
    "PixelClassifier",
    "RowClassifier",
    "TilePlan",
    "TrainingRecord",
    "load",
]
