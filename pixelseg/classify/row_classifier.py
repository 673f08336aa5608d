"""`RowClassifier`: a fitted classifier and the class prior that its answers assume.

The one way from features to classes: predictions, scores and cross-validation all take it, so
that near-ties fall the same way everywhere. The table of classifier kinds is here too: what
trains and what predicts are different objects, and an estimator of a kind holds its arrays as
`flat_`, which are evaluated on planes of features and stored in model files. Any other classifier
of scikit-learn is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from .._core.arrays import PROBABILITY_DTYPE, Array
from ..forest import FlatForest, FlatMLP, ForestClassifier, ScaledMLPClassifier

#: Rows that a classifier of scikit-learn is given at a time: it makes several copies of them.
_ROWS_AT_ONCE = 8192


#: The kinds by short name: estimators with `flat_` and `from_flat`.
KINDS: dict[str, Any] = {"forest": ForestClassifier, "mlp": ScaledMLPClassifier}
#: The class of their arrays, which a model file makes again.
FLAT: dict[str, Any] = {"forest": FlatForest, "mlp": FlatMLP}


def make_classifier(classifier: Any, random_state: Any = 0) -> Any:
    """A new, unfitted classifier from a short name or an estimator."""
    if isinstance(classifier, str):
        if classifier not in KINDS:
            raise ValueError(
                f"classifier is {classifier!r} but must be {', '.join(map(repr, KINDS))} or a "
                "scikit-learn classifier."
            )
        return KINDS[classifier](random_state=random_state)
    if not (hasattr(classifier, "fit") and hasattr(classifier, "predict_proba")):
        raise TypeError(
            f"classifier is {classifier!r} but must be {', '.join(map(repr, KINDS))} or an object "
            "with fit and predict_proba, such as a scikit-learn classifier."
        )
    return clone(classifier)


def kind_of(fitted: Any) -> str | None:
    """The kind of a classifier, or None where it is not made of arrays."""
    return next((name for name, kind in KINDS.items() if isinstance(fitted, kind)), None)


def compile_classifier(fitted: Any) -> Any:
    """A classifier that predicts the same bits faster, where one is known; else the same one."""
    if kind_of(fitted) is not None:
        return fitted
    try:
        return ForestClassifier.from_sklearn(fitted)
    except (TypeError, ValueError):
        # No forest, or one with more nodes than a link can name.
        return fitted


def predict_planes(fitted: Any, planes: Array, n_jobs: int) -> Array:
    """Probabilities, float64 (n, n_classes), of planes of features (n_features, n)."""
    if kind_of(fitted) is not None:
        # An image's values were checked as they were read, and filters of them are finite.
        return fitted.flat_.predict_planes(planes, n_jobs=n_jobs, check_finite=False)
    n = planes.shape[1]
    answers = [
        fitted.predict_proba(planes[:, start : start + _ROWS_AT_ONCE].T.copy())
        for start in range(0, n, _ROWS_AT_ONCE)
    ]
    return np.concatenate(answers).astype(np.float64, copy=False)


@dataclass(frozen=True, eq=False)
class RowClassifier:
    """What tells the class of a row of features; several threads may use it at once.

    Attributes
    ----------
    classifier : object
        The fitted classifier, one of `kinds.KINDS` or any other of scikit-learn.
    classes : ndarray of int64, shape (n_classes,)
        Ascending.
    prior : ndarray of float64, shape (n_classes,)
        The share of each class that is assumed.
    prior_ratio : ndarray of float64, shape (n_classes,), or None
        What the classifier's probabilities are multiplied by; None believes them as they are.
    """

    classifier: Any
    classes: Array
    prior: Array
    prior_ratio: Array | None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def predict_proba(self, planes: Array, n_jobs: int = 1) -> Array:
        """Probabilities, float32 (n, n_classes), of planes of features (n_features, n)."""
        rows = predict_planes(self.classifier, planes, n_jobs)
        if self.prior_ratio is None:
            return rows.astype(PROBABILITY_DTYPE)
        from ._output_kernels import reweight_rows

        probabilities = np.empty(rows.shape, PROBABILITY_DTYPE)
        reweight_rows(np.ascontiguousarray(rows), self.prior_ratio, probabilities)
        return probabilities

    def predict_places(self, planes: Array, n_jobs: int = 1) -> Array:
        """Place in `classes` of the most probable one, intp (n,); a forest asks few trees."""
        flat = getattr(self.classifier, "flat_", None)
        if isinstance(flat, FlatForest):
            return flat.predict_early_exit(
                planes, self.prior_ratio, n_jobs=n_jobs, check_finite=False
            )
        return most_probable(self.predict_proba(planes, n_jobs))


def most_probable(probabilities: Array) -> Array:
    """Place of the largest probability (..., k), the first of equals; -1 where all are 0."""
    from ._output_kernels import find_most_probable

    places = np.empty(probabilities.shape[:-1], np.intp)
    rows = np.ascontiguousarray(probabilities).reshape(-1, probabilities.shape[-1])
    find_most_probable(rows, places.reshape(-1))
    return places
