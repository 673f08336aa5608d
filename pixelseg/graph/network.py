"""A grid as a flow network: residual capacities and one signed excess a node.

A source and a sink are no nodes: min(source, sink) passes at once, and what is left of the larger
is the node's excess (above 0) or deficit (below). All algorithms work on this one state, so that
one may stop anywhere and another go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.grid import flat_offsets, neighbour_offsets
from .edges import Edges, clear_outside, fill_arcs

#: Pixels whose terminals are converted at a time.
_SLAB = 2**16


@dataclass
class GridNetwork:
    """The network of a grid in a frame of nodes that no arc enters, with terminals that may change.

    A row more at each end of the first axis and one pixel more at the end of the others suffice: a
    step beyond the end of a row reaches the frame before the next one.

    capacities : (K, N), what is left of each arc; offsets : int64 (K,), where arc k leads, and arc
    K - 1 - k leads back; excess : (N,), of the capacities' dtype
    """

    capacities: Array
    offsets: Array
    excess: Array
    spatial_shape: tuple[int, ...]
    mask: Array | None
    edges: Edges
    has_terminals: bool = False
    passed: Any = 0  # what passes from source to sink at once, and the sum of all deficits

    def inner(self, nodes: Array) -> Array:
        """The pixels of an array of nodes, as a view of the spatial shape."""
        return inner_view(nodes, self.spatial_shape)

    def set_terminals(self, source: Array, sink: Array) -> None:
        """Set, or change, the capacities from the source and to the sink; infinity is allowed.

        Terminals are cut to what any node can pass on: neither flow nor labels change, and sums
        keep within the dtype. Flow that was pushed before stays where it is.
        """
        from ._terminal_kernels import find_wanted, set_excess

        is_whole = self.excess.dtype.kind == "i"
        most = self.edges.largest_sum()
        limit = most + 1 if is_whole else 2 * most or 1.0
        slack = 1 if is_whole else most / 1024 or 1.0
        wanted = np.zeros_like(self.excess)
        starts = row_starts(self.spatial_shape)
        width = self.spatial_shape[-1]
        source, sink = source.reshape(-1, width), sink.reshape(-1, width)
        mask = np.zeros((0, 0), bool) if self.mask is None else self.mask.reshape(-1, width)
        both = source.dtype.kind == sink.dtype.kind == "i"
        dtype = np.int64 if both else np.float64
        passed = dtype(0)
        rows = max(1, _SLAB // width)
        for first in range(0, len(source), rows):
            slab = slice(first, first + rows)
            passed += find_wanted(
                np.ascontiguousarray(source[slab], dtype),
                np.ascontiguousarray(sink[slab], dtype),
                np.ascontiguousarray(mask[slab]),
                starts[slab],
                limit,
                wanted,
            )
        before = self._terminals() if self.has_terminals else np.zeros(0, wanted.dtype)
        network = (self.capacities, self.offsets, self.excess)
        deficits = set_excess(*network, wanted, before, limit, slack)
        self.has_terminals = True
        self.passed = (int(passed) if is_whole else float(passed)) + deficits

    def _terminals(self) -> Array:
        """Source minus sink of each node, as it was set: what is left, and what flowed away."""
        terminals = self.excess.copy()
        plane = np.empty_like(terminals)
        for k, left in enumerate(self.capacities):
            self.fill_plane(k, plane)
            plane -= left
            terminals += plane
        return terminals

    def fill_plane(self, k: int, plane: Array) -> None:
        """Write the capacities that arc k of each node had at first."""
        plane[:] = 0
        offset = tuple(
            neighbour_offsets(len(self.spatial_shape), self.edges.connectivity)[k].tolist()
        )
        arc = self.edges.arcs().get(offset)
        if arc is not None:
            pixels = self.inner(plane)
            fill_arcs(pixels, offset, *arc)
            if self.mask is not None:
                clear_outside(pixels, offset, self.mask)

    def flow(self) -> int | float:
        """The flow, once no excess reaches a deficit."""
        total = np.int64 if self.excess.dtype.kind == "i" else np.float64
        left = np.minimum(self.excess, 0).sum(dtype=total)
        return self.passed + left.item()


def framed_shape(spatial_shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of a grid with its frame."""
    return (spatial_shape[0] + 2, *(size + 1 for size in spatial_shape[1:]))


def inner_view(nodes: Array, spatial_shape: Sequence[int]) -> Array:
    """The pixels of an array of nodes, as a view of the spatial shape."""
    index = (slice(1, -1), *(slice(size) for size in spatial_shape[1:]))
    return nodes[1:-1].reshape(framed_shape(spatial_shape))[index]


def row_starts(spatial_shape: Sequence[int]) -> Array:
    """The first node of each row of pixels."""
    steps = flat_offsets(np.eye(len(spatial_shape), dtype=int), framed_shape(spatial_shape))
    starts = np.array(1 + steps[0])
    for size, step in zip(spatial_shape[:-1], steps[:-1], strict=True):
        starts = starts[..., np.newaxis] + step * np.arange(size)
    return starts.ravel()


def make_network(
    edges: Edges, spatial_shape: tuple[int, ...], mask: Array | None, dtype: Any
) -> GridNetwork:
    """Lay out the arcs of a grid, with no terminals yet."""
    offsets = neighbour_offsets(len(spatial_shape), edges.connectivity)
    framed = framed_shape(spatial_shape)
    # A node more at each end: a step from the corners of the frame stays in the arrays.
    n_nodes = prod(framed) + 2
    grid = GridNetwork(
        np.empty((len(offsets), n_nodes), dtype),
        flat_offsets(offsets, framed),
        np.zeros(n_nodes, dtype),
        spatial_shape,
        mask,
        edges,
    )
    for k, plane in enumerate(grid.capacities):
        grid.fill_plane(k, plane)
    return grid
