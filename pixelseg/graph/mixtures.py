"""Mixtures of Gaussians for the colours of a region, fitted without chance.

Clusters are split along their widest direction (Orchard and Bouman, "Color quantization of
images", 1991), then expectation and maximisation take turns. Both see evenly spaced pixels, so that
the time does not grow with the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array

#: Pixels that a fit looks at.
_MOST_PIXELS = 12_000
#: Variance that is added along each channel, in that of the whole image: a flat colour is no
#: Gaussian without it.
_LEAST_VARIANCE = 1e-3
_N_ROUNDS = 8


@dataclass(frozen=True)
class Mixture:
    """weights (K,), means (K, C) and covariances (K, C, C) of Gaussians, float64."""

    weights: Array
    means: Array
    covariances: Array

    def score(self, planes: Array) -> Array:
        """The log density of the pixels of planes (C, ...), float32 (...)."""
        from ._mixture_kernels import score_pixels

        whiteners, constants = self._whiteners()
        out = np.empty(planes[0].size, np.float32)
        parts = (self.means, whiteners, constants)
        rows = planes.reshape(len(planes), -1)
        score_pixels(rows, *(np.ascontiguousarray(part, np.float32) for part in parts), out)
        return out.reshape(planes.shape[1:])

    def _whiteners(self) -> tuple[Array, Array]:
        whiteners = np.linalg.inv(np.linalg.cholesky(self.covariances))
        scales = np.log(np.diagonal(whiteners, axis1=1, axis2=2)).sum(axis=1)
        norm = 0.5 * self.means.shape[1] * np.log(2 * np.pi)
        return whiteners, np.log(self.weights) + scales - norm

    def improve(self, pixels: Array, n_rounds: int) -> Mixture:
        """Fit better to pixels (n, C) by rounds of expectation and maximisation."""
        mixture = self
        for _ in range(n_rounds):
            whiteners, constants = mixture._whiteners()
            centred = pixels[np.newaxis] - mixture.means[:, np.newaxis]
            logs = constants[:, np.newaxis] - 0.5 * np.square(
                centred @ whiteners.transpose(0, 2, 1)
            ).sum(axis=-1)
            shares = np.exp(logs - logs.max(axis=0))
            shares /= shares.sum(axis=0)
            mixture = _weighted(pixels, shares)
        return mixture


def sample(planes: Array, chosen: Array) -> Array:
    """Evenly spaced ones of the chosen pixels of planes (C, ...), float64 (n, C)."""
    places = np.flatnonzero(chosen)
    step = max(1, -(-len(places) // _MOST_PIXELS))
    return planes.reshape(len(planes), -1)[:, places[::step]].T.astype(np.float64)


def fit_mixture(pixels: Array, n_components: int) -> Mixture:
    """Fit a mixture to pixels (n, C) whose image has variance 1, or fewer Gaussians to fewer."""
    members = np.zeros(len(pixels), np.intp)
    for n in range(1, min(n_components, len(pixels))):
        spreads = [_widest(pixels[members == j]) for j in range(n)]
        widest = int(np.argmax([spread for spread, _ in spreads]))
        spread, direction = spreads[widest]
        if spread <= 0:
            break
        chosen = np.flatnonzero(members == widest)
        along = pixels[chosen] @ direction
        above = along > along.mean()
        if not above.any():
            break
        members[chosen[above]] = n
    shares = (members == np.arange(members.max() + 1)[:, np.newaxis]).astype(np.float64)
    return _weighted(pixels, shares).improve(pixels, _N_ROUNDS)


def _widest(pixels: Array) -> tuple[float, Array]:
    """How much a cluster would lose along its widest direction, and that direction."""
    centred = pixels - pixels.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    return float(values[-1]), vectors[:, -1]


def _weighted(pixels: Array, shares: Array) -> Mixture:
    """The Gaussians of pixels that belong to each to a share (K, n)."""
    totals = np.maximum(shares.sum(axis=1), 1e-9)
    means = shares @ pixels / totals[:, np.newaxis]
    centred = pixels[np.newaxis] - means[:, np.newaxis]
    covariances = (centred * shares[..., np.newaxis]).transpose(0, 2, 1) @ centred
    covariances /= totals[:, np.newaxis, np.newaxis]
    covariances += _LEAST_VARIANCE * np.eye(pixels.shape[1])
    return Mixture(totals / totals.sum(), means, covariances)
