"""Colours of pixels, smoothed: what boundary moves compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.threads import run_chunks

#: Radius of the Gaussian in sigmas: what is cut off is 3e-3 of the weight.
_TRUNCATE = 3.0


def smooth_colours(
    planes: Array, mask: Array | None, sigmas: Sequence[float], unit: float, n_jobs: int | None
) -> Array:
    """Smooth planes (C, D, H, W) by a Gaussian, as float32 (D * H * W, C) in units of `unit`.

    `sigmas` are in pixels along each axis, 0 for none. Pixels outside the mask or the image have
    no weight.
    """
    colours = np.empty((planes[0].size, len(planes)), FEATURE_DTYPE)
    weights = [_half_gaussian(sigma) for sigma in sigmas]
    share = None
    if mask is not None:
        share = np.empty(mask.size, FEATURE_DTYPE)
        _smooth(mask.astype(FEATURE_DTYPE), weights, 1.0, share)
        share[~mask.ravel()] = 1

    def smooth(c: int) -> None:
        plane = planes[c].astype(FEATURE_DTYPE)
        if mask is not None:
            plane *= mask
        _smooth(plane, weights, unit, colours[:, c])
        if share is not None:
            colours[:, c] /= share

    run_chunks(smooth, range(len(planes)), n_jobs)
    return colours


def _smooth(plane: Array, weights: list[Array], unit: float, out: Array) -> None:
    """Smooth a plane (D, H, W) into a column of colours."""
    from . import _smooth_kernels as kernels

    depth, height, width = plane.shape
    for axis, shape in ((0, (1, depth, height * width)), (1, (depth, height, width))):
        if plane.shape[axis] > 1 and len(weights[axis]) > 1:
            smoothed = np.empty_like(plane)
            kernels.smooth_across(plane.reshape(shape), weights[axis], smoothed.reshape(shape))
            plane = smoothed
    radius = len(weights[2]) - 1
    row = np.zeros((2, width + 2 * radius), FEATURE_DTYPE)
    both_sides = np.concatenate([weights[2][:0:-1], weights[2]])
    within = np.convolve(np.ones(width), both_sides)[radius : radius + width]
    scales = (1 / (within * unit)).astype(FEATURE_DTYPE)
    kernels.smooth_along(plane.reshape(-1, width), weights[2], scales, row, out)


def _half_gaussian(sigma: float) -> Array:
    """The middle of a sampled Gaussian and one of its sides; [1] where it is too narrow."""
    distances = np.arange(int(_TRUNCATE * sigma + 0.5) + 1)
    weights = np.exp(-0.5 * (distances / max(sigma, 1e-9)) ** 2)
    return (weights / (weights[0] + 2 * weights[1:].sum())).astype(FEATURE_DTYPE)
