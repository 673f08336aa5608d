"""A flat forest as its kernels read it: packed nodes, and the tops of trees.

Each row begins its walk in the top of a tree, the splits near the root that divide the most
nodes among 32 leaves. They are compared for a whole block of rows at a time: half of the steps of
a walk for a sixth of their cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._core.arrays import Array


class PackedForest(NamedTuple):
    """Arrays of one forest; nodes count from the root of their tree."""

    packed: Array  # uint32 (2 n_nodes,), see _flat_kernels.py
    bits: np.uint64
    roots: Array  # int32 (n_trees,)
    shares: Array  # float64 (n_classes, n_values)
    top_features: Array  # uint32 (n_trees, 32)
    top_thresholds: Array  # uint32 (n_trees, 32), keys
    top_masks: Array  # uint32 (n_trees, 32)
    top_nodes: Array  # uint32 (n_trees, 32)


def feature_bits(n_features: int) -> int:
    """Bits of a packed node that name a feature; the others name its left child."""
    return max(1, int(n_features - 1).bit_length())


def keys(values: Array) -> Array:
    """Unsigned integers in the order of float32 values; -0 is 0."""
    bits = (values + np.float32(0)).view(np.int32)
    return (bits ^ ((bits >> 31) | np.int32(-(2**31)))).view(np.uint32)


def pack(
    threshold: Array,
    left: Array,
    feature: Array,
    roots: Array,
    leaf_values: Array,
    values: Array,
    n_features: int,
) -> PackedForest:
    """Pack the arrays of a `FlatForest`."""
    from ._flat_kernels import ALL, LEAF
    from ._layout_kernels import TOP_LEAVES, count_nodes, find_tops

    n_nodes, n_trees = len(left), len(roots)
    bits = feature_bits(n_features)
    own_root = np.repeat(roots, np.diff(np.append(roots, n_nodes)))
    packed = np.empty(2 * n_nodes, np.uint32)
    packed[::2] = keys(threshold)
    packed[::2][left == np.arange(n_nodes)] = LEAF | leaf_values.astype(np.uint32)
    packed[1::2] = ((left - own_root).astype(np.uint32) << np.uint32(bits)) | feature.astype(
        np.uint32
    )

    size = np.empty(n_nodes, np.int64)
    splits = np.full((n_trees, TOP_LEAVES), -1)
    masks = np.full((n_trees, TOP_LEAVES), 0xFFFFFFFF)
    entries = np.broadcast_to(roots[:, None], (n_trees, TOP_LEAVES)).astype(np.int64)
    count_nodes(left, size)
    find_tops(left, roots, size, splits, masks, entries)
    return PackedForest(
        packed=packed,
        bits=np.uint64(bits),
        roots=roots,
        shares=np.ascontiguousarray(values.T),
        top_features=np.where(splits < 0, 0, feature[splits]).astype(np.uint32),
        top_thresholds=np.where(splits < 0, ALL, keys(threshold)[splits]),
        top_masks=masks.astype(np.uint32),
        top_nodes=(entries - roots[:, None]).astype(np.uint32),
    )
