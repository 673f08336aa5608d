"""Seeds on a grid."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import pdist

from pixelseg.superpixels import grid_seeds
from pixelseg.superpixels.seeds import make_grid

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=13)


@given(SHAPES, st.floats(0, 1), st.sampled_from([(1, 1, 1), (3, 1, 0.5)]))
def test_any_number_is_met_exactly(shape, share, spacing):
    n_pixels = int(np.prod(shape))
    n = max(1, round(share * n_pixels))
    seeds = grid_seeds(shape, n, spacing=spacing[-len(shape) :])
    assert len({tuple(seed) for seed in seeds}) == n
    assert ((seeds >= 0) & (seeds < shape)).all()


@given(SHAPES, st.floats(0, 1))
@example((3, 7, 1), 3 / 21)
def test_cells_divide_the_image(shape, share):
    shape = (1,) * (3 - len(shape)) + shape
    n = max(1, round(share * int(np.prod(shape))))
    covered = np.zeros(shape, int)
    for z0, z1, y0, y1, x0, x1 in make_grid(shape, n).boxes:
        covered[z0:z1, y0:y1, x0:x1] += 1
        assert z1 > z0
        assert y1 > y0
        assert x1 > x0
    assert (covered == 1).all()


def test_seeds_are_spread_evenly():
    for shape, n, spacing in [((321, 481), 211, 1), ((20, 200, 100), 97, (10, 1, 1))]:
        seeds = grid_seeds(shape, n, spacing=spacing) * np.asarray(spacing)
        side = (np.prod(shape) * np.prod(np.broadcast_to(spacing, len(shape))) / n) ** (
            1 / len(shape)
        )
        assert pdist(seeds).min() > side / 2


@pytest.mark.kernels
@given(
    SHAPES.flatmap(lambda shape: hnp.arrays(bool, shape)).filter(np.any),
    st.floats(0, 1),
)
def test_seeds_lie_inside_a_mask(mask, share):
    n = max(1, round(share * int(mask.sum())))
    seeds = grid_seeds(mask.shape, n, mask=mask)
    assert 1 <= len(seeds) == len({tuple(seed) for seed in seeds})
    assert mask[tuple(seeds.T)].all()


def test_masks_of_real_form_get_their_number():
    y, x = np.mgrid[-100:100, -150:150]
    disk = y**2 + x**2 < 90**2
    ring = disk & (y**2 + x**2 > 70**2)
    dust = np.random.default_rng(0).random((200, 300)) < 0.1
    for mask in (disk, ring, dust):
        for n in (1, 7, 50, 400, 2000):
            assert abs(len(grid_seeds(mask.shape, n, mask=mask)) - n) <= max(0.1 * n, 1)


def test_bad_input():
    with pytest.raises(ValueError, match="n_segments is 13 but there are 12 pixels"):
        grid_seeds((3, 4), 13)
    with pytest.raises(ValueError, match="n_segments is 0"):
        grid_seeds((3, 4), 0)
    with pytest.raises(ValueError, match=r"shape is \(3,\)"):
        grid_seeds((3,), 1)
    with pytest.raises(ValueError, match="mask has shape"):
        grid_seeds((3, 4), 1, mask=np.ones((4, 4), bool))
