"""Energies of labellings on grids and sparse graphs, and the cut that is the best move."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import numpy as np
from scipy import sparse

from .._core.arrays import Array, to_array
from .._core.grid import flat_offsets, forward_offsets, neighbour_offsets, neighbour_slices
from .edges import Edges, as_edges, fill_arcs
from .network import framed_shape, inner_view, row_starts
from .ranges import capacity_dtype, find_range
from .solving import solve
from .sparse import SparseGraph, as_sparse_graph, push_all

#: Bytes a pixel for the flow of earlier moves, where later ones start.
_FLOW_BYTES = 128
#: Moves halve whole numbers in floats, exactly up to here.
_MOST = 2.0**52


class Energy(ABC):
    """Data costs (..., L), and label costs (L, L) times the weights of edges."""

    def __init__(self, data_cost: Array, label_cost: Array, dtype: np.dtype) -> None:
        self.data_cost, self.label_cost, self.dtype = data_cost, label_cost, dtype

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return len(self.label_cost)

    def as_labels(self, labels: Any) -> Array:
        """Check labels, or take the cheapest of each pixel alone: int32."""
        shape = self.data_cost.shape[:-1]
        if labels is None:
            return self.data_cost.argmin(axis=-1).astype(np.int32)
        array = to_array("labels", labels)
        if array.dtype.kind not in "ui":
            raise TypeError(f"labels has dtype {array.dtype} but must hold integers.")
        if array.shape != shape:
            raise ValueError(
                f"labels has shape {array.shape} but data_cost has shape {self.data_cost.shape}: "
                "pass one label for each vector of costs."
            )
        if array.min() < 0 or array.max() >= self.n_labels:
            raise ValueError(
                f"labels holds {array.min()} to {array.max()} but must be indices into the "
                f"{self.n_labels} costs, from 0 to {self.n_labels - 1}."
            )
        return array.astype(np.int32)

    def of(self, labels: Array) -> int | float:
        """The energy of a labelling."""
        total = np.int64 if self.dtype.kind == "i" else np.float64
        data = np.take_along_axis(self.data_cost, labels[..., np.newaxis], -1).sum(dtype=total)
        return (data + self._edge_costs(labels, total)).item()

    @abstractmethod
    def _edge_costs(self, labels: Array, total: Any) -> Any:
        """What all edges cost."""

    @abstractmethod
    def mover(self, labels: Array) -> Mover:
        """Something that changes a copy of labels move by move."""


class Mover(ABC):
    """A labelling that changes by one best move after the other."""

    @abstractmethod
    def __call__(self, alpha: int, beta: int) -> bool:
        """Expand alpha, or swap it with beta (0 or above); whether anything changed."""

    @abstractmethod
    def labels(self) -> Array:
        """The labels now, as a new array."""


class GridEnergy(Energy):
    """An energy of a grid."""

    edges: Edges

    def _edge_costs(self, labels: Array, total: Any) -> Any:
        cost = total(0)
        for offset, weight in self.edges.weights.items():
            here, there = neighbour_slices(offset)
            each = self.label_cost[labels[here], labels[there]]
            cost += (each * (weight if np.ndim(weight) == 0 else weight[here])).sum(dtype=total)
        return cost

    def mover(self, labels: Array) -> Mover:
        """A copy of labels in a frame, with the network of a move."""
        return _GridMover(self, labels)


class _GridMover(Mover):
    def __init__(self, energy: GridEnergy, labels: Array) -> None:
        self.energy, self.shape = energy, labels.shape
        ndim, connectivity = labels.ndim, energy.edges.connectivity
        framed = framed_shape(self.shape)
        n_nodes = prod(framed) + 2
        offsets = neighbour_offsets(ndim, connectivity)
        dtype = energy.dtype
        self.weights = np.zeros((len(offsets) // 2, n_nodes), dtype)
        for plane, offset in zip(self.weights, forward_offsets(ndim, connectivity), strict=True):
            key = tuple(offset.tolist())
            for where, at_far_end in ((key, False), (tuple(-offset), True)):
                if where in energy.edges.weights:
                    pixels = inner_view(plane, self.shape)
                    fill_arcs(pixels, key, energy.edges.weights[where], at_far_end)
        self.capacities = np.zeros((len(offsets), n_nodes), dtype)
        self.offsets = flat_offsets(offsets, framed)
        self.excess = np.zeros(n_nodes, dtype)
        self.nodes = np.zeros(n_nodes, np.int32)
        inner_view(self.nodes, self.shape)[...] = labels
        self.starts = row_starts(self.shape)
        self.data = energy.data_cost.reshape(-1, self.shape[-1], energy.n_labels)
        self.flows: dict[tuple[int, int], Array] = {}

    def __call__(self, alpha: int, beta: int) -> bool:
        from ._move_kernels import push_again, set_move, take_labels

        costs = (self.weights, self.energy.label_cost)
        network = (self.capacities, self.offsets, self.excess)
        set_move(self.data, self.starts, self.nodes, *costs, alpha, beta, *network)
        later = self.capacities[len(self.weights) :]
        flow = self.flows.get((alpha, beta))
        if flow is not None:
            push_again(*network, flow)
        elif (len(self.flows) + 1) * self.weights.nbytes <= _FLOW_BYTES * self.excess.size:
            flow = self.flows[alpha, beta] = later.copy()
        source_side = solve(*network)
        if flow is not None:
            flow -= later
        return bool(take_labels(self.nodes, source_side, alpha, beta))

    def labels(self) -> Array:
        return inner_view(self.nodes, self.shape).copy()


class SparseEnergy(Energy):
    """An energy of a sparse graph."""

    graph: SparseGraph

    def _edge_costs(self, labels: Array, total: Any) -> Any:
        tails, heads, weights, _ = self.graph.edges()
        return (weights * self.label_cost[labels[tails], labels[heads]]).sum(dtype=total)

    def mover(self, labels: Array) -> Mover:
        """A copy of labels."""
        return _SparseMover(self, labels)


class _SparseMover(Mover):
    def __init__(self, energy: SparseEnergy, labels: Array) -> None:
        self.energy, self.now = energy, labels.copy()

    def __call__(self, alpha: int, beta: int) -> bool:
        energy, graph, labels = self.energy, self.energy.graph, self.now
        keep, take = labels, np.full_like(labels, alpha)
        if beta >= 0:
            moves = (labels == alpha) | (labels == beta)
            keep, take = np.where(moves, beta, labels), np.where(moves, alpha, labels)
        every = np.arange(len(labels))
        excess = (energy.data_cost[every, keep] - energy.data_cost[every, take]).astype(
            energy.dtype
        )
        tails, heads, weights, forth = graph.edges()
        cost = energy.label_cost
        v, u = (keep[tails], take[tails]), (keep[heads], take[heads])
        both_take = cost[v[1], u[1]]
        keeps, v_keeps, u_keeps = (
            weights * (value - both_take)
            for value in (cost[v[0], u[0]], cost[v[0], u[1]], cost[v[1], u[0]])
        )
        of_v = np.clip(0, keeps - u_keeps, v_keeps)
        np.add.at(excess, tails, of_v)
        np.add.at(excess, heads, keeps - of_v)
        capacities = np.zeros(len(graph.heads), energy.dtype)
        capacities[forth] = u_keeps - keeps + of_v
        capacities[graph.backs[forth]] = v_keeps - of_v
        _, source_side = push_all(graph, capacities, excess)
        after = np.where(source_side, take, keep)
        changed = bool((after != labels).any())
        self.now = after.astype(np.int32)
        return changed

    def labels(self) -> Array:
        return self.now.copy()


def as_energy(
    data_cost: Any, weights: Any, label_cost: Any, connectivity: Any, *, is_metric: bool
) -> Energy:
    """Check what an energy is made of; `is_metric` wants the triangle inequality."""
    data = to_array("data_cost", data_cost)
    ranges = [find_range("data_cost", data)]
    is_sparse = sparse.issparse(weights)
    ndims, rule = ((2,), "(n_nodes, n_labels)") if is_sparse else ((3, 4), "(..., n_labels)")
    if data.ndim not in ndims or data.size == 0:
        raise ValueError(
            f"data_cost has shape {data.shape} but must be {rule}, a cost for each label at each "
            f"{'node' if is_sparse else 'pixel of (H, W) or (D, H, W)'}."
        )
    if not np.isfinite(ranges[0].least) or ranges[0].infinite:
        raise ValueError(
            "data_cost holds infinity or NaN but must be finite: forbid a label by a large number."
        )
    table = _as_label_cost(label_cost, data.shape[-1], is_metric)
    ranges.append(find_range("label_cost", table))
    if is_sparse:
        graph = as_sparse_graph(weights, "weights")
        if graph.n_nodes != len(data):
            raise ValueError(
                f"weights has shape {weights.shape} but data_cost has shape {data.shape}: pass one "
                "row and column for each node."
            )
        ranges.append(graph.range)
        degree = np.bincount(graph.tails(), graph.capacities, minlength=len(data)).max()
        most_edges = 4 * float(degree)
    else:
        edges = as_edges(weights, data.shape[:-1], connectivity)
        ranges += edges.ranges.values()
        most_edges = edges.largest_sum()
        twice = [key for key in edges.weights if tuple(-step for step in key) in edges.weights]
        if twice:
            raise ValueError(
                f"weights has the offset {twice[0]} and its opposite, but edges of an energy have "
                "no direction: name each once."
            )
    most = ranges[0].most - ranges[0].least + most_edges * ranges[1].most
    dtype = capacity_dtype(int(np.ceil(most)) if np.isfinite(most) else most, ranges)
    if dtype.kind == "i":
        if most > _MOST:
            raise ValueError(
                f"costs sum to as much as {most:.3g} at a pixel, but whole ones are summed exactly "
                f"up to {_MOST:.3g}: divide all by a common factor, or pass floats."
            )
        table = table.astype(np.int64)
        fits = max(abs(ranges[0].most), abs(ranges[0].least)) < np.iinfo(np.int32).max
        data = data.astype(np.int32 if fits else np.int64, copy=False)
    else:
        table = table.astype(np.float64)
        data = data.astype(np.float32 if data.dtype == np.float32 else np.float64, copy=False)
    data = np.ascontiguousarray(data)
    if is_sparse:
        energy: Any = SparseEnergy(data, table, dtype)
        energy.graph = graph
    else:
        energy = GridEnergy(data, table, dtype)
        energy.edges = edges
    return energy


def _as_label_cost(label_cost: Any, n_labels: int, is_metric: bool) -> Array:
    """Check label costs (L, L); default is Potts."""
    if label_cost is None:
        return 1 - np.eye(n_labels, dtype=np.int64)
    table = to_array("label_cost", label_cost)
    if table.shape != (n_labels, n_labels):
        raise ValueError(
            f"label_cost has shape {table.shape} but must be ({n_labels}, {n_labels}): a cost for "
            "each pair of labels."
        )
    found = find_range("label_cost", table)
    if not found.least >= 0 or found.infinite:
        raise ValueError("label_cost holds a negative value, infinity or NaN.")
    if (np.diag(table) != 0).any() or (table != table.T).any():
        raise ValueError("label_cost must be symmetric, and 0 on its diagonal.")
    if is_metric:
        # Between whole numbers there is no rounding to allow for.
        slack = 0 if found.whole else 1e-12 * found.most
        detours = (table[:, :, np.newaxis] + table[np.newaxis]).min(axis=1)
        if (table > detours + slack).any():
            a, b = np.argwhere(table > detours + slack)[0].tolist()
            raise ValueError(
                f"label_cost is no metric: from label {a} to {b} it is {table[a, b]}, but "
                f"{detours[a, b]} by way of another one. Use alpha_beta_swap, which takes any "
                "symmetric costs."
            )
    return table
