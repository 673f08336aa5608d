"""Edges of a grid: what `weights` means to every graph cut, as planes of capacities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, to_array
from .._core.checks import as_integer
from .._core.grid import as_connectivity, forward_offsets, neighbour_offsets, neighbour_slices
from .ranges import Range, find_range

Offset = tuple[int, ...]


@dataclass(frozen=True)
class Edges:
    """Checked weights of a grid's edges: offset -> a number, or an array of the spatial shape.

    An entry whose opposite is not given holds undirected edges.
    """

    weights: dict[Offset, Any]
    ranges: dict[Offset, Range]
    connectivity: int

    def arcs(self) -> dict[Offset, tuple[Any, bool]]:
        """Every arc: offset -> its weights, and whether they lie at its far end.

        An undirected edge has its weight at its first pixel, so that the arc back finds it at the
        pixel that it leads to.
        """
        arcs: dict[Offset, tuple[Any, bool]] = {}
        for offset, value in self.weights.items():
            back = tuple(-step for step in offset)
            arcs[offset] = (value, False)
            if back not in self.weights:
                arcs[back] = (value, True)
        return arcs

    def largest_sum(self) -> Any:
        """What no node has more of on its arcs, in and out: twice the largest at each offset."""
        n_ways = {
            offset: 1 if tuple(-step for step in offset) in self.weights else 2
            for offset in self.weights
        }
        return 2 * sum(n * self.ranges[offset].most for offset, n in n_ways.items())


def as_edges(weights: Any, spatial_shape: Sequence[int], connectivity: Any) -> Edges:
    """Check the weights of a grid's edges; one number stands for all edges of `connectivity`."""
    ndim = len(spatial_shape)
    connectivity = as_connectivity(connectivity, ndim)
    known = {tuple(offset) for offset in neighbour_offsets(ndim, connectivity).tolist()}
    if not isinstance(weights, Mapping):
        if to_array("weights", weights).ndim:
            raise ValueError(
                f"weights is an array of shape {np.shape(weights)} but must be one number, or a "
                "mapping from offsets such as (0, 1) to a number or an array of the shape "
                f"{tuple(spatial_shape)}."
            )
        weights = {
            tuple(offset): weights for offset in forward_offsets(ndim, connectivity).tolist()
        }
    checked: dict[Offset, Any] = {}
    ranges: dict[Offset, Range] = {}
    for key, value in weights.items():
        steps = key if isinstance(key, tuple) else (key,)
        offset = tuple(as_integer("an offset of weights", step) for step in steps)
        if offset not in known:
            raise ValueError(
                f"weights has the offset {key!r} but connectivity={connectivity} on {ndim} axes "
                f"knows {', '.join(map(str, sorted(known)))}: pass one of these, or a larger "
                "connectivity."
            )
        array = to_array(f"weights[{offset}]", value)
        if array.ndim and array.shape != tuple(spatial_shape):
            raise ValueError(
                f"weights[{offset}] has shape {array.shape} but must be a number or have the shape "
                f"{tuple(spatial_shape)}: the weight of the edge from each pixel to the one at the "
                "offset."
            )
        ranges[offset] = as_capacities(f"weights[{offset}]", array)
        checked[offset] = array if array.ndim else array[()]
    return Edges(checked, ranges, connectivity)


def as_capacities(name: str, array: Array) -> Range:
    """Refuse what are no finite capacities; return their range."""
    found = find_range(name, array)
    if not (found.least >= 0 and not found.infinite):
        raise ValueError(f"{name} holds a negative value, infinity or NaN: pass finite weights.")
    return found


def fill_arcs(plane: Array, offset: Offset, value: Any, at_far_end: bool) -> None:
    """Write the capacities of the arcs at one offset into a plane of the spatial shape."""
    here, there = neighbour_slices(offset)
    plane[here] = value if np.ndim(value) == 0 else value[there if at_far_end else here]


def clear_outside(plane: Array, offset: Offset, mask: Array) -> None:
    """Set to 0 the capacities of arcs that begin or end outside a mask."""
    here, there = neighbour_slices(offset)
    plane[~mask] = 0
    plane[here][~mask[there]] = 0
