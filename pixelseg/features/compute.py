"""`compute_box`: the features of a box, channel by channel: smooth, differentiate, combine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.boxes import Box, Shape3D
from .._core.image import Image
from .._core.workspace import LINE, padded, workspace
from .cascade import IMAGE, Sigmas
from .derivatives import axis_pairs, derivative_slots, field_ranges
from .field import (
    Field,
    Region,
    as_field,
    extents,
    grow,
    padded_extents,
    prepare,
    reflect,
    smooth,
)
from .layout import Part, Slice
from .ops import Op
from .plan import FeaturePlan, Scale

#: Values of a block of rows of all fields: it stays in the second-level cache until the last
#: column has read it.
BLOCK_VALUES = 128 * 1024
#: Stands for slices that are not there.
_NO_PLANES = np.empty((1, 0, 0), FEATURE_DTYPE)


def compute_box(plan: FeaturePlan, image: Image, box: Box, out: Array | None = None) -> Array:
    """Compute the features of a box: float32 planes (n_features, d, h, w), with d = 1 in 2-D.

    Reads the box and its halo from the image; a pixel gets the same bits in any box. `out`, if
    given, is filled and returned.
    """
    (z, y, x) = ((0, 1),) * (3 - plan.ndim) + tuple(box)
    region: Region = (z, y, x)
    shape = (plan.n_features, *extents(region))
    result = np.empty(shape, FEATURE_DTYPE) if out is None else out
    if result.shape != shape or result.dtype != FEATURE_DTYPE:
        raise ValueError(
            f"out has shape {result.shape} and dtype {result.dtype} but must be float32 "
            f"{shape}: pass planes (n_features, d, h, w) of the box."
        )
    direct = result if result.flags.c_contiguous else np.empty(shape, FEATURE_DTYPE)
    columns = direct.reshape(plan.n_channels, -1, *extents(region))

    around = grow(region, plan.halo, image.shape3d)
    read_box = around[3 - plan.ndim :]
    planes = image.read(read_box)
    inside = image.read_mask(read_box)
    with workspace.scope():
        mask = None if inside is None else as_field(inside, around, image.shape3d)
        for plane, own_columns in zip(planes, columns, strict=True):
            with workspace.scope():
                channel = as_field(plane, around, image.shape3d)
                ChannelWork(plan, channel, mask, region, own_columns).run()
    if direct is not result:
        result[...] = direct
    return result


def workspace_bytes(plan: FeaturePlan, box_shape: Shape3D, image_shape: Shape3D) -> int:
    """Upper bound of what `compute_box` holds in addition to its output, in bytes.

    For a box of `box_shape` of an image of `image_shape`, both (D, H, W). A user's op is counted
    with four images of its own. What is kept idle between calls makes room within such a budget
    (see workspace.py).
    """

    def extent(axis: int, margin: Shape3D) -> int:
        return min(box_shape[axis] + 2 * margin[axis], image_shape[axis])

    def pixels(margin: Shape3D) -> int:
        return extent(0, margin) * extent(1, margin) * padded(extent(2, margin)) + LINE

    read = pixels(plan.halo)
    row = padded(extent(2, plan.halo))
    slice_ = extent(1, plan.halo) * row + LINE
    sources = 2 if plan.masked else 1
    n_pairs, n_fields = len(axis_pairs(plan.ndim)), field_ranges(plan.ndim)["hessian"][1]
    held: set[Sigmas] = set()
    most = 0
    for scale in plan.scales:
        for stage, _ in scale.reads:
            held.update(plan.way_to(stage))
        values = sources * sum(pixels(plan.margins[stage]) for stage in held)
        if scale.derivation is not None:
            around = pixels(scale.window_reach)
            values += n_pairs * around if scale.tensor_ops else 0
            values += (3 * sources + n_pairs + 1) * slice_ if plan.ndim == 3 else 0
            values += 2 * sources * max(BLOCK_VALUES, 8 * n_fields * row) + 64 * row
        for op, _ in scale.user_ops:
            # Its border is reflected, and so as wide at the end of the image as elsewhere.
            reach = plan.user_reach(op, scale.sigma)
            sides = [size + 2 * border for size, border in zip(box_shape, reach, strict=True)]
            values += 5 * prod(sides)
        most = max(most, values)
        held.difference_update(scale.forgets)
    # What is read: the values as they come from the image (8 bytes at most), float32 planes.
    bytes_read = plan.n_channels * (8 + 4) * read + (2 * read if plan.masked else 0)
    return bytes_read + 4 * (sources * read + most)


class Levels:
    """Smoothed images of one channel, made when the first scale needs them."""

    def __init__(self, plan: FeaturePlan, image: Field, region: Region):
        self._plan, self._region = plan, region
        self._fields = {IMAGE: image}

    def __getitem__(self, sigmas: Sigmas) -> Field:
        return self._fields[sigmas]

    def make(self, stages: Sequence[Sigmas]) -> None:
        """Smooth the image for each of these stages, with the margin that is read of it."""
        for sigmas in stages:
            if sigmas not in self._fields:
                stage = self._plan.stages[sigmas]
                self.make([stage.base])
                base = self._fields[stage.base]
                needed = grow(self._region, self._plan.margins[sigmas], base.shape)
                self._fields[sigmas] = smooth(base, stage.filters, needed)

    def forget(self, stages: Sequence[Sigmas]) -> None:
        """Drop smoothed images that nobody will read again."""
        for sigmas in stages:
            field = self._fields.pop(sigmas, None)
            if field is not None:
                workspace.give(field.values)


class _Source:
    """What derivatives at one scale are made of, and the finer level that is subtracted."""

    def __init__(self, levels: Levels, scale: Scale, around: Region):
        derivation = scale.derivation
        assert derivation is not None
        source = levels[derivation.source]
        self.filtering = prepare(derivation.filters, source.region, source.shape, around)
        self._values = source.values
        self.finer = None if scale.finer is None else levels[scale.finer]
        self._memory = self.filtering.empty_slices(1 + scale.order)

    def slices(self, z: int, order: int) -> Array:
        """Slice `z` filtered along D with each order, or as it is in 2-D."""
        return self.filtering.slices(self._values, z, self._memory[: 1 + order])


class ChannelWork:
    """One box of one channel: `image` with its halo, and the `columns` (n, d, h, w) to fill.

    `mask`, if any, is a field of 1 and 0. Filters are then normalised: a smoothed image is
    u / w, with u the smoothed image that is 0 outside and w the smoothed mask (Knutsson and
    Westin, "Normalized and differential convolution", 1993), derivatives are those of u / w, and
    products of derivatives are smoothed the same way. Outside, every column becomes 0.
    """

    def __init__(
        self, plan: FeaturePlan, image: Field, mask: Field | None, region: Region, columns: Array
    ):
        self._plan, self._region, self._columns = plan, region, columns
        self._image, self._mask = image, mask
        self._values = Levels(plan, image, region)
        self._weights = None if mask is None else Levels(plan, mask, region)
        self._pairs = axis_pairs(plan.ndim)

    def run(self) -> None:
        """Fill all columns, scale by scale."""
        for scale in self._plan.scales:
            for op, first in scale.user_ops:
                self._fill_user(op, scale.sigma, self._columns[first:])
            both = [self._values] if self._weights is None else [self._values, self._weights]
            for levels in both:
                levels.make([sigmas for sigmas, _ in scale.reads])
            if scale.derivation is not None:
                with workspace.scope():
                    self._fill_scale(scale)
            for levels in both:
                levels.forget(scale.forgets)

    def _fill_scale(self, scale: Scale) -> None:
        """Fill the columns of the built-in ops at one sigma."""
        around = grow(self._region, scale.window_reach, self._image.shape)
        n_products = len(self._pairs) if scale.tensor_ops else 0
        if self._mask is not None and scale.tensor_ops:
            n_products += 1  # the window of a mask is made as those of the products are
        products = workspace.take((n_products, *padded_extents(around)))
        self._fill_from_derivatives(scale, around, products)
        if scale.tensor_ops:
            self._fill_from_products(scale, around, products)

    def _fill_from_derivatives(self, scale: Scale, around: Region, products: Array) -> None:
        """Fill the columns that are made of derivatives; keep products of the first ones."""
        from . import _scale_kernels as kernels

        ndim = self._plan.ndim
        values = _Source(self._values, scale, around)
        weights = None
        if self._weights is not None:
            weights = _Source(self._weights, scale, around)
        assert scale.derivation is not None
        bias = scale.derivation.bias(ndim)
        ops = _kernel_ops(scale.block_ops, ndim)
        n_fields = field_ranges(ndim)["hessian"][1]
        block = workspace.take(_block_shape(n_fields * (1 if weights is None else 2), around))
        (low, high), (top, bottom), (left, right) = around
        box = self._region
        (z0, z1), (y0, y1), (x0, x1) = box
        for z in range(low, high):
            inner = z0 <= z < z1
            order = scale.order if inner else min(scale.order, 1)
            kernels.fill_slice(
                values.slices(z, order),
                values.filtering.rows,
                values.filtering.row,
                derivative_slots(ndim),
                Part(
                    order=order,
                    n_rows=bottom - top,
                    n_columns=right - left,
                    pitch=padded(right - left),
                    top=y0 - top,
                    bottom=y1 - top if inner else y0 - top,
                    first=x0 - left,
                    width=x1 - x0,
                    z=z - z0,
                ),
                ops,
                _slice(values.finer if inner else None, z, box),
                self._columns,
                products,
                z - low,
                _NO_PLANES if weights is None else weights.slices(z, order),
                _slice(weights.finer if inner and weights is not None else None, z, box),
                _slice(self._mask, z, around),
                bias,
                block,
            )

    def _fill_from_products(self, scale: Scale, around: Region, products: Array) -> None:
        """Smooth products of first derivatives; fill the columns of their eigenvalues."""
        from . import _scale_kernels as kernels

        window, box = scale.window, self._region
        assert window is not None
        if self._mask is None:
            whole = np.array([[i != j and a in (i, j) for a in range(3)] for i, j in self._pairs])
        else:
            # Products end abruptly where the mask does, so that every sample is needed.
            whole = np.ones((len(products), 3), bool)
            Field(products[-1], around, self._image.shape).view[...] = _cut(self._mask, around)
        sparse, full = (
            prepare(filters, around, self._image.shape, box, around)
            for filters in (window.sparse, window.full)
        )
        for product, is_whole in zip(products, whole[:, 0], strict=True):
            (full if is_whole else sparse).smooth_depth(product)
        ops = _kernel_ops(scale.tensor_ops, self._plan.ndim)
        block = workspace.take(_block_shape(len(products), box))
        _, height, width = extents(box)
        for z in range(*box[0]):
            kernels.fill_tensor_slice(
                products,
                whole[:, 1:],
                sparse.rows,
                sparse.row,
                full.rows,
                full.row,
                Part(
                    order=0,
                    n_rows=height,
                    n_columns=width,
                    pitch=padded(width),
                    top=0,
                    bottom=height,
                    first=0,
                    width=width,
                    z=z - box[0][0],
                ),
                ops,
                self._columns,
                _slice(self._mask, z, box),
                block,
            )

    def _fill_user(self, op: Op, sigma: float, columns: Array) -> None:
        """Call a user's op on the box with its border, and store what it returns."""
        plan, image = self._plan, self._image
        assert op.function is not None
        reach = plan.user_reach(op, sigma)
        index = [
            reflect(np.arange(start - border, stop + border), size) - low
            for (start, stop), border, size, (low, _) in zip(
                self._region, reach, image.shape, image.region, strict=True
            )
        ]
        block = image.view[np.ix_(*index)]
        spatial = block.reshape(block.shape[3 - plan.ndim :])
        result = np.asarray(op.function(spatial, sigma, plan.spacing[3 - plan.ndim :]))
        n_columns = len(op.suffixes(plan.ndim))
        if n_columns == 1 and result.shape == spatial.shape:
            result = result[np.newaxis]
        if result.shape != (n_columns, *spatial.shape):
            raise ValueError(
                f"op {op.name!r} returned shape {result.shape} for an image of shape "
                f"{spatial.shape}: it must return an array of that shape"
                + (f", with {n_columns} columns first." if n_columns > 1 else ".")
            )
        inner = tuple(
            slice(border, border + stop - start)
            for (start, stop), border in zip(self._region, reach, strict=True)
        )
        for out, column in zip(columns, result, strict=False):
            out[...] = column.reshape(block.shape)[inner]
            if self._mask is not None:
                out[_cut(self._mask, self._region) == 0] = 0
            if not np.isfinite(out).all():
                raise ValueError(
                    f"op {op.name!r} returned values at sigma {sigma:g} that are not finite: a "
                    "classifier cannot read them, so replace them inside the op."
                )


def _cut(field: Field, part: Region) -> Array:
    """The values of a part of a field, (d, h, w)."""
    z, y, x = field.place(part)
    depth, height, width = extents(part)
    return field.values[z : z + depth, y : y + height, x : x + width]


def _block_shape(n_fields: int, region: Region) -> tuple[int, int]:
    """Memory for `n_fields` fields of some rows of a region, one after the other."""
    _, height, width = padded_extents(region)
    n_rows = min(max(8, BLOCK_VALUES // (n_fields * width)), height)
    return n_fields, n_rows * width + LINE


def _slice(field: Field | None, z: int, part: Region) -> Slice:
    """Slice `z` of a field as the kernels read it, beginning where `part` does."""
    if field is None:
        return Slice(_NO_PLANES[0], 0, 0)
    _, y, x = field.place(part)
    return Slice(field.values[z - field.region[0][0]], y, x)


@lru_cache(maxsize=64)
def _kernel_ops(ops: tuple[tuple[Op, int], ...], ndim: int) -> Array:
    """Built-in ops as the kernels read them: kind, fields, first column, whether finer."""
    from . import _column_kernels

    fields = field_ranges(ndim)
    table = []
    for op, column in ops:
        assert op.recipe is not None
        kind = getattr(_column_kernels, op.recipe.kind)
        first, end = fields.get(op.recipe.of, (0, len(axis_pairs(ndim))))
        table.append((kind, first, end - first, column, op.recipe.finer is not None))
    return np.array(table, np.int64).reshape(-1, 5)
