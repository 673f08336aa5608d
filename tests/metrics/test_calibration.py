"""The reliability curve pixel by pixel, and the gap it leaves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import expected_calibration_error, reliability_curve

from ..oracles import metrics as oracle


@given(
    truth=hnp.arrays(np.uint8, (3, 4), elements=st.sampled_from([2, 5, 9])),
    weights=hnp.arrays(np.float32, (3, 4, 3), elements=st.sampled_from([1, 2, 5])),
    n_bins=st.sampled_from([1, 7, 15]),
)
def test_pixel_by_pixel(truth, weights, n_bins):
    probabilities = weights / weights.sum(axis=-1, keepdims=True)
    curve = reliability_curve(truth, probabilities, classes=[2, 5, 7], n_bins=n_bins)
    counts, confidence, accuracy = oracle.reliability(truth, probabilities, [2, 5, 7], n_bins)
    np.testing.assert_array_equal(curve.counts, counts)
    np.testing.assert_allclose(curve.confidence, confidence)
    np.testing.assert_allclose(curve.accuracy, accuracy)
    gaps = np.abs(confidence - accuracy)[counts > 0]
    expected = np.average(gaps, weights=counts[counts > 0])
    assert curve.expected_calibration_error == pytest.approx(expected, abs=1e-12)
    error = expected_calibration_error(truth, probabilities, classes=[2, 5, 7], n_bins=n_bins)
    assert error == curve.expected_calibration_error


def test_perfect_calibration_leaves_no_gap():
    probabilities = np.tile([0.75, 0.25], (4, 1))
    assert expected_calibration_error(np.array([1, 1, 1, 2]), probabilities) == 0
    assert expected_calibration_error(np.array([2, 2, 2, 2]), probabilities) == 0.75


def test_unlabelled_pixels_do_not_count():
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert expected_calibration_error(np.array([1, 0, 1]), probabilities) == 0
    assert expected_calibration_error(np.array([1, 1, 2]), probabilities, ignore=2) == 0.5


def test_bad_input():
    truth, probabilities = np.array([1, 2]), np.array([[0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(ValueError, match=r"probabilities has shape \(1, 2\) but truth has"):
        reliability_curve(truth, probabilities[:1])
    with pytest.raises(TypeError, match="probabilities has dtype int64"):
        reliability_curve(truth, np.eye(2, dtype=int))
    with pytest.raises(ValueError, match="but must be at most 1"):
        reliability_curve(truth, probabilities * 2)
    with pytest.raises(ValueError, match="n_bins is 0"):
        reliability_curve(truth, probabilities, n_bins=0)
    with pytest.raises(ValueError, match=r"classes is \[1, 1\] but probabilities has 2 columns"):
        reliability_curve(truth, probabilities, classes=[1, 1])
    with pytest.raises(ValueError, match="no pixel to score outside ignore=0"):
        reliability_curve(truth * 0, probabilities)
