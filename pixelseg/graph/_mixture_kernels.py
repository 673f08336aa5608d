"""Densities of mixtures of Gaussians."""

import numpy as np

from .._core.jit import kernel


@kernel
def score_pixels(planes, means, whiteners, constants, out):
    """Fill out with the log density of each pixel.

    planes : float32 (C, N); means : float32 (K, C); whiteners : float32 (K, C, C), lower triangles
    whose product with a centred pixel has covariance 1; constants : float32 (K,), the log weight
    and log determinant of each; out : float32 (N,)
    """
    n_channels, n_pixels = planes.shape
    n_components = len(means)
    logs = np.empty(n_components, np.float32)
    for v in range(n_pixels):
        most = np.float32(-np.inf)
        for j in range(n_components):
            total = constants[j]
            for a in range(n_channels):
                y = np.float32(0)
                for b in range(a + 1):
                    y += whiteners[j, a, b] * (planes[b, v] - means[j, b])
                total -= np.float32(0.5) * y * y
            logs[j] = total
            most = max(most, total)
        rest = np.float32(0)
        for j in range(n_components):
            # What is this much less likely does not show in 24 bits.
            if logs[j] > most - np.float32(17):
                rest += np.exp(logs[j] - most)
        out[v] = most + np.log(rest)
