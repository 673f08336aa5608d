"""The order of a tree's nodes in memory, and the table of its top.

Tried: breadth first, which is three times slower at full depth.
"""

import numpy as np

from .._core.jit import kernel

#: Leaves of a tree's top: the bits of the vector that its walk keeps.
TOP_LEAVES = 32


@kernel
def order_depth_first(left, right, weight, order):
    """order = nodes with siblings side by side, the heavier one's children right behind.

    left, right: children of each node, -1 at a leaf; weight: rows that reached it. A row mostly
    takes the heavier turn, so that its path runs through few cache lines.
    """
    stack = np.empty(len(left), np.int64)
    height = 0
    order[0] = 0
    count = 1
    if left[0] >= 0:
        stack[0] = 0
        height = 1
    while height > 0:
        height -= 1
        parent = stack[height]
        near, far = left[parent], right[parent]
        order[count] = near
        order[count + 1] = far
        count += 2
        if weight[far] > weight[near]:
            near, far = far, near
        if left[far] >= 0:
            stack[height] = far
            height += 1
        if left[near] >= 0:
            stack[height] = near
            height += 1


@kernel
def count_nodes(left, size):
    """size[k] = nodes of the subtree below node k, itself included. Children follow parents."""
    for k in range(len(left) - 1, -1, -1):
        size[k] = 1
        if left[k] != k:
            size[k] += size[left[k]] + size[left[k] + 1]


@kernel
def find_tops(left, roots, size, nodes, masks, entries):
    """The top of each tree: the nodes near its root that split the largest subtrees.

    nodes (n_trees, TOP_LEAVES - 1): the top's splits, -1 where the tree has fewer; masks: for
    each, the bits that stay where a row turns right, one bit for each of the top's leaves from
    left to right; entries (n_trees, TOP_LEAVES): the node at each of these.
    """
    first = np.empty(TOP_LEAVES, np.int64)
    last = np.empty(TOP_LEAVES, np.int64)
    one = np.int64(1)
    for tree in range(len(roots)):
        leaves = entries[tree]
        leaves[0] = roots[tree]
        n_leaves = 1
        n_splits = 0
        while n_leaves < TOP_LEAVES:
            at = -1
            largest = 1
            for e in range(n_leaves):
                if size[leaves[e]] > largest:
                    largest = size[leaves[e]]
                    at = e
            if at < 0:
                break
            node = leaves[at]
            for e in range(n_leaves, at + 1, -1):
                leaves[e] = leaves[e - 1]
            leaves[at] = left[node]
            leaves[at + 1] = left[node] + 1
            n_leaves += 1
            # The leaves below each split's left child are first:last; one of them became two.
            for s in range(n_splits):
                if first[s] > at:
                    first[s] += 1
                if last[s] > at:
                    last[s] += 1
            first[n_splits] = at
            last[n_splits] = at + 1
            nodes[tree, n_splits] = node
            n_splits += 1
        for s in range(n_splits):
            masks[tree, s] = ~((one << last[s]) - (one << first[s])) & 0xFFFFFFFF
