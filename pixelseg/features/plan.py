"""A `FeaturePlan`: a feature bank settled for images of one kind, as data (see compute.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import ceil

from .._core.boxes import Shape3D
from .cascade import IMAGE, Sigmas, Stage, plan_cascade
from .derivatives import Derivation, plan_derivation
from .ops import Op
from .window import Window, plan_window

Spacing3D = tuple[float, float, float]


@dataclass(frozen=True)
class Scale:
    """What is computed at one sigma: ops, each with the first of its columns."""

    sigma: float
    user_ops: tuple[tuple[Op, int], ...]
    block_ops: tuple[tuple[Op, int], ...]
    tensor_ops: tuple[tuple[Op, int], ...]
    derivation: Derivation | None  # None where there are only user's ops
    finer: Sigmas | None  # the smaller scale that a difference of Gaussians subtracts
    window: Window | None  # over which products of first derivatives are smoothed
    order: int  # highest derivative that is read
    forgets: tuple[Sigmas, ...] = ()  # stages that no later scale reads

    @property
    def window_reach(self) -> Shape3D:
        """Pixels around a box in which first derivatives are needed."""
        return (0, 0, 0) if self.window is None else self.window.reach

    @property
    def reads(self) -> tuple[tuple[Sigmas, Shape3D], ...]:
        """Stages that are read, each with the margin around a box."""
        reads: list[tuple[Sigmas, Shape3D]] = []
        if self.derivation is not None:
            reads.append((self.derivation.source, add(self.derivation.reach, self.window_reach)))
        if self.finer is not None:
            reads.append((self.finer, (0, 0, 0)))
        return tuple(reads)


@dataclass(frozen=True)
class FeaturePlan:
    """Columns, halo and steps for images of one number of axes, of channels and one spacing.

    `names` has one entry for each column: `gaussian_s1.6`, `structure_tensor_s1.6_0` (the
    largest eigenvalue), with several channels `channel0_gaussian_s1.6`; channels, then sigmas,
    then ops. `halo` says how many pixels along (D, H, W) a column may depend on, on each side.
    """

    names: tuple[str, ...]
    halo: Shape3D
    ndim: int
    n_channels: int
    spacing: Spacing3D
    masked: bool
    scales: tuple[Scale, ...] = field(repr=False)
    stages: dict[Sigmas, Stage] = field(repr=False)
    margins: dict[Sigmas, Shape3D] = field(repr=False)  # around a box, of each stage

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.names)

    def way_to(self, sigmas: Sigmas) -> list[Sigmas]:
        """A stage and all that it is made from, without the image."""
        way = []
        while sigmas != IMAGE:
            way.append(sigmas)
            sigmas = self.stages[sigmas].base
        return way

    def user_reach(self, op: Op, sigma: float) -> Shape3D:
        """Pixels that a user's op reads on each side of each axis."""
        return user_reach(op, sigma, self.spacing, self.ndim)


@lru_cache(maxsize=64)
def make_plan(
    columns: tuple[tuple[float, tuple[Op, ...]], ...],
    ndim: int,
    n_channels: int,
    spacing: Spacing3D,
    masked: bool = False,
) -> FeaturePlan:
    """Settle ops at sigmas for one kind of image."""
    scales = []
    names: list[str] = []
    for sigma, ops in columns:
        placed = []
        for op in ops:
            placed.append((op, len(names)))
            names += [f"{op.name}_s{sigma:g}{suffix}" for suffix in op.suffixes(ndim)]
        scales.append(_make_scale(sigma, placed, ndim, spacing))
    stages = {
        stage.sigmas: stage
        for stage in plan_cascade(sigmas for scale in scales for sigmas, _ in scale.reads)
    }
    margins = _margins(scales, stages, spacing, ndim)
    if n_channels > 1:
        names = [f"channel{channel}_{name}" for channel in range(n_channels) for name in names]
    plan = FeaturePlan(
        names=tuple(names),
        halo=margins[IMAGE],
        ndim=ndim,
        n_channels=n_channels,
        spacing=spacing,
        masked=masked,
        scales=tuple(scales),
        stages=stages,
        margins=margins,
    )
    return replace(plan, scales=_with_forgets(plan))


def _make_scale(
    sigma: float, ops: Sequence[tuple[Op, int]], ndim: int, spacing: Spacing3D
) -> Scale:
    recipes = [op.recipe for op, _ in ops if op.recipe is not None]
    order = max((recipe.order for recipe in recipes), default=0)
    sigmas = in_pixels(sigma, spacing, ndim)
    finer = [recipe.finer for recipe in recipes if recipe.finer is not None]
    windows = [recipe.window for recipe in recipes if recipe.window is not None]
    return Scale(
        sigma=sigma,
        user_ops=tuple(item for item in ops if item[0].recipe is None),
        block_ops=tuple(
            item for item in ops if item[0].recipe is not None and item[0].recipe.of != "tensor"
        ),
        tensor_ops=tuple(
            item for item in ops if item[0].recipe is not None and item[0].recipe.of == "tensor"
        ),
        derivation=plan_derivation(sigmas, spacing, ndim, order) if recipes else None,
        finer=in_pixels(finer[0] * sigma, spacing, ndim) if finer else None,
        window=plan_window(sigmas, windows[0], ndim) if windows else None,
        order=order,
    )


def _margins(
    scales: Sequence[Scale], stages: dict[Sigmas, Stage], spacing: Spacing3D, ndim: int
) -> dict[Sigmas, Shape3D]:
    """How many pixels around a box are read of the image and of each stage."""
    margins: dict[Sigmas, Shape3D] = {IMAGE: (0, 0, 0), **dict.fromkeys(stages, (0, 0, 0))}

    def need(sigmas: Sigmas, margin: Shape3D) -> None:
        d, h, w = (max(a, b) for a, b in zip(margins[sigmas], margin, strict=True))
        margins[sigmas] = d, h, w

    for scale in scales:
        for sigmas, margin in scale.reads:
            need(sigmas, margin)
        if scale.window is not None:
            # A mask is smoothed by the window itself.
            need(IMAGE, scale.window_reach)
        for op, _ in scale.user_ops:
            need(IMAGE, user_reach(op, scale.sigma, spacing, ndim))
    for stage in reversed(stages.values()):
        need(stage.base, add(margins[stage.sigmas], stage.reach))
    return margins


def _with_forgets(plan: FeaturePlan) -> tuple[Scale, ...]:
    """The scales, each with the stages that are last read there."""
    last = {
        stage: number
        for number, scale in enumerate(plan.scales)
        for sigmas, _ in scale.reads
        for stage in plan.way_to(sigmas)
    }
    return tuple(
        replace(scale, forgets=tuple(stage for stage, when in last.items() if when == number))
        for number, scale in enumerate(plan.scales)
    )


def in_pixels(sigma: float, spacing: Spacing3D, ndim: int) -> Sigmas:
    """Sigma in pixels along each axis, 0 along the missing one of a 2-D image.

    Rounded, so that equal scales that were computed differently are one.
    """
    z, y, x = (
        round(sigma / size, 9) if axis >= 3 - ndim else 0.0 for axis, size in enumerate(spacing)
    )
    return z, y, x


def user_reach(op: Op, sigma: float, spacing: Spacing3D, ndim: int) -> Shape3D:
    """Pixels that a user's op reads on each side of each axis."""
    z, y, x = (ceil(op.reach * pixels) for pixels in in_pixels(sigma, spacing, ndim))
    return z, y, x


def add(a: Shape3D, b: Shape3D) -> Shape3D:
    """Margins one around the other."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
