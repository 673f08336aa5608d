"""Probabilities and uncertainty on an even scale."""

import numpy as np
import pytest
from skimage import color

from pixelseg import plot


def test_the_scale_rises_evenly_in_lightness():
    picture = plot.uncertainty_map(np.linspace(0, 1, 256)[np.newaxis])
    lightness = color.rgb2lab(picture)[0, :, 0]
    assert (np.diff(lightness) > -0.5).all()
    assert np.abs(lightness - np.linspace(4, 96, 256)).max() < 4


def test_probability_map_shows_one_class():
    probabilities = np.zeros((2, 2, 3), np.float32)
    probabilities[0, 0, 1] = 1
    picture = plot.probability_map(probabilities, 1)
    np.testing.assert_array_equal(picture, plot.uncertainty_map(probabilities[..., 1]))
    assert (picture[0, 0] > picture[1, 1]).all()
    with pytest.raises(ValueError, match="class_index is 3"):
        plot.probability_map(probabilities, 3)
    with pytest.raises(TypeError, match="floating point"):
        plot.uncertainty_map(np.zeros((2, 2), int))
