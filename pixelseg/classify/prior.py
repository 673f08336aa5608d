"""How common a class is: what strokes do not say.

A person paints about as many pixels of each class, whatever its share of the image. A
classifier believes that share, and rare classes (vessels, cracks, membranes) spread. The true
share can be estimated without a label, from the unlabelled pixels of the training images, by
expectation maximisation over their predicted probabilities (Saerens, Latinne, Decaestecker,
"Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 14,
2002): reweight by new prior over stroke prior, normalise, average, repeat.

The prior is fixed at `fit`. It is never taken from the image that is predicted, so that the
same pixels give the same answer in any crop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array

#: Rounds of expectation maximisation at the most, and the change that ends them.
_MAX_ROUNDS = 200
_TOLERANCE = 1e-5


def expectation_maximisation(probabilities: Array, trained_prior: Array) -> Array:
    """Estimate the prior of the pixels whose `probabilities` (n, k) a classifier predicted.

    `trained_prior` (k,) is the prior that the classifier learned. Returns the new prior (k,).
    """
    prior = trained_prior.copy()
    for _ in range(_MAX_ROUNDS):
        posterior = reweight(probabilities, prior / trained_prior)
        updated = posterior.mean(axis=0)
        if np.abs(updated - prior).max() < _TOLERANCE:
            return updated
        prior = updated
    return prior


def reweight(probabilities: Array, ratio: Array) -> Array:
    """Multiply class probabilities (n, k) by a ratio of priors (k,) and normalise each row."""
    weighted = probabilities * ratio
    weighted /= weighted.sum(axis=1, keepdims=True)
    return weighted


def check_class_prior(class_prior: Any, n_classes: int | None = None) -> Any:
    """Check the `class_prior` argument: "estimate", "strokes", or one number for each class."""
    if isinstance(class_prior, str):
        if class_prior in ("estimate", "strokes"):
            return class_prior
    else:
        values = np.asarray(class_prior)
        if values.ndim == 1 and values.dtype.kind in "uif" and (values > 0).all():
            if n_classes is None or len(values) == n_classes:
                return values / values.sum()
            raise ValueError(
                f"class_prior has {len(values)} entries but the labels have {n_classes} classes: "
                "pass one share for each class, in ascending order of the classes."
            )
    raise ValueError(
        f"class_prior is {class_prior!r} but must be 'estimate' (from the unlabelled pixels), "
        "'strokes' (as labelled), or an array with one positive share for each class."
    )


def estimate_prior(probabilities: Array, trained_prior: Array) -> Array:
    """The default rule: the geometric mean of the estimated and the strokes' prior.

    Expectation maximisation alone is right on average and far off when the classes overlap; the
    geometric mean keeps most of its gain and is hardly ever worse than the strokes' own prior.
    """
    estimated = np.maximum(expectation_maximisation(probabilities, trained_prior), 1e-6)
    prior = np.sqrt(estimated * trained_prior)
    return prior / prior.sum()
