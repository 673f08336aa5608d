"""Watersheds against a heap and scikit-image."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, segmentation

from pixelseg._core.grid import label_components
from pixelseg.superpixels import flooding, gradient_magnitude, grid_seeds, watershed
from pixelseg.superpixels.flooding import flood_compactly
from tests.oracles import floods

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)


@st.composite
def scenes(draw, dtypes=("u1", "i2", "f4", "f8", "i8")):
    """A relief, markers, a mask or None in which a marker lies, a connectivity."""
    shape = draw(SHAPES)
    dtype = draw(st.sampled_from(dtypes))
    least = 0 if dtype == "u1" else -9
    relief = draw(hnp.arrays(dtype, shape, elements=st.integers(least, 9)))
    mask = draw(st.none() | hnp.arrays(bool, shape).filter(np.any))
    markers = draw(hnp.arrays(np.int32, shape, elements=st.integers(0, 40).map(lambda k: k // 9)))
    inside = np.argwhere(np.ones(shape, bool) if mask is None else mask)
    markers[tuple(inside[draw(st.integers(0, len(inside) - 1))])] = 7
    return relief, markers, mask, draw(st.integers(1, len(shape)))


@pytest.mark.kernels
@pytest.mark.parametrize("large", [0, flooding._LARGE])
@given(scenes())
def test_flood_is_the_heaps(large, scene):
    relief, markers, mask, connectivity = scene
    # Images of as many pixels as `large` have other queues.
    with mock.patch.object(flooding, "_LARGE", large):
        found = watershed(
            relief,
            markers=markers,
            relief="image",
            mask=mask,
            connectivity=connectivity,
            channel_axis=None,
        )
    assert found.dtype == np.int32
    expected = floods.watershed(relief, markers, mask, connectivity)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.kernels
@given(scenes(("f8",)), st.sampled_from([0.0, 0.1, 1.0, 30.0]))
def test_compact_flood_is_the_heaps(scene, price):
    relief, markers, mask, connectivity = scene
    prices = price * np.array([1.0, 0.5, 2.0])
    shape3d = (1, *relief.shape)[-3:]
    inside = None if mask is None else mask.reshape(shape3d)
    found = flood_compactly(
        relief.reshape(shape3d),
        np.where(True if mask is None else mask, markers, 0).reshape(shape3d),
        inside,
        connectivity,
        prices,
    )
    expected = floods.compact_watershed(relief, markers, prices[-relief.ndim :], mask, connectivity)
    np.testing.assert_array_equal(found.reshape(relief.shape), expected)


@pytest.mark.kernels
def test_a_compact_flood_makes_room_for_its_front():
    relief = np.zeros((1, 40, 40))
    markers = np.zeros(relief.shape, np.int32)
    markers[0, 20, 20] = 3
    markers[0, 0, :2] = 1, 2
    found = flood_compactly(relief, markers, None, 1, np.ones(3))
    np.testing.assert_array_equal(
        found[0], floods.compact_watershed(relief[0], markers[0], np.ones(2))
    )


@pytest.mark.parametrize("shape", [(90, 120), (12, 20, 30)])
@pytest.mark.parametrize("connectivity", [1, 2])
def test_labels_are_scikit_images_where_no_heights_tie(rng, shape, connectivity):
    relief = rng.permutation(int(np.prod(shape))).reshape(shape) / 7
    markers = np.zeros(shape, int)
    seeds = grid_seeds(shape, 50)
    markers[tuple(seeds.T)] = np.arange(1, 51)
    mask = rng.random(shape) < 0.9
    found = watershed(
        relief,
        markers=markers,
        relief="image",
        mask=mask,
        connectivity=connectivity,
        channel_axis=None,
    )
    expected = segmentation.watershed(relief, markers, mask=mask, connectivity=connectivity)
    np.testing.assert_array_equal(found, expected)


def test_compact_labels_are_nearly_scikit_images():
    relief = gradient_magnitude(data.camera()[::2, ::2]).astype(float)
    low, high = np.quantile(relief, [1e-3, 1 - 1e-3])
    markers = np.zeros(relief.shape, int)
    markers[tuple(grid_seeds(relief.shape, 100).T)] = np.arange(1, 101)
    found = watershed(relief, markers=markers, relief="image", compactness=10)
    price = 10 * (high - low) / 100 / np.sqrt(relief.size / 100)
    expected = segmentation.watershed(relief, markers, compactness=price)
    assert (found == expected).mean() > 0.99


@given(scenes(), st.sampled_from([0, 3.0]), st.floats(0, 1))
def test_grid_of_markers_keeps_the_promises(scene, compactness, share):
    image, _, mask, connectivity = scene
    n_pixels = image.size if mask is None else int(mask.sum())
    n_segments = max(1, round(share * n_pixels))
    found = watershed(
        image,
        n_segments,
        mask=mask,
        connectivity=connectivity,
        compactness=compactness,
        channel_axis=None,
    )
    assert ((found == 0) == (False if mask is None else ~mask)).all()
    n = int(found.max())
    assert len(np.unique(found[found > 0])) == n
    assert label_components(found, connectivity)[1] == n
    if mask is None:
        assert n == n_segments


def test_every_part_of_a_mask_gets_a_segment():
    mask = np.zeros((40, 40), bool)
    mask[:30] = True
    mask[35, 3] = mask[38, 20:22] = True
    found = watershed(np.zeros((40, 40)), 12, mask=mask)
    assert ((found > 0) == mask).all()
    assert len(np.unique(found[35:])) == 3
    markers = np.zeros((40, 40), int)
    markers[3, 3] = 5
    assert set(np.unique(watershed(np.zeros((40, 40)), markers=markers, mask=mask))) == {0, 5}


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (1, 1, 1), (1, 1, 7), (5, 1, 1)])
@pytest.mark.parametrize("compactness", [0, 5])
def test_images_of_a_pixel_or_a_row(shape, compactness):
    image = np.full(shape, 3, np.uint8)
    for n in {1, min(3, image.size), image.size}:
        found = watershed(image, n, channel_axis=None, compactness=compactness)
        assert np.unique(found).tolist() == list(range(1, n + 1))


def test_more_segments_than_16_bits_hold():
    found = watershed(np.zeros((300, 300), np.uint8), 70_000)
    assert found.max() == 70_000
    assert len(np.unique(found)) == 70_000


@pytest.mark.parametrize("relief", ["gradient", "image"])
def test_dtypes_strides_and_read_only_images(relief):
    image = data.camera()[::4, ::4]
    expected = watershed(image, 60, relief=relief)
    for dtype in (np.int16, np.uint16, np.int32, np.uint64, np.float16, np.float32, np.float64):
        same = np.array_equal(watershed(image.astype(dtype), 60, relief=relief), expected)
        # The gradient of an image of another range is rounded to other steps.
        assert same or relief == "gradient"
    view = np.asfortranarray(image)
    view.flags.writeable = False
    np.testing.assert_array_equal(watershed(view, 60, relief=relief), expected)
    np.testing.assert_array_equal(
        watershed(image[::-1, ::-1][::-1, ::-1], 60, relief=relief), expected
    )


def test_bits_and_boundaries_do_not_hang_on_the_dtype():
    image = data.camera()[::2, ::2]
    for other in (image.astype(np.uint16) * 257, image / 255.0):
        same = watershed(image, 200, compactness=5) == watershed(other, 200, compactness=5)
        assert same.mean() > 0.99


def test_compactness_does_not_move_with_a_hot_pixel():
    image = data.camera()[::2, ::2].astype(np.float32)
    hot = image.copy()
    hot[100, 100] = 1e7
    same = watershed(image, 200, compactness=5) == watershed(hot, 200, compactness=5)
    assert same.mean() > 0.97


def test_channels_and_spacing(rng):
    image = rng.random((10, 30, 5))
    found = watershed(image, 20, channel_axis=-1)
    assert found.shape == (10, 30)
    volume = rng.integers(0, 255, (8, 20, 20), np.uint8)
    found = watershed(volume, 16, channel_axis=None, spacing=(5, 1, 1), compactness=1e6)
    scaled = watershed(volume, 16, channel_axis=None, spacing=(10, 2, 2), compactness=1e6)
    np.testing.assert_array_equal(found, scaled)


def test_what_lies_outside_the_mask_changes_nothing(rng):
    image = rng.random((30, 40))
    mask = rng.random((30, 40)) < 0.8
    other = np.where(mask, image, np.nan)
    for compactness in (0, 10):
        np.testing.assert_array_equal(
            watershed(image, 20, mask=mask, compactness=compactness),
            watershed(other, 20, mask=mask, compactness=compactness),
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"markers": np.ones((4, 4), int)}, r"markers has shape \(4, 4\) but image has spatial"),
        ({"markers": np.zeros((4, 5), int)}, "markers is 0 at every pixel: give"),
        (
            {"markers": np.eye(4, 5, dtype=int), "mask": ~np.eye(4, 5, dtype=bool)},
            "markers is 0 at every pixel of the mask: give",
        ),
        ({"n_segments": 0}, "n_segments is 0 but must be an integer of 1 or more"),
        ({"n_segments": 21}, "n_segments is 21 but the image has 20 pixels"),
        ({"compactness": -1, "n_segments": 2}, "compactness is -1 but must be"),
        ({"relief": "sobel", "n_segments": 2}, "relief is 'sobel' but must be"),
        ({"connectivity": 3, "n_segments": 2}, "connectivity is 3 but must be"),
        ({"mask": np.zeros((4, 5), bool), "n_segments": 2}, "mask is False at every pixel"),
        ({"image": np.full((4, 5), np.nan), "n_segments": 2}, "image holds nan at pixel"),
        (
            {"image": np.zeros((4, 5, 3)), "relief": "image", "n_segments": 2},
            "relief is 'image' but image has 3 channels",
        ),
    ],
)
def test_errors_say_what_and_why(arguments, message):
    arguments = {"image": np.zeros((4, 5)), **arguments}
    with pytest.raises(ValueError, match=message):
        watershed(**arguments)


def test_large_images_are_flooded_as_small_ones(rng):
    image = rng.integers(0, 30, (800, 700)).astype(np.uint8)
    found = watershed(image, 500, relief="image")
    with mock.patch.object(flooding, "_LARGE", image.size + 1):
        np.testing.assert_array_equal(found, watershed(image, 500, relief="image"))
