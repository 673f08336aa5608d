"""Compile the kernels of forests and networks once: `pixelseg warmup` calls it."""

from __future__ import annotations

import warnings

import numpy as np

from .classifier import ForestClassifier
from .mlp import ScaledMLPClassifier


def warm_up() -> None:
    """Fit tiny samples, and predict them by either kind of classifier."""
    X = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    y = (X[:, 0] > 0) + 1
    for classifier in (ForestClassifier(n_estimators=4), ScaledMLPClassifier(max_iter=2)):
        with warnings.catch_warnings():
            # A tiny network need not converge here.
            warnings.simplefilter("ignore")
            classifier.fit(X, y)
        classifier.predict_proba(X)
        classifier.predict(X)
