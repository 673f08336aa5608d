"""A `FeaturePlan`: a feature bank settled for images of one kind, as data (see compute.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import ceil

from .._core.boxes import Shape3D
from .filters import Derivation, Sigmas, plan_derivation
from .ops import Op
from .scale_space import IMAGE, SmoothingStep, plan_scale_space
from .window import Window, plan_window

Spacing3D = tuple[float, float, float]
#: Squared, and with room for the weights of derivatives, it fits float32.
_LARGEST = 1e17


@dataclass(frozen=True)
class SigmaPlan:
    """What is computed at one sigma: ops, each with the first of its features."""

    sigma: float
    user_ops: tuple[tuple[Op, int], ...]
    block_ops: tuple[tuple[Op, int], ...]
    tensor_ops: tuple[tuple[Op, int], ...]
    derivation: Derivation | None  # None where there are only user's ops
    dog_base: Sigmas | None  # the smaller scale that a difference of Gaussians subtracts
    window: Window | None  # over which products of first derivatives are smoothed
    order: int  # highest derivative that is read
    surroundings: Sigmas | None  # this scale, where local features of smaller ones are told by it
    local_features: tuple[int, ...]  # these features
    last_used_here: tuple[Sigmas, ...] = ()  # smoothed images that no later sigma reads

    @cached_property
    def window_reach(self) -> Shape3D:
        """Pixels around a box in which first derivatives are needed."""
        return (0, 0, 0) if self.window is None else self.window.reach

    @cached_property
    def reads(self) -> tuple[tuple[Sigmas, Shape3D], ...]:
        """Smoothed images that are read, each with the margin around a box."""
        reads: list[tuple[Sigmas, Shape3D]] = []
        if self.derivation is not None:
            reads.append((self.derivation.source, add(self.derivation.reach, self.window_reach)))
        if self.dog_base is not None:
            reads.append((self.dog_base, (0, 0, 0)))
        if self.surroundings is not None:
            reads.append((self.surroundings, (0, 0, 0)))
        return tuple(reads)


@dataclass(frozen=True)
class FeaturePlan:
    """Features, halo and steps for images of one number of axes, of channels and one spacing.

    `names` has one entry for each feature: `gaussian_s1.6`, `structure_tensor_s1.6_0` (the
    largest eigenvalue), with several channels `channel0_gaussian_s1.6`; channels, then sigmas,
    then ops. `halo` says how many pixels along (D, H, W) a feature may depend on, on each side.
    """

    names: tuple[str, ...]
    halo: Shape3D
    ndim: int
    n_channels: int
    spacing: Spacing3D
    masked: bool
    sigma_plans: tuple[SigmaPlan, ...] = field(repr=False)
    steps: dict[Sigmas, SmoothingStep] = field(repr=False)
    margins: dict[Sigmas, Shape3D] = field(repr=False)  # around a box, of each smoothed image

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.names)

    @property
    def largest_value(self) -> float:
        """The largest value of an image whose second derivatives, squared, fit float32."""
        return _LARGEST * min(1.0, self.sigma_plans[0].sigma ** 2)

    def ancestors(self, sigmas: Sigmas) -> list[Sigmas]:
        """A smoothed image and all that it is made from, without the image itself."""
        found = []
        while sigmas != IMAGE:
            found.append(sigmas)
            sigmas = self.steps[sigmas].base
        return found

    def user_reach(self, op: Op, sigma: float) -> Shape3D:
        """Pixels that a user's op reads on each side of each axis."""
        return user_reach(op, sigma, self.spacing, self.ndim)


@lru_cache(maxsize=64)
def make_plan(
    ops_by_sigma: tuple[tuple[float, tuple[Op, ...]], ...],
    ndim: int,
    n_channels: int,
    spacing: Spacing3D,
    masked: bool = False,
) -> FeaturePlan:
    """Settle ops at sigmas for one kind of image."""
    sigma_plans = []
    names: list[str] = []
    largest = max((s for s, ops in ops_by_sigma if any(op.is_local for op in ops)), default=None)
    local_features: list[int] = []
    for sigma, ops in ops_by_sigma:
        placed = []
        for op in ops:
            if op.is_local:
                if sigma == largest:
                    continue
                local_features.append(len(names))
            placed.append((op, len(names)))
            names += [f"{op.name}_s{sigma:g}{suffix}" for suffix in op.suffixes(ndim)]
        told_here = local_features if sigma == largest else ()
        sigma_plans.append(_plan_sigma(sigma, placed, told_here, ndim, spacing))
    read = (sigmas for sigma_plan in sigma_plans for sigmas, _ in sigma_plan.reads)
    steps = {step.sigmas: step for step in plan_scale_space(read)}
    margins = _margins(sigma_plans, steps, spacing, ndim)
    if n_channels > 1:
        names = [f"channel{channel}_{name}" for channel in range(n_channels) for name in names]
    plan = FeaturePlan(
        names=tuple(names),
        halo=margins[IMAGE],
        ndim=ndim,
        n_channels=n_channels,
        spacing=spacing,
        masked=masked,
        sigma_plans=tuple(sigma_plans),
        steps=steps,
        margins=margins,
    )
    return replace(plan, sigma_plans=_find_last_uses(plan))


def _plan_sigma(
    sigma: float,
    ops: Sequence[tuple[Op, int]],
    local_features: Sequence[int],
    ndim: int,
    spacing: Spacing3D,
) -> SigmaPlan:
    recipes = [op.recipe for op, _ in ops if op.recipe is not None]
    order = max((recipe.order for recipe in recipes), default=0)
    sigmas = in_pixels(sigma, spacing, ndim)
    ratios = [recipe.dog_base for recipe in recipes if recipe.dog_base is not None]
    windows = [recipe.window for recipe in recipes if recipe.window is not None]
    return SigmaPlan(
        sigma=sigma,
        user_ops=tuple(item for item in ops if item[0].recipe is None),
        block_ops=tuple(
            item for item in ops if item[0].recipe is not None and item[0].recipe.of != "tensor"
        ),
        tensor_ops=tuple(
            item for item in ops if item[0].recipe is not None and item[0].recipe.of == "tensor"
        ),
        derivation=plan_derivation(sigmas, spacing, ndim, order) if recipes else None,
        dog_base=in_pixels(ratios[0] * sigma, spacing, ndim) if ratios else None,
        window=plan_window(sigmas, windows[0], ndim) if windows else None,
        order=order,
        surroundings=sigmas if local_features else None,
        local_features=tuple(local_features),
    )


def _margins(
    sigma_plans: Sequence[SigmaPlan],
    steps: dict[Sigmas, SmoothingStep],
    spacing: Spacing3D,
    ndim: int,
) -> dict[Sigmas, Shape3D]:
    """How many pixels around a box are read of the image and of each smoothed image."""
    margins: dict[Sigmas, Shape3D] = {IMAGE: (0, 0, 0), **dict.fromkeys(steps, (0, 0, 0))}

    def need(sigmas: Sigmas, margin: Shape3D) -> None:
        d, h, w = (max(a, b) for a, b in zip(margins[sigmas], margin, strict=True))
        margins[sigmas] = d, h, w

    for sigma_plan in sigma_plans:
        for sigmas, margin in sigma_plan.reads:
            need(sigmas, margin)
        if sigma_plan.window is not None:
            # A mask is smoothed by the window itself.
            need(IMAGE, sigma_plan.window_reach)
        for op, _ in sigma_plan.user_ops:
            need(IMAGE, user_reach(op, sigma_plan.sigma, spacing, ndim))
    for step in reversed(steps.values()):
        need(step.base, add(margins[step.sigmas], step.reach))
    return margins


def _find_last_uses(plan: FeaturePlan) -> tuple[SigmaPlan, ...]:
    """The plans of all sigmas, each with the smoothed images that are last read there."""
    last = {
        ancestor: number
        for number, sigma_plan in enumerate(plan.sigma_plans)
        for sigmas, _ in sigma_plan.reads
        for ancestor in plan.ancestors(sigmas)
    }
    return tuple(
        replace(
            sigma_plan,
            last_used_here=tuple(sigmas for sigmas, when in last.items() if when == number),
        )
        for number, sigma_plan in enumerate(plan.sigma_plans)
    )


def in_pixels(sigma: float, spacing: Spacing3D, ndim: int) -> Sigmas:
    """Sigma in pixels along each axis, 0 along the missing one of a 2-D image.

    Rounded, so that equal scales that were computed differently are one, but never to nothing.
    """
    z, y, x = (
        max(round(sigma / size, 9), 1e-9) if axis >= 3 - ndim else 0.0
        for axis, size in enumerate(spacing)
    )
    return z, y, x


def user_reach(op: Op, sigma: float, spacing: Spacing3D, ndim: int) -> Shape3D:
    """Pixels that a user's op reads on each side of each axis."""
    z, y, x = (ceil(op.reach * pixels) for pixels in in_pixels(sigma, spacing, ndim))
    return z, y, x


def add(a: Shape3D, b: Shape3D) -> Shape3D:
    """Margins one around the other."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
