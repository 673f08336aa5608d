"""How common a class is: what sparse labels do not say.

A person paints about as many pixels of each class, whatever its share of the image. A
classifier believes that share, and rare classes (vessels, cracks, membranes) spread. The true
share can be estimated from pixels without a label, by expectation maximisation over their
predicted probabilities (Saerens, Latinne, Decaestecker, "Adjusting the outputs of a classifier
to new a priori probabilities", Neural Computation 14, 2002): reweight by new prior over labels'
prior, normalise, average, repeat.

Two things make it safe. Only pixels near labels are looked at, because what nobody painted (air
around a sample, a frame) may look like a class and outweigh it. And a mean of the estimated and
the labels' prior is used, so that no class falls below three tenths of its share of the labels.

The prior is fixed at `fit`. It is never taken from the image that is predicted, so that the same
pixels give the same answer in any crop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, to_array
from .._core.checks import shown

#: Rounds of expectation maximisation at the most, and the change that ends them.
_MAX_ROUNDS = 200
_TOLERANCE = 1e-5
#: What the estimate weighs at the most beside the labels' prior, and the labels a class, for each
#: number that is estimated, at which it weighs half of that.
_MOST_TRUST, _LABELS_A_NUMBER = 0.7, 100


def expectation_maximisation(probabilities: Array, trained_prior: Array, known: Array) -> Array:
    """Estimate the prior (k,) of a population of which some pixels are labelled.

    `probabilities` (n, k) are what a classifier that learned `trained_prior` (k,) says of the
    unlabelled pixels; `known` (k,) counts the labelled ones.
    """
    total = len(probabilities) + known.sum()
    prior = trained_prior
    for _ in range(_MAX_ROUNDS):
        shares = probabilities * (prior / trained_prior)
        shares /= shares.sum(axis=1, keepdims=True)
        updated = (known + shares.sum(axis=0)) / total
        if np.abs(updated - prior).max() < _TOLERANCE:
            return updated
        prior = updated
    return prior


def check_class_prior(class_prior: Any, n_classes: int | None = None) -> Any:
    """Check the `class_prior` argument: "estimate", "labels", or one number for each class."""
    if isinstance(class_prior, str):
        if class_prior in ("estimate", "labels"):
            return class_prior
        if class_prior == "strokes":
            raise ValueError(
                "class_prior is 'strokes', which is now called 'labels': pass class_prior='labels'."
            )
    else:
        values = to_array("class_prior", class_prior)
        if values.ndim == 1 and values.dtype.kind in "uif" and (values > 0).all():
            if n_classes is None or len(values) == n_classes:
                return values / values.sum()
            raise ValueError(
                f"class_prior has {len(values)} entries but the labels have {n_classes} classes: "
                "pass one share for each class, in ascending order of the classes."
            )
    raise ValueError(
        f"class_prior is {shown(class_prior)} but must be 'estimate' (from the unlabelled pixels), "
        "'labels' (as labelled), or an array with one positive share for each class."
    )


def estimate_prior(
    probabilities: Array, trained_prior: Array, known: Array, n_labels_a_class: float
) -> Array:
    """The default rule: a mean of the estimated and the labels' prior.

    The estimate has k - 1 numbers of k classes, which are as good as the classifier: it weighs the
    more, the more labels a class taught that. Where most of the prior pixels are labelled, it
    weighs as much as their share: dense masks do say how common a class is.
    """
    n_pixels = len(probabilities) + known.sum()
    if n_pixels == 0:
        return trained_prior
    estimated = expectation_maximisation(probabilities, trained_prior, known)
    doubt = _LABELS_A_NUMBER * (len(trained_prior) - 1)
    trust = _MOST_TRUST * n_labels_a_class / (n_labels_a_class + doubt)
    trust = max(trust, known.sum() / n_pixels)
    return (1 - trust) * trained_prior + trust * estimated
