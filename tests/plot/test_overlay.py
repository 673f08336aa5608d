"""Labels, borders and strokes over images of any kind."""

import numpy as np
import pytest
from skimage import data

from pixelseg import io, plot


def test_overlay_mixes_colours_and_leaves_unlabelled_pixels():
    image = np.full((2, 2, 3), 100, np.uint8)
    labels = np.array([[0, 1], [2, 1]])
    picture = plot.overlay(image, labels, alpha=0.5, colors={1: "#ff0000", 2: (0, 200, 0)})
    assert picture.dtype == np.uint8
    assert picture[0, 0].tolist() == [100, 100, 100]
    assert picture[0, 1].tolist() == [178, 50, 50]
    assert picture[1, 0].tolist() == [50, 150, 50]
    assert (image == 100).all(), "the image itself is untouched"


def test_alpha_zero_and_one_are_the_image_and_the_labels():
    image = data.astronaut()[::8, ::8]
    labels = np.ones(image.shape[:2], np.uint8)
    np.testing.assert_array_equal(plot.overlay(image, labels, alpha=0.0), image)
    assert (plot.overlay(image, labels, alpha=1.0) == plot.palette(1)[0]).all()
    with pytest.raises(ValueError, match=r"alpha is 1\.5"):
        plot.overlay(image, labels, alpha=1.5)


@pytest.mark.parametrize("dtype", [bool, "uint8", "int16", ">u2", "uint32", "float32", "float64"])
def test_grey_of_any_dtype_is_stretched(dtype):
    image = np.linspace(0, 1, 60).reshape(6, 10)
    image = image > 0.5 if dtype is bool else (image * 100).astype(dtype)
    picture = plot.overlay(image, np.zeros(image.shape, int))
    assert picture.shape == (6, 10, 3)
    assert picture.min() == 0
    assert picture.max() == 255
    assert (np.diff(picture[..., 0].ravel().astype(int)) >= 0).all()


def test_a_few_outliers_do_not_darken_an_image(rng):
    image = rng.normal(100, 10, (100, 100))
    image[0, 0] = 1e6
    picture = plot.overlay(image, np.zeros(image.shape, int))
    assert 90 < picture.mean() < 165


def test_flat_and_invalid_images_can_be_drawn():
    labels = np.zeros((2, 3), int)
    assert (plot.overlay(np.zeros((2, 3)), labels) == 0).all()
    assert (plot.overlay(np.full((2, 3), 7.0), labels) == 255).all()
    assert (plot.overlay(np.full((2, 3), np.nan), labels) == 0).all()
    image = np.array([[np.nan, -np.inf, 0.0], [1.0, 2.0, np.inf]])
    assert plot.overlay(image, labels)[..., 0].tolist() == [[0, 0, 0], [128, 255, 255]]


@pytest.mark.parametrize("draw", [plot.overlay, plot.boundaries, plot.strokes])
def test_volumes_and_channels(draw, rng):
    labels = rng.integers(0, 3, (4, 5, 6))
    assert draw(rng.normal(size=(4, 5, 6)), labels, channel_axis=None).shape == (4, 5, 6, 3)
    assert draw(rng.normal(size=(7, 5, 6)), labels[0], channel_axis=0).shape == (5, 6, 3)
    assert draw(rng.normal(size=(5, 6, 4)), labels[0]).shape == (5, 6, 3)
    with pytest.raises(ValueError, match="labels has shape"):
        draw(rng.normal(size=(5, 5)), labels[0])


def test_boundaries_lie_on_both_sides():
    labels = np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]])
    picture = plot.boundaries(np.zeros((3, 3), np.uint8), labels, color="#ffffff")
    expected = [[0, 1, 1], [1, 1, 1], [1, 1, 1]]
    assert (picture[..., 0] // 255).tolist() == expected


def test_strokes_have_a_dark_rim():
    image = np.full((5, 5, 3), 200, np.uint8)
    labels = np.zeros((5, 5), int)
    labels[2, 2] = 1
    picture = plot.strokes(image, labels, colors=["#ff8800"])
    assert picture[2, 2].tolist() == [255, 136, 0]
    assert (picture[1:4, 1:4].reshape(-1, 3)[[0, 1, 2, 3, 5, 6, 7, 8]] == 50).all()
    assert (picture[0] == 200).all()


def test_borders_of_segments_are_two_pixels_wide():
    segments = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((4, 5), int)).astype(np.int32)
    picture = plot.boundaries(np.zeros(segments.shape), segments, color=(255, 0, 0))
    rows, columns = np.indices(segments.shape)
    lines = np.isin(rows, (3, 4)) | np.isin(columns, (4, 5, 9, 10))
    np.testing.assert_array_equal(picture[..., 0] == 255, lines)
    shown = plot.overlay(np.zeros(segments.shape), segments, alpha=1.0)
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 6


def test_an_image_file_is_shown_as_it_is_stored(tmp_path, rng):
    stack = rng.integers(0, 255, (2, 5, 6)).astype(np.uint8)
    io.write_image(tmp_path / "two.tif", stack, channel_axis=0)
    labels = np.zeros((5, 6), int)
    np.testing.assert_array_equal(
        plot.overlay(io.read_image(tmp_path / "two.tif"), labels),
        plot.overlay(stack, labels, channel_axis=0),
    )
