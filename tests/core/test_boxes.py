"""Boxes against what NumPy's indexing says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelseg._core import boxes

SHAPES = st.lists(st.integers(1, 20), min_size=2, max_size=3).map(tuple)


@given(SHAPES, st.data())
def test_boxes_cover_each_pixel_once(shape, data):
    sides = data.draw(st.tuples(*[st.integers(1, 25)] * len(shape)))
    seen = np.zeros(shape, int)
    for box in boxes.cover(shape, sides):
        part = seen[boxes.slices_of(box)]
        assert part.shape == boxes.shape_of(box)
        assert all(size <= side for size, side in zip(part.shape, sides, strict=True))
        part += 1
    assert (seen == 1).all()


@given(SHAPES, st.data())
def test_a_grown_box_holds_the_box_and_stays_inside(shape, data):
    box = tuple(
        tuple(sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))) for n in shape
    )
    margin = data.draw(st.tuples(*[st.integers(0, 9)] * len(shape)))
    around = boxes.grow(box, margin, shape)
    numbers = np.arange(np.prod(shape)).reshape(shape)
    outer, inner = numbers[boxes.slices_of(around)], numbers[boxes.slices_of(box)]
    np.testing.assert_array_equal(outer[boxes.slices_of(boxes.within(box, around))], inner)


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
def test_three_axes(shape):
    assert boxes.shape3d(shape) == ((1, *shape) if len(shape) == 2 else shape)
    assert boxes.shape_of(boxes.box3d(boxes.whole(shape))) == boxes.shape3d(shape)


def test_a_box_about_a_pixel_lies_inside():
    assert boxes.around((5, 5), 4, (10, 10)) == ((3, 7), (3, 7))
    assert boxes.around((0, 9), 4, (10, 10)) == ((0, 4), (6, 10))
    assert boxes.around((1, 1, 7), 4, (2, 4, 9)) == ((0, 2), (0, 4), (5, 9))
