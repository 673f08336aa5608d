"""Which algorithm finds a cut, and what it works in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._core.arrays import Array

#: Below this share of the nodes with either terminal, paths are long.
FEW_TERMINALS = 0.05
#: Trees for long paths give up when all paths together have so many arcs by node. With corners
#: there are so many paths that push-relabel is as quick from the start.
STEPS_BY_NODE, MOST_ARCS_OF_LONG_PATHS = 32, 6
#: Search trees give up at so many orphans by node, if there were so many for each path; or at so
#: many by node in any case.
ORPHANS_BY_NODE, ORPHANS_BY_PATH, MOST_ORPHANS_BY_NODE = 0.5, 60, 16
#: Push-relabel computes heights anew when one node in so many was lifted.
NODES_BY_RELABEL = 28


class Trees(NamedTuple):
    """The two search trees over N nodes, and the lists of what is still to be looked at.

    level : int32 (N,); parent, current : uint8 (N,), the arc to the parent and the first arc that
    may lead to one; queued : uint8 (N,), a bit for each list that holds the node, so that none
    holds more than N; lists : int32 (3, N), rings of the nodes to grow from; lengths : int64 (3,);
    rows : int64 (3,), the list of either tree, and that of the next level of the one that grows;
    orphans : int32, a ring; tops : int64 (4,), the levels that each tree grows from and may
    reach; counts : int64 (2,), paths and orphans so far
    """

    level: Array
    parent: Array
    current: Array
    queued: Array
    lists: Array
    lengths: Array
    rows: Array
    orphans: Array
    tops: Array
    counts: Array


def solve(capacities: Array, offsets: Array, excess: Array) -> Array:
    """Push all flow, and return which nodes are in the smallest source side, bool (N,)."""
    from . import _long_path_kernels as long_paths
    from . import _search_tree_kernels as kernels

    network = (capacities, offsets, excess)
    n_nodes = excess.size
    kernels.push_to_neighbours(*network)
    n_sources = np.count_nonzero(excess > 0)
    if n_sources == 0:
        return np.zeros(n_nodes, bool)
    n_terminals = max(int(n_sources), int(np.count_nonzero(excess < 0)))
    paths_are_long = n_terminals < FEW_TERMINALS * n_nodes
    if not paths_are_long or len(offsets) <= MOST_ARCS_OF_LONG_PATHS:
        trees = _make_trees(n_nodes, paths_are_long)
        if paths_are_long:
            is_done = long_paths.search_long(*network, trees, int(STEPS_BY_NODE * n_nodes))
        else:
            shares = (ORPHANS_BY_NODE * n_nodes, ORPHANS_BY_PATH, MOST_ORPHANS_BY_NODE * n_nodes)
            is_done = kernels.search(*network, trees, tuple(map(int, shares)))
        if is_done:
            return np.greater(trees.level, 0, out=trees.queued.view(bool))
        del trees
    return _push_relabel(*network)


def _make_trees(n_nodes: int, paths_are_long: bool) -> Trees:
    """Empty search trees, with what the search for either kind of paths needs."""
    from ._search_tree_kernels import FREE

    n_levelled = 0 if paths_are_long else n_nodes
    n_orphans = n_nodes if paths_are_long else max(n_nodes // 4, min(n_nodes, 4096))
    return Trees(
        level=np.zeros(n_nodes, np.int32),
        parent=np.full(n_nodes, FREE, np.uint8),
        current=np.zeros(n_levelled, np.uint8),
        queued=np.zeros(n_nodes, np.uint8),
        lists=np.empty((2 if paths_are_long else 3, n_nodes), np.int32),
        lengths=np.zeros(3, np.int64),
        rows=np.zeros(3, np.int64),
        orphans=np.empty(n_orphans, np.int32),
        tops=np.zeros(4, np.int64),
        counts=np.zeros(2, np.int64),
    )


def _push_relabel(capacities: Array, offsets: Array, excess: Array) -> Array:
    """Push all flow from the side with less of it, and return the smallest source side."""
    from . import _push_relabel_kernels as kernels

    network = (capacities, offsets, excess)
    n_nodes = excess.size
    height, queue, search_queue = (np.empty(n_nodes, np.int32) for _ in range(3))
    current, active = np.empty(n_nodes, np.uint8), np.empty(n_nodes, np.uint8)
    total = np.int64 if excess.dtype.kind == "i" else np.float64
    reverse = bool(excess.sum(dtype=total) > 0)
    if reverse:
        kernels.reverse_network(*network)
    kernels.discharge_all(
        *network, height, current, active, queue, search_queue, n_nodes // NODES_BY_RELABEL
    )
    # Reached from an excess: in the reversed network, what reaches a deficit.
    kernels.measure_heights(*network, reverse, height, search_queue)
    if reverse:
        kernels.reverse_network(*network)
    return height < kernels.FAR
