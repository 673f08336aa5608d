"""Minimum cuts of a grid: the labelling of pixels by two sides with the least cost.

Every pixel is tied to a source and to a sink, and to its neighbours; the minimum cut parts source
from sink where least capacity is cut, which by Ford and Fulkerson is the maximum flow. The one
insight of the implementation: flow in the image is mostly short, which search trees find at once,
and where it is long (a few strokes, strong smoothing) push-relabel takes over the same state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._core.arrays import Array, as_mask
from .._core.grid import as_connectivity
from .edges import as_weights
from .network import GridNetwork, capacity_dtype, make_network
from .solving import solve


@dataclass(frozen=True)
class MinCut:
    """A minimum cut.

    Attributes
    ----------
    flow : int or float
        The maximum flow, which is the value of the cut.
    source_side : ndarray of bool, of the spatial shape
        The pixels on the source's side in every minimum cut (the smallest such set).
    """

    flow: int | float
    source_side: Array = field(repr=False)
    _network: GridNetwork = field(repr=False, compare=False)


def min_cut(
    source: Any,
    sink: Any,
    weights: Any,
    *,
    connectivity: int = 1,
    mask: Any = None,
    reuse: MinCut | None = None,
) -> MinCut:
    """Cut a grid into source and sink at the least cost (maximum flow).

    Parameters
    ----------
    source, sink : array of the spatial shape, (H, W) or (D, H, W)
        Capacity from the source to each pixel and from each pixel to the sink: what it costs to
        put the pixel on the other side. 0 and above; infinity is a hard seed.
    weights : float, or mapping of offset to float or array
        Capacity of the edges between neighbours, 0 and above: one number for all, or by offsets
        such as (0, 1), each a number or an array of the spatial shape with the weight of the edge
        from each pixel to the one at the offset (those that lead outside do not count). An offset
        without its opposite stands for undirected edges; with both, each has its own direction.
    connectivity : int, default 1
        Which neighbours have edges: 1 (faces: 4 in 2-D, 6 in 3-D) to the number of axes (8; 18 and
        26). Offsets in `weights` must be among them.
    mask : bool array of the spatial shape, optional
        Pixels outside have no edges and no terminals, and are on the sink's side.
    reuse : MinCut, optional
        A cut of the same weights and mask with other terminals, whose flow is the start: quicker
        where few terminals changed. It is used up: its own network goes on changing.

    Returns
    -------
    MinCut

    Raises
    ------
    ValueError
        For negative or NaN capacities, arrays of another shape, a pixel that is a hard seed of
        both sides, and integers whose sums do not fit 64 bits.

    Notes
    -----
    Whole numbers, in arrays of floats too, are summed exactly in 32 or 64 bits; other floats in
    float64. Neither is scaled or cut. The labels are those of the smallest source side, so that
    they do not depend on the algorithm. Search trees are those of Goldberg et al. ("Maximum flows
    by incremental breadth-first search", 2011), push-relabel that of Goldberg and Tarjan (1988).
    Memory: some 40 bytes a pixel with 4 neighbours and 32-bit integers, 60 with floats.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import graph
    >>> source = np.array([[9, 0, 0, 0]])
    >>> sink = np.array([[0, 0, 0, 9]])
    >>> cut = graph.min_cut(source, sink, {(0, 1): np.array([[4, 2, 5, 0]])})
    >>> cut.flow, cut.source_side.tolist()
    (2, [[True, True, False, False]])
    """
    source, sink = _as_terminals(source, sink)
    shape = source.shape
    connectivity = as_connectivity(connectivity, source.ndim)
    if reuse is None:
        checked = as_weights(weights, shape, connectivity)
        if mask is not None:
            mask = as_mask(mask, shape)
        dtype = capacity_dtype(checked, (source, sink))
        grid = make_network(checked, shape, connectivity, mask, dtype)
    else:
        grid = _network_again(reuse, source, sink)
    grid.set_terminals(source, sink)
    source_side = solve(grid)
    return MinCut(grid.flow(), source_side, grid)


def _as_terminals(source: Any, sink: Any) -> tuple[Array, Array]:
    """Check the terminals: numbers of one shape, not negative, no pixel a hard seed of both."""
    arrays = []
    for name, value in (("source", source), ("sink", sink)):
        array = np.asarray(value)
        if array.dtype.kind not in "buif":
            raise TypeError(f"{name} has dtype {array.dtype} but must hold numbers.")
        if array.ndim not in (2, 3) or array.size == 0:
            raise ValueError(
                f"{name} has shape {array.shape} but must be (H, W) or (D, H, W), at least one "
                "pixel."
            )
        if not array.min() >= 0:
            raise ValueError(
                f"{name} holds {array.min()} but capacities must be 0 or positive: add a constant "
                "to source and sink of a pixel, which changes no label."
            )
        arrays.append(array if array.dtype.kind == "f" else _widened(name, array))
    if arrays[0].shape != arrays[1].shape:
        raise ValueError(
            f"sink has shape {arrays[1].shape} but source has shape {arrays[0].shape}: pass two "
            "arrays of one shape."
        )
    contradicts = np.argwhere(np.isinf(arrays[0]) & np.isinf(arrays[1]))
    if len(contradicts):
        raise ValueError(
            f"source and sink are both infinite at pixel {tuple(contradicts[0].tolist())}: a hard "
            "seed belongs to one side."
        )
    return arrays[0], arrays[1]


def _widened(name: str, array: Array) -> Array:
    """Integers as int64; larger ones are refused."""
    if array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} holds {array.max()} but whole numbers must fit 63 bits.")
    return array.astype(np.int64, copy=False)


def _network_again(reuse: Any, source: Array, sink: Array) -> GridNetwork:
    """The network of an earlier cut, if it can hold these terminals."""
    if not isinstance(reuse, MinCut):
        raise TypeError(
            f"reuse is {type(reuse).__name__} but must be the MinCut of an earlier call."
        )
    grid = reuse._network
    if grid.spatial_shape != source.shape:
        raise ValueError(
            f"reuse is a cut of shape {grid.spatial_shape} but source has shape {source.shape}: pass "
            "a cut of the same grid."
        )
    dtype = grid.network.excess.dtype
    if dtype.kind == "i" and capacity_dtype({}, (source, sink)).kind == "f":
        raise ValueError(
            "reuse is a cut with whole capacities but source or sink hold fractions: cut anew, or "
            "pass weights that are not whole in the first call."
        )
    return grid
