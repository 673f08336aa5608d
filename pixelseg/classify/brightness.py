"""How much brightness tells of the class, and how many features a split of a tree looks at for it.

Where grey values alone tell classes apart, as in a tomogram of three minerals, one feature is as
good as all of them, and a split that does not look at it is worse. Where they say little, any
single feature is good by chance at a few strokes, and trees that look at few of them each are
better together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array
from ..features.intensity import IntensityLaw
from ..forest.classifier import MAX_FEATURES, ForestClassifier, is_auto


def brightness_of(X: Array, law: IntensityLaw) -> Array:
    """The smoothed image in each channel, float64 (n, n_channels), or (n, 0), of rows X."""
    return X[:, list(law.brightness)].astype(np.float64)


def unexplained_share(brightness: Array, y: Array) -> float:
    """The share of the variance of `brightness` (n, n_channels) within the classes y.

    The mean over the channels that vary: 0 where classes differ in brightness and in nothing else,
    1 where they are all alike, or where nothing is known of brightness.
    """
    if brightness.shape[1] == 0:
        return 1.0
    within = np.zeros(brightness.shape[1])
    for value in np.unique(y):
        within += _scatter(brightness[y == value])
    total = _scatter(brightness)
    varies = total > 0
    return float(np.mean(within[varies] / total[varies])) if varies.any() else 0.0


def _scatter(values: Array) -> Array:
    """Squared distances (k,) of the values (n, k) from their mean, summed."""
    return ((values - values.mean(axis=0)) ** 2).sum(axis=0)


def choose_max_features(n_features: int, unexplained: float) -> int:
    """How many features a split looks at, by the unexplained share of brightness.

    From a share where brightness says all down to the cube root where it says little.
    """
    most = max(1.0, MAX_FEATURES * n_features)
    fewest = min(n_features ** (1 / 3), most)
    return round(fewest + (most - fewest) * (1 - unexplained) ** 4)


def settle_max_features(classifier: Any, n_features: int, unexplained: float) -> None:
    """Give a forest whose `max_features` is "auto" the number for these rows."""
    if isinstance(classifier, ForestClassifier) and is_auto(classifier.max_features):
        classifier.set_params(max_features=choose_max_features(n_features, unexplained))
