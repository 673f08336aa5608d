"""Budgets in bytes, and boxes that keep to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelseg._core.memory import DEFAULT_MEMORY, format_bytes, parse_memory
from pixelseg._core.tiles import plan_tiles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, DEFAULT_MEMORY[2]),
        ("2GB", 2 * 10**9),
        ("1.5 GiB", 3 * 2**29),
        ("500mb", 5 * 10**8),
        (12345, 12345),
        (np.int64(12345), 12345),
        ("77", 77),
    ],
)
def test_parse_memory(text, expected):
    assert parse_memory(text, 2) == expected


@pytest.mark.parametrize("bad", ["lots", "", "-1GB", 0, -5, "1.2.3GB", ".", True, float("nan"), []])
def test_bad_memory(bad):
    with pytest.raises(ValueError, match="max_memory is"):
        parse_memory(bad, 2)


@given(st.integers(1, 10**15))
def test_formatted_bytes_suffice(number):
    assert parse_memory(format_bytes(number).replace(" bytes", ""), 2) >= number


def bytes_of(shape):
    return int(np.prod(shape)) * 100


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 3000), st.integers(1, 3000)),
    st.integers(500_000, 10**9),
    st.integers(1, 8),
)
def test_tiles_cover_the_image_once_and_keep_to_the_budget(shape, budget, n_jobs):
    plan = plan_tiles(shape, (9, 98, 98), bytes_of, budget=budget, n_jobs=n_jobs)
    assert plan.bytes <= budget
    boxes = plan.boxes(3)
    assert sum(int(np.prod([b - a for a, b in box])) for box in boxes) == int(np.prod(shape))
    assert len(set(boxes)) == len(boxes)
    assert max(b for box in boxes for _, b in box) == max(shape)


def test_flat_images_get_flat_boxes():
    plan = plan_tiles((1, 100, 90), (0, 98, 98), bytes_of, budget=10**8, n_jobs=1)
    assert plan.boxes(2) == [((0, 100), (0, 90))]


def test_more_threads_get_more_tiles():
    plan = plan_tiles((1, 512, 512), (0, 98, 98), bytes_of, budget=10**8, n_jobs=2)
    assert plan.n_parallel == 2
    assert len(plan.boxes(2)) >= 2


def test_a_budget_below_the_least_says_the_least():
    with pytest.raises(ValueError, match="at least") as error:
        plan_tiles((1, 100, 100), (0, 9, 9), bytes_of, budget=1000, n_jobs=1)
    least = str(error.value).split("max_memory='")[1].split("'")[0]
    plan_tiles((1, 100, 100), (0, 9, 9), bytes_of, budget=parse_memory(least, 2), n_jobs=1)


def test_a_budget_that_nobody_named_gives_way_to_the_least():
    plan = plan_tiles((1, 100, 100), (0, 9, 9), bytes_of, budget=1000, is_binding=False, n_jobs=4)
    assert not plan.fits
    assert plan.n_parallel == 1
    with pytest.raises(ValueError, match="at least") as error:
        plan_tiles((1, 100, 100), (0, 9, 9), bytes_of, budget=plan.bytes - 1, n_jobs=1)
    assert format_bytes(plan.bytes) in str(error.value)
    assert plan_tiles((1, 100, 100), (0, 9, 9), bytes_of, budget=plan.bytes, n_jobs=1).fits
