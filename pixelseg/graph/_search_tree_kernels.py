"""Maximum flow by two breadth-first search trees: IBFS on the signed excesses of a grid.

A tree grows from the nodes with excess and one from the nodes with a deficit, whole levels at a
time. Where they meet, flow is pushed along a shortest path; a node whose arc to its parent
saturates is an orphan, and takes another parent on the level below, or moves to a higher level,
or leaves the tree. Levels are positive in the tree of excesses, negative in that of deficits, 0
where a node is free.

Arc k of node v leads to v + offsets[k], and arc K - 1 - k leads back. Nodes of the frame around the
grid have arcs of capacity 0 and are never entered.

Tried in vain: adoption in three passes by level (as fast at best, and 6 s of compiling more);
augmenting all meetings of a level before any adoption (four times fewer orphans, no time gained).
"""

from typing import NamedTuple

import numpy as np

from .._core.jit import kernel

#: Entries of `parent` that name no arc.
ROOT = 254
ORPHAN = 253
FREE = 255


class Trees(NamedTuple):
    """The two search trees over N nodes, and the lists of what is still to be looked at.

    level : int32 (N,); parent, current : uint8 (N,), the arc to the parent and the first arc that
    may lead to one; queued : uint8 (N,), a bit for each list that holds the node; lists : int32
    (4, N), rings of the nodes of odd and even levels to grow from, of either tree; lengths : int64
    (4,); orphans : int32 (N,), a ring; tops : int64 (4,), the levels that each tree grows from and
    may reach; counts : int64 (2,), paths and orphans so far
    """

    level: np.ndarray
    parent: np.ndarray
    current: np.ndarray
    queued: np.ndarray
    lists: np.ndarray
    lengths: np.ndarray
    orphans: np.ndarray
    tops: np.ndarray
    counts: np.ndarray


@kernel
def search(network, trees, most_orphans, most_orphans_a_path):
    """Push flow until no path is left; True when done, False when orphans abound.

    Then the levels above 0 are those of the nodes that excess reaches. It gives up when there were
    more than `most_orphans`, with more than `most_orphans_a_path` for each path.
    """
    plant_roots(network.excess, trees)
    tops, lengths = trees.tops, trees.lengths
    while lengths[tops[0] & 1] > 0:
        n_sources, n_sinks = lengths[tops[0] & 1], lengths[2 + (tops[1] & 1)]
        of_sources = n_sinks == 0 or n_sources <= n_sinks
        if not grow(network, trees, of_sources, most_orphans, most_orphans_a_path):
            return False
    return True


@kernel
def plant_roots(excess, trees):
    """Put every node with excess or deficit on level 1 of its tree."""
    lengths = trees.lengths
    lengths[:] = 0
    trees.tops[:] = 1
    for v in range(len(excess)):
        if excess[v] != 0:
            row = 1 if excess[v] > 0 else 3
            trees.level[v] = 1 if excess[v] > 0 else -1
            trees.parent[v] = ROOT
            trees.queued[v] = 1 << row
            trees.lists[row, lengths[row]] = v
            lengths[row] += 1


@kernel
def grow(network, trees, of_sources, most_orphans, most_orphans_a_path):
    """Grow one tree by a level; False if it gave up."""
    capacities, offsets = network.capacities, network.offsets
    level, parent, current, lists = trees.level, trees.parent, trees.current, trees.lists
    queued, lengths, counts, tops = trees.queued, trees.lengths, trees.counts, trees.tops
    n_arcs, n_nodes = capacities.shape
    sign, side = (1, 0) if of_sources else (-1, 1)
    top = tops[side]
    row = 2 * side + (top & 1)
    next_row = row ^ 1
    lengths[next_row] = 0
    tops[2] = tops[0] + of_sources
    tops[3] = tops[1] + (not of_sources)
    bit, next_bit = np.uint8(1 << row), np.uint8(1 << next_row)
    head = 0
    while head < lengths[row]:
        v = lists[row, head % n_nodes]
        head += 1
        queued[v] &= ~bit
        if level[v] != sign * top:
            continue
        k = 0
        while k < n_arcs:
            u = v + offsets[k]
            if (capacities[k, v] if of_sources else capacities[n_arcs - 1 - k, u]) > 0:
                if level[u] == 0:
                    level[u] = sign * (top + 1)
                    parent[u] = n_arcs - 1 - k
                    current[u] = 0
                    if not queued[u] & next_bit:
                        queued[u] |= next_bit
                        lists[next_row, lengths[next_row] % n_nodes] = u
                        lengths[next_row] += 1
                elif sign * level[u] < 0:
                    if of_sources:
                        n_orphans = push_path(network, trees, v, k)
                    else:
                        n_orphans = push_path(network, trees, u, n_arcs - 1 - k)
                    adopt(network, trees, n_orphans)
                    counts[0] += 1
                    if counts[1] > most_orphans and counts[1] > most_orphans_a_path * counts[0]:
                        return False
                    if level[v] != sign * top:
                        break
                    continue  # the arc may carry more
            k += 1
    lengths[row] = 0
    tops[side] += 1
    return True


@kernel
def push_path(network, trees, v, k):
    """Push what the path through arc k of v carries, from root to root; return the orphans made."""
    capacities, offsets, excess = network.capacities, network.offsets, network.excess
    parent, orphans = trees.parent, trees.orphans
    last = len(offsets) - 1
    u = v + offsets[k]
    amount = capacities[k, v]
    x = v
    while parent[x] != ROOT:
        arc = parent[x]
        x += offsets[arc]
        amount = min(amount, capacities[last - arc, x])
    amount = min(amount, excess[x])
    y = u
    while parent[y] != ROOT:
        arc = parent[y]
        amount = min(amount, capacities[arc, y])
        y += offsets[arc]
    amount = min(amount, -excess[y])

    n_orphans = 0
    capacities[k, v] -= amount
    capacities[last - k, u] += amount
    x = v
    while parent[x] != ROOT:
        arc = parent[x]
        above = x + offsets[arc]
        capacities[arc, x] += amount
        capacities[last - arc, above] -= amount
        if capacities[last - arc, above] == 0:
            parent[x] = ORPHAN
            orphans[n_orphans] = x
            n_orphans += 1
        x = above
    excess[x] -= amount
    if excess[x] == 0:
        parent[x] = ORPHAN
        orphans[n_orphans] = x
        n_orphans += 1
    y = u
    while parent[y] != ROOT:
        arc = parent[y]
        above = y + offsets[arc]
        capacities[arc, y] -= amount
        capacities[last - arc, above] += amount
        if capacities[arc, y] == 0:
            parent[y] = ORPHAN
            orphans[n_orphans] = y
            n_orphans += 1
        y = above
    excess[y] += amount
    if excess[y] == 0:
        parent[y] = ORPHAN
        orphans[n_orphans] = y
        n_orphans += 1
    return n_orphans


@kernel
def adopt(network, trees, n_orphans):
    """Find a new parent for each orphan, first come first served, or let it go."""
    capacities, offsets = network.capacities, network.offsets
    level, parent, current, orphans = trees.level, trees.parent, trees.current, trees.orphans
    n_arcs, n_nodes = capacities.shape
    head, tail = 0, n_orphans
    while head < tail:
        v = orphans[head % n_nodes]
        head += 1
        of_sources = level[v] > 0
        below = level[v] - 1 if of_sources else level[v] + 1
        k = np.int64(current[v]) if below != 0 else n_arcs
        while k < n_arcs:
            u = v + offsets[k]
            left = capacities[n_arcs - 1 - k, u] if of_sources else capacities[k, v]
            if level[u] == below and left > 0:
                break
            k += 1
        if k < n_arcs:
            parent[v] = current[v] = k
            continue

        lowest, arc = np.int32(2**31 - 1), FREE
        for k in range(n_arcs):
            u = v + offsets[k]
            distance = level[u] if of_sources else -level[u]
            if distance > 0:
                if parent[u] == n_arcs - 1 - k:
                    parent[u] = ORPHAN
                    orphans[tail % n_nodes] = u
                    tail += 1
                left = capacities[n_arcs - 1 - k, u] if of_sources else capacities[k, v]
                if distance < lowest and left > 0:
                    lowest, arc = distance, k
        side = 0 if of_sources else 1
        if arc == FREE or lowest + 1 > trees.tops[2 + side]:
            level[v] = 0
            parent[v] = FREE
            continue
        level[v] = lowest + 1 if of_sources else -(lowest + 1)
        parent[v] = current[v] = arc
        if lowest + 1 >= trees.tops[side]:
            row = 2 * side + ((lowest + 1) & 1)
            bit = np.uint8(1 << row)
            if not trees.queued[v] & bit:
                trees.queued[v] |= bit
                trees.lists[row, trees.lengths[row] % n_nodes] = v
                trees.lengths[row] += 1
    trees.counts[1] += tail
