"""A `FeaturePlan`: a feature bank settled for images of one kind, ready to compute boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np

from .._arrays import FEATURE_DTYPE, Array, Box, Image
from .cascade import Shape3D, Stage, Window, plan_cascade, plan_window
from .derivatives import Derivation, Strip, derive, plan_derivation
from .masked import compute_masked
from .ops import DIFFERENCE_RATIO, WINDOW_RATIO, Op
from .plane import (
    LANES,
    Plane,
    Region,
    as_plane,
    empty_plane,
    extents,
    grow,
    plane_bytes,
    reflect,
    smooth,
    workspace,
)


@dataclass(frozen=True)
class Scale:
    """What is computed at one sigma, and where its columns lie within those of a channel."""

    sigma: float
    ops: tuple[tuple[Op, int], ...]  # with the first column of each
    derivation: Derivation | None
    window: Window | None  # of the structure tensor

    @property
    def order(self) -> int:
        """Highest order of derivative that the ops need."""
        return max((op.order for op, _ in self.ops), default=0)

    def of_kind(self, *kinds: str) -> list[tuple[Op, int]]:
        """The ops whose kind is one of `kinds`."""
        return [(op, column) for op, column in self.ops if op.kind in kinds]

    @property
    def window_radius(self) -> Shape3D:
        """Pixels that the structure tensor's window reads."""
        return (0, 0, 0) if self.window is None else self.window.radius


@dataclass(frozen=True)
class FeaturePlan:
    """Columns, halo and steps for images of one number of axes, of channels and one spacing.

    `names` has one entry for each column; `halo` says how many pixels along (D, H, W) a column
    may depend on, on each side.
    """

    names: tuple[str, ...]
    halo: Shape3D
    ndim: int
    n_channels: int
    spacing: tuple[float, float, float]
    scales: tuple[Scale, ...]
    stages: tuple[Stage, ...]
    margins: dict[float | None, Shape3D]  # of the image (None) and of each stage

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.names)

    def compute(self, image: Image, box: Box, out: Array | None = None) -> Array:
        """Features of a box: float32 planes (n_features, d, h, w).

        Reads the box and its halo from the image; the same pixel gets the same bits in any box.
        """
        whole = ((0, 1),) * (3 - self.ndim) + tuple(box)
        region: Region = (whole[0], whole[1], whole[2])
        shape = extents(region)
        if out is None:
            out = np.empty((self.n_features, *shape), FEATURE_DTYPE)
        around = grow(region, self.halo, image.shape3d)
        read_box = around[3 - self.ndim :]
        planes = image.read(read_box)
        mask = image.read_mask(read_box)
        n_columns = self.n_features // self.n_channels
        for channel, values in enumerate(planes):
            columns = out[channel * n_columns : (channel + 1) * n_columns]
            mark = workspace.mark()
            try:
                if mask is not None and not mask.all():
                    compute_masked(self, values, mask, around, region, image.shape3d, columns)
                else:
                    plane = as_plane(values, around, image.shape3d)
                    self._compute_channel(plane, region, columns)
            finally:
                workspace.release(mark)
        if mask is not None:
            inside = tuple(
                slice(start - low, stop - low)
                for (start, stop), (low, _) in zip(region, around, strict=True)
            )
            out[:, ~mask[inside]] = 0
        return out

    def workspace_bytes(self, box_shape: Shape3D) -> int:
        """Upper bound of what `compute` holds beside its output, in bytes."""

        def grown(margin: Shape3D) -> Shape3D:
            d, h, w = (n + 2 * m for n, m in zip(box_shape, margin, strict=True))
            return d, h, w

        stages = sum(plane_bytes(grown(self.margins[stage.sigma])) for stage in self.stages)
        n_products = {2: 3, 3: 6}[self.ndim]
        windows = [plane_bytes(grown(scale.window_radius)) for scale in self.scales]
        read = plane_bytes(grown(self.halo)) * (2 + 2 * self.n_channels)
        strips = 2**21 + 8 * plane_bytes((1, *grown(self.halo)[1:]))
        return stages + 2 * n_products * max(windows, default=0) + read + strips

    def stage_planes(self, image: Plane, region: Region) -> dict[float | None, Plane]:
        """The image and every smoothed image, each with the margin that is needed of it."""
        planes: dict[float | None, Plane] = {None: image}
        for stage in self.stages:
            needed = grow(region, self.margins[stage.sigma], image.shape)
            planes[stage.sigma] = smooth(planes[stage.base], stage.filters, needed)
        return planes

    def _compute_channel(self, image: Plane, region: Region, columns: Array) -> None:
        """Fill all columns of one channel."""
        levels = self.stage_planes(image, region)
        for scale in self.scales:
            for op, column in scale.ops:
                outs = list(columns[column : column + len(op.suffixes(self.ndim))])
                if op.kind == "level":
                    op.function(levels[scale.sigma], region, outs)
                elif op.kind == "levels":
                    lower = levels[DIFFERENCE_RATIO * scale.sigma]
                    op.function(levels[scale.sigma], lower, region, outs)
                elif op.kind == "user":
                    self._compute_user(op, image, region, scale.sigma, outs)
            if scale.derivation is not None:
                source = levels[scale.derivation.source]
                self._compute_derivatives(source, scale, scale.derivation, region, columns)

    def _compute_derivatives(
        self,
        source: Plane,
        scale: Scale,
        derivation: Derivation,
        region: Region,
        columns: Array,
    ) -> None:
        """Fill the columns that are made of derivatives, strip by strip."""
        mark = workspace.mark()
        around = grow(region, scale.window_radius, source.shape)
        structure = scale.of_kind("structure")
        products = None
        if structure:
            products = empty_plane(around, source.shape, {2: 3, 3: 6}[self.ndim])
        for strip in derive(source, derivation, around, scale.order):
            if products is not None:
                _store_products(strip, products, self.ndim)
            self._fill_from_strip(strip, scale, region, columns)
        if products is not None and scale.window is not None:
            self._compute_structure(products, scale.window, structure, region, columns)
        workspace.release(mark)

    def _fill_from_strip(self, strip: Strip, scale: Scale, region: Region, columns: Array) -> None:
        """Hand the part of a strip that lies in `region` to the ops that read derivatives."""
        (z, _), (top, bottom), _ = strip.fields.region
        (z0, z1), (y0, y1), (x0, _) = region
        low, high = max(top, y0), min(bottom, y1)
        if not z0 <= z < z1 or low >= high:
            return
        first = strip.fields.first(z, low, x0)
        rows = slice(low - y0, high - y0)
        for op, column in scale.of_kind("fields", "eigenvalues"):
            n_columns = len(op.suffixes(self.ndim))
            outs = [columns[column + k, z - z0, rows] for k in range(n_columns)]
            op.function(strip.fields, first, outs, strip.scratch, self.ndim)

    def _compute_structure(
        self,
        products: Plane,
        window: Window,
        ops: Sequence[tuple[Op, int]],
        region: Region,
        columns: Array,
    ) -> None:
        """Smooth the products of first derivatives and take the eigenvalues."""
        smoothed = empty_plane(region, products.shape, len(products.flat))
        pairs = combinations_with_replacement(range(self.ndim), 2)
        for k, (i, j) in enumerate(pairs):
            plane = Plane(products.flat[k], products.region, products.shape)
            filters = window.square if i == j else window.cross
            target = Plane(smoothed.flat[k], region, products.shape)
            smooth(plane, filters, region, target)
        terms = np.arange(len(products.flat))
        scratch = np.zeros((3, smoothed.stride + LANES), FEATURE_DTYPE)
        (z0, z1), (y0, _), (x0, _) = region
        for op, column in ops:
            for z in range(z0, z1):
                outs = [columns[column + k, z - z0] for k in range(self.ndim)]
                op.function(smoothed, terms, smoothed.first(z, y0, x0), outs, scratch)

    def _compute_user(
        self, op: Op, image: Plane, region: Region, sigma: float, outs: list[Array]
    ) -> None:
        """Call a user's op on the region with its border, and store what it returns."""
        reach = [
            int(np.ceil(op.reach * sigma / size)) if axis >= 3 - self.ndim else 0
            for axis, size in enumerate(self.spacing)
        ]
        index = [
            reflect(np.arange(start - border, stop + border), size) - low
            for (start, stop), border, size, (low, _) in zip(
                region, reach, image.shape, image.region, strict=True
            )
        ]
        block = image.view()[np.ix_(*index)]
        spatial = block.reshape(block.shape[3 - self.ndim :])
        result = np.asarray(op.function(spatial, sigma, self.spacing[3 - self.ndim :]))
        if len(outs) == 1 and result.shape == spatial.shape:
            result = result[np.newaxis]
        if result.shape != (len(outs), *spatial.shape):
            raise ValueError(
                f"op {op.name!r} returned shape {result.shape} for an image of shape "
                f"{spatial.shape}: it must return that shape, with {len(outs)} column(s) first."
            )
        inner = tuple(
            slice(border, border + stop - start)
            for (start, stop), border in zip(region, reach, strict=True)
        )
        for out, column in zip(outs, result, strict=True):
            out[...] = column.reshape(block.shape)[inner]


@lru_cache(maxsize=32)
def make_plan(
    columns: tuple[tuple[float, tuple[Op, ...]], ...],
    ndim: int,
    n_channels: int,
    spacing: tuple[float, float, float],
) -> FeaturePlan:
    """Settle ops at sigmas for one kind of image."""
    scales = []
    names: list[str] = []
    sigmas: set[float] = set()
    for sigma, ops in columns:
        placed = []
        for op in ops:
            placed.append((op, len(names)))
            names += [f"{op.name}_s{sigma:g}{suffix}" for suffix in op.suffixes(ndim)]
        scale = _make_scale(sigma, tuple(placed), ndim, spacing)
        scales.append(scale)
        if scale.of_kind("level", "levels") or (
            scale.derivation is not None and scale.derivation.source is not None
        ):
            sigmas.add(sigma)
        if scale.of_kind("levels"):
            sigmas.add(DIFFERENCE_RATIO * sigma)
    stages = plan_cascade(sigmas, spacing, ndim)
    margins = _margins(scales, stages, ndim, spacing)
    if n_channels > 1:
        names = [f"channel{c}_{name}" for c in range(n_channels) for name in names]
    return FeaturePlan(
        names=tuple(names),
        halo=margins[None],
        ndim=ndim,
        n_channels=n_channels,
        spacing=spacing,
        scales=tuple(scales),
        stages=tuple(stages),
        margins=margins,
    )


def _make_scale(
    sigma: float,
    ops: tuple[tuple[Op, int], ...],
    ndim: int,
    spacing: tuple[float, float, float],
) -> Scale:
    derivation = window = None
    if any(op.order for op, _ in ops):
        derivation = plan_derivation(sigma, spacing, ndim)
    if any(op.kind == "structure" for op, _ in ops):
        window = plan_window(sigma, WINDOW_RATIO, spacing, ndim)
    return Scale(sigma, ops, derivation, window)


def _margins(
    scales: Sequence[Scale],
    stages: Sequence[Stage],
    ndim: int,
    spacing: tuple[float, float, float],
) -> dict[float | None, Shape3D]:
    """How many pixels around a box are needed of the image and of each smoothed image."""
    margins: dict[float | None, Shape3D] = {stage.sigma: (0, 0, 0) for stage in stages}
    margins[None] = (0, 0, 0)

    def need(source: float | None, margin: Sequence[int]) -> None:
        d, h, w = (max(a, b) for a, b in zip(margins[source], margin, strict=True))
        margins[source] = d, h, w

    for scale in scales:
        if scale.derivation is not None:
            reach = zip(scale.derivation.radius, scale.window_radius, strict=True)
            need(scale.derivation.source, [a + b for a, b in reach])
        for op, _ in scale.of_kind("user"):
            reach_pixels = [int(np.ceil(op.reach * scale.sigma / size)) for size in spacing]
            need(None, [0] * (3 - ndim) + reach_pixels[3 - ndim :])
    for stage in reversed(stages):
        own = zip(margins[stage.sigma], stage.radius, strict=True)
        need(stage.base, [a + b for a, b in own])
    return margins


def _store_products(strip: Strip, products: Plane, ndim: int) -> None:
    """Products of the first derivatives of a strip into their planes."""
    from ._column_kernels import products as multiply
    from .derivatives import X, Y, Z

    fields = strip.fields
    (z, _), (top, bottom), (x0, _) = fields.region
    terms = np.array([X, Y] if ndim == 2 else [X, Y, Z])
    multiply(
        fields.flat,
        terms,
        0,
        fields.stride,
        products.flat,
        products.first(z, top, x0),
        bottom - top,
    )
