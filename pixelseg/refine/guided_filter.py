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
from math import prod, sqrt
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._core.arrays import Array, as_probabilities, dtype_range
from .._core.boxes import Shape3D
from .._core.checks import as_number
from .._core.image import Image, as_image
from .._core.tiles import TilePlan, plan_tiles
from .._core.workspace import workspace
from .guided_part import ExtendedBox, FilterSettings, filter_part, part_bytes, reach_around

#: Bytes that parts of an image are cut to: smaller parts of a volume are mostly border.
_PART_BYTES = 96 * 2**20
#: The least epsilon, in squares of the largest value and for each channel, for which float32 is
#: good to 1e-5: there errors are 1e-6 to 4e-6 on the worst of images; they grow as its -3/2 power.
_LEAST_SINGLE = 2e-3
#: The sides that a part may have, or the whole of an axis: the longer a row, the fewer are begun.
_SIDES = (16, 32, 64, 128, 256, 512, 1024)


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
        return reach_around(self._settings(image).windows, 2)[3 - image.ndim :]

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
        out, n_classes = np.empty_like(given), given.shape[-1]
        for box in _plan_parts(settings, image.shape3d, image.n_channels, n_classes).boxes(
            image.ndim
        ):
            with workspace.scope():
                filter_part(settings, image, given, box, out)
        return out

    def working_bytes(self, image: Any, shape: Shape3D, n_classes: int) -> int:
        """Upper bound of what `refine` holds beside its answer, for a box of `shape` (D, H, W)."""
        image = as_image(image)
        settings = self._settings(image)
        # Of the parts, the whole or what they are cut to; a planner asks this of many boxes.
        whole = part_bytes(settings, shape, image.n_channels, n_classes, shape)
        d, h, w = (min(side, _SIDES[0]) for side in shape)
        least = part_bytes(settings, shape, image.n_channels, n_classes, (d, h, w))
        return min(whole, max(_PART_BYTES, least))

    def _settings(self, image: Image) -> FilterSettings:
        """Check the settings, and turn them into pixels and grey values of an image."""
        sigma = as_number("sigma", self.sigma, above=0, most=1e4)
        epsilon = as_number("epsilon", self.epsilon, above=0)
        if self.value_range is not None:
            value_range = as_number("value_range", self.value_range, above=0)
        else:
            value_range = dtype_range(image.dtype)
        # Nothing lies beside a 2-D image.
        z, y, x = (
            ExtendedBox.of(sigma / size) if axis >= 3 - image.ndim else ExtendedBox(0, 0.0)
            for axis, size in enumerate(image.spacing3d)
        )
        if image.dtype.kind not in "iu":
            return FilterSettings((z, y, x), epsilon, 1 / value_range, 0.0, False)
        limits = np.iinfo(image.dtype)
        middle, most = (limits.min + limits.max) / 2, (limits.max - limits.min) / 2
        is_single = epsilon >= _LEAST_SINGLE * image.n_channels * (most / value_range) ** 2
        is_single &= prod(window.n_steps for window in (z, y, x)) <= 2**24
        return FilterSettings((z, y, x), epsilon, 1 / value_range, middle, is_single)


@lru_cache(maxsize=64)
def _plan_parts(
    settings: FilterSettings, shape: Shape3D, n_channels: int, n_classes: int
) -> TilePlan:
    """Cut an image of `shape` into parts that are filtered one after the other."""
    return plan_tiles(
        shape,
        reach_around(settings.windows, 2),
        lambda part: part_bytes(settings, shape, n_channels, n_classes, part),
        budget=_PART_BYTES,
        n_jobs=1,
        is_binding=False,
        sides=[
            sorted({min(side, size) for side in (*_SIDES, most)})
            for size, most in zip(shape, (shape[0], shape[1], 1), strict=True)
        ],
    )
