"""The ISBI 2012 procedure: thinning pixel by pixel, scores step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from pixelseg.metrics import adapted_rand, border_thinned_scores, v_info
from pixelseg.metrics.border_thinned import _thin_borders as thin_borders

from ..oracles import metrics as oracle

WALLS = np.repeat([[True, True, True, False, True, True, True]], 5, axis=0)


@pytest.mark.kernels
@given(inside=hnp.arrays(bool, (7, 9)))
def test_borders_are_flooded_ring_by_ring(inside):
    np.testing.assert_array_equal(thin_borders(inside), oracle.thin_borders(inside))


@pytest.mark.kernels
def test_lines_of_one_pixel_part_the_regions(rng):
    inside = ndimage.gaussian_filter(rng.random((60, 70)), 2) > 0.51
    thin = thin_borders(inside)
    np.testing.assert_array_equal(thin, oracle.thin_borders(inside))
    regions, n_regions = ndimage.label(inside)
    np.testing.assert_array_equal(thin[inside], regions[inside])
    for axis in (0, 1):
        one, other = np.moveaxis(thin, axis, 0)[:-1], np.moveaxis(thin, axis, 0)[1:]
        assert ((one == other) | (one == 0) | (other == 0)).all()
    assert ndimage.label(thin > 0)[1] == n_regions


@pytest.mark.parametrize("value", [False, True])
def test_nothing_to_flood(value):
    assert (thin_borders(np.full((3, 4), value)) == value).all()


def test_scores_are_those_of_the_thinned_partition(rng):
    interior = ndimage.gaussian_filter(rng.random((3, 40, 50)), (0, 2, 2))
    truth = ndimage.gaussian_filter(rng.random((3, 40, 50)), (0, 3, 3)) > 0.49
    scores = border_thinned_scores(truth, interior, thresholds=[0.49, 0.51], pool_slices=False)
    for k, threshold in enumerate([0.49, 0.51]):
        thin = [oracle.thin_borders(one > threshold) for one in interior]
        cells = [ndimage.label(one)[0] for one in truth]
        rand = [adapted_rand(*pair) for pair in zip(cells, thin, strict=True)]
        info = [v_info(*pair) for pair in zip(cells, thin, strict=True)]
        for name in ("precision", "recall", "f1", "error"):
            mean = np.mean([getattr(one, name) for one in rand])
            assert getattr(scores.v_rand[k], name) == pytest.approx(mean)
            mean = np.mean([getattr(one, name) for one in info])
            assert getattr(scores.v_info[k], name) == pytest.approx(mean)
        # Pooled: slices as one partition whose segments do not meet.
        apart = [1000 * place + 1 for place in range(3)]
        cells = [np.where(one > 0, one + add, 0) for one, add in zip(cells, apart, strict=True)]
        thin = [np.where(one > 0, one + add, 0) for one, add in zip(thin, apart, strict=True)]
        pooled = border_thinned_scores(truth, interior, thresholds=[threshold]).best_v_rand
        assert pooled.f1 == pytest.approx(adapted_rand(np.stack(cells), np.stack(thin)).f1)


def test_a_thick_border_is_no_error_and_a_gap_is():
    thick = np.repeat([[0.9, 0.9, 0.2, 0.1, 0.2, 0.9, 0.9]], 5, axis=0)
    scores = border_thinned_scores(WALLS, thick)
    assert scores.best_v_rand.f1 == scores.best_v_info.f1 == 1
    assert [one.f1 == 1 for one in scores.v_rand] == [False] + [True] * 8 + [False]
    gap = thick.copy()
    gap[2] = 0.95
    scores = border_thinned_scores(WALLS, gap)
    assert scores.best_v_rand.precision == pytest.approx(0.5)
    assert scores.best_v_rand.recall == 1


def test_a_truth_of_segments_is_taken_as_it_is():
    one_cell = np.where(WALLS, 5, 0)
    interior = WALLS * 1.0
    assert border_thinned_scores(WALLS, interior).best_v_rand.f1 == 1
    assert border_thinned_scores(one_cell, interior).best_v_rand.recall == 0.5


def test_bad_input():
    interior = np.ones((5, 7))
    with pytest.raises(ValueError, match=r"truth has shape \(35,\)"):
        border_thinned_scores(WALLS.ravel(), interior.ravel())
    with pytest.raises(ValueError, match=r"interior has shape \(4, 7\) but truth has shape"):
        border_thinned_scores(WALLS, interior[:4])
    with pytest.raises(ValueError, match="interior must hold finite floats"):
        border_thinned_scores(WALLS, WALLS)
    with pytest.raises(ValueError, match="interior must hold finite floats"):
        border_thinned_scores(WALLS, interior * np.inf)
    with pytest.raises(ValueError, match="truth has no cell in slice 1"):
        border_thinned_scores(np.stack([WALLS, WALLS & False]), np.stack([interior] * 2))
    with pytest.raises(ValueError, match="truth holds -1"):
        border_thinned_scores(-WALLS.astype(int), interior)
    with pytest.raises(ValueError, match="must be finite and increase"):
        border_thinned_scores(WALLS, interior, thresholds=[0.5, 0.4])
