"""A grid as a flow network: residual capacities and one signed excess a node.

A source and a sink are no nodes: min(source, sink) passes at once, and what is left of the larger
is the node's excess (above 0) or deficit (below). All algorithms work on this one state, so that
one may stop anywhere and another go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.grid import flat_offsets, neighbour_offsets
from .edges import Offset, clear_outside, directed, fill_arcs

#: The share of an integer's range that capacities at a node may reach in all: a residual excess is
#: at most four times as large (see `set_terminals`).
_RANGE_SHARE = 4
#: Whole numbers in floats are taken as integers up to here.
_MOST_WHOLE = 2.0**53


class Network(NamedTuple):
    """What the kernels read and change.

    capacities : (K, N), what is left of each arc; offsets : int64 (K,), where arc k leads, and arc
    K - 1 - k leads back; excess : (N,), of the capacities' dtype
    """

    capacities: Array
    offsets: Array
    excess: Array


@dataclass
class GridNetwork:
    """The network of a grid in a frame of nodes that no arc enters, with terminals that may change.

    A row more at each end of the first axis and one pixel more at the end of the others suffice: a
    step beyond the end of a row reaches the frame before the next one.
    """

    network: Network
    spatial_shape: tuple[int, ...]
    mask: Array | None
    most: Any  # no node has more than this on its arcs, in and out
    terminals: Array  # source minus sink of each node, as it was set
    passed: Any = 0  # what passes from source to sink at once, and the sum of all deficits

    def inner(self, nodes: Array) -> Array:
        """The pixels of an array of nodes, as a view of the spatial shape."""
        index = (slice(1, -1), *(slice(size) for size in self.spatial_shape[1:]))
        return nodes[1:-1].reshape(framed_shape(self.spatial_shape))[index]

    def set_terminals(self, source: Any, sink: Any) -> None:
        """Set, or change, the capacities from the source and to the sink; infinity is allowed.

        Terminals are cut to what any node can pass on, and one more so that a node keeps its side
        when everything around it is full: neither flow nor labels change, and sums keep within the
        dtype. Flow that was pushed before stays where it is.
        """
        excess = self.inner(self.network.excess)
        total = np.int64 if excess.dtype.kind == "i" else np.float64
        limit = self.most + 1 if excess.dtype.kind == "i" else 2 * self.most or 1.0
        both = np.minimum(source, sink)
        now = np.minimum(source - both, limit) - np.minimum(sink - both, limit)
        if self.mask is not None:
            both, now = both * self.mask, now * self.mask
        now = now.astype(excess.dtype, copy=False)
        excess += now - self.terminals
        self.terminals = now
        self.passed = both.sum(dtype=total) - now.sum(dtype=total, where=now < 0)

    def flow(self) -> Any:
        """The flow, once no excess reaches a deficit."""
        excess = self.inner(self.network.excess)
        return (self.passed + excess.sum(dtype=self.passed.dtype, where=excess < 0)).item()


def framed_shape(spatial_shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of a grid with its frame."""
    return (spatial_shape[0] + 2, *(size + 1 for size in spatial_shape[1:]))


def make_network(
    weights: dict[Offset, Any],
    spatial_shape: tuple[int, ...],
    connectivity: int,
    mask: Array | None,
    dtype: Any,
) -> GridNetwork:
    """Lay out the arcs of a grid, with no terminals yet."""
    offsets = neighbour_offsets(len(spatial_shape), connectivity)
    framed = framed_shape(spatial_shape)
    # A node more at each end: a step from the corners of the frame stays in the arrays.
    n_nodes = prod(framed) + 2
    network = Network(
        np.zeros((len(offsets), n_nodes), dtype),
        flat_offsets(offsets, framed),
        np.zeros(n_nodes, dtype),
    )
    grid = GridNetwork(
        network, spatial_shape, mask, largest_sum(weights), np.zeros(spatial_shape, dtype)
    )
    arcs = directed(weights)
    for offset, plane in zip(map(tuple, offsets.tolist()), network.capacities, strict=True):
        if offset in arcs:
            pixels = grid.inner(plane)
            fill_arcs(pixels, offset, *arcs[offset])
            if mask is not None:
                clear_outside(pixels, offset, mask)
    return grid


def largest_sum(weights: dict[Offset, Any]) -> Any:
    """A bound of what all arcs of a node can carry, in and out: twice the largest at each offset."""
    tops = (value.max() if np.size(value) else 0 for value, _ in directed(weights).values())
    return 2 * sum(top.item() if isinstance(top, np.generic) else top for top in tops)


def capacity_dtype(weights: dict[Offset, Any], terminals: Iterable[Array]) -> np.dtype:
    """int32 or int64 where all capacities are whole numbers whose sums fit, else float64.

    Integers whose sums would overflow are a ValueError: as floats they would lose digits.
    """
    arrays = [*weights.values(), *terminals]
    if not all(_is_whole(array) for array in arrays):
        return np.dtype(np.float64)
    most = largest_sum(weights) + 1
    for dtype in (np.int32, np.int64):
        if most <= np.iinfo(dtype).max // _RANGE_SHARE:
            return np.dtype(dtype)
    raise ValueError(
        f"weights sum to as much as {most:.3g} at a pixel, but whole numbers are summed exactly up "
        f"to {np.iinfo(np.int64).max // _RANGE_SHARE:.3g}: divide all capacities by a common factor, "
        "or pass floats that are not whole."
    )


def _is_whole(values: Any) -> bool:
    """Whether values are integers, or floats that hold some (or infinity)."""
    array = np.asarray(values)
    if array.dtype.kind != "f":
        return True
    whole = np.rint(array) == array
    finite = array[np.isfinite(array)] if array.ndim else array
    return bool(whole.all()) and bool(np.abs(finite).max(initial=0) <= _MOST_WHOLE)
