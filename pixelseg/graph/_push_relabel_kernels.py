"""Maximum flow by push-relabel on the signed excesses of a grid, for flows that go far.

Nodes with excess are discharged first in, first out, towards nodes with a deficit; heights are
distances to these, computed anew by a breadth-first search now and then (Goldberg and Tarjan, "A
new approach to the maximum-flow problem", 1988; Cherkassky and Goldberg, "On implementing the
push-relabel method for the maximum flow problem", 1997). Excess that no deficit can take stays
where it is: a minimum cut is known without the second phase that would bring it back.

Arcs and frame are those of _search_tree_kernels.py.

Tried in vain: highest label first (slower on nearly all); heights that are recomputed after eight
times as many lifts (as fast with 8 neighbours, twice as slow with 4); dropping whatever
lies above an empty height (wrong: nodes from below may still climb into it).
"""

import numpy as np

from .._core.jit import kernel

#: The height of what reaches no deficit.
FAR = 2**30


@kernel
def discharge_all(
    capacities, offsets, excess, height, current, active, queue, search_queue, most_relabels
):
    """Push until no excess can reach a deficit.

    capacities : (K, N); offsets : int64 (K,); excess : (N,); height, queue, search_queue : int32
    (N,); current, active : uint8 (N,); these are scratch. Heights are computed anew after
    `most_relabels`.
    """
    n_arcs, n_nodes = capacities.shape
    while True:
        measure_heights(capacities, offsets, excess, True, height, search_queue)
        waiting = list_active(excess, height, current, active, queue)
        if waiting == 0:
            return
        head, tail, relabels = 0, waiting % n_nodes, 0
        while waiting > 0 and relabels <= most_relabels:
            v = queue[head]
            head = head + 1 if head + 1 < n_nodes else 0
            waiting -= 1
            active[v] = 0
            left = excess[v]
            below = height[v] - 1
            k = np.int64(current[v])
            while k < n_arcs:
                if capacities[k, v] > 0:
                    u = v + offsets[k]
                    if height[u] == below:
                        amount = min(left, capacities[k, v])
                        capacities[k, v] -= amount
                        capacities[n_arcs - 1 - k, u] += amount
                        left -= amount
                        excess[u] += amount
                        if excess[u] > 0 and active[u] == 0:
                            active[u] = 1
                            queue[tail] = u
                            tail = tail + 1 if tail + 1 < n_nodes else 0
                            waiting += 1
                        if left == 0:
                            break
                k += 1
            excess[v] = left
            current[v] = k
            if left > 0:
                relabels += 1
                if relabel(capacities, offsets, height, current, v):
                    active[v] = 1
                    queue[tail] = v
                    tail = tail + 1 if tail + 1 < n_nodes else 0
                    waiting += 1


@kernel
def list_active(excess, height, current, active, queue):
    """List the nodes whose excess can reach a deficit, all at their first arc; return how many."""
    n = 0
    for v in range(len(excess)):
        current[v] = 0
        active[v] = excess[v] > 0 and height[v] < FAR
        if active[v]:
            queue[n] = v
            n += 1
    return n


@kernel
def relabel(capacities, offsets, height, current, v):
    """Lift v above its lowest neighbour that takes flow; False if there is none within reach."""
    n_arcs, n_nodes = capacities.shape
    lowest = np.int32(FAR)
    for k in range(n_arcs):
        if capacities[k, v] > 0 and height[v + offsets[k]] < lowest:
            lowest = height[v + offsets[k]]
            current[v] = k
    height[v] = lowest + 1 if lowest < n_nodes else FAR
    return lowest < n_nodes


@kernel
def measure_heights(capacities, offsets, excess, to_deficits, height, queue):
    """Fill height with steps to the nearest deficit, or from the nearest excess; FAR if none.

    height, queue : int32 (N,)
    """
    n_arcs, n_nodes = capacities.shape
    n = 0
    for v in range(n_nodes):
        height[v] = FAR
        if (excess[v] < 0) if to_deficits else (excess[v] > 0):
            height[v] = 0
            queue[n] = v
            n += 1
    head = 0
    while head < n:
        v = queue[head]
        head += 1
        for k in range(n_arcs):
            u = v + offsets[k]
            if height[u] != FAR:
                continue
            if (capacities[n_arcs - 1 - k, u] if to_deficits else capacities[k, v]) > 0:
                height[u] = height[v] + 1
                queue[n] = u
                n += 1
    return n


@kernel
def reverse_network(capacities, offsets, excess):
    """Turn all arcs round, and excess into deficit, in place."""
    n_arcs, n_nodes = capacities.shape
    for v in range(n_nodes):
        excess[v] = -excess[v]
    for k in range(n_arcs // 2):
        step = offsets[k]  # of the first half: negative
        for v in range(-step, n_nodes):
            forth = capacities[k, v]
            capacities[k, v] = capacities[n_arcs - 1 - k, v + step]
            capacities[n_arcs - 1 - k, v + step] = forth
