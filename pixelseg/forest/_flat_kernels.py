"""Walks down the trees of a flat forest, several rows abreast.

A node is (threshold, link): link = place of the left child << bits | feature, the right child is
the next node. A leaf is its own left child with threshold +inf, so that a row that has arrived
stays where it is and needs no branch.
"""

import numpy as np

from .._jit import kernel

#: Rows whose features are packed together: their block and the top of a tree fit in the cache.
BLOCK = 256


@kernel
def add_trees(planes, start, stop, nodes, bits, roots, leaves, values, out):
    """Add every tree's class shares to out (stop - start, n_classes), in the trees' order.

    planes (n_features, n): one row an image's feature; nodes: records of threshold and link;
    roots (n_trees,); leaves (n_nodes,): row of `values` (n_leaves, n_classes) of a leaf.
    """
    n_features = planes.shape[0]
    n_classes = values.shape[1]
    mask = np.uint32((1 << bits) - 1)
    x = np.empty((BLOCK, n_features), np.float32)
    at = np.empty(BLOCK, np.uint32)
    for first in range(start, stop, BLOCK):
        n = min(BLOCK, stop - first)
        for f in range(n_features):
            column = planes[f]
            for i in range(n):
                x[i, f] = column[first + i]
        for i in range(n, BLOCK):
            for f in range(n_features):
                x[i, f] = np.float32(0)
        for tree in range(len(roots)):
            root = np.uint32(roots[tree])
            for i in range(0, n, 8):
                k0 = k1 = k2 = k3 = k4 = k5 = k6 = k7 = root
                moved = True
                while moved:
                    n0, n1, n2, n3 = nodes[k0], nodes[k1], nodes[k2], nodes[k3]
                    n4, n5, n6, n7 = nodes[k4], nodes[k5], nodes[k6], nodes[k7]
                    j0 = (n0.link >> bits) + np.uint32(x[i, n0.link & mask] > n0.threshold)
                    j1 = (n1.link >> bits) + np.uint32(x[i + 1, n1.link & mask] > n1.threshold)
                    j2 = (n2.link >> bits) + np.uint32(x[i + 2, n2.link & mask] > n2.threshold)
                    j3 = (n3.link >> bits) + np.uint32(x[i + 3, n3.link & mask] > n3.threshold)
                    j4 = (n4.link >> bits) + np.uint32(x[i + 4, n4.link & mask] > n4.threshold)
                    j5 = (n5.link >> bits) + np.uint32(x[i + 5, n5.link & mask] > n5.threshold)
                    j6 = (n6.link >> bits) + np.uint32(x[i + 6, n6.link & mask] > n6.threshold)
                    j7 = (n7.link >> bits) + np.uint32(x[i + 7, n7.link & mask] > n7.threshold)
                    moved = (
                        ((j0 ^ k0) | (j1 ^ k1) | (j2 ^ k2) | (j3 ^ k3))
                        | ((j4 ^ k4) | (j5 ^ k5) | (j6 ^ k6) | (j7 ^ k7))
                    ) != 0
                    k0, k1, k2, k3, k4, k5, k6, k7 = j0, j1, j2, j3, j4, j5, j6, j7
                at[i], at[i + 1], at[i + 2], at[i + 3] = k0, k1, k2, k3
                at[i + 4], at[i + 5], at[i + 6], at[i + 7] = k4, k5, k6, k7
            for i in range(n):
                share = values[leaves[at[i]]]
                o = out[first - start + i]
                for c in range(n_classes):
                    o[c] += share[c]
