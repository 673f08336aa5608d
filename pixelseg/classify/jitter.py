"""Brightness that differs between images: training rows as they would be in other images.

Cameras, stains and lamps make one image brighter than the next, and a classifier that has seen few
of them takes brightness for a sign of the class. Filters are homogeneous in the image: one g times
as bright has the features times g to the degree of each (the table of ops says which). So the
classifier learns from most rows as they would be with a gain drawn at random, as networks do from
images. It is done to rows, not to images: no feature is computed again, there are no more rows
than before, and a prediction costs nothing more.

How strong it should be follows from the labels: where classes differ in brightness itself, much
would only blur it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.checks import as_number, shown
from ..features.intensity import IntensityLaw
from .brightness import brightness_of

#: The share of the rows that get another gain; the others stay as they are.
_JITTERED = 0.75
#: Standard deviation of the logarithm of the gains where brightness says nothing of the class.
_STRENGTH = 0.4
#: Above this no two images of a kind differ.
_MOST = 5.0


def check_intensity_jitter(value: Any) -> None:
    """Refuse what is neither "auto" nor a number of at least 0."""
    if not isinstance(value, str):
        as_number("intensity_jitter", value, least=0, most=_MOST)
    elif value != "auto":
        raise ValueError(
            f"intensity_jitter is {shown(value)} but must be 'auto' or a number from 0 (off) to "
            f"{_MOST:g}."
        )


def jitter_rows(
    X: Array, law: IntensityLaw, intensity_jitter: Any, unexplained: float, seed: int
) -> Array:
    """The rows X (n, n_features), most of them in other light.

    `unexplained` is the share of the variance of brightness that the classes leave.
    """
    brightness = brightness_of(X, law)
    is_signed = bool((brightness < 0).any())
    known = np.isfinite(law.degrees)
    if is_signed:
        # Distances from the mean have a gain only where the law is that of a linear filter.
        known &= (law.offsets == 0) | ((law.offsets == 1) & (law.degrees == 1))
    if isinstance(intensity_jitter, str):
        strength = _STRENGTH * unexplained if known.all() else 0.0
    else:
        strength = float(intensity_jitter)
    if strength == 0:
        return X
    rng = np.random.default_rng([seed, 2])
    changed = np.flatnonzero(rng.random(len(X)) < _JITTERED)
    gains = np.exp(strength * rng.standard_normal(len(changed))).astype(FEATURE_DTYPE)
    degrees = np.where(known, law.degrees, 0).astype(FEATURE_DTYPE)
    rows = X[changed] * gains[:, np.newaxis] ** degrees
    if is_signed:
        _move(rows, gains, strength * rng.standard_normal(len(changed)), brightness, law)
    jittered = X.copy()
    jittered[changed] = rows
    return jittered


def _move(rows: Array, gains: Array, moves: Array, brightness: Array, law: IntensityLaw) -> None:
    """Turn a gain about zero into one about each channel's mean, with a random offset."""
    n_own = rows.shape[1] // max(1, len(law.brightness))
    means, spreads = brightness.mean(axis=0), brightness.std(axis=0)
    for channel, (mean, spread) in enumerate(zip(means, spreads, strict=True)):
        own = np.arange(channel * n_own, (channel + 1) * n_own)
        moved = own[(law.offsets[own] == 1) & (law.degrees[own] == 1)]
        shift = (mean * (1 - gains) + spread * moves).astype(FEATURE_DTYPE)
        rows[:, moved] += shift[:, np.newaxis]
