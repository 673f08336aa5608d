"""The regular grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg._core.grid import label_components
from pixelseg.superpixels import grid

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=9)


@pytest.mark.kernels
@given(SHAPES, st.data(), st.floats(0, 1))
def test_promises(shape, drawn, share):
    mask = drawn.draw(st.none() | hnp.arrays(bool, shape).filter(np.any))
    n_pixels = int(np.prod(shape) if mask is None else mask.sum())
    n_segments = max(1, round(share * n_pixels))
    found = grid(shape, n_segments, mask=mask)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found > 0, np.ones(shape, bool) if mask is None else mask)
    n = int(found.max())
    assert np.unique(found[found > 0]).tolist() == list(range(1, n + 1))
    assert label_components(found, 1)[1] == n
    if mask is None:
        assert n == n_segments


def test_an_image_is_its_shape():
    image = np.zeros((20, 31, 3), np.uint8)
    np.testing.assert_array_equal(grid(image, 12), grid((20, 31), 12))


def test_cells_are_cubes_in_units_of_spacing():
    found = grid((4, 40, 40), 16, spacing=(10, 1, 1))
    sides = [len(np.unique(np.argwhere(found == 1)[:, axis])) for axis in range(3)]
    assert sides[0] <= 2
    assert min(sides[1:]) >= 10


def test_a_masks_cells_lie_within_its_parts():
    mask = np.zeros((60, 60), bool)
    mask[5:40, 5:25] = mask[30:58, 40:58] = mask[2, 50] = True
    found = grid(mask.shape, 40, mask=mask)
    assert 34 <= found.max() <= 46
    assert np.count_nonzero(found == found[2, 50]) == 1


@pytest.mark.parametrize("n_segments", [0, 13])
def test_numbers_out_of_range(n_segments):
    with pytest.raises(ValueError, match=f"n_segments is {n_segments} but"):
        grid((3, 4), n_segments)
    with pytest.raises(ValueError, match="leaves 1 spatial axes"):
        grid((3,), 1)
