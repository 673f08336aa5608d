"""The parts of a pixel classifier: short names, nested parameters, compiled prediction.

A part may be given by a short name (`classifier="forest"`) and still be reached by its
parameters (`classifier__max_depth=5`), as scikit-learn's searches do: naming a parameter of a
part that was given by name puts the part itself in its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from .._core.arrays import Array
from ..features import FeatureBank
from ..forest import FlatForest, FlatMLP, ForestClassifier, ScaledMLPClassifier

SHORT_NAMES = {"forest": ForestClassifier, "mlp": ScaledMLPClassifier}


def make_classifier(classifier: Any, random_state: int | None = 0) -> Any:
    """A new, unfitted classifier from a short name or an estimator."""
    if isinstance(classifier, str):
        if classifier not in SHORT_NAMES:
            raise ValueError(
                f"classifier is {classifier!r} but must be 'forest', 'mlp' or a scikit-learn "
                "classifier."
            )
        return SHORT_NAMES[classifier](random_state=random_state)
    if not (hasattr(classifier, "fit") and hasattr(classifier, "predict_proba")):
        raise TypeError(
            f"classifier is {classifier!r} but must be 'forest', 'mlp' or an object with fit and "
            "predict_proba, such as a scikit-learn classifier."
        )
    return clone(classifier)


def make_features(features: FeatureBank | None) -> FeatureBank:
    """A new feature bank; None is the default one."""
    if features is None:
        return FeatureBank()
    if not isinstance(features, FeatureBank):
        raise TypeError(f"features is {features!r} but must be a FeatureBank or None.")
    return clone(features)


def compile_classifier(fitted: Any) -> Any:
    """A classifier that predicts the same bits faster, where one is known; else the same one."""
    for kind in (ForestClassifier, ScaledMLPClassifier):
        if isinstance(fitted, kind):
            return fitted
    try:
        return ForestClassifier.from_sklearn(fitted)
    except (TypeError, ValueError):
        # No forest, or one with more nodes than a link can name.
        return fitted


def flat_part(fitted: Any) -> FlatForest | FlatMLP | None:
    """The arrays that predict, or None where the classifier is not made of arrays."""
    return getattr(fitted, "flat_", None)


def predict_planes(fitted: Any, planes: Array, n_jobs: int) -> Array:
    """Probabilities, float64 (n, n_classes), of planes of features (n_features, n)."""
    flat = flat_part(fitted)
    if flat is not None:
        # An image's values were checked as they were read, and filters of them are finite.
        return flat.predict_planes(planes, n_jobs=n_jobs, check_finite=False)
    return np.asarray(fitted.predict_proba(np.ascontiguousarray(planes.T)), np.float64)
