"""Felzenszwalb's segmentation against plain merging, scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, segmentation
from sklearn.metrics import adjusted_rand_score

from pixelseg._core.grid import label_components
from pixelseg.superpixels.felzenszwalb import _directions, _weigh, felzenszwalb
from tests.oracles import floods

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)


@pytest.mark.kernels
@given(
    SHAPES,
    st.integers(1, 2),
    st.sampled_from([0.0, 100.0, 400.0]),
    st.sampled_from([0, 1, 4]),
    st.data(),
)
def test_segments_are_those_of_plain_merging(shape, n_channels, scale, min_size, drawn):
    image = drawn.draw(
        hnp.arrays("f4", (n_channels, *shape), elements=st.integers(0, 7).map(lambda k: k / 8))
    )
    mask = drawn.draw(st.none() | hnp.arrays(bool, shape).filter(np.any))
    connectivity = drawn.draw(st.integers(1, len(shape)))
    found = felzenszwalb(
        image, scale, 0, min_size, channel_axis=0, mask=mask, connectivity=connectivity
    )
    assert found.dtype == np.int32
    moves = _directions(len(shape), connectivity)
    planes = image.reshape(n_channels, *(1, *shape)[-3:]).astype(float)
    expected = floods.felzenszwalb(
        _weigh(planes, moves, None),
        moves,
        scale / 255,
        min_size,
        None if mask is None else mask.reshape(planes.shape[1:]),
    )
    np.testing.assert_array_equal(found, expected.reshape(shape))
    n = int(found.max())
    assert label_components(found, len(shape))[1] == n


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "camera", "coins", "brick"])
@pytest.mark.parametrize(("scale", "sigma", "min_size"), [(300, 0.8, 50), (100, 0.5, 20)])
def test_segments_are_scikit_images(name, scale, sigma, min_size):
    image = getattr(data, name)()
    axis = -1 if image.ndim == 3 else None
    found = felzenszwalb(image, scale, sigma, min_size)
    expected = segmentation.felzenszwalb(image, scale, sigma, min_size, channel_axis=axis)
    assert adjusted_rand_score(expected.ravel(), found.ravel()) > 0.9995


def test_dtypes_strides_and_read_only_images():
    image = data.coffee()[::6, ::6]
    expected = felzenszwalb(image, 100)
    assert expected.max() > 20
    for other in (image.astype(np.uint16) * 257, image / 255.0):
        assert adjusted_rand_score(felzenszwalb(other, 100).ravel(), expected.ravel()) > 0.99
    view = np.asfortranarray(image)
    view.flags.writeable = False
    np.testing.assert_array_equal(felzenszwalb(view, 100), expected)
    channels_first = np.ascontiguousarray(np.moveaxis(image, 2, 0))
    np.testing.assert_array_equal(felzenszwalb(channels_first, 100, channel_axis=0), expected)
    flags = image[..., 0] > 100
    np.testing.assert_array_equal(felzenszwalb(flags, 100), felzenszwalb(flags * 1.0, 100))
    signed = felzenszwalb((image.astype(np.int16) - 128) * 256, 200)
    assert signed.max() > 20


def test_a_volume_of_equal_slices_is_segmented_as_one():
    slices = data.camera()[::8, ::8]
    flat = felzenszwalb(slices, 200, min_size=0)
    volume = felzenszwalb(np.stack([slices] * 3), 200, min_size=0, channel_axis=None)
    np.testing.assert_array_equal(volume[0], volume[2])
    assert adjusted_rand_score(volume[1].ravel(), flat.ravel()) > 0.5


def test_spacing_makes_smoothing_physical(rng):
    image = rng.random((9, 40, 40))
    found = felzenszwalb(image, 50, 2, channel_axis=None, spacing=(4, 2, 2))
    expected = felzenszwalb(ndimage.gaussian_filter(image, (0.5, 1, 1)), 50, 0, channel_axis=None)
    assert adjusted_rand_score(found.ravel(), expected.ravel()) > 0.99


def test_what_lies_outside_the_mask_changes_nothing(rng):
    image = rng.random((30, 40))
    mask = rng.random((30, 40)) < 0.8
    other = np.where(mask, image, np.nan)
    found = felzenszwalb(image, 100, mask=mask)
    np.testing.assert_array_equal(found, felzenszwalb(other, 100, mask=mask))
    assert ((found > 0) == mask).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (1, 1, 1), (1, 1, 7), (5, 1, 1)])
def test_constant_images_of_a_pixel_or_a_row(shape):
    assert (felzenszwalb(np.full(shape, 3, np.uint8), channel_axis=None) == 1).all()


def test_more_segments_than_16_bits_hold(rng):
    found = felzenszwalb(rng.random((300, 300)), scale=0, sigma=0, min_size=0)
    np.testing.assert_array_equal(found.ravel(), np.arange(1, 90_001))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": -1}, "scale is -1 but must be"),
        ({"sigma": -1}, "sigma is -1 but must be"),
        ({"min_size": -1}, "min_size is -1 but must be"),
        ({"connectivity": 0}, "connectivity is 0 but must be"),
        ({"mask": np.zeros((4, 5), bool)}, "mask is False at every pixel"),
        ({"image": np.full((4, 5), np.nan)}, "image holds nan at pixel"),
    ],
)
def test_errors_say_what_and_why(arguments, message):
    with pytest.raises(ValueError, match=message):
        felzenszwalb(**{"image": np.zeros((4, 5)), **arguments})
