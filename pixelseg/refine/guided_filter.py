"""The guided filter of class probabilities: smooth where the image is, step where it steps.

He, Sun and Tang, "Guided image filtering" (ECCV 2010; PAMI 2013). In every window the
probabilities of a class are fitted by a linear function of the image, and a pixel gets the mean of
all functions whose windows hold it. The insight: a linear function has an edge only where the
image has one, and its few numbers are made of means over windows, so that the time does not depend
on the window. Here means are sums of runs of 4, 16, ... pixels, which know no position, and not
running sums; rows of the image become rows of models, and these rows of the answer, in one pass.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor, prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from .._core.arrays import Array, as_probabilities, dtype_range
from .._core.boxes import Box, Box3D, Shape3D, Span, box3d, grow, shape3d, shape_of, within
from .._core.checks import as_number
from .._core.image import Image, as_image
from .._core.tiles import TilePlan, plan_tiles
from .._core.workspace import workspace

#: End weights are multiples of 1 / 256, so that weights of windows are exact in any order.
_END_STEPS = 256
#: Bytes that parts of an image are cut to: smaller parts of a volume are mostly border.
_PART_BYTES = 96 * 2**20
#: The least epsilon, in squares of the largest value and for each channel, for which float32 is
#: good to 1e-5: there errors are 1e-6 to 4e-6 on the worst of images; they grow as its -3/2 power.
_LEAST_SINGLE = 2e-3
#: The sides that a part may have, or the whole of an axis: the longer a row, the fewer are begun.
_SIDES = (16, 32, 64, 128, 256, 512, 1024)


class _Window(NamedTuple):
    """A box along one axis: 2 radius + 1 whole pixels, and one at each end that counts in part."""

    radius: int
    end_weight: float

    @property
    def reach(self) -> int:
        return self.radius + 1 if self.end_weight else self.radius

    @property
    def n_steps(self) -> int:
        """The weight of a window, counted in steps that its parts are multiples of."""
        part, whole = self.end_weight.as_integer_ratio()
        return (2 * self.radius + 1) * whole + 2 * part

    @property
    def n_slots(self) -> int:
        """Rows that a ring keeps: of a window, and runs of 4, 16, ... that are read again."""
        length = 2 * self.radius + 1
        total, lag, run = length + 2, 1 + length % 4, 1
        while 8 * run <= length:
            run *= 4
            lag += length // run % 4 * run
            total += lag + (3 * run + 1 if 4 * run <= length else 0)
        return total

    @classmethod
    def of(cls, sigma: float) -> _Window:
        """The box whose standard deviation is `sigma` pixels."""
        radius = floor((sqrt(1 + 12 * sigma**2) - 1) / 2)
        whole = 2 * radius + 1
        missing = whole * (3 * sigma**2 - radius * (radius + 1))
        end = missing / (6 * ((radius + 1) ** 2 - sigma**2))
        return cls(radius, round(end * _END_STEPS) / _END_STEPS)


class GuidedFilter(BaseEstimator):
    """Refine class probabilities by the guided filter, an edge-preserving smoothing by the image.

    It is a refiner for `PixelClassifier(refine=GuidedFilter())`, which applies it tile by tile, and
    filters any probabilities by any image by itself.

    Parameters
    ----------
    sigma : float, default 2.5
        Standard deviation of a window along each axis, in units of the image's spacing. Windows are
        boxes: one of radius r has sqrt(r (r + 1) / 3), 2.6 for r = 4.
    epsilon : float, default 1e-3
        The variance of the image, as a share of the square of `value_range`, below which a window
        counts as flat and its probabilities are averaged. An edge stays where the image steps by
        more than about twice its root, 6 % of the range by default.
    value_range : float, optional
        How far the values of an image range. A classifier takes that of its training images at
        `fit`, and keeps it. By itself, None is the range of the dtype for whole numbers (255,
        65535) and 1 for others; it is never that of the image at hand.

    Notes
    -----
    A guide of several channels has its full covariance in every window. The time grows with the
    square of the channels, not with sigma. Windows are cut at the border of the image and of its
    mask, and weighted by what is left of them. Answers are clipped to 0..1 and sum to 1; a pixel
    without any probability is left out, as if it were outside the mask. A pixel depends on those
    within `reach`, and gets the same bits in any crop that holds them.

    Sums are float32 where the image has whole numbers and epsilon is so large that this costs no
    more than some 1e-6, as by default for 8-bit and 16-bit grey images; elsewhere, and in most
    volumes, they are float64.

    Memory: 4 or 8 bytes for each pixel and plane, in parts of the image of some 100 MB at most.
    There are 3 planes for a grey image and 5 for colour, with more than two classes 6 and 15; a
    volume has besides some 10 slices for each pixel that a window is deep.

    References
    ----------
    He, Sun and Tang, "Guided image filtering", PAMI 2013. Boxes with ends: Gwosdek, Grewenig, Bruhn
    and Weickert, "Theoretical foundations of Gaussian convolution by extended box filtering", 2011.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> image = np.repeat([[0.0, 1.0]], 6, axis=0).repeat(6, axis=1)
    >>> probabilities = np.stack([0.9 - 0.8 * image, 0.1 + 0.8 * image], axis=-1)
    >>> probabilities[2, 2] = 0.1, 0.9  # a slip
    >>> refined = pixelseg.GuidedFilter(sigma=2).refine(probabilities, image)
    >>> bool((refined.argmax(axis=-1) == image).all())
    True
    """

    def __init__(
        self, sigma: float = 2.5, epsilon: float = 1e-3, value_range: float | None = None
    ) -> None:
        self.sigma = sigma
        self.epsilon = epsilon
        self.value_range = value_range

    @classmethod
    def candidates(cls) -> list[GuidedFilter]:
        """The settings that tuning has: seven windows, radii 1 to 11, and a small epsilon.

        Larger ones blur more edges than they gain on any of five sets of images, which strokes,
        painted where a class is plain, hardly show.
        """
        return [cls(sigma, 1e-5) for sigma in (0.8, 1.4, 2.0, 2.6, 3.6, 4.9, 6.8)]

    @property
    def window_width(self) -> float:
        """How wide a window is, in units of the image's spacing: a box of that sigma."""
        return sqrt(12) * self.sigma

    def settled(self, value_range: float) -> GuidedFilter:
        """A copy whose `value_range` is this one, unless it was given."""
        given = self.value_range
        return type(self)(self.sigma, self.epsilon, value_range if given is None else given)

    def reach(self, image: Any) -> tuple[int, ...]:
        """Pixels along each spatial axis that an answer depends on, on each side."""
        image = as_image(image)
        return _reach(self._settings(image).windows, 2)[3 - image.ndim :]

    def refine(self, probabilities: Any, image: Any) -> Array:
        """Filter the probabilities of each class, guided by the image.

        Parameters
        ----------
        probabilities : float array (..., n_classes)
            Of the image's spatial shape; each pixel sums to 1, or is 0.
        image : array or Image
            What they were predicted for.

        Returns
        -------
        ndarray of float32, of that shape
        """
        image = as_image(image)
        settings = self._settings(image)
        given = as_probabilities(probabilities, image.spatial_shape)
        out = np.empty_like(given)
        for box in _plan_parts(settings, image.shape3d, image.n_channels).boxes(image.ndim):
            with workspace.scope():
                _filter_part(settings, image, given, box, out)
        return out

    def working_bytes(self, image: Any, shape: Shape3D) -> int:
        """Upper bound of what `refine` holds beside its answer, for a box of `shape` (D, H, W)."""
        image = as_image(image)
        settings = self._settings(image)
        # Of the parts, the whole or what they are cut to; a planner asks this of many boxes.
        whole = _part_bytes(settings, shape, image.n_channels, shape)
        d, h, w = (min(side, _SIDES[0]) for side in shape)
        least = _part_bytes(settings, shape, image.n_channels, (d, h, w))
        return min(whole, max(_PART_BYTES, least))

    def _settings(self, image: Image) -> _Settings:
        """Check the settings, and turn them into pixels and grey values of an image."""
        sigma = as_number("sigma", self.sigma, above=0, most=1e4)
        epsilon = as_number("epsilon", self.epsilon, above=0)
        if self.value_range is not None:
            value_range = as_number("value_range", self.value_range, above=0)
        else:
            value_range = dtype_range(image.dtype)
        # Nothing lies beside a 2-D image.
        z, y, x = (
            _Window.of(sigma / size) if axis >= 3 - image.ndim else _Window(0, 0.0)
            for axis, size in enumerate(image.spacing3d)
        )
        if image.dtype.kind not in "iu":
            return _Settings((z, y, x), epsilon, 1 / value_range, 0.0, False)
        limits = np.iinfo(image.dtype)
        middle, most = (limits.min + limits.max) / 2, (limits.max - limits.min) / 2
        is_single = epsilon >= _LEAST_SINGLE * image.n_channels * (most / value_range) ** 2
        is_single &= prod(window.n_steps for window in (z, y, x)) <= 2**24
        return _Settings((z, y, x), epsilon, 1 / value_range, middle, is_single)


class _Settings(NamedTuple):
    """Windows along (D, H, W) in pixels; `scale` makes grey values shares of their range.

    middle: of the values that an image may have, which is taken from them: it changes no
    covariance. is_single: whether float32 suffices, weights included: were they not exact, a
    window without a mask would get other bits where there is one elsewhere in its part.
    """

    windows: tuple[_Window, _Window, _Window]
    epsilon: float
    scale: float
    middle: float
    is_single: bool

    @property
    def dtype(self) -> Any:
        return np.float32 if self.is_single else np.float64

    def in_dtype(self) -> tuple[tuple[_Window, ...], Any]:
        """Windows and epsilon as kernels want them, of one type with the planes."""
        windows = (_Window(radius, self.dtype(end)) for radius, end in self.windows)
        return tuple(windows), self.dtype(self.epsilon)

    def empty(self, *shape: int) -> Array:
        """An array in the thread's workspace."""
        size = prod(shape) * np.dtype(self.dtype).itemsize // 4
        return workspace.take(size).view(self.dtype).reshape(shape)


def _reach(windows: tuple[_Window, _Window, _Window], times: int) -> Shape3D:
    z, y, x = (times * window.reach for window in windows)
    return z, y, x


@lru_cache(maxsize=64)
def _plan_parts(settings: _Settings, shape: Shape3D, n_channels: int) -> TilePlan:
    """Cut an image of `shape` into parts that are filtered one after the other."""
    return plan_tiles(
        shape,
        _reach(settings.windows, 2),
        lambda part: _part_bytes(settings, shape, n_channels, part),
        budget=_PART_BYTES,
        n_jobs=1,
        is_binding=False,
        sides=[
            sorted({min(side, size) for side in (*_SIDES, most)})
            for size, most in zip(shape, (shape[0], shape[1], 1), strict=True)
        ],
    )


def _part_bytes(settings: _Settings, shape: Shape3D, n_channels: int, part: Shape3D) -> int:
    """What a part of an image of `shape` holds at most."""
    far, near = _around(settings, shape, part, 2), _around(settings, shape, part, 1)
    n_moments = n_channels * (n_channels + 3) // 2
    # The guide, a class and what counts; shares and models; weights, and two rows of scratch.
    planes = (n_channels + 2) * prod(far) + (1 + n_moments) * prod(near)
    rows = sum(near) + 2 * (near[2] + 2 * settings.windows[2].radius + 2)
    rings = (n_moments + 1, near), (n_channels + 1, near), (n_channels + 1, part)
    rows += sum(sum(_ring_sizes(n, settings, box)) for n, box in rings)
    return np.dtype(settings.dtype).itemsize * (planes + rows)


def _around(settings: _Settings, shape: Shape3D, part: Shape3D, times: int) -> Shape3D:
    """Sides of a part with what it reaches within an image of `shape`."""
    borders = _reach(settings.windows, times)
    sides = zip(part, borders, shape, strict=True)
    z, y, x = (min(side + 2 * border, size) for side, border, size in sides)
    return z, y, x


class Rings(NamedTuple):
    """The last rows, and slices, of products of planes over windows, and the last sums of these.

    products (n, 2): of which plane with which, or with none where it is -1. lead: where the first
    window's middle is in the planes. height, width: of the windows. depth: rows of a window and its
    ends. The other arrays are flat, rows of all products side by side.
    """

    products: Array
    lead: Shape3D
    height: int
    width: int
    depth: int
    rows: Array
    slices: Array
    sums: Array

    @classmethod
    def of(cls, products: Any, settings: _Settings, box: Box3D, inner: Box3D) -> Rings:
        """For planes over a box, and windows around the pixels of `inner`."""
        z, y, x = (start for start, _ in within(inner, box))
        shape = shape3d(shape_of(inner))
        sizes = _ring_sizes(len(products), settings, shape)
        depth = 2 * settings.windows[1].radius + 3
        return cls(np.array(products), (z, y, x), *shape[1:], depth, *map(settings.empty, sizes))


class Part(NamedTuple):
    """A box of an image, and what lies where in flat arrays.

    shape: of the box that it depends on. kept: slices and rows of models that are kept at a time.
    """

    box: Box3D
    shape: Shape3D
    kept: tuple[int, int]
    image_shape: Shape3D
    n_channels: int
    n_classes: int


def _filter_part(settings: _Settings, image: Image, given: Array, box: Box, out: Array) -> None:
    """Fill a box of an answer, one class after the other."""
    from ._guided_filter_kernels import filter_class, take_class

    reach = _reach(settings.windows, 1)
    inner = box3d(box)
    middle = box3d(grow(inner, reach, image.shape3d))
    outer = box3d(grow(middle, reach, image.shape3d))
    n_channels, n_classes = image.n_channels, given.shape[-1]
    depth, height, width = shape_of(middle)
    kept = _model_rows(settings, (depth, height), n_classes)
    part = Part(inner, shape3d(shape_of(outer)), kept, image.shape3d, n_channels, n_classes)
    given, out = given.reshape(-1), out.reshape(-1)

    # The guide, a class, and 1 where a pixel counts and 0 elsewhere, unless all of them do.
    planes = settings.empty(n_channels + 2, *part.shape)
    guide, plane, inside = planes[:n_channels], planes[n_channels].reshape(-1), planes[-1]
    image.read(outer[3 - image.ndim :], out=guide)
    guide -= settings.middle
    guide *= settings.scale
    n_outside = take_class(given, part, outer, 0, plane)
    is_masked = _find_inside(image, given, part, outer, n_outside, inside)
    if is_masked:
        guide *= inside
    pairs = [(i, j) for i in range(n_channels) for j in range(i + 1)]
    moments = [(i, -1) for i in range(n_channels)] + pairs + [(n_channels + 1, -1)] * is_masked
    of_class = [(n_channels, i) for i in range(n_channels)] + [(n_channels, -1)]
    of_models = [(i, -1) for i in range(n_channels + 1)]
    rings = (
        Rings.of(moments, settings, outer, middle),
        Rings.of(of_class, settings, outer, middle),
        Rings.of(of_models, settings, middle, inner),
    )
    spans = zip(settings.windows, middle, image.shape3d, strict=True)
    z, y, x = (_weights(*span).astype(settings.dtype) for span in spans)
    kinds = settings.in_dtype()
    model = settings.empty(prod(kept) * (1 + n_channels + len(pairs)) * width)
    scratch = settings.empty(2 * (width + 2 * settings.windows[2].radius + 2))
    used = planes[: n_channels + 1 + is_masked].reshape(-1)
    for place in range(max(1, n_classes - 1)):
        if place:
            take_class(given, part, outer, place, plane)
        if is_masked:
            plane *= inside.reshape(-1)
        filter_class(part, *kinds, used, (z, y, x), rings, model, scratch, place, out)


def _find_inside(
    image: Image, given: Array, part: Part, box: Box3D, n_outside: int, out: Array
) -> bool:
    """Whether any pixel does not count, and then fill `out`: 1 where one does and 0 elsewhere."""
    from ._guided_filter_kernels import find_inside

    mask = image.read_mask(box[3 - image.ndim :])
    if n_outside:
        find_inside(given, part, box, out.reshape(-1))
    if mask is not None:
        np.multiply(out if n_outside else 1, mask, out=out)
    return bool(n_outside) or mask is not None


def _model_rows(settings: _Settings, shape: tuple[int, int], n_classes: int) -> tuple[int, int]:
    """Slices and rows of models that are kept at a time."""
    wz, wy, _ = settings.windows
    depth, height = shape
    if n_classes > 2:
        return shape
    if wz.reach:
        return min(depth, 2 * wz.radius + 3), height
    return 1, min(height, 2 * wy.radius + 3)


def _ring_sizes(n_planes: int, settings: _Settings, shape: Shape3D) -> tuple[int, int, int]:
    """Numbers in the rings of rows and of slices, and sums, for windows of `shape`."""
    wz, wy, _ = settings.windows
    row = n_planes * shape[2]
    return wy.n_slots * row, (wz.n_slots * shape[1] if wz.reach else 0) * row, row


def _weights(window: _Window, span: Span, size: int) -> Array:
    """Weight of the windows around the pixels of a span, within an axis of `size` pixels."""
    here = np.arange(*span)
    first, last = here - window.radius, here + window.radius
    whole = np.minimum(last, size - 1) - np.maximum(first, 0) + 1
    return whole + window.end_weight * ((first > 0).astype(int) + (last < size - 1))
