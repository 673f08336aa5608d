"""The door: what passes, what it becomes, and what is said of what does not pass."""

import numpy as np
import pytest

from pixelseg._core.arrays import (
    as_image,
    as_labels,
    as_mask,
    as_probabilities,
    as_spacing,
    check_same_shape,
)


@pytest.mark.parametrize(
    ("shape", "channel_axis", "spatial", "channels"),
    [
        ((4, 5), "auto", (4, 5), 1),
        ((4, 5, 3), "auto", (4, 5), 3),
        ((4, 5, 4), "auto", (4, 5), 4),
        ((2, 4, 5), None, (2, 4, 5), 1),
        ((2, 4, 5), 0, (4, 5), 2),
        ((7, 4, 5, 2), -1, (7, 4, 5), 2),
        ((4, 5), None, (4, 5), 1),
        ((1, 1), "auto", (1, 1), 1),
    ],
)
def test_axes(shape, channel_axis, spatial, channels):
    image = as_image(np.zeros(shape, np.uint8), channel_axis=channel_axis)
    assert image.spatial_shape == spatial
    assert image.n_channels == channels
    assert image.read().shape == (channels, *image.shape3d)


def test_planes_hold_the_pixels(rng):
    source = rng.integers(0, 1000, (6, 7, 3)).astype(">u2")
    planes = as_image(source).read(((1, 4), (2, 6)))
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    np.testing.assert_array_equal(planes[:, 0], np.moveaxis(source[1:4, 2:6], 2, 0))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint32", "int64", "float16", "f8"])
def test_any_real_dtype_and_layout(dtype, rng):
    source = rng.integers(0, 2, (9, 8)).astype(dtype)
    expected = source.astype(np.float32)
    read_only = source.copy()
    read_only.flags.writeable = False
    strided = np.repeat(source, 2, axis=1)[:, ::2]
    for variant in (source, np.asfortranarray(source), read_only, strided, source[::-1][::-1]):
        np.testing.assert_array_equal(as_image(variant).read()[0, 0], expected)


def test_nested_lists_are_images():
    assert as_image([[1, 2], [3, 4]]).read().tolist() == [[[[1, 2], [3, 4]]]]


def test_outside_the_mask_is_zero_and_may_be_anything():
    source = np.array([[1.0, np.nan], [np.inf, 4.0]])
    image = as_image(source, mask=np.isfinite(source))
    np.testing.assert_array_equal(image.read()[0, 0], [[1, 0], [0, 4]])
    np.testing.assert_array_equal(image.read_mask(((0, 1), (0, 2))), [[[True, False]]])


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((5, 6, 7), {}, ["(5, 6, 7)", "channel_axis=None", "axis"]),
        ((5, 6, 7, 3), {}, ["(5, 6, 7, 3)", "channel_axis"]),
        ((5,), {"channel_axis": None}, ["(5,)", "spatial axes"]),
        ((5, 6, 3), {"channel_axis": 3}, ["3", "-3 to 2"]),
        ((0, 6), {}, ["(0, 6)", "empty"]),
        ((5, 6), {"spacing": (1, 2, 3)}, ["spacing", "(1, 2, 3)"]),
        ((5, 6), {"spacing": 0}, ["spacing", "positive"]),
        ((5, 6), {"spacing": np.nan}, ["spacing", "positive"]),
        ((5, 6), {"mask": np.ones((6, 5), bool)}, ["mask", "(6, 5)", "(5, 6)"]),
    ],
)
def test_bad_images(shape, options, words):
    with pytest.raises(ValueError, match=r"(is|has) .*: ") as error:
        as_image(np.zeros(shape), **options)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("bad", [np.zeros((2, 2), complex), np.array([["a"]]), [[None, 1]]])
def test_only_real_numbers_are_images(bad):
    with pytest.raises(TypeError, match="dtype"):
        as_image(bad)


@pytest.mark.parametrize("axis", [1.5, "channels"])
def test_bad_channel_axis(axis):
    with pytest.raises(TypeError, match="channel_axis"):
        as_image(np.zeros((2, 2, 3)), channel_axis=axis)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_are_found(value):
    source = np.zeros((4, 5))
    source[2, 3] = value
    with pytest.raises(ValueError, match=r"\(2, 3\).*mask"):
        as_image(source).read()
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        as_image(source).read(((1, 4), (1, 5)))
    assert as_image(source).read(((0, 2), (0, 5))).shape == (1, 1, 2, 5)


def test_infinities_of_both_signs_do_not_hide_each_other():
    source = np.array([[np.inf, -np.inf]])
    with pytest.raises(ValueError, match="inf"):
        as_image(source).read()


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
