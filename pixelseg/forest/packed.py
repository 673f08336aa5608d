"""A flat forest as its kernels read it: thresholds and links side by side, and crowns.

Each row begins its walk in the crown of a tree, the splits near the root that divide the most
nodes among 32 exits. They are compared for a whole block of rows at a time: half of the steps of
a walk for a sixth of their cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._core.arrays import Array


class PackedForest(NamedTuple):
    """Arrays of one forest; nodes and exits count from the root of their tree."""

    words: Array  # uint32 (2 n_nodes,), two a node: threshold (a leaf's values), link
    bits: np.uint64
    roots: Array  # int32 (n_trees,)
    shares: Array  # float64 (n_classes, n_values)
    crown_features: Array  # uint32 (n_trees, 32)
    crown_thresholds: Array  # uint32 (n_trees, 32), keys
    crown_masks: Array  # uint32 (n_trees, 32)
    crown_entries: Array  # uint32 (n_trees, 32)


def feature_bits(n_features: int) -> int:
    """Bits of a link that name a feature; the others name a node of the tree."""
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
    from ._layout_kernels import CROWN, count_nodes, find_crowns

    n_nodes, n_trees = len(left), len(roots)
    bits = feature_bits(n_features)
    own_root = np.repeat(roots, np.diff(np.append(roots, n_nodes)))
    words = np.empty(2 * n_nodes, np.uint32)
    words[::2] = keys(threshold)
    words[::2][left == np.arange(n_nodes)] = LEAF | leaf_values.astype(np.uint32)
    words[1::2] = ((left - own_root).astype(np.uint32) << np.uint32(bits)) | feature.astype(
        np.uint32
    )

    size = np.empty(n_nodes, np.int64)
    splits = np.full((n_trees, CROWN), -1)
    masks = np.full((n_trees, CROWN), 0xFFFFFFFF)
    entries = np.broadcast_to(roots[:, None], (n_trees, CROWN)).astype(np.int64)
    count_nodes(left, size)
    find_crowns(left, roots, size, splits, masks, entries)
    return PackedForest(
        words=words,
        bits=np.uint64(bits),
        roots=roots,
        shares=np.ascontiguousarray(values.T),
        crown_features=np.where(splits < 0, 0, feature[splits]).astype(np.uint32),
        crown_thresholds=np.where(splits < 0, ALL, keys(threshold)[splits]),
        crown_masks=masks.astype(np.uint32),
        crown_entries=(entries - roots[:, None]).astype(np.uint32),
    )
