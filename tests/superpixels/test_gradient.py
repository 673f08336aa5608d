"""The gradient magnitude against scipy's Sobel filter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters

from pixelseg.superpixels import gradient_magnitude
from tests.oracles import floods

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)


@pytest.mark.kernels
@given(SHAPES, st.integers(1, 3), st.sampled_from(["u1", "i2", "f4"]), st.data())
def test_gradient_is_scipys(shape, n_channels, dtype, drawn):
    image = drawn.draw(hnp.arrays(dtype, (n_channels, *shape), elements=st.integers(0, 100)))
    spacing = (3.0, 0.5, 1.0)[: len(shape)]
    mask = drawn.draw(st.none() | hnp.arrays(bool, shape).filter(np.any))
    found = gradient_magnitude(image, channel_axis=0, spacing=spacing, mask=mask)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, floods.gradient(image, spacing, mask), rtol=1e-5, atol=1e-5)


def test_scikit_image_counts_two_pixels_as_one():
    image = data.camera()
    expected = filters.sobel(image.astype(float)) * np.sqrt(2) / 2
    np.testing.assert_allclose(gradient_magnitude(image), expected, rtol=1e-5, atol=1e-5)


def test_grey_as_colour_keeps_its_magnitude():
    grey = data.camera()[:50, :60]
    colour = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_allclose(gradient_magnitude(colour), gradient_magnitude(grey), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_extreme_values_keep_their_slopes(scale):
    ramp = np.arange(6.0)[:, None] * np.ones(5)
    np.testing.assert_allclose(
        gradient_magnitude(ramp * scale), gradient_magnitude(ramp) * scale, rtol=1e-6
    )


def test_what_lies_outside_the_mask_is_not_seen(rng):
    image = rng.random((20, 30))
    mask = rng.random((20, 30)) < 0.7
    other = np.where(mask, image, np.nan)
    np.testing.assert_array_equal(
        gradient_magnitude(image, mask=mask), gradient_magnitude(other, mask=mask)
    )
    with pytest.raises(ValueError, match="image holds nan at pixel"):
        gradient_magnitude(other)
