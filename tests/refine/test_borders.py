"""How far apart borders are: of stripes their width, of any image the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelseg._core.image import as_image
from pixelseg.refine.borders import Borders

from ..oracles import tuning as oracle


def borders_of(places, mask=None, spacing=None):
    image = as_image(np.zeros(places.shape), channel_axis=None, mask=mask, spacing=spacing)
    return Borders.of(np.eye(3)[places], places, image)


def test_of_stripes_it_is_their_width():
    stripes = np.arange(120) // 12 % 2 * np.ones((30, 1), int)
    assert borders_of(stripes).distance == pytest.approx(12, rel=0.12)
    assert borders_of(stripes.T).distance == borders_of(stripes).distance
    assert borders_of(stripes, spacing=0.5).distance == borders_of(stripes).distance / 2


def test_a_window_fits_into_what_is_left_between_seams():
    stripes = np.arange(120) // 12 % 2 * np.ones((30, 1), int)
    borders = borders_of(stripes)
    assert borders.widest_window == pytest.approx(1.5 * (borders.distance - 12))
    finer = borders_of(stripes, spacing=0.5)
    assert finer.widest_window == pytest.approx(borders.widest_window / 2)
    assert borders_of(np.arange(20)[:, np.newaxis] % 2 * np.ones((1, 9), int)).widest_window == 0


def test_one_class_alone_leaves_room_for_any_window():
    assert borders_of(np.zeros((40, 50), int)).widest_window > 1000


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.booleans(), st.booleans())
def test_it_is_that_of_the_definition(seed, ndim, masked, spaced):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 9, ndim).tolist())
    places = rng.integers(0, 3, shape).astype(np.uint8)
    mask = rng.random(shape) < 0.8 if masked else None
    spacing = tuple(rng.uniform(0.2, 5, ndim).tolist()) if spaced else None
    expected = oracle.border_distance(places, mask, spacing)
    assert borders_of(places, mask, spacing).distance == pytest.approx(expected)


def test_answers_count_together_in_any_order():
    rng = np.random.default_rng(0)
    parts = [borders_of(rng.integers(0, 2, (5 * k, 20)), spacing=(0.3, 0.7)) for k in (1, 2, 5)]
    whole = Borders.together(parts)
    assert whole.n_pixels == 40 * 20
    assert whole.distance == Borders.together(parts[::-1]).distance
    assert min(p.distance for p in parts) < whole.distance < max(p.distance for p in parts)


def test_specks_are_told_from_thin_things():
    rng = np.random.default_rng(0)
    lines = np.zeros((90, 120), int)
    lines[:, 3::12] = lines[:, 4::12] = lines[:, 5::12] = 1
    dots = (rng.random(lines.shape) < 0.1).astype(int)
    assert not borders_of(lines).are_of_specks
    assert borders_of(dots).are_of_specks
    assert not borders_of(np.zeros_like(lines)).are_of_specks
    both = Borders.together([borders_of(lines)] * 20 + [borders_of(dots)])
    assert not both.are_of_specks


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.booleans())
def test_blocks_are_those_of_means(seed, ndim, masked):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 14, ndim).tolist())
    p = rng.dirichlet(np.ones(3), shape).astype(np.float32)
    mask = rng.random(shape) < 0.95 if masked else None
    image = as_image(np.zeros(shape), channel_axis=None, mask=mask)
    borders = Borders.of(p, p.argmax(axis=-1), image)
    p, inside = p.reshape(-1, *p.shape[-3:]), np.ones(p.shape[:-1], bool) if mask is None else mask
    inside = inside.reshape(p.shape[:-1])
    rows, columns = p.shape[1] // 3, p.shape[2] // 3
    expected = [0, 0]
    for plane, own in zip(p, inside, strict=True):
        best = np.full((rows, columns), -1)
        for i, j in np.ndindex(rows, columns):
            part = np.s_[3 * i : 3 * i + 3, 3 * j : 3 * j + 3]
            if own[part].all():
                best[i, j] = plane[part].mean(axis=(0, 1)).argmax()
        for axis in (0, 1):
            one, other = best, np.roll(best, -1, axis)
            pairs = np.s_[:-1] if axis == 0 else np.s_[:, :-1]
            one, other = one[pairs], other[pairs]
            expected[axis] += np.count_nonzero((one != other) & (one >= 0) & (other >= 0))
    assert borders.n_between_blocks == tuple(expected)
