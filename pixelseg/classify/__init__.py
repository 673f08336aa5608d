"""Pixel classification: from a few strokes to labels, tile by tile."""

from .evaluate import CrossValidation
from .model_file import load
from .pixel import PixelClassifier

__all__ = ["CrossValidation", "PixelClassifier", "load"]
