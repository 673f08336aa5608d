"""Maximum flow by push-relabel on any graph: as _push_relabel_kernels.py, with lists of arcs.

Arcs from node v are first[v]..first[v + 1]; arc a leads to heads[a], and arc backs[a] leads back.
"""

import numpy as np

from .._core.jit import kernel
from ._push_relabel_kernels import FAR


@kernel
def discharge_all(first, heads, backs, capacities, excess, scratch, active, most_relabels):
    """Push until no excess can reach a deficit.

    first : int32 (N + 1,); heads, backs : int32 (A,); capacities : (A,); excess : (N,); scratch :
    int32 (4, N), heights in row 0; active : uint8 (N,)
    """
    n_nodes = len(excess)
    height, current, queue, search_queue = scratch[0], scratch[1], scratch[2], scratch[3]
    while True:
        measure_heights(first, heads, backs, capacities, excess, True, height, search_queue)
        waiting = 0
        for v in range(n_nodes):
            current[v] = 0
            active[v] = excess[v] > 0 and height[v] < FAR
            if active[v]:
                queue[waiting] = v
                waiting += 1
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
            a = first[v] + current[v]
            while a < first[v + 1]:
                u = heads[a]
                if height[u] == below and capacities[a] > 0:
                    amount = min(left, capacities[a])
                    capacities[a] -= amount
                    capacities[backs[a]] += amount
                    left -= amount
                    excess[u] += amount
                    if excess[u] > 0 and active[u] == 0:
                        active[u] = 1
                        queue[tail] = u
                        tail = tail + 1 if tail + 1 < n_nodes else 0
                        waiting += 1
                    if left == 0:
                        break
                a += 1
            excess[v] = left
            current[v] = a - first[v]
            if left > 0:
                relabels += 1
                lowest = np.int32(FAR)
                for b in range(first[v], first[v + 1]):
                    if capacities[b] > 0 and height[heads[b]] < lowest:
                        lowest = height[heads[b]]
                        current[v] = b - first[v]
                height[v] = lowest + 1 if lowest < n_nodes else FAR
                if lowest < n_nodes:
                    active[v] = 1
                    queue[tail] = v
                    tail = tail + 1 if tail + 1 < n_nodes else 0
                    waiting += 1


@kernel
def measure_heights(first, heads, backs, capacities, excess, to_deficits, height, queue):
    """Fill height with steps to the nearest deficit, or from the nearest excess; FAR if none."""
    n = 0
    for v in range(len(excess)):
        height[v] = FAR
        if (excess[v] < 0) if to_deficits else (excess[v] > 0):
            height[v] = 0
            queue[n] = v
            n += 1
    head = 0
    while head < n:
        v = queue[head]
        head += 1
        for a in range(first[v], first[v + 1]):
            u = heads[a]
            if height[u] == FAR and capacities[backs[a] if to_deficits else a] > 0:
                height[u] = height[v] + 1
                queue[n] = u
                n += 1


@kernel
def pair_arcs(first, heads, backs, cursor):
    """Fill backs where rows are sorted; False if an arc has none that leads back, or is a loop.

    first : (N + 1,); heads, backs : int32 (A,); cursor : int32 (N,), scratch
    """
    n_nodes = len(cursor)
    for v in range(n_nodes):
        cursor[v] = first[v]
    for v in range(n_nodes):
        for a in range(cursor[v], first[v + 1]):
            u = heads[a]
            b = cursor[u]
            if u <= v or b >= first[u + 1] or heads[b] != v:
                return False
            backs[a], backs[b] = b, a
            cursor[u] += 1
    return True


@kernel
def largest_sum(first, backs, capacities):
    """The most that the arcs of a node carry, in and out."""
    most = 0.0
    for v in range(len(first) - 1):
        total = 0.0
        for a in range(first[v], first[v + 1]):
            total += np.float64(capacities[a]) + np.float64(capacities[backs[a]])
        most = max(most, total)
    return most


@kernel
def push_to_neighbours(first, heads, backs, capacities, excess):
    """Push excess over single arcs."""
    for v in range(len(excess)):
        a = first[v]
        while excess[v] > 0 and a < first[v + 1]:
            u = heads[a]
            if excess[u] < 0:
                amount = min(excess[v], capacities[a], -excess[u])
                capacities[a] -= amount
                capacities[backs[a]] += amount
                excess[u] += amount
                excess[v] -= amount
            a += 1
