"""Minimum cuts of a grid: the labelling of pixels by two sides with the least cost.

Every pixel is tied to a source and to a sink, and to its neighbours; the minimum cut parts source
from sink where least capacity is cut, which by Ford and Fulkerson is the maximum flow. The one
insight of the implementation: flow in the image is mostly short, which search trees by levels find
at once; where it is long (a few strokes, strong smoothing), trees of another kind or push-relabel
work on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._core.arrays import Array, as_mask, to_array
from .edges import as_edges
from .network import GridNetwork, make_network
from .ranges import Range, capacity_dtype, find_range
from .solving import solve
from .sparse import as_sparse_graph, solve_sparse


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
    _network: GridNetwork | None = field(repr=False, compare=False)


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
        where few terminals changed. It is used up: its own network goes on changing. Arrays that
        were its weights must be as they were.

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
    by incremental breadth-first search", 2011), and of Boykov and Kolmogorov (2004) where few
    pixels have terminals; push-relabel is that of Goldberg and Tarjan (1988).
    Memory: 35 bytes a pixel with 4 neighbours and 32-bit integers, 58 with floats; with 8, 53 and
    92; 4 more where few pixels have terminals.

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
    source, sink, ranges = _as_terminals(source, sink)
    if reuse is None:
        shape = source.shape
        edges = as_edges(weights, shape, connectivity)
        if mask is not None:
            mask = as_mask(mask, shape)
        dtype = capacity_dtype(edges.largest_sum(), [*edges.ranges.values(), *ranges])
        grid = make_network(edges, shape, mask, dtype)
    else:
        grid = _network_again(reuse, source.shape, ranges)
    grid.set_terminals(source, sink)
    source_side = solve(grid.capacities, grid.offsets, grid.excess)
    return MinCut(grid.flow(), np.array(grid.inner(source_side)), grid)


def min_cut_sparse(source: Any, sink: Any, edges: Any) -> MinCut:
    """Cut any graph, such as one of superpixels, into source and sink at the least cost.

    Parameters
    ----------
    source, sink : array (n_nodes,)
        Capacity from the source to each node and from each node to the sink, as in `min_cut`.
    edges : scipy.sparse matrix (n_nodes, n_nodes)
        The capacity of the arc from node i to node j at (i, j), 0 and above. An undirected edge
        stands at (i, j) and at (j, i). The diagonal does not count.

    Returns
    -------
    MinCut
        With `source_side` of shape (n_nodes,). It cannot be reused.

    Raises
    ------
    ValueError
        As `min_cut`.

    Notes
    -----
    Push-relabel alone (Goldberg and Tarjan, "A new approach to the maximum-flow problem", 1988).
    Memory: 50 bytes an edge and 50 a node.

    Examples
    --------
    >>> from scipy.sparse import coo_matrix
    >>> from pixelseg import graph
    >>> edges = coo_matrix(([4, 2, 2], ([0, 1, 2], [1, 2, 1])), (3, 3))
    >>> cut = graph.min_cut_sparse([9, 0, 0], [0, 0, 9], edges)
    >>> cut.flow, cut.source_side.tolist()
    (2, [True, True, False])
    """
    nodes = as_sparse_graph(edges)
    source, sink, ranges = _as_terminals(source, sink, (1,), "(n_nodes,), at least one node")
    if len(source) != nodes.n_nodes:
        raise ValueError(
            f"source has shape {source.shape} but edges has shape {edges.shape}: pass one capacity "
            "for each node."
        )
    return MinCut(*solve_sparse(nodes, source, sink, ranges), None)


def _as_terminals(
    source: Any,
    sink: Any,
    ndims: tuple[int, ...] = (2, 3),
    rule: str = "(H, W) or (D, H, W), at least one pixel",
) -> tuple[Array, Array, list[Range]]:
    """Check the terminals: numbers of one shape, not negative, nothing a hard seed of both."""
    arrays, ranges = [], []
    for name, value in (("source", source), ("sink", sink)):
        array = to_array(name, value)
        found = find_range(name, array)
        if array.ndim not in ndims or array.size == 0:
            raise ValueError(f"{name} has shape {array.shape} but must be {rule}.")
        if not found.least >= 0:
            raise ValueError(
                f"{name} holds {found.least} but capacities must be 0 or positive: add a constant "
                "to source and sink of a pixel, which changes no label."
            )
        arrays.append(array if array.dtype.kind == "f" else array.astype(np.int64, copy=False))
        ranges.append(found)
    source, sink = arrays
    if source.shape != sink.shape:
        raise ValueError(
            f"sink has shape {sink.shape} but source has shape {source.shape}: pass two arrays of "
            "one shape."
        )
    if all(each.infinite for each in ranges):
        contradicts = np.argwhere(np.isinf(source) & np.isinf(sink))
        if len(contradicts):
            raise ValueError(
                f"source and sink are both infinite at {tuple(contradicts[0].tolist())}: a hard "
                "seed belongs to one side."
            )
    return source, sink, ranges


def _network_again(reuse: Any, shape: tuple[int, ...], ranges: list[Range]) -> GridNetwork:
    """The network of an earlier cut, if it can hold these terminals."""
    if not isinstance(reuse, MinCut):
        raise TypeError(
            f"reuse is {type(reuse).__name__} but must be the MinCut of an earlier call."
        )
    grid = reuse._network
    if grid is None:
        raise ValueError("reuse is a cut of a sparse graph but must be one of a grid.")
    if grid.spatial_shape != shape:
        raise ValueError(
            f"reuse is a cut of shape {grid.spatial_shape} but source has shape {shape}: pass "
            "a cut of the same grid."
        )
    if grid.excess.dtype.kind == "i" and not all(each.whole for each in ranges):
        raise ValueError(
            "reuse is a cut with whole capacities but source or sink hold fractions: cut anew, or "
            "pass weights that are not whole in the first call."
        )
    return grid
