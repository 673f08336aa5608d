"""The door: what passes, what it becomes, and what is said of what does not pass."""

import numpy as np
import pytest

from pixelseg._core.arrays import as_labels, as_mask, as_probabilities, as_spacing, check_same_shape


def test_labels():
    labels = np.array([[0, 1], [2, 3]], np.uint16)
    assert as_labels(labels, (2, 2)) is labels
    assert as_labels(labels > 0).dtype == np.uint8
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(2, 3\)"):
        as_labels(labels, (2, 3))
    with pytest.raises(ValueError, match="-1"):
        as_labels(np.array([-1, 2]))
    with pytest.raises(TypeError, match=r"float64.*integers"):
        as_labels(np.zeros((2, 2)))


def test_mask_must_be_bool():
    with pytest.raises(TypeError, match="mask > 0"):
        as_mask(np.zeros((2, 2), int), (2, 2))


def test_probabilities():
    p = np.full((2, 3, 4), 0.25)
    assert as_probabilities(p, (2, 3)).dtype == np.float32
    with pytest.raises(ValueError, match="classes last"):
        as_probabilities(p, (3, 2))
    with pytest.raises(ValueError, match="NaN"):
        as_probabilities(p * np.nan)
    with pytest.raises(TypeError, match="floating"):
        as_probabilities(np.ones((2, 2), int))


def test_spacing_and_shapes():
    assert as_spacing(None, 3) == (1.0, 1.0, 1.0)
    assert as_spacing(2, 2) == (2.0, 2.0)
    assert as_spacing([10, 1, 1], 3) == (10.0, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        check_same_shape(np.zeros(2), np.zeros(3))
