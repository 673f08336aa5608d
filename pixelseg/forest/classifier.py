"""`ForestClassifier`: decision trees grown by scikit-learn, evaluated by compiled code.

What trains and what predicts are different objects: `fit` grows trees (Breiman 2001; with
`splitter="random"`, Geurts, Ernst and Wehenkel 2006), flattens them into a `FlatForest` and
lets scikit-learn's own objects go.
"""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .._core.arrays import Array
from .._core.checks import as_choice, as_count, as_flag, as_number, check_class_weight
from .._core.threads import effective_n_jobs
from .base import FlatEstimator
from .flat import FlatForest
from .from_sklearn import flatten_forest, flatten_trees, mean_importances, scale_thresholds

#: The share of the features that a split looks at where nothing is known of them.
MAX_FEATURES = 0.3

#: Below this, a share of the rows makes trees of next to nothing: strokes may be a few pixels.
_LEAST_ROWS = 100

#: Features are grown on with largest values of about 2 to this power.
_FILLED = 60

#: Trees that are scikit-learn's at one time where there are more rows than these.
_BATCH = 10
_ROWS_AT_ONCE = 20_000


class ForestClassifier(FlatEstimator):
    """A forest of decision trees.

    Parameters
    ----------
    n_estimators : int, default 100
        Trees. More are steadier and slower, never worse.
    splitter : "random" or "best", default "random"
        "random" draws the threshold of a split for each feature that it looks at (extremely
        random trees); "best" searches it (a random forest), which takes five to ten times as
        long to grow and was less accurate on every real set.
    max_depth : int, optional
        Deepest leaf; None does not limit it.
    min_samples_leaf : int, default 2
        Rows that a leaf must hold at the least.
    max_features : "auto", float, int, "sqrt", "log2" or None, default "auto"
        Features that a split looks at; a float is a share of them. "auto" is a share of 0.3; a
        `PixelClassifier` makes it fewer, down to the cube root of their number, the less
        brightness alone tells of the class, so that trees differ.
    bootstrap : bool, default True
        Whether each tree sees rows drawn with replacement, or all.
    max_samples : float, int or None, default 0.3
        Rows (or the share of the rows) that are drawn for a tree. Neighbouring pixels are nearly
        copies of each other: few rows a tree make different trees, and smaller ones. A share is
        never less than 100 rows, or all where there are fewer.
    class_weight : "balanced", "balanced_subsample" or dict, optional
    n_jobs : int, optional
        Threads to grow and to predict with; the result does not depend on it.
    random_state : int, default 0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    flat_ : FlatForest
        The trees as arrays.
    n_features_in_ : int
    feature_importances_ : float64 ndarray of shape (n_features,)

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> X = np.arange(20.0).reshape(-1, 1)
    >>> forest = pixelseg.ForestClassifier(n_estimators=10).fit(X, X[:, 0] > 9)
    >>> forest.predict([[3.0], [15.0]])
    array([False,  True])
    """

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        splitter: str = "random",
        max_depth: int | None = None,
        min_samples_leaf: int = 2,
        max_features: Any = "auto",
        bootstrap: bool = True,
        max_samples: float | int | None = 0.3,
        class_weight: Any = None,
        n_jobs: int | None = None,
        random_state: int | None = 0,
    ):
        self.n_estimators = n_estimators
        self.splitter = splitter
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ForestClassifier:
        """Grow the trees on rows X (n, n_features), taken as float32, with classes y (n,)."""
        kinds = {"best": RandomForestClassifier, "random": ExtraTreesClassifier}
        as_choice("splitter", self.splitter, ("best", "random"))
        as_count("n_estimators", self.n_estimators)
        as_flag("bootstrap", self.bootstrap)
        check_class_weight(self.class_weight)
        for name in ("max_depth", "min_samples_leaf", "max_features"):
            if isinstance(value := getattr(self, name), Integral):
                as_count(name, value)
        if self.n_jobs is not None:
            effective_n_jobs(self.n_jobs)
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        peer = kinds[self.splitter](
            self.n_estimators,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            max_features=MAX_FEATURES if is_auto(self.max_features) else self.max_features,
            bootstrap=self.bootstrap,
            max_samples=self._rows_a_tree(len(X)),
            class_weight=self.class_weight,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        exponents = _exponents(X)
        flat = _grow(peer, np.ldexp(X, exponents), y, sample_weight)
        return self._set(scale_thresholds(flat, -exponents), peer.classes_)

    def _rows_a_tree(self, n: int) -> int | None:
        """`max_samples` as a number of rows; None where trees see all."""
        share = self.max_samples
        if not self.bootstrap or share is None:
            return None
        if isinstance(share, Integral):
            return as_count("max_samples", share)
        if not 0 < as_number("max_samples", share) <= 1:
            raise ValueError(
                f"max_samples is {share} but a share of the rows must be above 0 and at most 1: "
                "pass an integer for a number of rows."
            )
        return max(int(share * n), min(n, _LEAST_ROWS))

    @classmethod
    def from_sklearn(cls, estimator: Any) -> ForestClassifier:
        """Compile a fitted random forest, extremely random forest or tree of scikit-learn.

        Probabilities have the bits of `estimator.predict_proba` with one thread. Parameters that
        both have are taken over, in case that it is fitted again. TypeError for other estimators.
        """
        flat = flatten_forest(estimator)
        params = estimator.get_params()
        known = {name: params[name] for name in cls().get_params() if name in params}
        extra = isinstance(estimator, ExtraTreesClassifier)
        known.setdefault("splitter", "random" if extra else "best")
        known["n_estimators"] = flat.n_trees
        # A single tree sees all rows.
        known.setdefault("bootstrap", False)
        return cls(**known)._take_over(estimator, flat)

    @property
    def feature_importances_(self) -> Array:
        """Mean decrease of impurity by feature; sums to 1."""
        check_is_fitted(self)
        return self.flat_.importances


def is_auto(max_features: Any) -> bool:
    """Whether a split's number of features is left to who trains the forest."""
    return isinstance(max_features, str) and max_features == "auto"


def _exponents(X: Array) -> Array:
    """For each feature the power of two, int32, by which it fills the range that growing sees.

    scikit-learn takes differences below 1e-7 for none: without it, an image in metres would have
    other trees than the same one in micrometres. Powers of two change no bit of a threshold.
    """
    largest = np.abs(X).max(axis=0, initial=0)
    return np.where(largest > 0, _FILLED - np.frexp(largest)[1], 0).astype(np.int32)


def _grow(peer: Any, X: Array, y: Array, sample_weight: Any) -> FlatForest:
    """Grow scikit-learn's forest in batches of trees, and let a batch go once it is flat.

    Its trees take eight times the memory of the flat ones. The trees are those of one `fit`.
    """
    n_trees = peer.n_estimators
    batch = n_trees if len(X) <= _ROWS_AT_ONCE else _BATCH
    if batch >= n_trees:
        return flatten_forest(peer.fit(X, y, sample_weight))
    parts = []
    importances = []
    peer.set_params(warm_start=True)
    with warnings.catch_warnings():
        # class_weight and warm_start clash where the rows change between fits; they do not.
        warnings.filterwarnings("ignore", "class_weight presets", UserWarning)
        for start in range(0, n_trees, batch):
            peer.set_params(n_estimators=min(start + batch, n_trees)).fit(X, y, sample_weight)
            grown = peer.estimators_[start:]
            parts.append(flatten_trees(grown))
            importances += [tree.feature_importances_ for tree in grown]
            # scikit-learn only counts the trees that it has.
            peer.estimators_[start:] = [None] * len(grown)
            del grown
    return FlatForest.join(parts, mean_importances(importances))
