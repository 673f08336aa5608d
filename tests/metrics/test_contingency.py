"""The contingency table: exact for any labels, layout and block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg import metrics
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
    for box in _contingency._boxes(shape):
        seen[box] += 1
        assert seen[box].size <= _contingency.BLOCK
    assert (seen == 1).all()


class Shifting:
    """An array-like whose slices are not as its shape says."""

    def __init__(self, labels, read):
        self.shape, self.dtype = labels.shape, labels.dtype
        self._labels, self._read = labels, read

    def __getitem__(self, index):
        return self._read(self._labels[index])


@pytest.mark.parametrize(
    "read",
    [
        lambda block: block[..., :-1],
        lambda block: block[:-1],
        lambda block: np.concatenate([block, block]),
        lambda block: block.T,
        lambda block: block.ravel(),
        lambda block: block[0, 0],
    ],
)
@pytest.mark.parametrize(
    "metric",
    [
        metrics.contingency_table,
        metrics.confusion_matrix,
        metrics.class_scores,
        metrics.ClassAccumulator().update,
        metrics.region_scores,
        metrics.RegionAccumulator().update,
        metrics.rand_index,
        metrics.adapted_rand,
        metrics.adjusted_rand_index,
        metrics.covering,
        metrics.v_info,
        metrics.variation_of_information,
        metrics.instance_scores,
        metrics.InstanceAccumulator().update,
        metrics.panoptic_quality,
        metrics.aggregated_jaccard_index,
        metrics.boundary_scores,
        metrics.BoundaryAccumulator().update,
        metrics.HierarchyAccumulator().update,
        metrics.superpixel_scores,
        metrics.SuperpixelAccumulator().update,
    ],
)
def test_slices_that_are_not_as_the_shape_says_are_refused(metric, read, rng):
    labels = rng.integers(1, 9, (24, 30))
    for pair in ((Shifting(labels, read), labels), (labels, Shifting(labels, read))):
        with pytest.raises((ValueError, TypeError)):
            metric(*pair)
    with pytest.raises((ValueError, TypeError)):
        metric([labels, Shifting(labels, read)], labels)


def test_a_block_of_another_shape_is_named(rng):
    labels = rng.integers(1, 9, (24, 30))
    expected = (
        r"prediction has shape \(24, 30\), but a part of it reads as an array of shape \(24, 29\) "
        r"where \(24, 30\) was due"
    )
    with pytest.raises(ValueError, match=expected):
        contingency_table(labels, Shifting(labels, lambda block: block[:, :-1]))


def test_labels_keep_their_values_whatever_the_dtype_says(rng):
    large = rng.integers(1, 4, (24, 30)).astype(np.uint64) + np.uint64(2**63)
    table = contingency_table(Shifting(large.astype(np.int32), lambda block: large), large)
    np.testing.assert_array_equal(table.truth_labels, np.unique(large))


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
