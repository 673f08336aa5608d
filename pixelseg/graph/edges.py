"""Edges of a grid: what `weights` means to every graph cut, as planes of capacities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.grid import as_connectivity, forward_offsets, neighbour_offsets, neighbour_slices

Offset = tuple[int, ...]


def as_weights(weights: Any, spatial_shape: Sequence[int], connectivity: int) -> dict[Offset, Any]:
    """Check the weights of a grid's edges: offset -> a number, or an array of `spatial_shape`.

    One number stands for all edges of `connectivity`. An entry whose opposite is not given holds
    undirected edges, and appears in both directions, the array of the opposite one shifted.
    """
    ndim = len(spatial_shape)
    connectivity = as_connectivity(connectivity, ndim)
    known = {tuple(offset) for offset in neighbour_offsets(ndim, connectivity).tolist()}
    if not isinstance(weights, Mapping):
        if np.ndim(weights) != 0:
            raise ValueError(
                f"weights is an array of shape {np.shape(weights)} but must be one number, or a "
                "mapping from offsets such as (0, 1) to a number or an array of the shape "
                f"{tuple(spatial_shape)}."
            )
        weights = {
            tuple(offset): weights for offset in forward_offsets(ndim, connectivity).tolist()
        }
    checked: dict[Offset, Any] = {}
    for key, value in weights.items():
        offset = tuple(int(step) for step in np.atleast_1d(key))
        if offset not in known:
            raise ValueError(
                f"weights has the offset {key!r} but connectivity={connectivity} on {ndim} axes "
                f"knows {', '.join(map(str, sorted(known)))}: pass one of these, or a larger "
                "connectivity."
            )
        checked[offset] = _as_capacities(f"weights[{offset}]", value, spatial_shape)
    return checked


def _as_capacities(name: str, value: Any, spatial_shape: Sequence[int]) -> Any:
    """A number or an array of finite capacities that are not negative."""
    array = np.asarray(value)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} has dtype {array.dtype} but must hold numbers.")
    if array.ndim and array.shape != tuple(spatial_shape):
        raise ValueError(
            f"{name} has shape {array.shape} but must be a number or have the shape "
            f"{tuple(spatial_shape)}: the weight of the edge from each pixel to the one at the "
            "offset."
        )
    if array.size and not (array.min() >= 0 and np.isfinite(array.max())):
        raise ValueError(f"{name} holds a negative value, infinity or NaN: pass finite weights.")
    return array if array.ndim else array[()]


def directed(weights: dict[Offset, Any]) -> dict[Offset, tuple[Any, bool]]:
    """Every arc of a grid: offset -> its weights, and whether they lie at its far end.

    An undirected edge has its weight at its first pixel, so that the arc back finds it at the
    pixel that it leads to.
    """
    arcs: dict[Offset, tuple[Any, bool]] = {}
    for offset, value in weights.items():
        back = tuple(-step for step in offset)
        arcs[offset] = (value, False)
        if back not in weights:
            arcs[back] = (value, True)
    return arcs


def fill_arcs(plane: Array, offset: Offset, value: Any, at_far_end: bool) -> None:
    """Write the capacities of the arcs at one offset into a plane of the spatial shape."""
    here, there = neighbour_slices(offset)
    plane[here] = value if np.ndim(value) == 0 else value[there if at_far_end else here]


def clear_outside(plane: Array, offset: Offset, mask: Array) -> None:
    """Set to 0 the capacities of arcs that begin or end outside a mask."""
    here, there = neighbour_slices(offset)
    plane[~mask] = 0
    plane[here][~mask[there]] = 0
