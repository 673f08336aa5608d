"""A fitted forest as plain arrays: all that predicting and saving need.

The two children of a node lie side by side, so that one index leads to both, and the children of
the heavier one come next, so that a row's path runs through few cache lines; equal leaves share
their values. A block of rows walks one tree after the other, twelve rows abreast. Decisions,
values and the order of the sums are scikit-learn's, and so are the bits of the probabilities:
those of `predict_proba` with one thread, whatever the number of threads here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .._core.arrays import Array
from .base import FlatClassifier, as_planes, evaluate_chunks
from .packed import PackedForest, feature_bits, pack

#: A leaf names its values in 22 bits.
_MOST_VALUES = 2**22
_NO_CLASSES = np.empty(0, np.intp)


@dataclass(frozen=True, eq=False)
class FlatForest(FlatClassifier):
    """Trees as arrays, each tree's nodes behind those of the tree before it, parents first.

    Attributes
    ----------
    threshold : float32 (n_nodes,)
        A row goes left where its feature is <= threshold; +inf at a leaf.
    left : int32 (n_nodes,)
        Place of the left child, the right one being next to it; a leaf's own place.
    feature : int32 (n_nodes,)
        The feature that is compared; 0 at a leaf.
    roots : int32 (n_trees,)
    leaf_values : int32 (n_leaves,)
        For the leaves in the order of their places, the row of `values`.
    values : float64 (n_values, n_classes)
        Shares of the classes; each combination once.
    importances : float64 (n_features,)
        Mean decrease of impurity, sums to 1 (or 0 where no tree splits).
    """

    threshold: Array = field(repr=False)
    left: Array = field(repr=False)
    feature: Array = field(repr=False)
    roots: Array = field(repr=False)
    leaf_values: Array = field(repr=False)
    values: Array = field(repr=False)
    importances: Array = field(repr=False)

    @property
    def n_features(self) -> int:
        """Number of features of a row."""
        return len(self.importances)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.values.shape[1])

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def n_nodes(self) -> int:
        """Number of nodes of all trees, leaves included."""
        return len(self.threshold)

    @property
    def depth(self) -> int:
        """Most decisions that a row goes through in one tree."""
        depth = 0
        places = self.roots
        while True:
            left = self.left[places]
            left = left[left != places]
            if len(left) == 0:
                return depth
            places = np.concatenate([left, left + 1])
            depth += 1

    def is_walked_within(self, most: int) -> bool:
        """Whether a row goes through at most `most` nodes, in trees all as deep as the deepest."""
        places, depth = self.roots, 1
        while len(places) and self.n_trees * depth <= most:
            left = self.left[places]
            left = left[left != places]
            places = np.concatenate([left, left + 1])
            depth += 1
        return len(places) == 0

    def __repr__(self) -> str:
        return (
            f"FlatForest({self.n_trees} trees, {self.n_nodes} nodes, {self.n_features} features, "
            f"{self.n_classes} classes)"
        )

    @classmethod
    def join(cls, forests: Sequence[FlatForest], importances: Array) -> FlatForest:
        """One forest with the trees of several, in their order.

        `importances` are those of all trees: they do not follow from those of the parts.
        """
        starts = np.cumsum([0] + [forest.n_nodes for forest in forests])[:-1]
        values, places = unique_rows(np.concatenate([forest.values for forest in forests]))
        first = np.cumsum([0] + [len(forest.values) for forest in forests])[:-1]
        numbered = list(zip(forests, starts.astype(np.int32), first, strict=True))
        joined = cls(
            threshold=np.concatenate([forest.threshold for forest in forests]),
            left=np.concatenate([forest.left + start for forest, start, _ in numbered]),
            feature=np.concatenate([forest.feature for forest in forests]),
            roots=np.concatenate([forest.roots + start for forest, start, _ in numbered]),
            leaf_values=np.concatenate(
                [places[forest.leaf_values + offset] for forest, _, offset in numbered]
            ),
            values=values,
            importances=importances,
        )
        joined.check_size()
        return joined

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, for a file."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> FlatForest:
        """Build a forest from arrays that may come from a stranger.

        Every shape, dtype, index and value is checked, so that no walk can leave the arrays or
        go in circles. Raises ValueError that says what is wrong.
        """
        if set(arrays) != set(_DTYPES):
            raise ValueError(
                f"a forest has arrays {sorted(_DTYPES)} but these are {sorted(arrays)}"
            )
        for name, (dtype, ndim) in _DTYPES.items():
            array = arrays[name]
            if not isinstance(array, np.ndarray):
                raise ValueError(f"{name} is a {type(array).__name__}, not an array")
            if array.dtype != dtype or array.ndim != ndim or array.size == 0:
                raise ValueError(
                    f"{name} has dtype {array.dtype} and shape {array.shape}, not {dtype} with "
                    f"{ndim} filled axes"
                )
        # Copies are writeable, which the kernels are compiled for; a file's arrays may not be.
        forest = cls(**{name: arrays[name].copy(order="C") for name in _DTYPES})
        forest._check()
        return forest

    def _evaluate(self, planes: Array, start: int, probabilities: Array) -> None:
        from ._flat_kernels import evaluate_rows

        none = np.empty(0)
        evaluate_rows(planes, start, self._packed, none, False, probabilities, _NO_CLASSES)

    def predict_early_exit(
        self,
        planes: Array,
        prior_ratio: Array | None = None,
        *,
        n_jobs: int | None = None,
        check_finite: bool = True,
    ) -> Array:
        """The most probable class, from as few trees as tell it.

        A row is decided as soon as no class can catch up with the leading one in the trees that
        are left (Schwing, Zach, Zheng and Pollefeys 2011), after a third to four fifths of them on
        real images. The class is that of the largest probability of `predict_planes`, times
        `prior_ratio` and normalised where that is given, in float32; the first of equals.

        Parameters
        ----------
        planes : array of shape (n_features, n)
            As `predict_planes` takes them.
        prior_ratio : float64 array (n_classes,), optional
            Positive numbers that the probabilities are multiplied by.
        n_jobs, check_finite
            As in `predict_planes`.

        Returns
        -------
        intp array (n,)
            Places of the classes, from 0 on.
        """
        from ._flat_kernels import evaluate_rows

        planes = as_planes(planes, self.n_features, check_finite)
        weighted = prior_ratio is not None
        weights = np.array(prior_ratio, float) if weighted else np.ones(self.n_classes)
        forest, none = self._packed, np.empty((0, self.n_classes))
        chosen = np.empty(planes.shape[1], np.intp)

        def evaluate(planes: Array, start: int, rows: slice) -> None:
            evaluate_rows(planes, start, forest, weights, weighted, none, chosen[rows])

        evaluate_chunks(evaluate, planes, n_jobs)
        return chosen

    @cached_property
    def _packed(self) -> PackedForest:
        return pack(
            self.threshold,
            self.left,
            self.feature,
            self.roots,
            self.leaf_values,
            self.values,
            self.n_features,
        )

    def check_size(self) -> None:
        """Refuse a forest that packed nodes cannot describe."""
        largest = int(np.diff(np.append(self.roots, self.n_nodes)).max())
        most = 2 ** (32 - feature_bits(self.n_features))
        if largest > most:
            raise ValueError(
                f"a tree has {largest} nodes on {self.n_features} features, more than {most}: grow "
                "smaller trees, with max_depth or min_samples_leaf."
            )
        if len(self.values) > _MOST_VALUES:
            raise ValueError(
                f"leaf_values point to {len(self.values)} different values, more than "
                f"{_MOST_VALUES}: grow smaller trees, with max_depth or min_samples_leaf."
            )

    def _check(self) -> None:
        """Refuse arrays that do not describe trees."""
        n = self.n_nodes
        place = np.arange(n)
        if len(self.left) != n or len(self.feature) != n:
            raise ValueError("threshold, left and feature have different lengths")
        if self.roots[0] != 0 or (np.diff(self.roots) <= 0).any() or self.roots[-1] >= n:
            raise ValueError("roots do not ascend from 0 within the nodes")
        self.check_size()
        end = np.repeat(np.append(self.roots[1:], n), np.diff(np.append(self.roots, n)))
        is_leaf = self.left == place
        inner = ~is_leaf
        left = self.left[inner]
        if ((left <= place[inner]) | (left >= end[inner] - 1)).any():
            raise ValueError("left leads out of a tree or back up")
        if (np.bincount(np.concatenate([self.roots, left, left + 1]), minlength=n) != 1).any():
            raise ValueError("left does not lead to every node but the roots, and to each once")
        if ((self.feature < 0) | (self.feature >= self.n_features)).any():
            raise ValueError(f"feature is out of the range of {self.n_features} features")
        if (
            not np.isfinite(self.threshold[inner]).all()
            or not (self.threshold[is_leaf] == np.inf).all()
        ):
            raise ValueError("threshold is not finite at a split, or not infinite at a leaf")
        if len(self.leaf_values) != np.count_nonzero(is_leaf):
            raise ValueError("leaf_values does not have one entry for each leaf")
        if ((self.leaf_values < 0) | (self.leaf_values >= len(self.values))).any():
            raise ValueError("leaf_values is out of the range of values")
        if not ((self.values >= 0).all() and np.allclose(self.values.sum(axis=1), 1)):
            raise ValueError("values are not shares that sum to 1")
        if not (np.isfinite(self.importances).all() and (self.importances >= 0).all()):
            raise ValueError("importances are negative or not finite")


_DTYPES: dict[str, tuple[type, int]] = {
    "threshold": (np.float32, 1),
    "left": (np.int32, 1),
    "feature": (np.int32, 1),
    "roots": (np.int32, 1),
    "leaf_values": (np.int32, 1),
    "values": (np.float64, 2),
    "importances": (np.float64, 1),
}


def unique_rows(rows: Array) -> tuple[Array, Array]:
    """The different rows, and for each row its place among them."""
    as_bytes = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * 8))).ravel()
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    return rows[first], inverse.astype(np.int32)
