"""The contingency table: exact for any labels, layout and block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import _contingency, contingency_table

from ..oracles.metrics import contingency

pytestmark = pytest.mark.kernels


def cells_of(table):
    pairs = zip(
        table.truth_labels[table.rows].tolist(),
        table.prediction_labels[table.columns].tolist(),
        strict=True,
    )
    return dict(zip(pairs, table.counts.tolist(), strict=True))


labels = st.sampled_from([3, 40, 300, 10**6, 2**40]).flatmap(
    lambda top: hnp.arrays(np.int64, (5, 7), elements=st.integers(0, top))
)


@given(truth=labels, prediction=labels)
def test_equals_counting_in_a_dict(truth, prediction):
    table = contingency_table(truth, prediction, ignore=None)
    assert cells_of(table) == contingency(truth, prediction)
    assert (np.lexsort((table.columns, table.rows)) == np.arange(len(table.counts))).all()
    assert table.n_pixels == truth.size
    assert table.toarray().sum(axis=1).tolist() == table.truth_sizes.tolist()
    assert table.toarray().sum(axis=0).tolist() == table.prediction_sizes.tolist()


@pytest.mark.parametrize("n_labels", [2, 250, 5000])
def test_many_blocks_and_a_growing_table(rng, monkeypatch, n_labels):
    monkeypatch.setattr(_contingency, "BLOCK", 64)
    monkeypatch.setattr(_contingency, "FIRST_HASH_CELLS", 16)
    truth = rng.integers(0, n_labels + 1, (3, 17, 30))
    prediction = rng.integers(0, n_labels, (3, 17, 30))
    table = contingency_table(truth, prediction, ignore=[0, 1])
    assert cells_of(table) == contingency(truth, prediction, (0, 1))


def test_small_labels_first_then_large_ones(monkeypatch):
    monkeypatch.setattr(_contingency, "BLOCK", 4)
    truth = np.array([1, 1, 2, 2, 1, 1, 9, 9, 70_000, 1, 1, 1])
    prediction = np.array([0, 0, 0, 3, 0, 0, 0, 0, 5, 5, 80_000, 0])
    table = contingency_table(truth, prediction)
    assert cells_of(table) == contingency(truth, prediction)


@pytest.mark.parametrize("dtype", ["bool", "u1", "i1", "u2", ">i2", "u4", "i4", "u8", ">i8"])
def test_any_integer_dtype_and_layout(rng, dtype):
    truth = rng.integers(0, 2, (40, 50)).astype(dtype)
    prediction = rng.integers(0, 2, (40, 50)).astype(dtype)
    expected = contingency(truth, prediction)
    for array in (truth, np.asfortranarray(truth), np.repeat(truth, 2, axis=1)[:, ::2]):
        array.flags.writeable = False
        assert cells_of(contingency_table(array, prediction, ignore=None)) == expected


def test_unsigned_labels_beyond_int64_keep_their_value():
    huge = np.array([2**64 - 1, 2**64 - 3, 5, 5], np.uint64)
    table = contingency_table(huge, huge[::-1], ignore=[2**64 - 3, -7])
    assert table.truth_labels.tolist() == [5, 2**64 - 1]
    assert cells_of(table) == contingency(huge, huge[::-1], (2**64 - 3,))
    assert contingency_table(np.array([5, 6]), huge[:2], ignore=2**64 - 1).n_pixels == 2


def test_a_source_is_read_in_blocks(rng):
    class Source:
        def __init__(self, array):
            self.array, self.shape, self.dtype = array, array.shape, array.dtype
            self.largest = 0

        def __getitem__(self, box):
            block = self.array[box]
            self.largest = max(self.largest, block.size)
            return block

    truth, prediction = rng.integers(0, 5, (2, 3, 200, 300))
    source = Source(truth)
    table = contingency_table(source, prediction)
    assert cells_of(table) == contingency(truth, prediction, (0,))
    assert 0 < source.largest <= _contingency.BLOCK


@pytest.mark.parametrize("shape", [(70_000,), (1, 40_000), (300, 2, 200), (2, 40_000)])
def test_boxes_cover_each_pixel_once(shape):
    seen = np.zeros(shape, int)
    for box in _contingency.boxes(shape):
        seen[box] += 1
        assert seen[box].size <= _contingency.BLOCK
    assert (seen == 1).all()


def test_bad_input():
    ones = np.ones((4, 4), int)
    with pytest.raises(ValueError, match=r"prediction has shape \(4, 3\) but truth has shape"):
        contingency_table(ones, ones[:, :3])
    with pytest.raises(TypeError, match="prediction has dtype float64 but must hold integers"):
        contingency_table(ones, ones * 1.0)
    with pytest.raises(ValueError, match="truth holds -1"):
        contingency_table(-ones, ones)
    with pytest.raises(ValueError, match=r"no pixel to score outside ignore=\[0\]"):
        contingency_table(ones * 0, ones)
    with pytest.raises(ValueError, match="no pixel to score"):
        contingency_table(ones[:0], ones[:0], ignore=None)
    with pytest.raises(TypeError, match="ignore is 1"):
        contingency_table(ones, ones, ignore=1.0)
    with pytest.raises(TypeError, match="ignore is True"):
        contingency_table(ones, ones, ignore=True)
    with pytest.raises(TypeError, match="truth has dtype bool"):
        contingency_table(ones > 0, ones)
