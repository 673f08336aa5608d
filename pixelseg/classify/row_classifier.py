"""`RowClassifier`: a fitted classifier and the class prior that its answers assume.

The one way from features to classes: predictions, scores and cross-validation all take it, so
that near-ties fall the same way everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .kinds import kind_of, predict_planes


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
        kind = kind_of(self.classifier)
        if kind is not None and hasattr(kind.flat, "predict_early_exit"):
            return self.classifier.flat_.predict_early_exit(
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
