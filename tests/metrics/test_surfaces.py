"""Distances between surfaces."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import distance_transform_edt
from skimage import metrics as skimage_metrics
from skimage.data import binary_blobs
from skimage.segmentation import find_boundaries

from pixelseg.metrics import hausdorff_distance, mean_surface_distance, surface_distances
from tests.oracles import surfaces as oracle


def two_objects():
    shapes = array_shapes(min_dims=2, max_dims=3, max_side=6)
    return shapes.flatmap(lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape)))


@given(two_objects())
@settings(max_examples=60, deadline=None)
def test_equals_oracle(objects):
    truth, prediction = objects
    assume(truth.any() and prediction.any())
    spacing = (0.5, 2, 3)[: truth.ndim]
    expected = oracle.distances(truth, prediction, spacing)
    got = surface_distances(truth, prediction, spacing=spacing)
    np.testing.assert_allclose(got.truth_to_prediction, expected[0])
    np.testing.assert_allclose(got.prediction_to_truth, expected[1])
    assert mean_surface_distance(truth, prediction, spacing=spacing) == pytest.approx(
        np.concatenate(expected).mean()
    )
    for percentile in (50, 95, 100):
        assert hausdorff_distance(
            truth, prediction, spacing=spacing, percentile=percentile
        ) == pytest.approx(max(np.percentile(one, percentile) for one in expected))


@pytest.mark.parametrize("ndim", [2, 3])
def test_equals_scikit_image_and_scipy_on_surfaces(ndim):
    truth = binary_blobs(40, n_dim=ndim, volume_fraction=0.4, rng=1)
    prediction = binary_blobs(40, n_dim=ndim, volume_fraction=0.5, rng=2)
    # Scikit-image's inner boundaries leave out the image's border; a frame brings it in.
    inside = (slice(1, -1),) * ndim
    surfaces = [
        find_boundaries(np.pad(mask, 1), mode="inner")[inside] for mask in (truth, prediction)
    ]
    got = surface_distances(truth, prediction)
    for distances, here, there in (
        (got.truth_to_prediction, *surfaces),
        (got.prediction_to_truth, *surfaces[::-1]),
    ):
        np.testing.assert_allclose(distances, distance_transform_edt(~there)[here])
    expected = skimage_metrics.hausdorff_distance(*surfaces)
    assert hausdorff_distance(truth, prediction) == pytest.approx(expected)


def test_symmetric_and_zero_for_equal_objects():
    truth, prediction = np.zeros((2, 12, 12), bool)
    truth[2:9, 3:9] = prediction[4:8, 1:12] = True
    for metric in (hausdorff_distance, mean_surface_distance):
        assert metric(truth, prediction) == metric(prediction, truth) > 0
        assert metric(truth, truth) == 0


def test_percentile_forgives_a_stray_pixel():
    truth = np.zeros((40, 40), bool)
    truth[5:25, 5:25] = True
    prediction = truth.copy()
    prediction[39, 24] = True
    assert hausdorff_distance(truth, prediction) == 15
    assert hausdorff_distance(truth, prediction, percentile=95) == 0


def test_inside_of_an_object_does_not_count():
    truth = np.ones((9, 9), bool)
    ring = truth.copy()
    ring[1:-1, 1:-1] = False
    assert hausdorff_distance(truth, ring) == 0


def test_empty_objects_have_stated_values():
    something, nothing = np.eye(4, dtype=bool), np.zeros((4, 4), bool)
    for metric in (hausdorff_distance, mean_surface_distance):
        assert np.isnan(metric(nothing, nothing))
        assert metric(nothing, something) == metric(something, nothing) == np.inf


def test_any_strides_and_read_only():
    truth = binary_blobs(30, rng=3)
    truth.setflags(write=False)
    flipped = hausdorff_distance(truth[::-2, ::3], np.asfortranarray(truth[::-2, 1::3]))
    assert flipped == hausdorff_distance(truth[::-2, ::3].copy(), truth[::-2, 1::3].copy())


def test_bad_input_is_refused():
    mask = np.ones((3, 3), bool)
    with pytest.raises(TypeError, match="truth == label"):
        hausdorff_distance(mask.astype(int), mask)
    with pytest.raises(ValueError, match="prediction has shape"):
        mean_surface_distance(mask, mask[:2])
    with pytest.raises(ValueError, match="must be"):
        hausdorff_distance(mask[0], mask[0])
    with pytest.raises(ValueError, match="spacing"):
        hausdorff_distance(mask, mask, spacing=0)
    with pytest.raises(ValueError, match="percentile is 101"):
        hausdorff_distance(mask, mask, percentile=101)
