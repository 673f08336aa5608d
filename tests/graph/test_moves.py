"""Expansions and swaps: against every labelling, and every move, of tiny problems."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from pixelseg import graph
from pixelseg._core.grid import forward_offsets
from tests.oracles import graph as oracle


def problem(seed, shape, n_labels, connectivity=1, whole=True):
    """Random costs and weights, and a metric."""
    rng = np.random.default_rng(seed)
    data = rng.integers(-5, 30, (*shape, n_labels))
    offsets = forward_offsets(len(shape), connectivity).tolist()
    weights = {tuple(offset): rng.integers(0, 9, shape) for offset in offsets}
    points = rng.integers(0, 4, (n_labels, 2))
    label_cost = np.abs(points[:, np.newaxis] - points).sum(axis=-1)
    if whole:
        return data, weights, label_cost
    return data * 0.31, {key: value * 0.7 for key, value in weights.items()}, label_cost * 0.3


def as_matrix(shape, weights):
    """The same edges, each once, of the nodes in order."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    entries = [
        (value[pixel], numbers[pixel], numbers[tuple(np.add(pixel, offset))])
        for offset, value in weights.items()
        for pixel in np.ndindex(*shape)
        if all(0 <= k < n for k, n in zip(np.add(pixel, offset), shape, strict=True))
    ]
    values, tails, heads = map(np.array, zip(*entries, strict=True))
    return sparse.coo_matrix((values, (tails, heads)), (numbers.size, numbers.size))


@pytest.mark.kernels
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("swap", [False, True])
def test_no_move_is_better(whole, swap):
    """What ends a run: no expansion, or swap, of all that there are lowers the energy."""
    move = graph.alpha_beta_swap if swap else graph.alpha_expansion
    for seed in range(4):
        data, weights, label_cost = problem(seed, (2, 3), 3, 2, whole)
        if swap:
            label_cost = label_cost**2
        found = move(data, weights, label_cost=label_cost, connectivity=2)
        labels = found.labels

        def value(labels, data=data, weights=weights, label_cost=label_cost):
            return oracle.energy(labels, data, weights, label_cost)

        assert found.energy == pytest.approx(value(labels))
        assert found.energy == graph.energy(
            labels, data, weights, label_cost=label_cost, connectivity=2
        )
        for choice in product((False, True), repeat=labels.size):
            chosen = np.array(choice).reshape(labels.shape)
            for a, b in product(range(3), repeat=2):
                free = (labels == a) | (labels == b) if swap else True
                other = np.where(chosen & free, a, labels)
                if swap:
                    other = np.where(~chosen & free, b, other)
                assert value(other) >= found.energy - 1e-9


@given(st.integers(0, 10**6), st.sampled_from([(3, 4), (2, 3, 2)]), st.booleans(), st.booleans())
def test_energies_fall_and_sparse_graphs_are_the_same(seed, shape, whole, swap):
    move = graph.alpha_beta_swap if swap else graph.alpha_expansion
    data, weights, label_cost = problem(seed, shape, 4, 1, whole)
    found = move(data, weights, label_cost=label_cost)
    assert list(found.energies) == sorted(found.energies, reverse=True)
    assert found.energies[-1] == found.energy
    assert found.energy == pytest.approx(oracle.energy(found.labels, data, weights, label_cost))
    again = move(data, weights, label_cost=label_cost, labels=found.labels)
    np.testing.assert_array_equal(again.labels, found.labels)
    assert len(again.energies) == 1
    matrix = as_matrix(shape, weights)
    flat = move(data.reshape(-1, 4), matrix, label_cost=label_cost)
    assert flat.energy == graph.energy(
        flat.labels, data.reshape(-1, 4), matrix, label_cost=label_cost
    )
    if whole:
        np.testing.assert_array_equal(flat.labels, found.labels.ravel())


@pytest.mark.kernels
def test_earlier_flow_changes_no_label(monkeypatch):
    """Moves that start from what flowed before, some of them, or none, choose the same."""
    for seed in range(3):
        data, weights, label_cost = problem(seed, (8, 9), 4, 2)
        found = []
        for n_bytes in (0, 40, 10**6):
            monkeypatch.setattr("pixelseg.graph.energies._FLOW_BYTES", n_bytes)
            found.append(
                graph.alpha_expansion(data, weights, label_cost=label_cost, connectivity=2)
            )
        assert len(found[0].energies) > 1, "a second cycle starts again"
        for other in found[1:]:
            np.testing.assert_array_equal(other.labels, found[0].labels)
            assert other.energies == found[0].energies


def test_two_labels_are_one_cut():
    data, weights, _ = problem(0, (9, 8), 2, 2)
    found = graph.alpha_expansion(data, weights, connectivity=2)
    low = data.min(axis=-1, keepdims=True)
    cut = graph.min_cut(*np.moveaxis(data - low, -1, 0), weights, connectivity=2)
    assert found.energy == cut.flow + low.sum()


def test_float32_costs_are_taken_as_they_are():
    data, weights, _ = problem(1, (5, 6), 3, whole=False)
    narrow = data.astype(np.float32)
    found = graph.alpha_expansion(narrow, weights)
    assert found.energy == pytest.approx(
        oracle.energy(found.labels, narrow, weights, 1 - np.eye(3))
    )


def test_no_iterations_and_one_label():
    data, weights, _ = problem(1, (4, 4), 3)
    start = graph.alpha_expansion(data, weights, n_iterations=0)
    np.testing.assert_array_equal(start.labels, data.argmin(axis=-1))
    assert graph.alpha_expansion(data[..., :1], weights).labels.max() == 0
    assert graph.alpha_beta_swap(data[..., :1], weights).labels.max() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data_cost": np.full((2, 3, 3), np.nan)}, "data_cost holds infinity or NaN"),
        ({"data_cost": np.zeros((2, 3))}, r"data_cost has shape \(2, 3\) but must be"),
        ({"label_cost": np.ones((2, 2))}, r"label_cost has shape \(2, 2\) but must be \(3, 3\)"),
        ({"label_cost": np.ones((3, 3))}, "must be symmetric, and 0 on its diagonal"),
        ({"label_cost": -np.ones((3, 3))}, "label_cost holds a negative value"),
        (
            {"label_cost": [[0, 1, 4], [1, 0, 1], [4, 1, 0]]},
            "from label 0 to 2 it is 4, but 2 by way of another one. Use alpha_beta_swap",
        ),
        ({"weights": -1}, "holds a negative value"),
        ({"weights": {(0, 1): 1, (0, -1): 1}}, r"offset \(0, 1\) and its opposite"),
        ({"labels": np.full((2, 3), 3)}, "labels holds 3 to 3 but must be indices"),
        ({"labels": np.zeros((3, 3), int)}, r"labels has shape \(3, 3\) but data_cost"),
        ({"n_iterations": -1}, "n_iterations is -1"),
        ({"weights": sparse.eye(4), "data_cost": np.zeros((5, 3))}, "one row and column for each"),
    ],
)
def test_bad_input(change, words):
    arguments = {"data_cost": np.zeros((2, 3, 3)), "weights": 1}
    with pytest.raises(ValueError, match=words):
        graph.alpha_expansion(**arguments | change)
