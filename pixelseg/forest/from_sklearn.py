"""From scikit-learn's fitted forests and trees to a `FlatForest` with the same decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from .._core.arrays import Array
from .flat import FlatForest, unique_rows


def flatten_forest(estimator: Any) -> FlatForest:
    """Flatten a fitted random forest, extremely random forest or single tree.

    Raises TypeError for any other estimator, and for trees of several outputs; ValueError for
    a tree of more nodes than a packed one can name (16 million with 256 features).
    """
    if not isinstance(
        estimator, DecisionTreeClassifier | RandomForestClassifier | ExtraTreesClassifier
    ):
        raise TypeError(
            f"estimator is a {type(estimator).__name__} but must be a RandomForestClassifier, "
            "ExtraTreesClassifier or a decision tree of scikit-learn."
        )
    check_is_fitted(estimator)
    if estimator.n_outputs_ != 1:
        raise TypeError(f"estimator has {estimator.n_outputs_} outputs but must have one.")
    return flatten_trees(getattr(estimator, "estimators_", [estimator]))


def flatten_trees(trees: Sequence[Any]) -> FlatForest:
    """Flatten fitted decision trees of one forest."""
    counts = [tree.tree_.node_count for tree in trees]
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    parts = [_flatten(tree.tree_, offset) for tree, offset in zip(trees, offsets, strict=True)]
    threshold, left, feature, shares = (np.concatenate(of) for of in zip(*parts, strict=True))
    values, leaf_values = unique_rows(shares)
    importances = mean_importances([tree.feature_importances_ for tree in trees])
    forest = FlatForest(
        threshold, left, feature, offsets.astype(np.int32), leaf_values, values, importances
    )
    forest.check_size()
    return forest


def mean_importances(trees: Sequence[Array]) -> Array:
    """A forest's importances from those of its trees, as scikit-learn's; sum to 1, or to 0."""
    total = np.mean(np.asarray(trees, np.float64), axis=0)
    return total / total.sum() if total.sum() > 0 else total


def _flatten(tree: Any, offset: int) -> tuple[Array, Array, Array, Array]:
    """Threshold, left, feature and leaf values of one scikit-learn tree."""
    from ._layout_kernels import order_depth_first

    # Views of scikit-learn's records, which are contiguous in a tree of one node alone: a layout
    # of its own would be compiled for that.
    left, right, weight = (
        np.ascontiguousarray(values)
        for values in (tree.children_left, tree.children_right, tree.weighted_n_node_samples)
    )
    order = np.empty(tree.node_count, np.int64)
    order_depth_first(left, right, weight, order)
    place = np.empty(tree.node_count, np.int64)
    place[order] = np.arange(tree.node_count)
    is_leaf = left[order] < 0
    child = np.where(is_leaf, np.arange(tree.node_count), place[left[order]]) + offset
    threshold = np.where(is_leaf, np.inf, _floor_float32(tree.threshold[order]))
    feature = np.where(is_leaf, 0, tree.feature[order])
    values = tree.value[order[is_leaf], 0, :]
    return (
        threshold.astype(np.float32),
        child.astype(np.int32),
        feature.astype(np.int32),
        np.ascontiguousarray(values, np.float64),
    )


def scale_thresholds(forest: FlatForest, exponents: Array) -> FlatForest:
    """The forest for features that are each multiplied by a power of two (n_features,)."""
    scaled = np.ldexp(forest.threshold.astype(np.float64), exponents[forest.feature])
    threshold = np.where(np.isinf(forest.threshold), np.inf, _floor_float32(scaled))
    return replace(forest, threshold=threshold.astype(np.float32))


def _floor_float32(threshold: Array) -> Array:
    """The largest float32 not above each float64: no float32 feature lies between the two."""
    nearest = threshold.astype(np.float32)
    above = nearest.astype(np.float64) > threshold
    nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
    # Growing on missing values makes splits at infinity, which every finite row passes leftwards.
    return np.minimum(nearest, np.finfo(np.float32).max)
