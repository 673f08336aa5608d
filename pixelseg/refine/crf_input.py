"""What a dense CRF is given, checked: probabilities of pixels, and kernels over their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array, as_array
from .._core.boxes import Shape3D
from .._core.image import Image, as_image
from .lattice import as_widths
from .pairwise import as_compatibility
from .pixel_features import PixelFeatures, scales_of

#: The sum of a pixel's probabilities may be this far from 1: half precision is.
_SUM_TOLERANCE = 0.01
#: Vertices for each pixel that a first estimate of memory counts with.
_VERTICES = 0.3


@dataclass(frozen=True)
class FeatureKernel:
    """One more kernel of a dense CRF: over any values of pixels, such as a depth map.

    Parameters
    ----------
    values : array (...) or (..., n_features)
        Of the image's spatial shape.
    sigma_values : float or sequence of float
        Standard deviations of the kernel, in units of the values; one, or one for each feature.
    weight : float or array, default 10.0
        As `bilateral_weight` of `dense_crf`.
    sigma_spatial : float or sequence of float, optional
        Standard deviations in position, in units of spacing; None for a kernel that does not look
        where pixels are.
    """

    values: Any
    sigma_values: float | Sequence[float]
    weight: Any = 10.0
    sigma_spatial: float | Sequence[float] | None = None


class Names(NamedTuple):
    """What the parameters of a kernel are called."""

    weight: str
    spatial: str
    values: str
    source: str


@dataclass(frozen=True)
class Term:
    """A kernel whose parameters are checked: what is multiplied by what to make its features."""

    name: str
    weight: Array
    planes: Image | None
    value_scales: Array
    position_scales: Array | None
    shape: Shape3D

    @classmethod
    def of(cls, kernel: FeatureKernel, names: Names, image: Image, n_classes: int) -> Term:
        """Check the parameters of a kernel, under the names that they were given by."""
        weight = as_compatibility(kernel.weight, n_classes, name=names.weight)
        planes = kernel.values
        if planes is not None and planes is not image:
            planes = _as_planes(planes, image)
        n_values = 0 if planes is None else planes.n_channels
        values = as_widths(names.values, kernel.sigma_values, n_values, "value of a pixel")
        scales = None
        if kernel.sigma_spatial is not None or not n_values:
            widths = as_widths(names.spatial, kernel.sigma_spatial, image.ndim, "spatial axis")
            scales = scales_of(widths, image.spacing)
        return cls(names.source, weight, planes, 1 / values, scales, image.shape3d)

    @property
    def n_features(self) -> int:
        """How many features a pixel has."""
        n_axes = 2 if self.shape[0] == 1 else 3
        return len(self.value_scales) + (0 if self.position_scales is None else n_axes)

    def features(self, inside: Array | None) -> PixelFeatures:
        """The features of the pixels that count."""
        if self.planes is None:
            values = np.empty((0, 0))
        else:
            values = self.planes.read(dtype=None).reshape(self.planes.n_channels, -1)
            if inside is not None:
                values = values[:, inside]
        return PixelFeatures(
            self.shape, self.position_scales, values, self.value_scales, inside, self.name
        )


def _as_planes(values: Any, image: Image) -> Image:
    """Values of a kernel as an image of as many channels as features."""
    array = as_array("values", values, "read_image")
    if array.dtype.kind not in "buif":
        raise TypeError(f"values has dtype {array.dtype} but must hold real numbers.")
    if array.shape[: image.ndim] != image.spatial_shape or array.ndim > image.ndim + 1:
        raise ValueError(
            f"values has shape {array.shape} but image has spatial shape {image.spatial_shape}: "
            "pass values of that shape, and one axis more for several features."
        )
    axis = image.ndim if array.ndim > image.ndim else None
    return as_image(array, channel_axis=axis, spacing=image.spacing, mask=image.mask)


def check_shape(probabilities: Any, image: Image) -> tuple[int, ...]:
    """The shape of probabilities, before a value of them is looked at."""
    array = as_array("probabilities", probabilities, "read_image")
    if array.dtype.kind != "f":
        raise TypeError(
            f"probabilities has dtype {array.dtype} but must hold floating-point numbers."
        )
    if array.shape[:-1] != image.spatial_shape or array.shape[-1] == 0:
        raise ValueError(
            f"probabilities has shape {array.shape} but image has spatial shape "
            f"{image.spatial_shape}: pass one vector of class probabilities a pixel, classes last."
        )
    return array.shape


def estimate_bytes(terms: list[Term], image: Image, n_classes: int) -> int:
    """Bytes that refining takes beside its answer, if vertices are as many as usual."""
    n = prod(image.spatial_shape)
    total = 4 * n if n_classes == 2 else 0
    for term in terms:
        d = term.n_features
        total += 4 * n * (d + 2) + int(_VERTICES * n) * (8 * d + 16 + 12 * max(1, n_classes - 1))
        if term.planes is not None:
            total += n * term.planes.n_channels * term.planes.dtype.itemsize
    return total


def check_rows(probabilities: Any, image: Image) -> tuple[Array, Array | None]:
    """Probabilities (N, n_classes) of the pixels that count, and their places; None for all."""
    from ._mean_field_kernels import worst_row

    array = np.ascontiguousarray(probabilities, PROBABILITY_DTYPE)
    rows = array.reshape(-1, array.shape[-1])
    inside = None if image.mask is None else np.flatnonzero(image.mask)
    given = rows if inside is None else rows[inside]
    worst, error, least = worst_row(given)
    if error >= 1 and not given[worst].any():
        # A pixel without data: perhaps there are more of them.
        full = given.any(axis=1)
        inside = np.flatnonzero(full) if inside is None else inside[full]
        given = given[full]
        worst, error, least = worst_row(given)
    if len(given) and not (error <= _SUM_TOLERANCE and given[least].min() >= 0):
        bad = worst if not error <= _SUM_TOLERANCE else least
        place = np.unravel_index(bad if inside is None else inside[bad], image.spatial_shape)
        values = ", ".join(f"{value:.4g}" for value in given[bad][:8])
        more = ", ..." if given.shape[1] > 8 else ""
        rule = "must sum to 1" if bad == worst else "must not be negative"
        raise ValueError(
            f"probabilities of pixel {tuple(int(i) for i in place)} are ({values}{more}), the "
            f"worst of all, but {rule}: pass class probabilities, or zeros alone for a pixel "
            "without data."
        )
    return given, inside
