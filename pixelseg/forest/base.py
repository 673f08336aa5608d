"""What forests and networks share: the compiled classifier, and the estimator that holds one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.threads import run_chunks

#: Rows that one thread takes at a time; the borders do not depend on the number of threads.
CHUNK = 8192


class FlatClassifier(ABC):
    """A fitted classifier as plain arrays: all that predicting and saving need."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Number of features of a row."""

    @property
    @abstractmethod
    def n_classes(self) -> int:
        """Number of classes."""

    @abstractmethod
    def arrays(self) -> dict[str, Array]:
        """The arrays by name, for a file; `from_arrays` makes the classifier of them again."""

    @abstractmethod
    def _evaluate(self, planes: Array, start: int, probabilities: Array) -> None:
        """Fill the probabilities of the rows from `start` on."""

    def equals(self, other: FlatClassifier) -> bool:
        """Whether another classifier has the same arrays, and so the same bits."""
        mine, theirs = self.arrays(), other.arrays()
        return mine.keys() == theirs.keys() and all(
            np.array_equal(mine[name], theirs[name]) for name in mine
        )

    def predict_planes(
        self,
        planes: Array,
        *,
        n_jobs: int | None = None,
        out: Array | None = None,
        check_finite: bool = True,
    ) -> Array:
        """Class probabilities; the bits of a row depend on nothing but the row.

        Parameters
        ----------
        planes : array of shape (n_features, n)
            Finite numbers, a plane for each feature, taken as float32; ValueError for missing
            values. Best in C order; rows (n, n_features) are passed as their transpose.
        n_jobs : int, optional
            Threads.
        out : float64 array (n, n_classes) in C order, optional
        check_finite : bool, default True
            False saves a twentieth of the time where planes are known to be finite.

        Returns
        -------
        float64 array (n, n_classes)
        """
        planes = as_planes(planes, self.n_features, check_finite)
        result = as_out(out, (planes.shape[1], self.n_classes))
        evaluate_chunks(
            lambda planes, start, rows: self._evaluate(planes, start, result[rows]), planes, n_jobs
        )
        return result


class FlatEstimator(ClassifierMixin, BaseEstimator):
    """A scikit-learn estimator of which a `FlatClassifier`, `flat_`, is all that is learned."""

    @classmethod
    def from_flat(cls, flat: Any, classes: Array, **params: Any) -> Self:
        """A fitted classifier from its arrays."""
        return cls(**params)._set(flat, classes)

    def _set(self, flat: Any, classes: Array) -> Self:
        self.flat_ = flat
        self.classes_ = classes
        self.n_features_in_ = flat.n_features
        return self

    def _take_over(self, estimator: Any, flat: Any) -> Self:
        """What a fitted scikit-learn estimator knows of its classes and features."""
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_
        return self._set(flat, estimator.classes_)

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, float64 (n, n_classes), in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self.flat_.predict_planes(X.T, n_jobs=getattr(self, "n_jobs", None))

    def predict(self, X: Any) -> Array:
        """The most probable class of each row."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


def as_planes(planes: Any, n_features: int, check_finite: bool = True) -> Array:
    """Finite float32 planes (n_features, n), without a copy where they are that."""
    with np.errstate(over="ignore"):
        planes = np.asarray(planes, FEATURE_DTYPE)
    if planes.ndim != 2 or len(planes) != n_features:
        raise ValueError(
            f"planes has shape {planes.shape} but must be ({n_features}, n): the model was "
            f"trained on {n_features} features."
        )
    # The extremes are a cheap first look: they are finite only if every value is.
    if check_finite and planes.size and not np.isfinite([planes.min(), planes.max()]).all():
        row, feature = np.argwhere(~np.isfinite(planes.T))[0]
        raise ValueError(
            f"planes holds {planes[feature, row]} in feature {feature}, row {row}, but must be "
            "finite and fit float32: replace missing values first."
        )
    return planes


def as_out(out: Any, shape: tuple[int, int]) -> Array:
    """The caller's array for the result, checked, or a new one."""
    if out is None:
        return np.empty(shape)
    if not isinstance(out, np.ndarray):
        raise ValueError(
            f"out is a {type(out).__name__} but must be a float64 array of shape {shape}."
        )
    if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(
            f"out has shape {out.shape} and dtype {out.dtype} but must be a float64 array of shape "
            f"{shape} in C order: leave it out to get a new array."
        )
    return out


def evaluate_chunks(
    evaluate: Callable[[Array, int, slice], None], planes: Array, n_jobs: int | None
) -> None:
    """Call `evaluate(planes, start, rows of the result)` for every chunk of rows.

    The planes that `evaluate` gets are writeable and in C order, so that it is compiled once: such
    planes are handed over whole, and all others, rows above all, are copied chunk by chunk.
    """
    n = planes.shape[1]
    whole = planes.flags.c_contiguous and planes.flags.writeable

    def evaluate_chunk(start: int) -> None:
        rows = slice(start, min(start + CHUNK, n))
        if whole:
            evaluate(planes, start, rows)
        else:
            evaluate(planes[:, rows].copy(order="C"), 0, rows)

    run_chunks(evaluate_chunk, range(0, n, CHUNK), n_jobs)
