"""A picture with known truth, and a model that fits in a fraction of a second."""

import pytest

from pixelseg import FeatureBank, ForestClassifier, PixelClassifier

from .scenes import make_scene


@pytest.fixture
def scene():
    return make_scene()


@pytest.fixture
def quick():
    """A small model: two scales, ten trees, nothing refined."""

    def make(**params):
        defaults = {
            "features": FeatureBank(sigmas=(1.0, 2.0)),
            "classifier": ForestClassifier(n_estimators=10),
            "refine": None,
        }
        return PixelClassifier(**{**defaults, **params})

    return make
