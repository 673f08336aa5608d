"""Enforced connectivity against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.superpixels import connectivity, enforce_connectivity
from tests.oracles import clusters

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=8)
LABELS = SHAPES.flatmap(
    lambda shape: hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 1, 1, 2, 2, 3, 4]))
)


def dense(labels):
    """Labels 0..n without gaps."""
    ids = np.unique(np.append(labels, 0))
    return np.searchsorted(ids, labels).astype(np.int32)


@pytest.mark.kernels
@given(LABELS, st.integers(1, 3), st.integers(1, 4), st.integers(0, 9))
def test_against_plain_loops(labels, n_channels, min_size, seed):
    labels = dense(labels)
    # Few values, so that ties occur.
    rng = np.random.default_rng(seed)
    shape = (1,) * (3 - labels.ndim) + labels.shape
    planes = rng.integers(-3, 3, (n_channels, *shape)).astype(np.int16)
    expected = clusters.connect(labels, planes, min_size)
    ours = labels.reshape(shape).copy()
    n = connectivity.connect(ours, planes, min_size)
    np.testing.assert_array_equal(ours.reshape(labels.shape), expected)
    assert n == expected.max(initial=0)


@pytest.mark.parametrize("shape", [(1, 60, 47), (12, 15, 17)])
def test_chunks_change_nothing(shape, rng, monkeypatch):
    labels = rng.integers(0, 4, shape).astype(np.int32)
    planes = rng.integers(-300, 300, (2, *shape)).astype(np.int16)
    whole, pieces = labels.copy(), labels.copy()
    n = connectivity.connect(whole, planes)
    monkeypatch.setattr(connectivity, "_CHUNK", 100)
    assert len(connectivity._spans(shape)) > 5
    assert connectivity.connect(pieces, planes, n_jobs=2) == n
    np.testing.assert_array_equal(whole, pieces)


def test_small_segments_go_to_their_like():
    segments = np.array([[5, 5, 5, 9, 7, 7, 7]])
    image = np.array([[0, 0, 0, 8, 9, 9, 9]])
    assert enforce_connectivity(segments, image).tolist() == [[1, 1, 1, 2, 3, 3, 3]]
    assert enforce_connectivity(segments, image, min_size=2).tolist() == [[1, 1, 1, 2, 2, 2, 2]]
    mask = np.array([[True] * 3 + [False] + [True] * 3])
    result = enforce_connectivity(segments, image, mask=mask, min_size=9)
    assert result.tolist() == [[1, 1, 1, 0, 2, 2, 2]]


def test_bad_input():
    image = np.zeros((4, 5))
    with pytest.raises(ValueError, match=r"segments has shape \(4, 4\) but image has spatial"):
        enforce_connectivity(np.ones((4, 4), int), image)
    with pytest.raises(ValueError, match="min_size is 0"):
        enforce_connectivity(np.ones((4, 5), int), image, min_size=0)
