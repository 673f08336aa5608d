"""Colours that can be told apart, and those that a caller names."""

import numpy as np
import pytest

from pixelseg import plot


def test_palette_has_a_colour_of_its_own_for_every_class():
    colours = plot.palette(250)
    assert len(np.unique(colours, axis=0)) == 250
    np.testing.assert_array_equal(plot.palette(7), colours[:7])
    assert plot.palette(10_000).shape == (10_000, 3)
    ids = np.array([[1, 4097, 2**31 - 1]], np.int32)
    assert plot.overlay(np.zeros((1, 3)), ids, alpha=1.0)[0, 0].tolist() == colours[0].tolist()


@pytest.mark.parametrize("colour", ["red", "#12", "#gg0000", (1, 2), (1, 2, 300), (1.0, 0.5, 0.0)])
def test_what_is_no_colour_is_named(colour):
    with pytest.raises(ValueError, match="color is"):
        plot.boundaries(np.zeros((2, 2)), np.zeros((2, 2), int), color=colour)


def test_colors_may_name_some_labels_only():
    labels = np.array([[1, 2, 3, 70_000]])
    chosen = {70_000: "#010203", 2: (np.uint8(9), 8, 7)}
    picture = plot.overlay(np.zeros((1, 4)), labels, alpha=1.0, colors=chosen)
    expected = [plot.palette(1)[0].tolist(), [9, 8, 7], plot.palette(3)[2].tolist(), [1, 2, 3]]
    assert picture[0].tolist() == expected
    means = np.arange(12, dtype=np.uint8).reshape(4, 3)
    picture = plot.overlay(np.zeros((1, 3)), labels[:, :3], alpha=1.0, colors=means)
    np.testing.assert_array_equal(picture[0], means[:3])
    with pytest.raises(ValueError, match=r"colors \(label 2\) is 'blue'"):
        plot.overlay(np.zeros((1, 4)), labels, colors=["#000000", "blue"])
