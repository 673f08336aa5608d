"""`Image`: its axes, what it reads, and what an image says of itself."""

from pathlib import Path

import numpy as np
import pytest

from pixelseg._core.image import as_image
from pixelseg.io import ImageFile


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


def test_planes_in_the_images_own_dtype():
    source = np.arange(60, dtype=np.uint16).reshape(4, 5, 3)
    planes = as_image(source).read(((1, 3), (0, 4)), dtype=None)
    assert planes.dtype == np.uint16
    assert planes.flags.c_contiguous
    np.testing.assert_array_equal(planes[:, 0], np.moveaxis(source[1:3, :4], -1, 0))


def test_reading_into_rows_of_ones_own():
    source = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)
    room = np.full((1, 2, 4, 8), -1, np.float32)
    image = as_image(source, channel_axis=None)
    image.read(out=room[..., :5])
    np.testing.assert_array_equal(room[0, ..., :5], source)
    assert (room[..., 5:] == -1).all()


@pytest.mark.parametrize("channel_axis", [None, 0, 2, -1])
def test_an_image_is_its_array_and_its_crops(channel_axis):
    source = np.random.default_rng(0).normal(size=(5, 6, 7))
    spatial = (
        source.shape if channel_axis is None else np.moveaxis(source, channel_axis, 0)[0].shape
    )
    mask = np.random.default_rng(1).random(spatial) > 0.3
    spacing = tuple(range(1, len(spatial) + 1))
    image = as_image(source, channel_axis=channel_axis, mask=mask, spacing=spacing)
    np.testing.assert_array_equal(np.asarray(image), source)
    box = ((1, 4), (2, 5), (3, 6))[: len(spatial)]
    crop = image.crop(box)
    np.testing.assert_array_equal(crop.read(), image.read(box))
    np.testing.assert_array_equal(crop.read_mask(), image.read_mask(box))
    assert crop.spacing == image.spacing
    assert crop.spatial_shape == tuple(stop - start for start, stop in box)


def test_a_second_pass_through_the_door_loses_nothing():
    mask = np.ones((4, 5), bool)
    mask[0] = False
    image = as_image(np.zeros((3, 4, 5)), channel_axis=0, spacing=(2, 3), mask=mask)
    assert as_image(image) is image
    assert as_image(image, channel_axis=None, spacing=(2, 3)) is image
    other = np.ones((4, 5), bool)
    other[:, 0] = False
    again = as_image(image, mask=other)
    np.testing.assert_array_equal(again.mask, mask & other)
    assert (again.channel_axis, again.spacing) == (0, (2.0, 3.0))
    with pytest.raises(ValueError, match=r"spacing is 5 but the image says \(2.0, 3.0\)"):
        as_image(image, spacing=5)


def test_an_image_file_brings_its_mask_and_its_axis():
    mask = np.eye(4, dtype=bool)
    file = ImageFile(Path("a.tif"), np.zeros((4, 4, 2)), channel_axis=2, mask=mask)
    image = as_image(file)
    assert image.channel_axis == 2
    np.testing.assert_array_equal(image.mask, mask)
    volume = as_image(ImageFile(Path("a.tif"), np.zeros((4, 4, 3)), channel_axis=None))
    assert volume.ndim == 3


def test_masked_arrays_bring_their_mask():
    values = np.ma.masked_invalid([[1.0, np.nan], [3.0, 4.0]])
    np.testing.assert_array_equal(as_image(values).read()[0, 0], [[1, 0], [3, 4]])
    colours = np.ma.masked_equal(np.arange(12).reshape(2, 2, 3), 4)
    np.testing.assert_array_equal(as_image(colours).mask, [[True, False], [True, True]])
    assert as_image(np.ma.masked_array(np.zeros((3, 3)))).mask is None


def test_slices_that_are_not_as_the_shape_says():
    class Short:
        shape, dtype = (8, 8), np.dtype(np.uint8)

        def __getitem__(self, index):
            return np.zeros((8, 8), np.uint8)[index][:-1]

    with pytest.raises(ValueError, match=r"shape \(1, 7, 8\) where \(1, 8, 8\) was due"):
        as_image(Short()).read()


def test_pixels_are_as_stored(rng):
    stored = rng.normal(size=(2, 4, 5)).astype(">f4")
    stored[0, 1, 2] = np.nan
    image = as_image(stored, channel_axis=0, mask=np.zeros((4, 5), bool))
    pixels = image.pixels()
    assert np.shares_memory(pixels, stored)
    np.testing.assert_array_equal(pixels, np.moveaxis(stored, 0, -1))
    assert image.pixels(((1, 3), (0, 2))).shape == (2, 2, 2)
    assert as_image(stored[0]).pixels().shape == (4, 5, 1)


class Tensor:
    """What a tensor of another library has: its own words for dtypes, slices of its own kind."""

    dtype = type("dtype", (), {"__repr__": lambda self: "torch.uint8"})()

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __getitem__(self, index):
        return Tensor(self.array[index])

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype)


def test_array_likes_of_other_libraries():
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = as_image(Tensor(array))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image.read()[0, 0], array)
