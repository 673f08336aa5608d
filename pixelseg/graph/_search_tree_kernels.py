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

import numpy as np

from .._core.jit import kernel

#: Entries of `parent` that name no arc.
ROOT = 254
ORPHAN = 253
FREE = 255


@kernel
def push_to_neighbours(capacities, offsets, excess):
    """Push excess over single arcs: most of the flow of a picture goes no farther."""
    n_arcs, n_nodes = capacities.shape
    for v in range(n_nodes):
        left = excess[v]
        if left <= 0:
            continue
        for k in range(n_arcs):
            u = v + offsets[k]
            if excess[u] < 0:
                amount = min(left, capacities[k, v], -excess[u])
                capacities[k, v] -= amount
                capacities[n_arcs - 1 - k, u] += amount
                excess[u] += amount
                left -= amount
                if left == 0:
                    break
        excess[v] = left


@kernel
def search(capacities, offsets, excess, trees, limits):
    """Push flow until no path is left; True when done, False when orphans abound.

    Then the levels above 0 are those of the nodes that excess reaches. `limits` says when it gives
    up: after so many orphans, if there were so many for each path; after so many in any case. It
    does too when more wait than the ring holds.

    capacities : (K, N); offsets : int64 (K,); excess : (N,); trees : a named tuple, see solving.py.
    It is taken apart once a level: handed to what runs for every path, it would cost a third more.
    """
    plant_roots(excess, trees.level, trees.parent, trees.queued, trees.lists, trees.lengths)
    tops, rows, lengths = trees.tops, trees.rows, trees.lengths
    tops[:] = 1
    rows[0], rows[1], rows[2] = 0, 1, 2
    while lengths[rows[0]] > 0:
        n_sources, n_sinks = lengths[rows[0]], lengths[rows[1]]
        of_sources = n_sinks == 0 or n_sources <= n_sinks
        if not grow(capacities, offsets, excess, trees, of_sources, limits):
            return False
    return True


@kernel
def plant_roots(excess, level, parent, queued, lists, lengths):
    """Put every node with excess or deficit on level 1 of its tree."""
    lengths[:] = 0
    for v in range(len(excess)):
        if excess[v] != 0:
            row = 0 if excess[v] > 0 else 1
            level[v] = 1 if excess[v] > 0 else -1
            parent[v] = ROOT
            queued[v] = 1 << row
            lists[row, lengths[row]] = v
            lengths[row] += 1


@kernel
def grow(capacities, offsets, excess, trees, of_sources, limits):
    """Grow one tree by a level; False if it gave up."""
    level, parent, current, lists = trees.level, trees.parent, trees.current, trees.lists
    queued, lengths, tops, orphans = trees.queued, trees.lengths, trees.tops, trees.orphans
    rows, counts = trees.rows, trees.counts
    n_arcs, n_nodes = capacities.shape
    sign, side = (1, 0) if of_sources else (-1, 1)
    top = tops[side]
    row, next_row = rows[side], rows[2]
    lengths[next_row] = 0
    tops[2] = tops[0] + of_sources
    tops[3] = tops[1] + (not of_sources)
    bit, next_bit = np.uint8(1 << row), np.uint8(1 << next_row)
    n_seen, head = 0, 0
    while n_seen < lengths[row]:
        v = lists[row, head]
        n_seen += 1
        head = head + 1 if head + 1 < n_nodes else 0
        queued[v] &= ~bit
        if level[v] != sign * top:
            continue
        k = 0
        while k < n_arcs:
            u = v + offsets[k]
            there = sign * level[u]
            if (
                there <= 0
                and (capacities[k, v] if of_sources else capacities[n_arcs - 1 - k, u]) > 0
            ):
                if there == 0:
                    level[u] = sign * (top + 1)
                    parent[u] = n_arcs - 1 - k
                    current[u] = 0
                    if not queued[u] & next_bit:
                        queued[u] |= next_bit
                        append(lists, lengths, next_row, u)
                else:
                    if top - there > len(orphans):
                        return False
                    x, arc = (v, k) if of_sources else (u, n_arcs - 1 - k)
                    n_orphans = push_path(capacities, offsets, excess, parent, orphans, x, arc)
                    counts[0] += 1
                    n_adopted = adopt(
                        capacities,
                        offsets,
                        level,
                        parent,
                        current,
                        queued,
                        lists,
                        lengths,
                        tops,
                        rows,
                        orphans,
                        n_orphans,
                    )
                    counts[1] += n_adopted
                    n = counts[1]
                    if n_adopted < 0 or n > limits[2]:
                        return False
                    if n > limits[0] and n > limits[1] * counts[0]:
                        return False
                    if level[v] != sign * top:
                        break
                    continue  # the arc may carry more
            k += 1
    rows[side], rows[2] = next_row, row
    tops[side] += 1
    return True


@kernel
def append(lists, lengths, row, v):
    """Put a node at the end of a ring."""
    n = lengths[row]
    n_nodes = lists.shape[1]
    lists[row, n if n < n_nodes else n % n_nodes] = v
    lengths[row] = n + 1


@kernel
def push_path(capacities, offsets, excess, parent, orphans, v, k):
    """Push what the path through arc k of v carries, from root to root; return the orphans made."""
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
def adopt(
    capacities,
    offsets,
    level,
    parent,
    current,
    queued,
    lists,
    lengths,
    tops,
    rows,
    orphans,
    n_orphans,
):
    """Find a new parent for each orphan, first come first served, or let it go.

    Return how many, or -1 if they are too many for the ring.
    """
    n_arcs, n_most = len(offsets), len(orphans)
    head, tail, waiting, seen = 0, n_orphans % n_most, n_orphans, 0
    while waiting > 0:
        v = orphans[head]
        head = head + 1 if head + 1 < n_most else 0
        waiting -= 1
        seen += 1
        of_sources = level[v] > 0
        below = level[v] - 1 if of_sources else level[v] + 1
        k = np.int64(current[v]) if below != 0 else n_arcs
        while k < n_arcs:
            u = v + offsets[k]
            if (
                level[u] == below
                and (capacities[n_arcs - 1 - k, u] if of_sources else capacities[k, v]) > 0
            ):
                break
            k += 1
        if k < n_arcs:
            parent[v] = current[v] = k
            continue

        lowest, new_parent = np.int32(2**31 - 1), FREE
        for k in range(n_arcs):
            u = v + offsets[k]
            distance = level[u] if of_sources else -level[u]
            if distance > 0:
                if parent[u] == n_arcs - 1 - k:
                    if waiting == n_most:
                        return -1
                    parent[u] = ORPHAN
                    orphans[tail] = u
                    tail = tail + 1 if tail + 1 < n_most else 0
                    waiting += 1
                if (
                    distance < lowest
                    and (capacities[n_arcs - 1 - k, u] if of_sources else capacities[k, v]) > 0
                ):
                    lowest, new_parent = distance, k
        side = 0 if of_sources else 1
        if new_parent == FREE or lowest + 1 > tops[2 + side]:
            level[v] = 0
            parent[v] = FREE
            continue
        level[v] = lowest + 1 if of_sources else -(lowest + 1)
        parent[v] = current[v] = new_parent
        if lowest + 1 >= tops[side]:
            row = rows[side] if lowest + 1 == tops[side] else rows[2]
            bit = np.uint8(1 << row)
            if not queued[v] & bit:
                queued[v] |= bit
                append(lists, lengths, row, v)
    return seen
