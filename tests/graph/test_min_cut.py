"""Minimum cuts: flows, values and labels against brute force, scipy and stored instances."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelseg import graph
from pixelseg._core.grid import forward_offsets, neighbour_offsets
from tests.oracles import graph as oracle

CASES = [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]


def instance(seed, shape, connectivity, directed=False, most=12):
    """Random whole capacities, many of them 0."""
    rng = np.random.default_rng(seed)
    source, sink = (rng.integers(0, most, shape) * (rng.random(shape) < 0.4) for _ in range(2))
    offsets = (neighbour_offsets if directed else forward_offsets)(len(shape), connectivity)
    weights = {
        tuple(offset): rng.integers(0, most // 2, shape) * (rng.random(shape) < 0.8)
        for offset in offsets.tolist()
    }
    return source, sink, weights


#: What makes each algorithm, or one after the other, find a cut.
ALGORITHMS = {
    "search trees": {"FEW_TERMINALS": 0.0},
    "search trees, push-relabel": {
        "FEW_TERMINALS": 0.0,
        "ORPHANS_BY_NODE": 0.0,
        "ORPHANS_BY_PATH": 1,
    },
    "long paths": {"FEW_TERMINALS": 2.0, "MOST_ARCS_OF_LONG_PATHS": 26, "STEPS_BY_NODE": 2**20},
    "long paths, push-relabel": {
        "FEW_TERMINALS": 2.0,
        "MOST_ARCS_OF_LONG_PATHS": 26,
        "STEPS_BY_NODE": 0.2,
    },
    "push-relabel": {"FEW_TERMINALS": 2.0, "MOST_ARCS_OF_LONG_PATHS": 0},
}


@pytest.fixture(params=ALGORITHMS)
def algorithm(request, monkeypatch):
    """Let one algorithm, or two in turn, find the cut."""
    for name, value in ALGORITHMS[request.param].items():
        monkeypatch.setattr(f"pixelseg.graph.solving.{name}", value)


@pytest.mark.kernels
@pytest.mark.usefixtures("algorithm")
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("shape", [(2, 4), (1, 7), (3, 3), (2, 2, 2)])
def test_every_labelling_was_tried(shape, directed):
    for seed in range(3):
        source, sink, weights = instance(seed, shape, len(shape), directed)
        flow, source_side = oracle.best_labellings(source, sink, weights)
        cut = graph.min_cut(source, sink, weights, connectivity=len(shape))
        assert cut.flow == flow
        np.testing.assert_array_equal(cut.source_side, source_side)


@pytest.mark.usefixtures("algorithm")
@pytest.mark.parametrize(("ndim", "connectivity"), CASES)
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_scipy_finds_the_same(ndim, connectivity, directed, dtype):
    rng = np.random.default_rng(connectivity)
    for seed in range(15):
        shape = tuple(rng.integers(1, 8, ndim))
        source, sink, weights = instance(seed, shape, connectivity, directed)
        flow, source_side = oracle.flow_by_scipy(source, sink, weights)
        given_as = {offset: value.astype(dtype) for offset, value in weights.items()}
        cut = graph.min_cut(
            source.astype(dtype), sink.astype(dtype), given_as, connectivity=connectivity
        )
        assert cut.flow == flow
        np.testing.assert_array_equal(cut.source_side, source_side)


@pytest.mark.usefixtures("algorithm")
@given(st.integers(0, 10**6), st.sampled_from([1e-3, 1.0, 1e6]))
def test_fractions_keep_their_digits(seed, scale):
    source, sink, weights = instance(seed, (6, 5), 2)
    rng = np.random.default_rng(seed)
    source, sink = (scale * value * rng.random(value.shape) for value in (source, sink))
    weights = {offset: scale * value * rng.random(value.shape) for offset, value in weights.items()}
    cut = graph.min_cut(source, sink, weights, connectivity=2)
    value = oracle.cut_value(cut.source_side, source, sink, weights)
    assert cut.flow == pytest.approx(value, rel=1e-12, abs=1e-12 * scale)


@given(st.integers(0, 10**6), st.sampled_from(CASES))
def test_a_cut_goes_on_from_an_earlier_one(seed, case):
    ndim, connectivity = case
    source, sink, weights = instance(seed, (4, 5, 3)[:ndim], connectivity)
    cut = graph.min_cut(source, sink, weights, connectivity=connectivity)
    for step in range(3):
        source, sink, _ = instance(seed + step + 1, source.shape, connectivity)
        expected = graph.min_cut(source, sink, weights, connectivity=connectivity)
        cut = graph.min_cut(source, sink, weights, connectivity=connectivity, reuse=cut)
        assert cut.flow == expected.flow
        np.testing.assert_array_equal(cut.source_side, expected.source_side)


@pytest.mark.usefixtures("algorithm")
@pytest.mark.parametrize("weight", [3, 300, 30_000])
def test_strong_smoothing(weight):
    noise = np.random.default_rng(0).normal(size=(48, 48)) * 90
    image = np.where(np.add.outer(np.arange(48), np.arange(48)) > 47, 255, 0) + noise
    costs = [(100 * (image - value) ** 2 / 16200).astype(int) for value in (255, 0)]
    weights = dict.fromkeys(map(tuple, forward_offsets(2, 2).tolist()), weight)
    flow, source_side = oracle.flow_by_scipy(*costs, weights)
    cut = graph.min_cut(*costs, weight, connectivity=2)
    assert cut.flow == flow
    np.testing.assert_array_equal(cut.source_side, source_side)


@pytest.mark.kernels
@pytest.mark.usefixtures("algorithm")
@pytest.mark.parametrize("scale", [1, 1 / 3])
@pytest.mark.parametrize("directed", [False, True])
def test_seeds_in_plenty(directed, scale):
    """Seeds among seeds hand nothing on, whatever changes afterwards."""
    cut = None
    _, _, weights = instance(7, (6, 5), 2, directed)
    for seed in range(4):
        source, sink, _ = instance(seed, (6, 5), 2, directed)
        chosen = np.random.default_rng(seed).integers(0, 4, source.shape)
        source, sink = np.where(chosen == 1, 10**5, source), np.where(chosen == 2, 10**5, sink)
        source[chosen == 2] = sink[chosen == 1] = 0
        flow, source_side = oracle.flow_by_scipy(source, sink, weights)
        cut = graph.min_cut(
            np.where(chosen == 1, np.inf, source * scale),
            np.where(chosen == 2, np.inf, sink * scale),
            {offset: value * scale for offset, value in weights.items()},
            connectivity=2,
            reuse=cut,
        )
        assert cut.flow == pytest.approx(flow * scale)
        if scale == 1:
            np.testing.assert_array_equal(cut.source_side, source_side)


@pytest.mark.usefixtures("algorithm")
def test_hard_seeds():
    source, sink = np.zeros((2, 1, 6))
    source[0, 0] = sink[0, 5] = np.inf
    cut = graph.min_cut(source, sink, {(0, 1): np.array([[5, 4, 0.5, 4, 5, 9]])})
    assert cut.flow == 0.5
    assert cut.source_side.tolist() == [[True] * 3 + [False] * 3]
    alone = graph.min_cut(source, sink, 0)
    assert alone.flow == 0
    assert alone.source_side.tolist() == [[True] + [False] * 5]


@pytest.mark.usefixtures("algorithm")
def test_outside_a_mask_nothing_flows():
    source, sink, weights = instance(3, (6, 7), 2)
    mask = np.random.default_rng(3).random((6, 7)) < 0.7
    inside = {offset: np.where(mask, value, 0) for offset, value in weights.items()}
    for (dy, dx), value in inside.items():
        value *= np.roll(mask, (-dy, -dx), (0, 1))
    expected = oracle.flow_by_scipy(source * mask, sink * mask, inside)
    cut = graph.min_cut(source, sink, weights, connectivity=2, mask=mask)
    assert cut.flow == expected[0]
    np.testing.assert_array_equal(cut.source_side, expected[1])
    other = np.where(mask, source, 1000)
    again = graph.min_cut(other, sink, weights, connectivity=2, mask=mask)
    np.testing.assert_array_equal(again.source_side, cut.source_side)


@pytest.mark.parametrize("large", [2**30, 2**40, 2**56])
def test_large_whole_numbers_are_exact(large):
    source, sink = np.zeros((2, 1, 3), np.int64)
    source[0, 0], sink[0, 2] = large + 1, large + 3
    assert graph.min_cut(source, sink, large - 1).flow == large - 1
    assert graph.min_cut(source, sink, large + 2).flow == large + 1


def test_two_cuts_at_once():
    cases = [instance(seed, (40, 50), 2, most=50) for seed in range(6)]
    expected = [graph.min_cut(*case, connectivity=2) for case in cases]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda case: graph.min_cut(*case, connectivity=2), cases))
    for one, other in zip(expected, found, strict=True):
        assert one.flow == other.flow
        np.testing.assert_array_equal(one.source_side, other.source_side)


def stored_grid(path):
    """A stored instance: capacities, and what is known of its cuts."""
    stored = np.load(path)
    weights = dict(zip(map(tuple, stored["offsets"].tolist()), stored["caps"], strict=True))
    return stored, weights


@pytest.mark.usefixtures("algorithm")
@pytest.mark.parametrize(
    "name",
    [
        "denoise4_192",
        "denoise8_192",
        "gmm_contrast8_160",
        "scribble4_128x192",
        "scribble8_128x192",
        "stereo_32x64x64",
        "volume6_32x64x64",
        "float_gmm4_100x150",
    ],
)
def test_stored_instances(shared, name):
    stored, weights = stored_grid(shared / "data" / "maxflow" / f"{name}.npz")
    source, sink = stored["source"], stored["sink"]
    connectivity = max(sum(map(abs, offset)) for offset in weights)
    cut = graph.min_cut(source, sink, weights, connectivity=connectivity)
    assert cut.flow == pytest.approx(stored["flow"].item(), rel=1e-12)
    if "always_source" in stored:
        n = source.size
        always = np.unpackbits(stored["always_source"])[:n].reshape(source.shape).astype(bool)
        np.testing.assert_array_equal(cut.source_side, always)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": np.full((3, 4), -1)}, "source holds -1 but capacities must be 0 or positive"),
        ({"sink": np.full((3, 4), np.nan)}, "sink holds nan"),
        ({"sink": np.zeros((3, 5))}, r"sink has shape \(3, 5\) but source has shape \(3, 4\)"),
        ({"source": np.zeros(4)}, r"source has shape \(4,\) but must be \(H, W\)"),
        ({"weights": -2}, r"weights\[\(0, 1\)\] holds a negative value"),
        ({"weights": {(0, 1): np.nan}}, r"weights\[\(0, 1\)\] holds .* NaN"),
        ({"weights": {(0, 2): 1}}, r"the offset \(0, 2\) but connectivity=1"),
        ({"weights": {(1, 1): 1}}, r"the offset \(1, 1\) .* or a larger connectivity"),
        ({"weights": {(0, 1): np.ones((4, 3))}}, r"shape \(4, 3\) .* have the shape \(3, 4\)"),
        ({"weights": np.ones((3, 4))}, r"weights is an array of shape \(3, 4\)"),
        ({"weights": 2**62}, "weights sum to as much as"),
        ({"connectivity": 3}, "connectivity is 3 but must be an integer from 1"),
        ({"mask": np.ones((2, 2), bool)}, "mask has shape"),
    ],
)
def test_bad_input(change, words):
    arguments = {"source": np.ones((3, 4), int), "sink": np.ones((3, 4), int), "weights": 1}
    with pytest.raises(ValueError, match=words):
        graph.min_cut(**arguments | change)


@pytest.mark.usefixtures("algorithm")
def test_a_pixel_alone_between_seeds():
    """Of what no edge reaches, its own terminals decide, and nothing flows."""
    source, sink = np.zeros((2, 3, 3))
    source[0], sink[2] = np.inf, np.inf
    source[1, 1] = 2.5
    mask = np.array([[1, 1, 1], [0, 1, 0], [1, 1, 1]], bool)
    weights = {(0, 1): 1, (1, 0): 0}
    cut = graph.min_cut(source, sink, weights, mask=mask)
    assert cut.flow == 0
    np.testing.assert_array_equal(cut.source_side, (source > 0) & mask)


def test_seeds_that_contradict():
    source, sink = np.zeros((2, 3, 3))
    source[1, 2] = sink[1, 2] = np.inf
    with pytest.raises(ValueError, match=r"both infinite at \(1, 2\)"):
        graph.min_cut(source, sink, 1)


def test_reuse_of_another_grid():
    cut = graph.min_cut(np.ones((3, 3), int), np.ones((3, 3), int), 1)
    with pytest.raises(ValueError, match=r"reuse is a cut of shape \(3, 3\) but source has"):
        graph.min_cut(np.ones((3, 4)), np.ones((3, 4)), 1, reuse=cut)
    with pytest.raises(ValueError, match="reuse is a cut with whole capacities"):
        graph.min_cut(np.full((3, 3), 0.5), np.ones((3, 3)), 1, reuse=cut)
    with pytest.raises(TypeError, match="reuse is int"):
        graph.min_cut(np.ones((3, 3)), np.ones((3, 3)), 1, reuse=3)
