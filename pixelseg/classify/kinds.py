"""The one table of classifier kinds: short name, estimator, and the arrays that predict.

What trains and what predicts are different objects: an estimator of a kind holds its arrays as
`flat_`, which are evaluated on planes of features and stored in model files. Any other classifier
of scikit-learn is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from .._core.arrays import Array
from ..forest import FlatForest, FlatMLP, ForestClassifier, ScaledMLPClassifier

#: Rows that a classifier of scikit-learn is given at a time: it makes several copies of them.
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Kind:
    """One kind: an estimator with `flat_` and `from_flat`, and the class of its arrays."""

    name: str
    estimator: Any
    flat: Any


KINDS = {
    kind.name: kind
    for kind in (
        Kind("forest", ForestClassifier, FlatForest),
        Kind("mlp", ScaledMLPClassifier, FlatMLP),
    )
}


def make_classifier(classifier: Any, random_state: Any = 0) -> Any:
    """A new, unfitted classifier from a short name or an estimator."""
    if isinstance(classifier, str):
        if classifier not in KINDS:
            raise ValueError(
                f"classifier is {classifier!r} but must be {', '.join(map(repr, KINDS))} or a "
                "scikit-learn classifier."
            )
        return KINDS[classifier].estimator(random_state=random_state)
    if not (hasattr(classifier, "fit") and hasattr(classifier, "predict_proba")):
        raise TypeError(
            f"classifier is {classifier!r} but must be {', '.join(map(repr, KINDS))} or an object "
            "with fit and predict_proba, such as a scikit-learn classifier."
        )
    return clone(classifier)


def kind_of(fitted: Any) -> Kind | None:
    """The kind of a classifier, or None where it is not made of arrays."""
    return next((kind for kind in KINDS.values() if isinstance(fitted, kind.estimator)), None)


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
