"""Minimum cuts of sparse graphs: against the same cut on a grid, scipy and a stored instance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from pixelseg import graph
from tests.oracles import graph as oracle

from .test_min_cut import instance


def as_matrix(shape, weights):
    """The edges of a grid, with some of no capacity."""
    tails, heads, capacities = map(np.array, zip(*oracle.arcs(shape, weights), strict=True))
    n = int(np.prod(shape))
    return sparse.coo_matrix((capacities, (tails, heads)), (n, n))


@pytest.mark.kernels
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("scale", [1, 0.37])
def test_the_same_as_on_a_grid(directed, scale):
    for seed in range(8):
        source, sink, weights = instance(seed, (4, 5), 2, directed)
        source[0, seed % 5] += 200 * (seed % 3)
        flow, source_side = oracle.flow_by_scipy(source, sink, weights)
        matrix = scale * as_matrix(source.shape, weights)
        cut = graph.min_cut_sparse(scale * source.ravel(), scale * sink.ravel(), matrix)
        assert cut.flow == pytest.approx(scale * flow)
        if scale == 1:
            assert isinstance(cut.flow, int)
            np.testing.assert_array_equal(cut.source_side, source_side.ravel())


@given(st.integers(0, 10**6), st.sampled_from(["csr", "csc", "coo", "lil"]))
def test_any_format_and_one_way_streets(seed, form):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    dense = rng.integers(0, 9, (n, n)) * (rng.random((n, n)) < 0.4)
    source, sink = (rng.integers(0, 9, n) * (rng.random(n) < 0.5) for _ in range(2))
    cut = graph.min_cut_sparse(source, sink, sparse.coo_matrix(dense).asformat(form))
    side = cut.source_side
    assert cut.flow == source[~side].sum() + sink[side].sum() + dense[side][:, ~side].sum()
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1 == 1
    if n <= 8:
        values = [source[~b].sum() + sink[b].sum() + dense[b][:, ~b].sum() for b in bits]
        assert cut.flow == min(values)


def test_a_stored_instance(shared):
    stored = np.load(shared / "data" / "maxflow" / "superpixel_sparse.npz")
    i, j, n = stored["i"], stored["j"], len(stored["source"])
    capacities = np.concatenate([stored["cap_ij"], stored["cap_ji"]])
    ends = (np.concatenate([i, j]), np.concatenate([j, i]))
    edges = sparse.coo_matrix((capacities, ends), (n, n))
    cut = graph.min_cut_sparse(stored["source"], stored["sink"], edges)
    assert cut.flow == stored["flow"]
    always = np.unpackbits(stored["always_source"])[:n].astype(bool)
    np.testing.assert_array_equal(cut.source_side, always)


def test_nodes_alone_and_seeds():
    edges = sparse.csr_matrix((3, 3))
    cut = graph.min_cut_sparse([np.inf, 0, 1], [0, np.inf, 2], edges)
    assert cut.flow == 1
    assert cut.source_side.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edges": sparse.csr_matrix((3, 4))}, r"edges has shape \(3, 4\) but must be square"),
        ({"edges": -sparse.eye(3)}, "edges holds a negative value"),
        ({"edges": np.nan * sparse.eye(3)}, "edges holds a negative value, infinity or NaN"),
        ({"source": [1, 2]}, r"sink has shape \(3,\) but source has shape \(2,\)"),
        ({"source": [1, 2], "sink": [1, 2]}, "pass one capacity for each node"),
        ({"source": np.ones((3, 1))}, r"must be \(n_nodes,\)"),
        ({"source": [-1, 0, 0]}, "source holds -1 but capacities"),
    ],
)
def test_bad_input(change, words):
    arguments = {"source": [1, 0, 0], "sink": [0, 0, 1], "edges": sparse.eye(3)}
    with pytest.raises(ValueError, match=words):
        graph.min_cut_sparse(**arguments | change)


def test_a_dense_matrix():
    with pytest.raises(TypeError, match="edges is ndarray but must be a scipy"):
        graph.min_cut_sparse([1, 0], [0, 1], np.ones((2, 2)))
