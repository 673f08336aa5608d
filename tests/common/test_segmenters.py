"""What every function from images to segments keeps: ids, connectivity, masks, bits."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelseg._core.image import as_image

from ..oracles.segments import is_connected
from .generate import DTYPES, LAYOUTS, laid_out, over, scene
from .registry import SEGMENTERS

same = np.testing.assert_array_equal


def segment(entry, image, **params):
    """Call a segmenter with those of the parameters that it has."""
    known = inspect.signature(entry.segment).parameters
    return entry.segment(image, **{name: params[name] for name in params if name in known})


def has(entry, name):
    return name in inspect.signature(entry.segment).parameters


def check(segments, shape, mask=None):
    """int32, ids 1..n without gaps, 0 only outside the mask, and each in one piece."""
    assert segments.dtype == np.int32
    assert segments.shape == shape
    inside = np.ones(shape, bool) if mask is None else mask
    assert (segments[inside] > 0).all()
    assert (segments[~inside] == 0).all()
    same(np.unique(segments[inside]), np.arange(1, segments.max() + 1))
    assert is_connected(segments)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("masked", [False, True])
@over(SEGMENTERS)
def test_segments_are_connected_and_numbered_without_gaps(entry, ndim, masked):
    image, _, mask = scene(ndim)
    if masked and not has(entry, "mask"):
        pytest.skip(f"{entry.name} takes no mask")
    mask = mask if masked else None
    segments = segment(entry, image, mask=mask, channel_axis=None)
    check(segments, image.shape, mask)
    same(segment(entry, image, mask=mask, channel_axis=None), segments)


@over(SEGMENTERS)
def test_colours(entry):
    grey, _, _ = scene()
    image = np.stack([grey, grey[::-1], 255 - grey], axis=-1)
    segments = segment(entry, image)
    check(segments, grey.shape)
    same(segment(entry, np.moveaxis(image, -1, 0), channel_axis=0), segments)
    same(segment(entry, as_image(image)), segments)


@pytest.mark.parametrize("ndim", [2, 3])
@over(SEGMENTERS)
def test_threads_change_no_bit(entry, ndim):
    if not has(entry, "n_jobs"):
        pytest.skip(f"{entry.name} has no n_jobs")
    image, _, _ = scene(ndim)
    one, two = (segment(entry, image, channel_axis=None, n_jobs=n) for n in (1, 2))
    same(one, two)


@pytest.mark.parametrize("dtype", DTYPES)
@over(SEGMENTERS)
def test_whole_numbers_of_any_dtype_have_the_same_bits(entry, dtype):
    image, _, _ = scene()
    same(segment(entry, image.astype(dtype)), segment(entry, image))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ndim", [2, 3])
@over(SEGMENTERS)
def test_layouts_have_the_same_bits_and_stay_as_they_are(entry, ndim, layout, tmp_path):
    image = scene(ndim)[0].astype(np.uint16)
    other = laid_out(image, layout, tmp_path)
    expected = segment(entry, image, channel_axis=None)
    same(segment(entry, other, channel_axis=None), expected)
    same(other, image)


@pytest.mark.parametrize("ndim", [2, 3])
@over(SEGMENTERS)
def test_what_is_outside_the_mask_never_matters(entry, ndim):
    if not has(entry, "mask"):
        pytest.skip(f"{entry.name} takes no mask")
    image, _, mask = scene(ndim)
    image = image.astype(np.float32)
    expected = segment(entry, image, mask=mask, channel_axis=None)
    for value in (np.nan, np.inf, -1e30, 0):
        other = np.where(mask, image, np.float32(value))
        same(segment(entry, other, mask=mask, channel_axis=None), expected)


@over(SEGMENTERS)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    levels=st.integers(1, 40),
    seed=st.integers(0, 99),
)
@settings(max_examples=25)
def test_any_size_and_any_noise(entry, height, width, levels, seed):
    image = np.random.default_rng(seed).integers(0, levels, (height, width), np.uint8)
    check(segment(entry, image), (height, width))
