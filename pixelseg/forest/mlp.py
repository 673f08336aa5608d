"""A small neural network on scaled features, as arrays.

Trained by scikit-learn, evaluated by our own matrix products: the bits that a BLAS gives a row
depend on its place, on the rows around it and on the number of threads; ours do not, so that a
pixel gets the same bits in any tile.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .._core.arrays import Array, to_array
from .._core.checks import as_count, as_flag, as_number
from .base import FlatClassifier, FlatEstimator

#: By their number in `_mlp_kernels`.
ACTIVATIONS = ("identity", "relu", "tanh", "logistic")
#: Fewer rows than this give too few steps an epoch for early stopping to judge by.
_EARLY_STOPPING_ROWS = 2000


@dataclass(frozen=True, eq=False)
class FlatMLP(FlatClassifier):
    """Layers of a fitted network: scaled features, an activation between layers, a softmax.

    Attributes
    ----------
    mean, scale : float32 (n_features,)
        A feature enters as (feature - mean) / scale.
    weights : tuple of float32 (n_in, n_out)
    biases : tuple of float32 (n_out,)
        The last layer has one output for each class.
    activation : "relu", "tanh", "logistic" or "identity"
    """

    mean: Array = field(repr=False)
    scale: Array = field(repr=False)
    weights: tuple[Array, ...] = field(repr=False)
    biases: tuple[Array, ...] = field(repr=False)
    activation: str = "relu"

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
        return f"FlatMLP({' - '.join(map(str, sizes))}, {self.activation})"

    @classmethod
    def from_sklearn(cls, *steps: Any) -> FlatMLP:
        """Take the arrays of a fitted network, alone or behind a fitted scaler.

        `steps` is an MLPClassifier, or a StandardScaler and an MLPClassifier, one by one or as a
        Pipeline. Raises TypeError for anything else, and for several labels a row.
        """
        if len(steps) == 1 and isinstance(steps[0], Pipeline):
            steps = tuple(step for _, step in steps[0].steps)
        *scalers, network = steps
        if (
            not isinstance(network, MLPClassifier)
            or len(scalers) > 1
            or not all(isinstance(scaler, StandardScaler) for scaler in scalers)
        ):
            kinds = ", ".join(type(step).__name__ for step in steps)
            raise TypeError(
                f"the steps are {kinds} but must be an MLPClassifier of scikit-learn, alone or "
                "behind a StandardScaler."
            )
        for step in steps:
            check_is_fitted(step)
        if network.out_activation_ == "logistic" and network.n_outputs_ > 1:
            raise TypeError(
                f"the network gives {network.n_outputs_} labels a row but must give one of several "
                "classes."
            )
        weights = [layer.astype(np.float32) for layer in network.coefs_]
        biases = [bias.astype(np.float32) for bias in network.intercepts_]
        if network.out_activation_ == "logistic":
            # Softmax of (0, z) is the logistic function of z.
            weights[-1] = np.hstack([np.zeros_like(weights[-1]), weights[-1]])
            biases[-1] = np.hstack([np.zeros_like(biases[-1]), biases[-1]])
        mean = np.zeros(len(weights[0]), np.float32)
        scale = np.ones(len(weights[0]), np.float32)
        for scaler in scalers:
            if scaler.with_mean:
                mean = scaler.mean_.astype(np.float32)
            if scaler.with_std:
                scale = scaler.scale_.astype(np.float32)
        return cls(mean, scale, tuple(weights), tuple(biases), network.activation)

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, for a file; `activation` is its place in `ACTIVATIONS`."""
        layers = {f"weights_{k}": layer for k, layer in enumerate(self.weights)}
        layers |= {f"biases_{k}": bias for k, bias in enumerate(self.biases)}
        activation = np.array([ACTIVATIONS.index(self.activation)], np.uint8)
        return {"mean": self.mean, "scale": self.scale, "activation": activation, **layers}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> FlatMLP:
        """Build a network from arrays that may come from a stranger; ValueError if they clash."""
        n_layers = (len(arrays) - 3) // 2
        names = [f"{kind}_{k}" for kind in ("weights", "biases") for k in range(n_layers)]
        if n_layers < 1 or set(arrays) != {"mean", "scale", "activation", *names}:
            raise ValueError(f"arrays {sorted(arrays)} do not make a network")
        for name, array in arrays.items():
            _check_array(name, array)
        if arrays["activation"].shape != (1,) or arrays["activation"][0] >= len(ACTIVATIONS):
            raise ValueError(f"activation is not one number below {len(ACTIVATIONS)}")
        weights = tuple(np.ascontiguousarray(arrays[f"weights_{k}"]) for k in range(n_layers))
        biases = tuple(np.ascontiguousarray(arrays[f"biases_{k}"]) for k in range(n_layers))
        sizes = [len(arrays["mean"]), *(len(bias) for bias in biases)]
        shapes = [layer.shape for layer in weights]
        if shapes != list(pairwise(sizes)) or sizes[-1] < 2:
            raise ValueError(
                f"weights of shapes {shapes} do not lead from mean through biases of lengths "
                f"{sizes[1:]} to two or more classes"
            )
        if arrays["scale"].shape != arrays["mean"].shape or not (arrays["scale"] > 0).all():
            raise ValueError("scale is not one positive number for each feature")
        activation = ACTIVATIONS[arrays["activation"][0]]
        return cls(arrays["mean"].copy(), arrays["scale"].copy(), weights, biases, activation)

    def _evaluate(self, planes: Array, start: int, probabilities: Array) -> None:
        from ._mlp_kernels import evaluate_rows

        logits = np.empty(probabilities.shape[::-1], np.float32)
        evaluate_rows(planes, start, self.mean, self.scale, *self._packed, logits)
        # Classes are rows here, so that each pixel's sum goes through them in order.
        shares = logits.astype(np.float64)
        shares -= shares.max(axis=0)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=0)
        probabilities[...] = shares.T

    @cached_property
    def _packed(self) -> tuple[Array, Array, Array, int]:
        """Widths, weights, biases of all layers in a row, padded with zeros; the activation."""
        from ._mlp_kernels import PAD

        sizes = np.array([self.n_features, *(len(bias) for bias in self.biases)])
        padded = -(-sizes // PAD) * PAD
        weights = []
        biases = []
        for layer, bias, after in zip(self.weights, self.biases, pairwise(padded), strict=True):
            missing = np.array(after) - layer.shape
            weights.append(np.pad(layer, [(0, missing[0]), (0, missing[1])]).ravel())
            biases.append(np.pad(bias, (0, missing[1])))
        activation = ACTIVATIONS.index(self.activation)
        return padded, np.concatenate(weights), np.concatenate(biases), activation


def _check_array(name: str, array: Any) -> None:
    """Refuse what is no array of the dtype and number of axes that its name asks for."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}, not an array")
    ndim = 2 if name.startswith("weights") else 1
    dtype = np.uint8 if name == "activation" else np.float32
    if array.dtype != dtype or array.ndim != ndim or array.size == 0:
        raise ValueError(
            f"{name} has dtype {array.dtype} and shape {array.shape}, not {np.dtype(dtype)} with "
            f"{ndim} filled axes"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")


class ScaledMLPClassifier(FlatEstimator):
    """A network of one or two small layers on features scaled to zero mean and unit variance.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (64,)
    alpha : float, default 1.0
        Strength of the L2 penalty. Strokes are few and alike: much less overfits them.
    max_iter : int, default 200
        Epochs at the most. Training that ends there is taken as it is, without a warning.
    early_stopping : bool, default True
        Hold out a tenth of the rows and stop when they are predicted no better. With fewer than
        2000 rows, or a class of a single row, it is not used: there are too few steps an epoch to
        judge by, or nothing to hold out.
    random_state : int, default 0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    flat_ : FlatMLP
        The layers as arrays.
    n_features_in_ : int
    n_iter_ : int
        Epochs that training took.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.forest import ScaledMLPClassifier
    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> network = ScaledMLPClassifier((8,)).fit(X, X[:, 0] > 0)
    >>> network.predict([[-0.7], [0.7]])
    array([False,  True])
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64,),
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
        _, counts = np.unique(y, return_counts=True)
        if len(counts) < 2:
            raise ValueError("y has one class, and a network needs two or more classes.")
        sizes = np.atleast_1d(to_array("hidden_layer_sizes", self.hidden_layer_sizes))
        layers = [as_count("hidden_layer_sizes", size) for size in sizes.ravel()]
        as_number("alpha", self.alpha, least=0, most=1e15)
        as_flag("early_stopping", self.early_stopping)
        scaler = StandardScaler().fit(X.astype(np.float64))
        enough_rows = len(y) >= _EARLY_STOPPING_ROWS and counts.min() >= 2
        network = MLPClassifier(
            layers,
            alpha=self.alpha,
            max_iter=self.max_iter,
            early_stopping=self.early_stopping and enough_rows,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(scaler.transform(X).astype(np.float32), y)
        self.n_iter_ = network.n_iter_
        return self._set(FlatMLP.from_sklearn(scaler, network), network.classes_)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> ScaledMLPClassifier:
        """Take over a fitted MLPClassifier of scikit-learn, alone or in a Pipeline with a scaler.

        Probabilities agree with `estimator.predict_proba` to float32, not to the bit. TypeError
        for other estimators.
        """
        flat = FlatMLP.from_sklearn(estimator)
        network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        params = network.get_params()
        known = {name: params[name] for name in cls().get_params()}
        return cls(**known)._take_over(estimator, flat)
