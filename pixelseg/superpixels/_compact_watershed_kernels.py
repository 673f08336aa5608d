"""Flooding with a price on the distance from the marker, by a heap.

Words are those of the plain watershed. An entry of the heap is a cost and a row of `entries`: when
it was put there, its pixel, and the marker's pixel that its flood began at. Of equal costs the
older entry comes first.
"""

import numpy as np

from .._core.jit import kernel


@kernel
def flood_compact(words, relief, markers, steps, moves, sizes, prices, best):
    """Give each pixel that markers reach the label of the cheapest way, in place.

    relief : float64, of the words' shape, flat; markers : int64 (n,) places of marked pixels
    steps : int64 (k,) to each neighbour's word; moves : int64 (k, 3), the same along D, H, W
    sizes : int64 (2,), words of a layer and of a row; prices : float64 (3,), squared, of a pixel's
    distance along D, H, W; best : float64, of the words' size, infinite
    """
    costs = np.empty(2 * len(markers) + 64)
    entries = np.empty((len(costs), 3), np.int64)
    n = 0
    for place in markers:
        n = push(costs, entries, n, relief[place], n, place, place)
    age = n
    while n > 0:
        cost, place, source = costs[0], entries[0, 1], entries[0, 2]
        n = pop(costs, entries, n)
        if place != source:
            if words[place] > 0:
                continue
            words[place] = words[source]
        here_z, here_y, here_x = coordinates(place, sizes)
        source_z, source_y, source_x = coordinates(source, sizes)
        for k in range(len(steps)):
            neighbour = place + steps[k]
            if words[neighbour] >= 0:
                continue
            far_z = np.float64(here_z - source_z + moves[k, 0])
            far_y = np.float64(here_y - source_y + moves[k, 1])
            far_x = np.float64(here_x - source_x + moves[k, 2])
            distance = np.sqrt(prices[0] * far_z**2 + prices[1] * far_y**2 + prices[2] * far_x**2)
            reached = max(relief[neighbour] + distance, cost)
            # What waits for the pixel at no higher cost comes first in any case.
            if reached < best[neighbour]:
                best[neighbour] = reached
                if n == len(costs):
                    costs, entries = enlarge(costs, entries)
                n = push(costs, entries, n, reached, age, neighbour, source)
                age += 1


@kernel
def enlarge(costs, entries):
    """A full heap with room for as many entries again."""
    n = len(costs)
    more_costs, more_entries = np.empty(2 * n), np.empty((2 * n, 3), np.int64)
    for k in range(n):
        more_costs[k] = costs[k]
        for field in range(3):
            more_entries[k, field] = entries[k, field]
    return more_costs, more_entries


@kernel
def coordinates(place, sizes):
    """A place in the words as (z, y, x)."""
    layer, row = sizes
    z = place // layer
    rest = place - z * layer
    y = rest // row
    return z, y, rest - y * row


@kernel
def push(costs, entries, n, cost, age, place, source):
    """Add an entry to a heap of n; return how many there are."""
    k = n
    while k > 0:
        parent = (k - 1) // 2
        if not (cost < costs[parent] or (cost == costs[parent] and age < entries[parent, 0])):
            break
        move(costs, entries, parent, k)
        k = parent
    costs[k] = cost
    entries[k, 0], entries[k, 1], entries[k, 2] = age, place, source
    return n + 1


@kernel
def pop(costs, entries, n):
    """Remove the first entry of a heap of n; return how many are left."""
    n -= 1
    cost, age = costs[n], entries[n, 0]
    k = 0
    while 2 * k + 1 < n:
        child = 2 * k + 1
        if child + 1 < n and comes_before(costs, entries, child + 1, child):
            child += 1
        if cost < costs[child] or (cost == costs[child] and age < entries[child, 0]):
            break
        move(costs, entries, child, k)
        k = child
    move(costs, entries, n, k)
    return n


@kernel
def comes_before(costs, entries, one, other):
    """Whether one entry of the heap comes before another."""
    if costs[one] == costs[other]:
        return entries[one, 0] < entries[other, 0]
    return costs[one] < costs[other]


@kernel
def move(costs, entries, source, target):
    """Copy an entry to another place of the heap."""
    costs[target] = costs[source]
    entries[target, 0] = entries[source, 0]
    entries[target, 1] = entries[source, 1]
    entries[target, 2] = entries[source, 2]
