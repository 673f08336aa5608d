"""Terminals of a grid: looked at in one pass, made one signed excess a node in another."""

import numpy as np

from .._core.jit import kernel


@kernel
def find_range(values):
    """The least and the largest finite of floats (N,), and whether all finite ones are whole.

    The least is NaN if any is.
    """
    least, most, whole = np.inf, -np.inf, True
    for v in range(len(values)):
        value = np.float64(values[v])
        if value != value:
            return value, most, whole
        least = min(least, value)
        if value < np.inf:
            most = max(most, value)
            whole &= np.rint(value) == value
    return least, most, whole


@kernel
def find_wanted(source, sink, mask, starts, limit, wanted):
    """Fill wanted with source - sink, cut to -limit..limit; return the sum of the smaller ones.

    source, sink : int64 or float64 (rows, W); mask : bool (rows, W), or (0, 0) for none; starts :
    int64 (rows,), the first node of each row; wanted : (N,)
    """
    n_rows, width = source.shape
    passed = source[0, 0] - source[0, 0] if source[0, 0] < np.inf else sink[0, 0] - sink[0, 0]
    for row in range(n_rows):
        for x in range(width):
            if len(mask) > 0 and not mask[row, x]:
                continue
            both = min(source[row, x], sink[row, x])
            passed += both
            left = min(source[row, x] - both, limit) - min(sink[row, x] - both, limit)
            wanted[starts[row] + x] = left
    return passed


@kernel
def set_excess(capacities, offsets, excess, wanted, before, limit, slack):
    """Move excess from the terminals before to those wanted; return the sum of the new deficits.

    A hard seed (limit) gets what its edges to all but seeds of its side carry, and `slack`, so
    that it keeps its side when these are full: flow among seeds would lead nowhere. Where flow has
    changed the arcs, both ways together are what they can ever carry.

    capacities : (K, N); offsets : int64 (K,); excess, wanted : (N,); before : (N,), or (0,) where
    nothing has flowed yet
    """
    is_fresh = len(before) == 0
    n_arcs, n_nodes = capacities.shape
    deficits = excess[0] - excess[0]
    for v in range(n_nodes):
        now = wanted[v]
        if abs(now) >= limit:
            carried = slack
            for k in range(n_arcs):
                u = v + offsets[k]
                if wanted[u] != wanted[v]:
                    if now > 0 or not is_fresh:
                        carried += capacities[k, v]
                    if now < 0 or not is_fresh:
                        carried += capacities[n_arcs - 1 - k, u]
            now = min(carried, limit) if now > 0 else -min(carried, limit)
        if now < 0:
            deficits -= now
        excess[v] = now if is_fresh else excess[v] + (now - before[v])
    return deficits
