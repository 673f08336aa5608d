"""`compute_box`: the features of a box, channel by channel: smooth, differentiate, combine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.boxes import Box, Shape3D, box3d, grow, shape_of, slices_of, within
from .._core.image import Image
from .._core.workspace import LINE, padded, workspace
from .crop import Crop, empty_crop, padded_shape, prepare, reflect, smooth
from .filters import (
    Sigmas,
    axis_pairs,
    constant_response,
    derivative_index,
    derivative_ranges,
)
from .kernel_args import Slice, SliceJob, Source
from .ops import Op
from .plan import FeaturePlan, SigmaPlan
from .scale_space import IMAGE

#: Values of a block of rows of all derivatives: it stays in the second-level cache until the last
#: feature has read it.
BLOCK_VALUES = 128 * 1024
#: Stand for what is not there.
_NO_PLANES = np.empty((1, 0, 0), FEATURE_DTYPE)
_NO_SLICE = Slice(_NO_PLANES[0], 0, 0)
_NO_SOURCE = Source(_NO_PLANES, _NO_SLICE)


def compute_box(plan: FeaturePlan, image: Image, box: Box, out: Array | None = None) -> Array:
    """Compute the features of a box: float32 planes (n_features, d, h, w), with d = 1 in 2-D.

    Reads the box and its halo from the image; a pixel gets the same bits in any box. `out`, if
    given, is filled and returned.
    """
    box = box3d(box)
    shape = (plan.n_features, *shape_of(box))
    result = np.empty(shape, FEATURE_DTYPE) if out is None else out
    if result.shape != shape or result.dtype != FEATURE_DTYPE:
        raise ValueError(
            f"out has shape {result.shape} and dtype {result.dtype} but must be float32 "
            f"{shape}: pass planes (n_features, d, h, w) of the box."
        )
    direct = result if result.flags.c_contiguous else np.empty(shape, FEATURE_DTYPE)
    features = direct.reshape(plan.n_channels, -1, *shape[1:])

    around = grow(box, plan.halo, image.shape3d)
    with workspace.scope():
        values = workspace.take((plan.n_channels, *padded_shape(around)))
        read = image.read(around[3 - plan.ndim :], out=values[..., : shape_of(around)[2]])
        if image.dtype.kind == "f" or image.dtype.itemsize > 4:
            _check_range(plan, read)
        inside = image.read_mask(around[3 - plan.ndim :])
        mask = None
        if inside is not None:
            mask = empty_crop(around, image.shape3d)
            mask.view[...] = inside
        for channel, own_features in zip(values, features, strict=True):
            with workspace.scope():
                crop = Crop(channel, around, image.shape3d)
                ChannelWork(plan, crop, mask, box, own_features).run()
    if direct is not result:
        result[...] = direct
    return result


def _check_range(plan: FeaturePlan, values: Array) -> None:
    """Refuse values whose derivatives, squared, are beyond float32."""
    largest = max(-float(values.min()), float(values.max()))
    if largest > plan.largest_value:
        raise ValueError(
            f"image has values up to {largest:g} but filters at sigma "
            f"{plan.sigma_plans[0].sigma:g} reach the end of float32 above "
            f"{plan.largest_value:g}: rescale the image, or pass a mask that is False there."
        )


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

    row = padded(extent(2, plan.halo))
    slice_ = extent(1, plan.halo) * row + LINE
    sources = 2 if plan.masked else 1
    n_pairs, n_derivatives = len(axis_pairs(plan.ndim)), derivative_ranges(plan.ndim)["hessian"][1]
    held: set[Sigmas] = set()
    most = 0
    for sigma_plan in plan.sigma_plans:
        for sigmas, _ in sigma_plan.reads:
            held.update(plan.ancestors(sigmas))
        smoothed = sources * sum(pixels(plan.margins[sigmas]) for sigmas in held)
        values = smoothed
        if sigma_plan.derivation is not None:
            around = pixels(sigma_plan.window_reach)
            values += n_pairs * around if sigma_plan.tensor_ops else 0
            values += (3 * sources + n_pairs + 1) * slice_ if plan.ndim == 3 else 0
            values += 2 * sources * max(BLOCK_VALUES, 8 * n_derivatives * row) + 64 * row
        for op, _ in sigma_plan.user_ops:
            # Its border is reflected, and so as wide at the end of the image as elsewhere.
            reach = plan.user_reach(op, sigma_plan.sigma)
            sides = [size + 2 * border for size, border in zip(box_shape, reach, strict=True)]
            values += 5 * prod(sides)
        standardised = 0
        if sigma_plan.surroundings is not None:
            steps = plan.ancestors(sigma_plan.surroundings)
            standardised = pixels(plan.halo) + sum(pixels(plan.margins[step]) for step in steps)
        most = max(most, values, smoothed + standardised)
        held.difference_update(sigma_plan.last_used_here)
    # What is read: the values as they come from the image (8 bytes at most), float32 planes; the
    # mask as it is, and as float32.
    bytes_a_pixel = plan.n_channels * (8 + 4) + (2 + 4 if plan.masked else 0)
    return bytes_a_pixel * pixels(plan.halo) + 4 * most


class ScaleSpace:
    """Smoothed images of one channel, made when the first sigma needs them."""

    def __init__(self, plan: FeaturePlan, image: Crop, box: Box):
        self._plan, self._box = plan, box
        self._crops = {IMAGE: image}

    def __getitem__(self, sigmas: Sigmas) -> Crop:
        return self._crops[sigmas]

    def make(self, wanted: Sequence[Sigmas]) -> None:
        """Smooth the image to each of these sigmas, with the margin that is read of it."""
        for sigmas in wanted:
            if sigmas not in self._crops:
                step = self._plan.steps[sigmas]
                self.make([step.base])
                base = self._crops[step.base]
                box = grow(self._box, self._plan.margins[sigmas], base.shape)
                self._crops[sigmas] = smooth(base, step.filters, box)

    def drop(self, unused: Sequence[Sigmas]) -> None:
        """Give back smoothed images that nobody will read again."""
        for sigmas in unused:
            crop = self._crops.pop(sigmas, None)
            if crop is not None:
                workspace.give(crop.values)


class _SliceSource:
    """What derivatives at one sigma are made of, slice by slice."""

    def __init__(self, scale_space: ScaleSpace, sigma_plan: SigmaPlan, box: Box, around: Box):
        derivation, base = sigma_plan.derivation, sigma_plan.dog_base
        assert derivation is not None
        source = scale_space[derivation.source]
        self.filters = prepare(derivation.filters, source.box, source.shape, around)
        self._values, self._box = source.values, box
        self._dog_base = None if base is None else scale_space[base]
        self._memory = self.filters.empty_slices(1 + sigma_plan.order)

    def slice(self, z: int, order: int, inner: bool) -> Source:
        """Slice `z`, filtered along D with each order; what is subtracted only where `inner`."""
        planes = self.filters.slices(self._values, z, self._memory[: 1 + order])
        return Source(planes, _slice(self._dog_base if inner else None, z, self._box))


class ChannelWork:
    """One box of one channel: `image` with its halo, and the `features` (n, d, h, w) to fill.

    `mask`, if any, is a crop of 1 and 0. Filters are then normalised: a smoothed image is
    u / w, with u the smoothed image that is 0 outside and w the smoothed mask (Knutsson and
    Westin, "Normalized and differential convolution", 1993), derivatives are those of u / w, and
    products of derivatives are smoothed the same way. Outside, every feature becomes 0.
    """

    def __init__(
        self, plan: FeaturePlan, image: Crop, mask: Crop | None, box: Box, features: Array
    ):
        self._plan, self._box, self._features = plan, box, features
        self._image, self._mask = image, mask
        self._scale_spaces = [
            ScaleSpace(plan, source, box) for source in (image, mask) if source is not None
        ]
        self._pairs = axis_pairs(plan.ndim)

    def run(self) -> None:
        """Fill all features, sigma by sigma."""
        for sigma_plan in self._plan.sigma_plans:
            for op, first in sigma_plan.user_ops:
                self._fill_user(op, sigma_plan.sigma, self._features[first:])
            for scale_space in self._scale_spaces:
                scale_space.make([sigmas for sigmas, _ in sigma_plan.reads])
            if sigma_plan.derivation is not None:
                with workspace.scope():
                    self._fill_sigma(sigma_plan)
            if sigma_plan.surroundings is not None:
                with workspace.scope():
                    self._fill_local_contrast(sigma_plan.surroundings, sigma_plan.local_features)
            for scale_space in self._scale_spaces:
                scale_space.drop(sigma_plan.last_used_here)

    def _fill_sigma(self, sigma_plan: SigmaPlan) -> None:
        """Fill the features of the built-in ops at one sigma."""
        around = grow(self._box, sigma_plan.window_reach, self._image.shape)
        n_products = len(self._pairs) if sigma_plan.tensor_ops else 0
        if self._mask is not None and sigma_plan.tensor_ops:
            n_products += 1  # the window of a mask is made as those of the products are
        products = workspace.take((n_products, *padded_shape(around)))
        self._fill_from_derivatives(sigma_plan, around, products)
        if sigma_plan.tensor_ops:
            self._fill_from_products(sigma_plan, around, products)

    def _fill_from_derivatives(self, sigma_plan: SigmaPlan, around: Box, products: Array) -> None:
        """Fill the features that are made of derivatives; keep products of the first ones."""
        from . import _scale_kernels as kernels

        ndim = self._plan.ndim
        sources = [
            _SliceSource(scale_space, sigma_plan, self._box, around)
            for scale_space in self._scale_spaces
        ]
        assert sigma_plan.derivation is not None
        bias = constant_response(sigma_plan.derivation.filters, ndim)
        ops = _kernel_ops(sigma_plan.block_ops, ndim)
        n_derivatives = derivative_ranges(ndim)["hessian"][1]
        block = workspace.take(_block_shape(n_derivatives * len(sources), around))
        _, n_rows, n_columns = shape_of(around)
        depth, _, width = shape_of(self._box)
        (z0, _), (top, bottom), (left, _) = within(self._box, around)
        for z in range(*around[0]):
            source_z = z - around[0][0]
            inner = 0 <= source_z - z0 < depth
            order = sigma_plan.order if inner else min(sigma_plan.order, 1)
            job = SliceJob(
                order=order,
                n_rows=n_rows,
                n_columns=n_columns,
                pitch=padded(n_columns),
                top=top,
                bottom=bottom if inner else top,
                first=left,
                width=width,
                z=source_z - z0,
                source_z=source_z,
            )
            slices = [source.slice(z, order, inner) for source in sources]
            kernels.fill_slice(
                slices[0],
                slices[1] if len(slices) == 2 else _NO_SOURCE,
                _slice(self._mask, z, around),
                bias,
                sources[0].filters.plane,
                derivative_index(ndim),
                job,
                ops,
                self._features,
                products,
                block,
            )

    def _fill_from_products(self, sigma_plan: SigmaPlan, around: Box, products: Array) -> None:
        """Smooth products of first derivatives; fill the features of their eigenvalues."""
        from . import _scale_kernels as kernels

        window, box = sigma_plan.window, self._box
        assert window is not None
        if self._mask is None:
            whole = np.array([[i != j and a in (i, j) for a in range(3)] for i, j in self._pairs])
        else:
            # Products end abruptly where the mask does, so that every sample is needed.
            whole = np.ones((len(products), 3), bool)
            Crop(products[-1], around, self._image.shape).view[...] = _cut(self._mask, around)
        sparse, full = (
            prepare(filters, around, self._image.shape, box, around)
            for filters in (window.sparse, window.full)
        )
        for product, is_whole in zip(products, whole[:, 0], strict=True):
            (full if is_whole else sparse).smooth_depth(product)
        ops = _kernel_ops(sigma_plan.tensor_ops, self._plan.ndim)
        block = workspace.take(_block_shape(len(products), box))
        depth, height, width = shape_of(box)
        for z in range(depth):
            kernels.fill_tensor_slice(
                products,
                whole[:, 1:],
                sparse.plane,
                full.plane,
                _slice(self._mask, z + box[0][0], box),
                SliceJob(
                    order=0,
                    n_rows=height,
                    n_columns=width,
                    pitch=padded(width),
                    top=0,
                    bottom=height,
                    first=0,
                    width=width,
                    z=z,
                    source_z=z,
                ),
                ops,
                self._features,
                block,
            )

    def _fill_local_contrast(self, sigmas: Sigmas, places: Sequence[int]) -> None:
        """Turn smoothed images into standard deviations from the mean of their surroundings."""
        from ._scale_kernels import standardise

        image, box = self._image, self._box
        squares = empty_crop(image.box, image.shape)
        np.multiply(image.view, image.view, out=squares.view)
        # The way of the image to this scale: means of both are over the very same weights.
        scale_space = ScaleSpace(self._plan, squares, box)
        scale_space.make([sigmas])
        sources = [*self._scale_spaces, scale_space]
        mean, *weights, square = (_cut(source[sigmas], box) for source in sources)
        inside = weights if self._mask is None else [*weights, _cut(self._mask, box)]
        standardise(mean, square, *(inside or [_NO_PLANES] * 2), np.array(places), self._features)

    def _fill_user(self, op: Op, sigma: float, features: Array) -> None:
        """Call a user's op on the box with its border, and store what it returns."""
        plan, image = self._plan, self._image
        assert op.function is not None
        reach = plan.user_reach(op, sigma)
        index = [
            reflect(np.arange(start - border, stop + border), size) - low
            for (start, stop), border, size, (low, _) in zip(
                self._box, reach, image.shape, image.box, strict=True
            )
        ]
        block = image.view[np.ix_(*index)]
        spatial = block.reshape(block.shape[3 - plan.ndim :])
        result = np.asarray(op.function(spatial, sigma, plan.spacing[3 - plan.ndim :]))
        n_features = len(op.suffixes(plan.ndim))
        if n_features == 1 and result.shape == spatial.shape:
            result = result[np.newaxis]
        if result.shape != (n_features, *spatial.shape):
            raise ValueError(
                f"op {op.name!r} returned shape {result.shape} for an image of shape "
                f"{spatial.shape}: it must return an array of that shape"
                + (f", with {n_features} features first." if n_features > 1 else ".")
            )
        inner = tuple(
            slice(border, border + size)
            for size, border in zip(shape_of(self._box), reach, strict=True)
        )
        for out, feature in zip(features, result, strict=False):
            out[...] = feature.reshape(block.shape)[inner]
            if self._mask is not None:
                out[_cut(self._mask, self._box) == 0] = 0
            if not np.isfinite(out).all():
                raise ValueError(
                    f"op {op.name!r} returned values at sigma {sigma:g} that are not finite: a "
                    "classifier cannot read them, so replace them inside the op."
                )


def _cut(crop: Crop, part: Box) -> Array:
    """The values of a part of a crop, (d, h, w)."""
    return crop.values[slices_of(within(part, crop.box))]


@lru_cache(maxsize=1024)
def _block_shape(n_planes: int, box: Box) -> tuple[int, int]:
    """Memory for some rows of a box in `n_planes` planes, one behind the other."""
    _, height, width = padded_shape(box)
    n_rows = min(max(8, BLOCK_VALUES // (n_planes * width)), height)
    return n_planes, n_rows * width + LINE


def _slice(crop: Crop | None, z: int, part: Box) -> Slice:
    """Slice `z` of a crop as the kernels read it, beginning where `part` does."""
    if crop is None:
        return _NO_SLICE
    _, y, x = crop.offset(part)
    return Slice(crop.values[z - crop.box[0][0]], y, x)


@lru_cache(maxsize=64)
def _kernel_ops(ops: tuple[tuple[Op, int], ...], ndim: int) -> Array:
    """Built-in ops as the kernels read them.

    Kind, first derivative, number of derivatives, first feature, whether `dog_base` is subtracted.
    """
    from . import _feature_kernels

    ranges = derivative_ranges(ndim)
    table = []
    for op, feature in ops:
        assert op.recipe is not None
        kind = getattr(_feature_kernels, op.recipe.kind)
        first, end = ranges.get(op.recipe.of, (0, len(axis_pairs(ndim))))
        table.append((kind, first, end - first, feature, op.recipe.dog_base is not None))
    return np.array(table, np.int64).reshape(-1, 5)
