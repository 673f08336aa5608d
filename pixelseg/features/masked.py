"""Features inside a mask: normalised filtering, so that nothing outside leaks in.

The smoothed image is u / w, with u the smoothed image that is 0 outside and w the smoothed
mask (Knutsson and Westin, "Normalized and differential convolution", 1993, order 0). Its
derivatives follow from the quotient rule; products of derivatives are smoothed the same way.
Some three times slower than without a mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._arrays import FEATURE_DTYPE, Array
from .derivatives import (
    GRADIENT,
    HESSIAN,
    N_FIELDS,
    VALUE,
    XX,
    XY,
    XZ,
    YY,
    YZ,
    ZZ,
    Derivation,
    X,
    Y,
    Z,
    derive,
)
from .ops import DIFFERENCE_RATIO
from .plane import LANES, Plane, Region, as_plane, empty_plane, extents, grow, smooth

if TYPE_CHECKING:
    from .plan import FeaturePlan, Scale

#: A smoothed mask below this says that no pixel inside is within reach; it never happens at a
#: pixel inside, whose own weight is larger at every sigma up to some 150 pixels.
_LEAST = 1e-6
_PAIRS = {(X, X): XX, (X, Y): XY, (Y, Y): YY, (X, Z): XZ, (Y, Z): YZ, (Z, Z): ZZ}


def compute_masked(
    plan: FeaturePlan,
    values: Array,
    mask: Array,
    around: Region,
    region: Region,
    shape: tuple[int, int, int],
    columns: Array,
) -> None:
    """Fill all columns of one channel; `values` (d, h, w) are 0 where `mask` is False."""
    image = as_plane(values, around, shape)
    weight = as_plane(mask.astype(FEATURE_DTYPE), around, shape)
    levels, weights = plan.stage_planes(image, region), plan.stage_planes(weight, region)

    def level(sigma: float) -> Plane:
        u, w = levels[sigma], weights[sigma]
        return as_plane(_divide(u.view(), w.view()), u.region, shape)

    for scale in plan.scales:
        for op, column in scale.ops:
            outs = list(columns[column : column + len(op.suffixes(plan.ndim))])
            if op.kind == "level":
                op.function(level(scale.sigma), region, outs)
            elif op.kind == "levels":
                lower = level(DIFFERENCE_RATIO * scale.sigma)
                op.function(level(scale.sigma), lower, region, outs)
            elif op.kind == "user":
                plan._compute_user(op, image, region, scale.sigma, outs)
        if scale.derivation is not None:
            source = scale.derivation.source
            _derivatives(plan, scale, levels[source], weights[source], weight, region, columns)


def _derivatives(
    plan: FeaturePlan,
    scale: Scale,
    image: Plane,
    weight: Plane,
    mask: Plane,
    region: Region,
    columns: Array,
) -> None:
    """Fill the columns that are made of derivatives of u / w."""
    assert scale.derivation is not None
    ndim = plan.ndim
    around = grow(region, scale.window_radius, image.shape)
    n_fields = N_FIELDS[ndim]
    u = np.empty((n_fields, *extents(around)), FEATURE_DTYPE)
    w = np.empty_like(u)
    for source, target in ((image, u), (weight, w)):
        for strip in derive(source, scale.derivation, around, scale.order):
            (z, _), (top, bottom), _ = strip.fields.region
            rows = strip.fields.view()[:, 0, : bottom - top]
            target[:, z - around[0][0], top - around[1][0] : bottom - around[1][0]] = rows
    fields = empty_plane(around, image.shape, n_fields)
    if scale.order > 1:
        _subtract_constant(w, scale.derivation)
    fields.view()[...] = _quotient(u, w, ndim, scale.order)

    (z0, z1), (y0, _), (x0, _) = region
    scratch = np.zeros((3, fields.stride + LANES), FEATURE_DTYPE)
    for op, column in scale.of_kind("fields", "eigenvalues"):
        for z in range(z0, z1):
            outs = [columns[column + k, z - z0] for k in range(len(op.suffixes(ndim)))]
            op.function(fields, fields.first(z, y0, x0), outs, scratch, ndim)
    if scale.window is None:
        return
    inside = _cut(mask, around)
    weights = smooth(as_plane(inside, around, image.shape), scale.window.cross, region).view()
    gradient = [fields.view()[term] for term in GRADIENT[ndim]]
    smoothed = empty_plane(region, image.shape, len(HESSIAN[ndim]))
    pairs = [(a, b) for k, a in enumerate(gradient) for b in gradient[k:]]
    for k, (a, b) in enumerate(pairs):
        product = as_plane(np.where(inside > 0, a * b, 0), around, image.shape)
        sums = smooth(product, scale.window.cross, region).view()
        smoothed.view()[k] = _divide(sums, weights)
    terms = np.arange(len(pairs))
    scratch = np.zeros((3, smoothed.stride + LANES), FEATURE_DTYPE)
    for op, column in scale.of_kind("structure"):
        for z in range(z0, z1):
            outs = [columns[column + k, z - z0] for k in range(ndim)]
            op.function(smoothed, terms, smoothed.first(z, y0, x0), outs, scratch)


def _subtract_constant(w: Array, derivation: Derivation) -> None:
    """Take out of w_ii what sampled second derivatives say of a constant.

    It is 0.5 % at the smallest sigma, where the weights do not quite sum to 0. Without a mask
    the columns hold it, so a pixel far inside a mask shall hold it too.
    """
    for field, axis in zip((ZZ, YY, XX), derivation.filters, strict=True):
        if field < len(w):
            second = axis.weights[2]
            w[field] -= w[VALUE] * np.float32(second[0] + 2 * second[1:].sum())


def _quotient(u: Array, w: Array, ndim: int, order: int) -> Array:
    """Derivatives of n = u / w: n_i = (u_i - n w_i) / w, and so on for the second order."""
    n = np.zeros_like(u)
    n[VALUE] = _divide(u[VALUE], w[VALUE])
    for i in GRADIENT[ndim]:
        n[i] = _divide(u[i] - n[VALUE] * w[i], w[VALUE])
    if order > 1:
        for (i, j), ij in _PAIRS.items():
            if ij < len(u):
                rest = u[ij] - n[i] * w[j] - n[j] * w[i] - n[VALUE] * w[ij]
                n[ij] = _divide(rest, w[VALUE])
    return n


def _divide(u: Array, w: Array) -> Array:
    """u / w, and 0 where no pixel of the mask is near."""
    return np.divide(u, w, out=np.zeros(u.shape, FEATURE_DTYPE), where=w > _LEAST)


def _cut(plane: Plane, region: Region) -> Array:
    """The part of a plane that holds `region`, as (d, h, w)."""
    index = tuple(
        slice(start - low, stop - low)
        for (start, stop), (low, _) in zip(region, plane.region, strict=True)
    )
    return plane.view()[index]
