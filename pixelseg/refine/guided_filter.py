"""The guided filter of class probabilities: smooth where the image is, step where it steps.

He, Sun and Tang, "Guided image filtering" (ECCV 2010; PAMI 2013). In every window the
probabilities of a class are fitted by a linear function of the image, and a pixel gets the mean of
all functions whose windows hold it. The insight: a linear function has an edge only where the
image has one, and its few numbers are made of means over windows, so that the time does not depend
on the window. Here means are sums of doubled runs, which know no position, and not running sums.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor, prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from .._core.arrays import Array, as_probabilities, dtype_range
from .._core.boxes import Box, Box3D, Shape3D, Span, box3d, grow, shape_of, slices_of, within
from .._core.checks import as_number
from .._core.image import Image, as_image
from .._core.tiles import TilePlan, plan_tiles
from .._core.workspace import workspace

#: End weights are multiples of 1 / 256, so that weights of windows are exact in any order.
_END_STEPS = 256
#: Bytes that parts of an image are cut to: with half, parts of a volume are mostly border.
_PART_BYTES = 96 * 2**20
#: The least side of a part, where the budget does not suffice for larger ones.
_LEAST = 16


class _Window(NamedTuple):
    """A box along one axis: 2 radius + 1 whole pixels, and one at each end that counts in part."""

    radius: int
    end_weight: float

    @property
    def reach(self) -> int:
        return self.radius + 1 if self.end_weight else self.radius

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

    Memory: 8 bytes for each pixel and plane, in parts of the image of some 100 MB; there are 14
    planes for a grey image, 29 for colour.

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
                _Part(settings, image, given, box).fill(out[slices_of(box)])
        return out

    def working_bytes(self, image: Any, shape: Shape3D) -> int:
        """Upper bound of what `refine` holds beside its answer, for a box of `shape` (D, H, W)."""
        image = as_image(image)
        settings = self._settings(image)
        # Of the parts, the whole or what they are cut to; a planner asks this of many boxes.
        whole = _part_bytes(settings, shape, image.n_channels, shape)
        d, h, w = (min(side, _LEAST) for side in shape)
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
        return _Settings((z, y, x), epsilon, 1 / value_range)


class _Settings(NamedTuple):
    """Windows along (D, H, W) in pixels; `scale` makes grey values shares of their range."""

    windows: tuple[_Window, _Window, _Window]
    epsilon: float
    scale: float


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
    )


def _part_bytes(settings: _Settings, shape: Shape3D, n_channels: int, part: Shape3D) -> int:
    """What a part of an image of `shape` holds: float64 planes of all that its windows reach."""
    # Guide, its means and its middle part; covariances; slopes and offsets before and after; a
    # class, the answer, what counts, its share, and sums along one axis and two.
    planes = 3 * n_channels + n_channels * (n_channels + 1) // 2 + 2 * (n_channels + 1) + 6
    sides = zip(part, _reach(settings.windows, 2), shape, strict=True)
    return 8 * planes * prod(min(side + 2 * border, size) for side, border, size in sides)


class _Part:
    """A box of an image, and around it the boxes whose models and whose pixels it depends on."""

    def __init__(self, settings: _Settings, image: Image, given: Array, box: Box):
        self._settings, self._image = settings, image
        reach = _reach(settings.windows, 1)
        self._inner = box3d(box)
        self._middle = box3d(grow(self._inner, reach, image.shape3d))
        self._outer = box3d(grow(self._middle, reach, image.shape3d))
        around = self._outer[3 - image.ndim :]
        self._given = given[slices_of(around)].reshape(*shape_of(self._outer), given.shape[-1])
        self._guide = _planes(image.n_channels, self._outer)
        image.read(around, out=self._guide)
        self._guide *= settings.scale
        self._inside = self._find_inside()
        if self._inside is not None:
            self._guide *= self._inside

    def fill(self, out: Array) -> None:
        """Filter one class after the other; the last is what is left of 1."""
        from ._guided_filter_kernels import close_rows, evaluate_windows, fit_windows

        n_channels, n_classes = len(self._guide), self._given.shape[-1]
        share = self._weigh_windows()
        means, factors = self._model_guide(share)
        share_inner = _crop(share, self._middle, self._inner)
        guide_inner = _crop(self._guide, self._outer, self._inner)
        refined = workspace.take((*shape_of(self._inner), n_classes))
        rows = refined.reshape(-1, *refined.shape[-2:])
        plane = _planes(1, self._outer)[0]
        models = _planes(n_channels + 1, self._middle)
        sums = _planes(n_channels + 1, self._inner)
        for place in range(n_classes - 1):
            plane[...] = self._given[..., place]
            if self._inside is not None:
                plane *= self._inside[0]
            for channel, of_product in zip(self._guide, models, strict=False):
                self._sum(plane, channel, self._outer, self._middle, of_product)
            self._sum(plane, None, self._outer, self._middle, models[-1])
            fit_windows(_rows(models), _rows(means), _rows(factors), _rows(share)[0])
            if self._inside is not None:
                models *= _crop(self._inside, self._outer, self._middle)
            for model, its_sum in zip(models, sums, strict=True):
                self._sum(model, None, self._middle, self._inner, its_sum)
            evaluate_windows(_rows(sums), _rows(guide_inner), _rows(share_inner)[0], place, rows)
        close_rows(refined.reshape(-1, n_classes))
        if self._inside is not None:
            refined *= _crop(self._inside, self._outer, self._inner)[0][..., np.newaxis]
        out[...] = refined.reshape(out.shape)

    def _find_inside(self) -> Array | None:
        """1 where a pixel counts and 0 elsewhere, or None where all of them do."""
        from ._guided_filter_kernels import find_inside

        inside = _planes(1, self._outer)
        n_outside = find_inside(self._given.reshape(-1, self._given.shape[-1]), inside.reshape(-1))
        mask = self._image.read_mask(self._outer[3 - self._image.ndim :])
        if mask is not None:
            inside *= mask
            n_outside += mask.size - np.count_nonzero(mask)
        return inside if n_outside else None

    def _weigh_windows(self) -> Array:
        """1 / the weight of each window (1, *middle), 0 where it is empty."""
        share = _planes(1, self._middle)
        if self._inside is not None:
            self._sum(self._inside[0], None, self._outer, self._middle, share[0])
            np.divide(1, share, out=share, where=share > 0)
            return share
        spans = zip(self._settings.windows, self._middle, self._image.shape3d, strict=True)
        z, y, x = (_weights(*span) for span in spans)
        np.multiply((z[:, np.newaxis] * y)[..., np.newaxis], x, out=share[0])
        np.divide(1, share, out=share)
        return share

    def _model_guide(self, share: Array) -> tuple[Array, Array]:
        """Means of the guide, and its covariances ready to be solved."""
        from ._guided_filter_kernels import factor_covariances

        n_channels = len(self._guide)
        means = _planes(n_channels, self._middle)
        factors = _planes(n_channels * (n_channels + 1) // 2, self._middle)
        pairs = iter(factors)
        for place, (channel, mean) in enumerate(zip(self._guide, means, strict=True)):
            self._sum(channel, None, self._outer, self._middle, mean)
            for other in self._guide[: place + 1]:
                self._sum(channel, other, self._outer, self._middle, next(pairs))
        factor_covariances(_rows(means), _rows(factors), _rows(share)[0], self._settings.epsilon)
        return means, factors

    def _sum(self, left: Array, right: Array | None, box: Box3D, inner: Box3D, out: Array) -> None:
        """Sum a plane over `box`, times another if there is one, over the windows in `inner`."""
        from ._guided_filter_kernels import sum_across_rows, sum_along_rows

        wz, wy, wx = self._settings.windows
        z, y, x = (start for start, _ in within(inner, box))
        depth, height, _ = left.shape
        n_slices, n_rows, width = out.shape
        with workspace.scope():
            along = _empty((depth * height, width))
            other = left if right is None else right
            rows = (plane.reshape(depth * height, -1) for plane in (left, other))
            sum_along_rows(*rows, right is not None, x, *wx, along)
            along = along.reshape(depth, height, width)
            if self._image.ndim == 2:
                sum_across_rows(along, y, *wy, out)
                return
            across = _empty((depth, n_rows, width))
            sum_across_rows(along, y, *wy, across)
            sum_across_rows(across.reshape(1, depth, -1), z, *wz, out.reshape(1, n_slices, -1))


def _weights(window: _Window, span: Span, size: int) -> Array:
    """Weight of the windows around the pixels of a span, within an axis of `size` pixels."""
    here = np.arange(*span)
    first, last = here - window.radius, here + window.radius
    whole = np.minimum(last, size - 1) - np.maximum(first, 0) + 1
    return whole + window.end_weight * ((first > 0).astype(int) + (last < size - 1))


def _empty(shape: tuple[int, ...]) -> Array:
    """A float64 array in the thread's workspace."""
    return workspace.take(2 * prod(shape)).view(np.float64).reshape(shape)


def _planes(n: int, box: Box3D) -> Array:
    return _empty((n, *shape_of(box)))


def _crop(planes: Array, box: Box3D, part: Box3D) -> Array:
    """The part of planes over `box` that lies in a part of it, contiguous."""
    if part == box:
        return planes
    out = _planes(len(planes), part)
    out[...] = planes[(slice(None), *slices_of(within(part, box)))]
    return out


def _rows(planes: Array) -> Array:
    """Planes (n, D, H, W) as (n, D * H, W)."""
    return planes.reshape(len(planes), -1, planes.shape[-1])
