"""How features follow the brightness of an image: `IntensityLaw`.

Filters are linear, so that an image g times as bright has features times g to some power, the
degree of homogeneity, and one that is brighter by c has features plus some multiple of c. The table
of ops says which; a user's op that does not say it is tried on a small image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import numpy as np

from .._core.arrays import Array
from .._core.image import as_image
from .compute import compute_box
from .ops import Op
from .plan import FeaturePlan, make_plan

#: What a tried feature may be off its law, beside its largest value.
_TOLERANCE = 1e-3
#: The scale, in pixels' units, at which brightness is looked at.
_SCALE = 1.6


@dataclass(frozen=True)
class IntensityLaw:
    """What becomes of each feature when an image gets brighter.

    Attributes
    ----------
    degrees : float64 (n_features,)
        An image times g has features times g ** degrees; NaN where that is no law.
    offsets : float64 (n_features,)
        An image plus c has features plus offsets * c; NaN where that is no law.
    brightness : tuple of int
        For each channel, the feature that is its smoothed image, at a scale near 1.6; empty where
        there is none.
    """

    degrees: Array = field(repr=False)
    offsets: Array = field(repr=False)
    brightness: tuple[int, ...]


def find_intensity_law(plan: FeaturePlan, patch: Array | None) -> IntensityLaw:
    """The law of each feature of a plan.

    What no op states is tried on `patch` (C, *spatial), or is NaN where there is none.
    """
    degrees: list[float] = []
    offsets: list[float] = []
    smoothed: list[tuple[float, int]] = []
    for sigma_plan in plan.sigma_plans:
        placed = (*sigma_plan.user_ops, *sigma_plan.block_ops, *sigma_plan.tensor_ops)
        for op, first in sorted(placed, key=lambda item: item[1]):
            n = len(op.suffixes(plan.ndim))
            known = op.degree is not None and op.offset is not None
            tried = np.full((2, n), np.nan)
            if not known and patch is not None:
                tried[:] = _try(op, sigma_plan.sigma, plan, patch)
            degrees += [float(d) if op.degree is None else op.degree for d in tried[0]]
            offsets += [float(o) if op.offset is None else op.offset for o in tried[1]]
            if n == 1 and (degrees[-1], offsets[-1]) == (1, 1):
                smoothed.append((abs(log(sigma_plan.sigma / _SCALE)), first))
    n_own = len(degrees)
    channels = range(plan.n_channels)
    return IntensityLaw(
        np.tile(np.array(degrees), plan.n_channels),
        np.tile(np.array(offsets), plan.n_channels),
        tuple(channel * n_own + min(smoothed)[1] for channel in channels) if smoothed else (),
    )


def _try(op: Op, sigma: float, plan: FeaturePlan, patch: Array) -> tuple[Array, Array]:
    """Degrees and offsets of a user's op, from a patch, one twice as bright, one brighter by c."""
    alone = make_plan(((sigma, (op,)),), plan.ndim, 1, plan.spacing)
    # Outside a mask there may be anything.
    values = np.nan_to_num(patch[0].astype(np.float32), posinf=0, neginf=0)
    brighter = np.float32(np.ptp(values) or 1)

    def features(image: Array) -> Array:
        opened = as_image(image, channel_axis=None)
        computed = compute_box(alone, opened, opened.whole)
        return computed.reshape(alone.n_features, -1).astype(np.float64)

    once, twice, plus = (features(v) for v in (values, 2 * values, values + brighter))
    largest = np.abs(once).max(axis=1)
    size = np.where(largest > 0, largest, 1)
    ratio = np.abs(twice).sum(axis=1) / np.maximum(np.abs(once).sum(axis=1), np.finfo(float).tiny)
    ratio[(ratio == 0) | (largest == 0)] = 1
    step = np.mean(plus - once, axis=1)
    is_power = np.abs(twice - ratio[:, np.newaxis] * once).max(axis=1) <= _TOLERANCE * ratio * size
    is_shift = np.abs(plus - once - step[:, np.newaxis]).max(axis=1) <= _TOLERANCE * (
        np.abs(step) + size
    )
    return (
        np.where(is_power, np.round(np.log2(ratio), 2), np.nan),
        np.where(is_shift, np.round(step / brighter, 2), np.nan),
    )
