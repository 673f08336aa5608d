"""Refiners by hand: the guided filter by its definition, one window after the other."""

import itertools

import numpy as np


def window_weights(sigma):
    """Weights of a box with fractions of a pixel at its ends, of standard deviation sigma."""
    radius = 0
    while (radius + 1) * (radius + 2) / 3 <= sigma**2:
        radius += 1
    offsets = np.arange(-radius - 1, radius + 2)
    inner = (offsets[1:-1] ** 2).sum()
    # (inner + 2 e (r + 1)^2) / (2 r + 1 + 2 e) = sigma^2
    end = ((2 * radius + 1) * sigma**2 - inner) / (2 * ((radius + 1) ** 2 - sigma**2))
    weights = np.ones(len(offsets))
    weights[[0, -1]] = round(end * 256) / 256
    return weights


def window(shape, centre, per_axis):
    """Weights of all pixels of an image for the window around one of them."""
    weights = np.ones(())
    for size, place, line in zip(shape, centre, per_axis, strict=True):
        radius = len(line) // 2
        axis = np.zeros(size)
        for offset, weight in enumerate(line, start=place - radius):
            if 0 <= offset < size:
                axis[offset] = weight
        weights = weights[..., np.newaxis] * axis
    return weights


def guided_filter(probabilities, guide, sigma, epsilon, spacing, mask):
    """Probabilities (..., k), guided by an image (..., C) whose values are shares of its range."""
    shape, n_channels = guide.shape[:-1], guide.shape[-1]
    per_axis = [window_weights(sigma / size) for size in spacing]
    pixels = list(itertools.product(*map(range, shape)))
    guide_rows = guide.reshape(-1, n_channels).astype(np.float64)
    rows = probabilities.reshape(len(pixels), -1).astype(np.float64)
    inside = mask.ravel()
    slopes = np.zeros((len(pixels), n_channels, rows.shape[1]))
    offsets = np.zeros(rows.shape)
    windows = np.stack([window(shape, pixel, per_axis).ravel() * inside for pixel in pixels])
    for i in np.flatnonzero(inside):
        w = windows[i] / windows[i].sum()
        mean, mean_p = w @ guide_rows, w @ rows
        centred = guide_rows - mean
        covariance = (centred * w[:, np.newaxis]).T @ centred
        cross = (centred * w[:, np.newaxis]).T @ (rows - mean_p)
        slopes[i] = np.linalg.solve(covariance + epsilon * np.eye(n_channels), cross)
        offsets[i] = mean_p - mean @ slopes[i]
    refined = np.zeros(rows.shape)
    for i in np.flatnonzero(inside):
        w = windows[i] / windows[i].sum()
        refined[i] = guide_rows[i] @ np.tensordot(w, slopes, 1) + w @ offsets
    refined = np.clip(refined, 0, 1)
    total = refined.sum(axis=1, keepdims=True)
    return np.divide(refined, total, out=refined, where=total > 0).reshape(probabilities.shape)
