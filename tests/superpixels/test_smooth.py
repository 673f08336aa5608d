"""Smoothing against scipy's Gaussian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from pixelseg.superpixels.smooth import smooth_planes

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=8)
SIGMAS = st.sampled_from([(0.0, 0.0, 0.0), (0.0, 1.0, 0.6), (1.2, 0.1, 2.0), (0.5, 3.0, 0.0)])


def smooth(planes, mask, sigmas, truncate):
    """Planes smoothed by scipy, by what lies inside the mask alone; 0 outside."""

    def gaussian(plane):
        return ndimage.gaussian_filter(plane, sigmas, truncate=truncate)

    if mask is None:
        return np.stack([gaussian(plane) for plane in planes])
    shares = np.where(mask, gaussian(mask.astype(float)), 1)
    return np.stack([np.where(mask, gaussian(plane * mask) / shares, 0) for plane in planes])


@pytest.mark.kernels
@given(SHAPES, SIGMAS, st.booleans(), st.integers(0, 99))
def test_smoothing_in_place_is_scipys(shape, sigmas, masked, seed):
    rng = np.random.default_rng(seed)
    planes = rng.random((2, *shape))
    mask = rng.random(shape) < 0.7 if masked else None
    expected = smooth(planes, mask, sigmas, 4.0)
    smooth_planes(planes, mask, sigmas, planes)
    inside = np.broadcast_to(True if mask is None else mask, planes.shape)
    np.testing.assert_allclose(planes[inside], expected[inside], rtol=1e-9 if masked else 1e-13)


@pytest.mark.kernels
@given(SHAPES, SIGMAS, st.booleans(), st.integers(0, 99))
def test_smoothing_integers_into_columns(shape, sigmas, masked, seed):
    rng = np.random.default_rng(seed)
    planes = rng.integers(-900, 900, (2, *shape)).astype(np.int16)
    mask = rng.random(shape) < 0.7 if masked else None
    expected = smooth(planes / 10, mask, sigmas, 3.0)
    out = np.moveaxis(np.zeros((*shape, 2), np.float32), -1, 0)
    smooth_planes(planes, mask, sigmas, out, truncate=3.0, factor=0.1)
    inside = np.broadcast_to(True if mask is None else mask, planes.shape)
    np.testing.assert_allclose(out[inside], expected[inside], atol=2e-4)
