"""`DenseCRF` and `DenseCRF2D` with pydensecrf's methods, over `MeanField`."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from ..._core.arrays import Array, to_array
from ..._core.checks import as_count, as_number, shown
from ..lattice import Features, as_widths
from ..mean_field import MeanField
from ..pairwise import PairwiseKernel
from ..pixel_features import PixelFeatures
from .utils import as_float32

#: An energy that is infinite counts as this much more than the least of its pixel.
_HIGHEST = 1e4


class KernelType(IntEnum):
    """What a kernel could learn of its widths; inference does not depend on it."""

    CONST_KERNEL = 0
    DIAG_KERNEL = 1
    FULL_KERNEL = 2


class NormalizationType(IntEnum):
    """Where a kernel is divided by its sums."""

    NO_NORMALIZATION = 0
    NORMALIZE_BEFORE = 1
    NORMALIZE_AFTER = 2
    NORMALIZE_SYMMETRIC = 3


CONST_KERNEL, DIAG_KERNEL, FULL_KERNEL = KernelType
NO_NORMALIZATION, NORMALIZE_BEFORE, NORMALIZE_AFTER, NORMALIZE_SYMMETRIC = NormalizationType
#: What `MeanField` calls them.
_NORMALIZATIONS = ("none", "before", "after", "symmetric")


class ConstUnary:
    """Energies that do not depend on parameters: `d.setUnary(ConstUnary(u))`."""

    def __init__(self, u: Any) -> None:
        self.u = u


class DenseCRF:
    """A dense CRF over points of any features.

    Parameters
    ----------
    nvar : int
        Number of points N.
    nlabels : int

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg.refine.pydensecrf.densecrf as dcrf
    >>> d = dcrf.DenseCRF(4, 2)
    >>> d.setUnaryEnergy(-np.log([[0.9, 0.9, 0.4, 0.1], [0.1, 0.1, 0.6, 0.9]]))
    >>> d.addPairwiseEnergy(np.array([[0, 0.1, 0.2, 9]]), compat=3)
    >>> np.argmax(d.inference(5), axis=0)
    array([0, 0, 0, 1])
    """

    def __init__(self, nvar: int, nlabels: int) -> None:
        self._n_points = as_count("nvar", nvar)
        self._n_labels = as_count("nlabels", nlabels)
        self._energies = np.zeros((self._n_labels, self._n_points), np.float32)
        self._kernels: list[PairwiseKernel] = []
        self._field: MeanField | None = None

    def setUnaryEnergy(self, u: Any) -> None:
        """Set the energy of each label at each point: (nlabels, nvar), lower is more likely.

        With three labels or more, an energy above the least of its point by more than 80 counts as
        80 above, which is as good as never unless weights are as high.
        """
        energies = as_float32("u", u)
        needed = (self._n_labels, self._n_points)
        if energies.shape != needed:
            raise ValueError(
                f"u has shape {energies.shape} but must have shape {needed}: labels first, then "
                "points, row by row."
            )
        lowest = energies.min(axis=0)
        if not np.isfinite(lowest).all():
            at = int(np.flatnonzero(~np.isfinite(lowest))[0])
            raise ValueError(
                f"u is {energies[:, at].tolist()} at point {at} but must hold no NaN, no minus "
                "infinity, and a finite energy for one label at least."
            )
        self._energies = np.minimum(energies, lowest + np.float32(_HIGHEST))
        self._field = None

    def setUnary(self, u: ConstUnary) -> None:
        """Set the energies that a `ConstUnary` holds."""
        if not isinstance(u, ConstUnary):
            raise TypeError(f"u is {shown(u)} but must be a ConstUnary: pass it to setUnaryEnergy.")
        self.setUnaryEnergy(u.u)

    def addPairwiseEnergy(
        self,
        features: Any,
        compat: Any,
        kernel: int = DIAG_KERNEL,
        normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """Add a Gaussian kernel exp(-|f_i - f_j|**2 / 2) over features (n_features, nvar)."""
        values = as_float32("features", features)
        if values.ndim != 2 or values.shape[1] != self._n_points or not len(values):
            raise ValueError(
                f"features has shape {values.shape} but must have shape (n_features, "
                f"{self._n_points}): one column a point."
            )
        if not np.isfinite(values).all():
            raise ValueError("features holds NaN or infinity: pass finite numbers.")
        self._add(values, compat, kernel, normalization)

    def _add(
        self, features: Features | Array, compat: Any, kernel: int, normalization: int
    ) -> None:
        as_count("kernel", kernel, least=0, most=2)
        place = as_count("normalization", normalization, least=0, most=3)
        own = _as_compatibility(compat, self._n_labels)
        self._kernels.append(PairwiseKernel(features, own, _NORMALIZATIONS[place]))
        self._field = None

    def inference(self, niter: int) -> Array:
        """Probabilities (nlabels, nvar) after `niter` iterations from the unary energies."""
        n_iterations = as_count("niter", niter, least=0)
        field = self._restarted()
        field.run(n_iterations)
        return field.q.T.copy(order="K")

    def startInference(self) -> tuple[Array, Array, Array]:
        """Probabilities before the first iteration, and two arrays that `stepInference` takes."""
        return self._restarted().q.T.copy(order="K"), np.empty((0, 0)), np.empty((0, 0))

    def stepInference(self, Q: Array, tmp1: Any = None, tmp2: Any = None) -> None:
        """Take one iteration: Q (nlabels, nvar) becomes the next."""
        field = self._at(Q)
        field.step()
        Q[...] = field.q.T

    def klDivergence(self, Q: Array) -> float:
        """How far probabilities are from the model, up to a constant; each pair counts twice."""
        return self._at(Q).kl_divergence()

    def _restarted(self) -> MeanField:
        if self._field is None:
            self._field = MeanField(self._energies, self._kernels)
        self._field.restart()
        return self._field

    def _at(self, q: Array) -> MeanField:
        """The field with these probabilities."""
        needed = (self._n_labels, self._n_points)
        if not isinstance(q, np.ndarray) or q.shape != needed:
            raise ValueError(f"Q is {shown(q)} but must be the array of shape {needed} before it.")
        if self._field is None:
            self._restarted()
        assert self._field is not None
        self._field.q = q.T
        return self._field


class DenseCRF2D(DenseCRF):
    """A dense CRF over the pixels of an image, row by row.

    Parameters
    ----------
    w : int
        Width of the image; it comes first.
    h : int
    nlabels : int
    """

    def __init__(self, w: int, h: int, nlabels: int) -> None:
        self._shape = as_count("h", h), as_count("w", w)
        super().__init__(self._shape[0] * self._shape[1], nlabels)

    def addPairwiseGaussian(
        self,
        sxy: Any,
        compat: Any,
        kernel: int = DIAG_KERNEL,
        normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """Add a kernel over positions; `sxy` is a standard deviation in pixels or (x, y)."""
        features = self._features(sxy, np.empty((0, 0)), np.empty(0))
        self._add(features, compat, kernel, normalization)

    def addPairwiseBilateral(
        self,
        sxy: Any,
        srgb: Any,
        rgbim: Any,
        compat: Any,
        kernel: int = DIAG_KERNEL,
        normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """Add a kernel over positions and the values of an image (h, w) or (h, w, channels).

        `srgb` is a standard deviation in units of the image's values, or one for each channel.
        """
        image = to_array("rgbim", rgbim)
        if image.shape[:2] != self._shape or image.ndim not in (2, 3):
            raise ValueError(
                f"rgbim has shape {image.shape} but must have shape {(*self._shape, 3)}, as "
                "DenseCRF2D was given width and height, in this order."
            )
        if image.dtype.kind not in "buif" or not np.isfinite(image).all():
            raise ValueError(f"rgbim is {shown(image)} but must hold finite numbers.")
        values = np.moveaxis(image.reshape(*self._shape, -1), -1, 0).reshape(-1, self._n_points)
        features = self._features(sxy, values, as_widths("srgb", srgb, len(values), "channel"))
        self._add(features, compat, kernel, normalization)

    def _features(self, sxy: Any, values: Array, widths: Array) -> PixelFeatures:
        """x and y, then the values, each over its width."""
        width_x, width_y = as_widths("sxy", sxy, 2, "of x and y")
        scales = np.array([0, 1 / width_y, 1 / width_x])
        return PixelFeatures((1, *self._shape), scales, values, 1 / widths)


def _as_compatibility(compat: Any, n_labels: int) -> Any:
    """A number (a reward), or penalties (n_labels,) or (n_labels, n_labels) made symmetric."""
    if to_array("compat", compat).ndim == 0:
        return as_number("compat", compat)
    penalties = as_float32("compat", compat)
    needed = ((n_labels,), (n_labels, n_labels))
    if penalties.shape not in needed or not np.isfinite(penalties).all():
        raise ValueError(
            f"compat is {shown(penalties)} but must be a number, or finite numbers of shape "
            f"{needed[0]} or {needed[1]}, as there are {n_labels} labels."
        )
    return penalties if penalties.ndim == 1 else (penalties + penalties.T) / 2
