"""Pictures on one sheet."""

import numpy as np
import pytest

from pixelseg import plot


def test_montage_places_pictures_of_any_size():
    pictures = [np.full((4, 6, 3), 10, np.uint8), np.full((8, 3), 20, np.uint8)]
    sheet = plot.montage(pictures, gap=2)
    assert sheet.shape == (2 + 8 + 2, 2 + 6 + 2 + 3 + 2, 3)
    assert (sheet[2:6, 2:8] == 10).all()
    assert (sheet[2:10, 10:13] == 20).all()
    assert (sheet == 255).sum() == sheet.size - 3 * (24 + 24)
    assert plot.montage(pictures, n_columns=1, gap=0).shape == (12, 6, 3)
    titled = plot.montage(pictures * 3, titles=list("abcdef"))
    assert titled.shape[1] == 8 + (6 + 8) + (6 + 8) + (6 + 8)
    assert titled[:20].min() < 100


def test_montage_refuses_what_is_no_picture():
    with pytest.raises(ValueError, match="empty"):
        plot.montage([])
    with pytest.raises(ValueError, match="float64"):
        plot.montage([np.zeros((2, 2))])
    with pytest.raises(ValueError, match="titles has 1"):
        plot.montage([np.zeros((2, 2), np.uint8)] * 2, titles=["a"])
    with pytest.raises(ValueError, match="n_columns is 0"):
        plot.montage([np.zeros((2, 2), np.uint8)], n_columns=0)
