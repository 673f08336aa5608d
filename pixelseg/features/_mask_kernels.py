"""Normalised filtering: derivatives of u / w, with u the smoothed image and w the smoothed mask.

Derivatives are those of one row, (n, width); `inside` (width) is 1 where the mask is True, else 0.
Outside, every result is 0.
"""

import numpy as np

from .._core.jit import kernel


@kernel
def divide(u, w, inside):
    """u (n, width) becomes u / w (width)."""
    for order in range(u.shape[0]):
        for k in range(u.shape[1]):
            if inside[k] > 0:
                u[order, k] /= w[k]
            else:
                u[order, k] = np.float32(0)


@kernel
def quotient_rule(u, w, ndim, bias, inside):
    """u, the derivatives of u, becomes those of n = u / w, up to the order it holds.

    n_i = (u_i - n w_i) / w and n_ij = (u_ij - n_i w_j - n_j w_i - n w_ij) / w. `bias` is the
    response of each second derivative to a constant 1: sampled weights do not quite sum to 0. It
    is taken out of w_ij, so that far inside a mask all is as it is without one.
    """
    for k in range(u.shape[1]):
        if inside[k] == 0:
            for order in range(u.shape[0]):
                u[order, k] = np.float32(0)
            continue
        scale = np.float32(1) / w[0, k]
        n = u[0, k] * scale
        u[0, k] = n
        if u.shape[0] == 1:
            continue
        for i in range(1, 1 + ndim):
            u[i, k] = (u[i, k] - n * w[i, k]) * scale
        pair = 1 + ndim
        if u.shape[0] == pair:
            continue
        for i in range(1, 1 + ndim):
            for j in range(i, 1 + ndim):
                cross = u[i, k] * w[j, k] + u[j, k] * w[i, k]
                bent = w[pair, k] - bias[pair - 1 - ndim] * w[0, k]
                u[pair, k] = (u[pair, k] - cross - n * bent) * scale
                pair += 1
