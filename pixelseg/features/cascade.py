"""Smoothing at many scales, each from one before it.

A Gaussian of sigma s is one of sigma b < s followed by one of r = sqrt(s^2 - b^2). Since the
first has removed what is fine, the second may be sampled at every `step`-th pixel ("a trous",
Holschneider et al. 1989): a tenth of the taps at the largest scale. What a step costs in
accuracy: the sampled filter's spectrum repeats at 2 pi / step, and the first filter must have
removed what the repetition lets through. The worst gain is exp(-(2 pi / step * b r / s)^2 / 2),
which is kept below
3e-6.

Reflecting borders stay exact: the reflected image of a symmetric filter's result is the result
of the reflected image. And nothing depends on where an image was cut, as in a pyramid it would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log, pi, sqrt

from .weights import IDENTITY, Filter, smoothing

Shape3D = tuple[int, int, int]
#: How far an image is smoothed, in pixels along (D, H, W); 0 along an axis that is untouched.
Sigmas = tuple[float, float, float]
Filters = tuple[Filter, Filter, Filter]

#: The image itself, as the base of a stage.
IMAGE: Sigmas = (0.0, 0.0, 0.0)

#: Worst gain that a step may let through.
_WORST_GAIN = 3e-6


@dataclass(frozen=True)
class Stage:
    """One smoothed image: `filters` applied to that of `base`."""

    sigmas: Sigmas
    base: Sigmas
    filters: Filters

    @property
    def reach(self) -> Shape3D:
        """Pixels that the stage reads of its base on each side of each axis."""
        z, y, x = self.filters
        return z.reach, y.reach, x.reach

    @property
    def cost(self) -> int:
        """Pairs of samples that make a pixel."""
        return sum(filter_.weights.shape[1] - 1 for filter_ in self.filters)


def plan_cascade(targets: Iterable[Sigmas]) -> list[Stage]:
    """Stages that make all `targets`, each after its base, with few samples in all."""
    stages: dict[Sigmas, Stage] = {}
    for target in sorted(set(targets), key=lambda sigmas: (max(sigmas), sigmas)):
        if target not in stages and target != IMAGE:
            for stage in _way_to(target, tuple(stages)):
                stages[stage.sigmas] = stage
    return list(stages.values())


def _way_to(target: Sigmas, known: tuple[Sigmas, ...]) -> list[Stage]:
    """The cheapest new stages that end in `target`, perhaps by one of half its sigma."""
    stages = [_stage(base, target) for base in (IMAGE, *known)]
    best = [min((stage for stage in stages if stage), key=lambda stage: stage.cost)]
    half: Sigmas = (target[0] / 2, target[1] / 2, target[2] / 2)
    last = _stage(half, target)
    if last is not None:
        way = [*_way_to(half, known), last]
        if sum(stage.cost for stage in way) < best[0].cost:
            best = way
    return best


@lru_cache(maxsize=1024)
def _stage(base: Sigmas, target: Sigmas) -> Stage | None:
    """The stage from base to target, or None where the base is too fine or too coarse."""
    filters = [_between(b, s) for b, s in zip(base, target, strict=True)]
    if None in filters:
        return None
    return Stage(target, base, tuple(filters))  # type: ignore[arg-type]


def _between(base: float, sigma: float) -> Filter | None:
    """The filter that takes an axis from `base` to `sigma` pixels, if a sampled one can."""
    if base == sigma:
        return IDENTITY
    if base == 0:
        return smoothing(sigma)
    return dilated(base, sqrt(sigma**2 - base**2)) if base < sigma else None


def dilated(base: float, residual: float) -> Filter | None:
    """A Gaussian of `residual` pixels for an axis that is smooth to `base` pixels.

    None where even neighbouring samples are too far apart.
    """
    step = widest_step(base, residual, _WORST_GAIN)
    return smoothing(residual, step) if step > 0 else None


def widest_step(base: float, residual: float, worst_gain: float) -> int:
    """How far apart samples may be, in pixels."""
    unit = 2 * pi / sqrt(-2 * log(worst_gain))
    return floor(unit * base * residual / sqrt(base**2 + residual**2))
