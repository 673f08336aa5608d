"""Smoothing by a Gaussian, before pixels are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._core.arrays import Array


def smooth_planes(
    planes: Array,
    mask: Array | None,
    sigmas: Sequence[float],
    out: Array,
    *,
    truncate: float = 4.0,
    factor: float = 1.0,
) -> None:
    """Smooth planes (C, D, H, W), times a factor, into out, floats of any strides, or planes.

    `sigmas` are in pixels along each axis, 0 for none; the Gaussian is cut at so many. The image
    is mirrored at its border, as by scipy; pixels outside the mask (D, H, W) have no weight.
    Memory: two planes of out's dtype, three with a mask.
    """
    # Kept for all planes: to get new memory from the system takes longer than to smooth.
    room = np.empty((2, *planes.shape[1:]), out.dtype)
    share = None
    if mask is not None:
        room[0] = mask
        share = np.empty(mask.shape, out.dtype)
        _smooth(room, sigmas, truncate, share)
        share[~mask] = 1
    for plane, smoothed in zip(planes, out, strict=True):
        np.multiply(plane, out.dtype.type(factor), out=room[0])
        if mask is not None:
            room[0] *= mask
        _smooth(room, sigmas, truncate, smoothed)
        if share is not None:
            smoothed /= share


def _smooth(room: Array, sigmas: Sequence[float], truncate: float, out: Array) -> None:
    """Smooth the first plane of room (2, D, H, W) into out, of the same dtype."""
    from . import _smooth_kernels as kernels

    depth, height, width = out.shape
    axes = [
        _half_gaussian(sigma, n, truncate, out.dtype)
        for sigma, n in zip(sigmas, out.shape, strict=True)
    ]
    plane, other = room
    for (taps, places), shape in zip(axes, ((1, depth, height * width), out.shape), strict=False):
        if len(taps) > 1:
            kernels.smooth_across(plane.reshape(shape), taps, places, other.reshape(shape))
            plane, other = other, plane
    taps, places = axes[2]
    rows = np.empty((2, len(places)), out.dtype)
    kernels.smooth_along(plane.reshape(-1, width), taps, places, rows, out.reshape(-1, width))


def _half_gaussian(sigma: float, n: int, truncate: float, dtype: np.dtype) -> tuple[Array, Array]:
    """The middle of a sampled Gaussian and one of its sides, and the places that `smooth_across`
    reads along an axis of n.
    """
    radius = int(truncate * sigma + 0.5) if n > 1 else 0
    taps = np.exp(-0.5 / max(sigma, 1e-9) ** 2 * np.arange(-radius, radius + 1) ** 2)
    return (
        (taps / taps.sum())[radius:].astype(dtype),
        np.pad(np.arange(n), radius, mode="symmetric"),
    )
