"""Maximum flow by two search trees that are kept as they are: for a few strokes and long paths.

As in _search_tree_kernels.py, but trees grow first in, first out, and an orphan takes any parent
that still hangs from a root, the nearest to it: where paths are long, whole levels would have to
move again and again (Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow
algorithms", 2004). A level is a distance to the root that was right at the time of its stamp.

Tried in vain: some rounds of push-relabel first (paths become shorter, but no time is gained); a
function for each half of a loop body (called once a node: twice the time).
"""

import numpy as np

from .._core.jit import kernel
from ._search_tree_kernels import FREE, ORPHAN, ROOT, push_path


@kernel
def search_long(capacities, offsets, excess, trees, most_steps):
    """Push flow until no path is left; True when done, False when all paths together are too long.

    Then the levels above 0 are those of the nodes that excess reaches. `most_steps` is how many
    arcs paths may have in all, and a tenth of it how many orphans. Other arguments are those of
    `search`; row 0 of the lists is the ring of nodes to grow from, row 1 the stamps.
    """
    level, parent, queued, orphans = trees.level, trees.parent, trees.queued, trees.orphans
    queue, stamp, counts = trees.lists[0], trees.lists[1], trees.counts
    ring = trees.lengths  # head, tail, how many wait
    n_arcs, n_nodes = capacities.shape
    steps = 0
    stamp[:] = 0
    plant_active_roots(excess, level, parent, queued, queue, ring)
    while ring[2] > 0:
        v = np.int64(queue[ring[0]])
        ring[0] = ring[0] + 1 if ring[0] + 1 < n_nodes else 0
        ring[2] -= 1
        queued[v] = 0
        k = 0
        while k < n_arcs and level[v] != 0:
            side = 1 if level[v] > 0 else -1
            u = v + offsets[k]
            here, there = side * level[v], side * level[u]
            if there <= 0 or there > here + 1:
                back = n_arcs - 1 - k
                if (capacities[k, v] if side > 0 else capacities[back, u]) > 0:
                    if there < 0:
                        x, arc = (v, k) if side > 0 else (u, back)
                        counts[0] += 1
                        steps += here - there
                        n_orphans = push_path(capacities, offsets, excess, parent, orphans, x, arc)
                        counts[1] += adopt_nearest(
                            capacities,
                            offsets,
                            level,
                            parent,
                            stamp,
                            queued,
                            queue,
                            ring,
                            orphans,
                            n_orphans,
                            counts[0],
                        )
                        if steps > most_steps or 10 * counts[1] > most_steps:
                            return False
                        continue  # the arc may carry more
                    if there == 0 or stamp[u] <= stamp[v]:
                        level[u] = side * (here + 1)
                        parent[u] = back
                        stamp[u] = stamp[v]
                        if there == 0 and not queued[u]:
                            queued[u] = 1
                            queue[ring[1]] = u
                            ring[1] = ring[1] + 1 if ring[1] + 1 < n_nodes else 0
                            ring[2] += 1
            k += 1
    return True


@kernel
def plant_active_roots(excess, level, parent, queued, queue, ring):
    """Make every node with excess or deficit a root that is to be grown from."""
    n = 0
    for v in range(len(excess)):
        if excess[v] != 0:
            level[v] = 1 if excess[v] > 0 else -1
            parent[v] = ROOT
            queued[v] = 1
            queue[n] = v
            n += 1
    ring[0], ring[1], ring[2] = 0, n % len(excess), n


@kernel
def adopt_nearest(
    capacities,
    offsets,
    level,
    parent,
    stamp,
    queued,
    queue,
    ring,
    orphans,
    n_orphans,
    now,
):
    """Find for each orphan the parent that is nearest to a root, or let it go; return how many.

    What is stamped with `now`, the number of this path, is known to hang from a root.
    """
    n_arcs, n_nodes = capacities.shape
    head, tail, waiting, seen = 0, n_orphans % n_nodes, n_orphans, 0
    while waiting > 0:
        v = np.int64(orphans[head])
        head = head + 1 if head + 1 < n_nodes else 0
        waiting -= 1
        seen += 1
        side = 1 if level[v] > 0 else -1
        nearest, new_parent = 2**31, FREE
        for k in range(n_arcs):
            u = v + offsets[k]
            if side * level[u] <= 0:
                continue
            if (capacities[n_arcs - 1 - k, u] if side > 0 else capacities[k, v]) <= 0:
                continue
            distance = 0
            while stamp[u] != now and parent[u] < ORPHAN:
                distance += 1
                u += offsets[parent[u]]
            if stamp[u] != now:
                if parent[u] == ORPHAN:
                    continue
                stamp[u] = now
                level[u] = side
            distance += side * level[u]
            if distance < nearest:
                nearest, new_parent = distance, k
            u = v + offsets[k]
            while stamp[u] != now:
                stamp[u] = now
                level[u] = side * distance
                distance -= 1
                u += offsets[parent[u]]
        if new_parent != FREE:
            parent[v] = new_parent
            stamp[v] = now
            level[v] = side * (nearest + 1)
            continue
        for k in range(n_arcs):
            u = v + offsets[k]
            if side * level[u] <= 0:
                continue
            back = n_arcs - 1 - k
            if not queued[u] and (capacities[back, u] if side > 0 else capacities[k, v]) > 0:
                queued[u] = 1
                queue[ring[1]] = u
                ring[1] = ring[1] + 1 if ring[1] + 1 < n_nodes else 0
                ring[2] += 1
            if parent[u] == back:
                parent[u] = ORPHAN
                orphans[tail] = u
                tail = tail + 1 if tail + 1 < n_nodes else 0
                waiting += 1
        level[v] = 0
        parent[v] = FREE
    return seen
