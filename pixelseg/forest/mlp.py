"""A small neural network on scaled features, as arrays.

Trained by scikit-learn, predicted by matrix products on blocks of one fixed number of rows:
the sums inside a matrix product depend on its shape, and with one shape a pixel gets the same
bits in any tile.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .._arrays import Array

#: Rows of one matrix product: large enough for its speed, small enough to stay in the cache.
_BLOCK = 2048
#: Fewer rows than this give too few steps an epoch for early stopping to judge by.
_EARLY_STOPPING_ROWS = 2000


@dataclass(frozen=True, eq=False)
class FlatMLP:
    """Layers of a fitted network: scaled features, ReLU between layers, softmax at the end.

    Attributes
    ----------
    mean, scale : float32 (n_features,)
    weights : tuple of float32 (n_in, n_out)
    biases : tuple of float32 (n_out,)
        The last layer has one output for each class.
    """

    mean: Array = field(repr=False)
    scale: Array = field(repr=False)
    weights: tuple[Array, ...] = field(repr=False)
    biases: tuple[Array, ...] = field(repr=False)

    @property
    def n_features(self) -> int:
        """Number of features of a row."""
        return len(self.mean)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.biases[-1])

    def __repr__(self) -> str:
        sizes = [self.n_features, *(len(bias) for bias in self.biases)]
        return f"FlatMLP({' - '.join(map(str, sizes))})"

    @classmethod
    def from_sklearn(cls, scaler: StandardScaler, network: MLPClassifier) -> FlatMLP:
        """Take the arrays of a fitted scaler and a fitted ReLU network."""
        if network.activation != "relu" or network.out_activation_ not in ("softmax", "logistic"):
            raise TypeError("the network must have ReLU layers and predict one of several classes.")
        weights = [layer.astype(np.float32) for layer in network.coefs_]
        biases = [bias.astype(np.float32) for bias in network.intercepts_]
        if network.out_activation_ == "logistic":
            # Softmax of (0, z) is the logistic function of z.
            weights[-1] = np.hstack([np.zeros_like(weights[-1]), weights[-1]])
            biases[-1] = np.hstack([np.zeros_like(biases[-1]), biases[-1]])
        scale = np.asarray(scaler.scale_, np.float32)
        return cls(np.asarray(scaler.mean_, np.float32), scale, tuple(weights), tuple(biases))

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, for a file."""
        layers = {f"weights_{k}": layer for k, layer in enumerate(self.weights)}
        layers |= {f"biases_{k}": bias for k, bias in enumerate(self.biases)}
        return {"mean": self.mean, "scale": self.scale, **layers}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> FlatMLP:
        """Build a network from arrays that may come from a stranger; ValueError if they clash."""
        n_layers = (len(arrays) - 2) // 2
        names = [f"{kind}_{k}" for kind in ("weights", "biases") for k in range(n_layers)]
        if n_layers < 1 or set(arrays) != {"mean", "scale", *names}:
            raise ValueError(f"arrays {sorted(arrays)} do not make a network")
        for name, array in arrays.items():
            ndim = 2 if name.startswith("weights") else 1
            if array.dtype != np.float32 or array.ndim != ndim or array.size == 0:
                raise ValueError(f"{name} has dtype {array.dtype} and shape {array.shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} is not finite")
        weights = tuple(arrays[f"weights_{k}"] for k in range(n_layers))
        biases = tuple(arrays[f"biases_{k}"] for k in range(n_layers))
        sizes = [len(arrays["mean"]), *(len(bias) for bias in biases)]
        shapes = [layer.shape for layer in weights]
        if shapes != list(pairwise(sizes)) or sizes[-1] < 2:
            raise ValueError(f"layers of shapes {shapes} do not follow each other")
        if arrays["scale"].shape != arrays["mean"].shape or not (arrays["scale"] > 0).all():
            raise ValueError("scale is not one positive number for each feature")
        return cls(arrays["mean"], arrays["scale"], weights, biases)

    def predict_proba(self, X: Array) -> Array:
        """Class probabilities (n, n_classes), float64, of rows X (n, n_features) of any layout."""
        planes = np.asarray(X, np.float32).T
        n = planes.shape[1]
        out = np.empty((n, self.n_classes))
        mean, scale = self.mean[:, np.newaxis], self.scale[:, np.newaxis]
        inner = [weights.T for weights in self.weights]
        biases = [bias[:, np.newaxis] for bias in self.biases]
        block = np.zeros((self.n_features, _BLOCK), np.float32)
        for start in range(0, n, _BLOCK):
            stop = min(start + _BLOCK, n)
            # A block's columns are pixels; those of a last, shorter block are left from before.
            np.subtract(planes[:, start:stop], mean, out=block[:, : stop - start])
            block[:, : stop - start] /= scale
            layer = block
            for weights, bias in zip(inner[:-1], biases[:-1], strict=True):
                layer = weights @ layer
                layer += bias
                np.maximum(layer, 0, out=layer)
            logits = (inner[-1] @ layer + biases[-1]).astype(np.float64)
            logits -= logits.max(axis=0)
            np.exp(logits, out=logits)
            logits /= logits.sum(axis=0)
            out[start:stop] = logits[:, : stop - start].T
        return out


class ScaledMLPClassifier(ClassifierMixin, BaseEstimator):
    """A network of one or two small layers on features scaled to zero mean and unit variance.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (64,)
    alpha : float, default 1.0
        Strength of the L2 penalty. Strokes are few and alike: much less overfits them.
    max_iter : int, default 200
        Epochs at the most. Training that ends there is taken as it is, without a warning.
    early_stopping : bool, default True
        Hold out a tenth of the rows and stop when they are predicted no better. With fewer than
        2000 rows it is not used: there are too few steps an epoch to judge by.
    random_state : int, default 0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    mlp_ : FlatMLP
        The layers as arrays.
    n_features_in_ : int
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (64,),
        *,
        alpha: float = 1.0,
        max_iter: int = 200,
        early_stopping: bool = True,
        random_state: int | None = 0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> ScaledMLPClassifier:
        """Train on rows X (n, n_features) with classes y (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        if len(np.unique(y)) < 2:
            raise ValueError("y has one class, and a network needs two or more classes.")
        scaler = StandardScaler().fit(X.astype(np.float64))
        network = MLPClassifier(
            tuple(self.hidden_layer_sizes),
            alpha=self.alpha,
            max_iter=self.max_iter,
            early_stopping=self.early_stopping and len(y) >= _EARLY_STOPPING_ROWS,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(scaler.transform(X).astype(np.float32), y)
        return self._set(FlatMLP.from_sklearn(scaler, network), network.classes_)

    @classmethod
    def from_flat(cls, flat: FlatMLP, classes: Array, **params: Any) -> ScaledMLPClassifier:
        """A fitted classifier from its arrays."""
        return cls(**params)._set(flat, classes)

    def _set(self, flat: FlatMLP, classes: Array) -> ScaledMLPClassifier:
        self.mlp_ = flat
        self.classes_ = classes
        self.n_features_in_ = flat.n_features
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, float64 (n, n_classes), in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self.mlp_.predict_proba(X)

    def predict(self, X: Any) -> Array:
        """The most probable class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
