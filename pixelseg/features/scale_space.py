"""The scale space: an image smoothed at many scales, each from one before it.

A Gaussian of sigma s is one of sigma b < s followed by one of r = sqrt(s^2 - b^2). Since the
first has removed what is fine, the second may be sampled at every `step`-th pixel ("a trous",
Holschneider et al. 1989): a tenth of the taps at the largest scale. What a step costs in
accuracy: the sampled filter's spectrum repeats at 2 pi / step, and the first filter must have
removed what the repetition lets through. The worst gain is
exp(-(2 pi / step * b r / s)^2 / 2), which is kept below 3e-6.

Reflecting borders stay exact: the reflected image of a symmetric filter's result is the result
of the reflected image. And nothing depends on where an image was cut, as in a pyramid it would.

Tried: pyramids (half the work again, but a crop at an odd place gets other bits), recursive filters
and running sums (bits depend on where an image was cut).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log, pi, sqrt

from .._core.boxes import Shape3D
from .filters import IDENTITY, Filter, Filters, Sigmas, reach_of, smoothing

#: The image itself, as the base of a step.
IMAGE: Sigmas = (0.0, 0.0, 0.0)

#: Worst gain that a step may let through.
_WORST_GAIN = 3e-6


@dataclass(frozen=True)
class SmoothingStep:
    """One smoothed image: `filters` applied to that of `base`."""

    sigmas: Sigmas
    base: Sigmas
    filters: Filters

    @property
    def reach(self) -> Shape3D:
        """Pixels that the step reads of its base on each side of each axis."""
        return reach_of(self.filters)

    @property
    def cost(self) -> int:
        """Pairs of samples that make a pixel."""
        return sum(filter_.weights.shape[1] - 1 for filter_ in self.filters)


def plan_scale_space(targets: Iterable[Sigmas]) -> list[SmoothingStep]:
    """Steps that make all `targets`, each after its base, with few samples in all."""
    steps: dict[Sigmas, SmoothingStep] = {}
    for target in sorted(set(targets), key=lambda sigmas: (max(sigmas), sigmas)):
        if target not in steps and target != IMAGE:
            for step in _steps_to(target, tuple(steps)):
                steps[step.sigmas] = step
    return list(steps.values())


def _steps_to(target: Sigmas, known: tuple[Sigmas, ...]) -> list[SmoothingStep]:
    """The cheapest new steps that end in `target`, perhaps by one of half its sigma."""
    steps = [_step(base, target) for base in (IMAGE, *known)]
    best = [min((step for step in steps if step), key=lambda step: step.cost)]
    half: Sigmas = (target[0] / 2, target[1] / 2, target[2] / 2)
    last = _step(half, target)
    if last is not None:
        via_half = [*_steps_to(half, known), last]
        if sum(step.cost for step in via_half) < best[0].cost:
            best = via_half
    return best


@lru_cache(maxsize=1024)
def _step(base: Sigmas, target: Sigmas) -> SmoothingStep | None:
    """The step from base to target, or None where the base is too fine or too coarse."""
    filters = [_between(b, s) for b, s in zip(base, target, strict=True)]
    if None in filters:
        return None
    return SmoothingStep(target, base, tuple(filters))  # type: ignore[arg-type]


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
