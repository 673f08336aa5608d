"""Merging segments pair by pair: who touches whom, and whose union costs least (Ward, 1963).

Segments are numbered from 1; row 0 of every table is unused. Neighbours lie in one array: those of
segment s from `first[s]` to `stop[s]`. A segment that takes in others keeps their lists in a chain,
and a neighbour's name is looked up when it is read: nothing is copied.
"""

from typing import Any, NamedTuple

import numpy as np

from .._core.jit import kernel


class Lists(NamedTuple):
    """The neighbours of segments: first and stop, int64 (n,), into near, int32."""

    first: Any
    stop: Any
    near: Any


class Chains(NamedTuple):
    """What became of segments, (n,): the one that each went into (itself while it stands), the
    chain of those that it took in and its end, and when each was last looked at.
    """

    parents: Any
    after: Any
    last: Any
    seen: Any


class Unions(NamedTuple):
    """Unions that are due, (n,): the partner of each standing segment, the cost and the size of
    that union, the heap of segments by these, and each one's place in it.
    """

    partners: Any
    costs: Any
    sizes: Any
    heap: Any
    places: Any


@kernel
def list_sides(labels, shape, padding, offsets, stop, near):
    """Append to the list of each segment, which ends at stop, int64 (n,), those across its sides.

    labels : int32, flat, padded; offsets : int64 (k,), to the earlier neighbours across faces
    A side that goes on along a row counts once. Into an empty `near` nothing is written: stop then
    counts.
    """
    for k in range(len(offsets)):
        for z in range(shape[0]):
            for y in range(shape[1]):
                at = ((z + padding) * (shape[1] + 2) + y + 1) * (shape[2] + 2) + 1
                one, other = 0, 0
                for i in range(at, at + shape[2]):
                    a, b = labels[i], labels[i + offsets[k]]
                    if a != b and (a != one or b != other) and a > 0 and b > 0:
                        if len(near):
                            near[stop[a]] = b
                            near[stop[b]] = a
                        stop[a] += 1
                        stop[b] += 1
                        one, other = a, b


@kernel
def drop_repeated(lists, seen):
    """Keep each neighbour once; seen, int64 (n,), is below 0 on entry."""
    first, stop, near = lists
    for s in range(1, len(first)):
        n = first[s]
        for i in range(first[s], stop[s]):
            t = near[i]
            if seen[t] != s:
                seen[t] = s
                near[n] = t
                n += 1
        stop[s] = n


@kernel
def find_standing(parents, s):
    """The segment that s has become part of, shortening the way for the next caller."""
    while parents[s] != s:
        parents[s] = parents[parents[s]]
        s = parents[s]
    return s


@kernel
def gather_standing(s, mark, lists, chains, around):
    """Fill around with the standing neighbours of s, each once; return how many."""
    first, stop, near = lists
    parents, after, _, seen = chains
    seen[s] = mark
    n, member = 0, s
    while member:
        for i in range(first[member], stop[member]):
            t = find_standing(parents, near[i])
            if seen[t] != mark:
                seen[t] = mark
                around[n] = t
                n += 1
        member = after[member]
    return n


@kernel
def choose_partner(s, around, segments, unions):
    """Keep, of the neighbours around s, the one whose union with it costs least: by how much the
    sum of squared distances to the means rises; the smaller union if costs tie."""
    counts, shares, sums = segments
    partners, costs, sizes = unions.partners, unions.costs, unions.sizes
    for t in around:
        total = 0.0
        for c in range(sums.shape[1]):
            d = shares[s] * sums[s, c] - shares[t] * sums[t, c]
            total += d * d
        size = counts[s] + counts[t]
        total *= counts[s] * counts[t] / size
        if total < costs[s] or (total == costs[s] and size < sizes[s]):
            costs[s], sizes[s], partners[s] = total, size, t


@kernel
def comes_before(a, b, costs, sizes):
    """Whether the union of a is due before that of b."""
    if costs[a] != costs[b]:
        return costs[a] < costs[b]
    return sizes[a] < sizes[b] or (sizes[a] == sizes[b] and a < b)


@kernel
def settle(place, n, unions):
    """Move what lies at a place of a heap of n up or down to where it belongs."""
    _, costs, sizes, heap, places = unions
    s = heap[place]
    while place > 0 and comes_before(s, heap[(place - 1) // 2], costs, sizes):
        heap[place] = heap[(place - 1) // 2]
        places[heap[place]] = place
        place = (place - 1) // 2
    while 2 * place + 1 < n:
        child = 2 * place + 1
        if child + 1 < n and comes_before(heap[child + 1], heap[child], costs, sizes):
            child += 1
        if not comes_before(heap[child], s, costs, sizes):
            break
        heap[place] = heap[child]
        places[heap[place]] = place
        place = child
    heap[place] = s
    places[s] = place


@kernel
def join_chains(kept, gone, chains, segments):
    """Make one segment part of another."""
    parents, after, last, _ = chains
    counts, shares, sums = segments
    parents[gone] = kept
    after[last[kept]] = gone
    last[kept] = last[gone]
    counts[kept] += counts[gone]
    shares[kept] = 1 / counts[kept]
    for c in range(sums.shape[1]):
        sums[kept, c] += sums[gone, c]


@kernel
def begin_unions(lists, chains, segments, unions, around):
    """Find every segment's partner, and make the heap."""
    n = len(chains.parents)
    for s in range(1, n):
        chains.parents[s] = chains.last[s] = unions.heap[s - 1] = s
        chains.after[s] = chains.seen[s] = 0
        unions.places[s] = s - 1
    for s in range(1, n):
        unions.costs[s] = np.inf
        m = gather_standing(s, s, lists, chains, around)
        choose_partner(s, around[:m], segments, unions)
        settle(s - 1, s, unions)


@kernel
def merge_cheapest(lists, n_wanted, chains, segments, unions, around, beyond):
    """Merge the pair whose union costs least, until `n_wanted` stand or no two touch.

    around, beyond : int32 (n,), to work in
    """
    partners, costs, _, heap, places = unions
    begin_unions(lists, chains, segments, unions, around)
    standing = mark = len(partners) - 1
    while standing > n_wanted and costs[heap[0]] < np.inf:
        kept, gone = heap[0], partners[heap[0]]
        join_chains(kept, gone, chains, segments)
        standing -= 1
        place = places[gone]
        if place < standing:
            heap[place] = heap[standing]
            places[heap[place]] = place
            settle(place, standing, unions)
        mark += 1
        n = gather_standing(kept, mark, lists, chains, around)
        costs[kept] = np.inf
        choose_partner(kept, around[:n], segments, unions)
        settle(places[kept], standing, unions)
        for s in around[:n]:
            if partners[s] == kept or partners[s] == gone:
                # Both costs are stale: the union with what they have become may be dearer.
                mark += 1
                m = gather_standing(s, mark, lists, chains, beyond)
                costs[s] = np.inf
                choose_partner(s, beyond[:m], segments, unions)
            else:
                beyond[0] = kept
                choose_partner(s, beyond[:1], segments, unions)
            settle(places[s], standing, unions)


@kernel
def rename(labels, parents, names):
    """Give each segment the name of what it became part of: 1, 2, ... in the order of the first."""
    n = 0
    for s in range(1, len(parents)):
        if parents[s] == s:
            n += 1
            names[s] = n
    for i in range(len(labels)):
        if labels[i] > 0:
            labels[i] = names[find_standing(parents, labels[i])]
