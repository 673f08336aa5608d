"""Refine class probabilities by a fully connected conditional random field.

Krähenbühl and Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials",
NIPS 2011. Every pixel hears every other one, the more the nearer they are in place and colour: so
labels hold together across thin parts, and change where the image does. The insight is that all
those messages are a Gaussian filter of the labels' probabilities, see lattice.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._core.arrays import PROBABILITY_DTYPE, Array, dtype_range
from .._core.checks import as_choice, as_count, as_flag, as_number, shown
from .._core.image import Image, as_image
from .._core.memory import Allowance, Memory
from .._core.progress import Progress
from .crf_input import FeatureKernel, Names, Term, check_rows, check_shape, estimate_bytes
from .lattice import NORMALIZATIONS, as_widths
from .mean_field import MeanField
from .pairwise import PairwiseKernel

#: Grey levels of an 8-bit image, in which `DenseCRF` counts widths of values.
_GREY_LEVELS = 255


def dense_crf(
    probabilities: Any,
    image: Any,
    *,
    bilateral_weight: Any = 10.0,
    sigma_spatial: float | Sequence[float] = 80.0,
    sigma_values: float | Sequence[float] = 13.0,
    gaussian_weight: Any = 3.0,
    gaussian_sigma: float | Sequence[float] = 3.0,
    kernels: Sequence[FeatureKernel] = (),
    n_iterations: int = 5,
    tolerance: float | None = None,
    normalization: str = "symmetric",
    both_ways: bool = False,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
    n_jobs: int | None = None,
    max_memory: Memory = None,
    progress: Progress = False,
) -> Array:
    """Refine class probabilities by mean-field inference in a dense CRF (denseCRF, pydensecrf).

    Parameters
    ----------
    probabilities : float array (..., n_classes)
        Of the image's spatial shape; those of a pixel sum to 1. Less than 1e-5 counts as 1e-5. A
        pixel with zeros alone has no data and is left out.
    image : array or Image
        2-D or 3-D, any number of channels, any real dtype.
    bilateral_weight : float or array, default 10.0
        What agreement with pixels that are near in position and value is worth, in units of a
        label that is e times more likely. Or a compatibility of labels as penalties: a vector
        (n_classes,) for labels that are equal, or a symmetric matrix (n_classes, n_classes). 0
        leaves this kernel out.
    sigma_spatial : float or sequence of float, default 80.0
        Standard deviation of the bilateral kernel in position, in units of `spacing` (pixels, if
        that is not given); one, or one for each axis of the array.
    sigma_values : float or sequence of float, default 13.0
        Its standard deviation in values, in units of the image's values as they are: 13 is for
        0..255, 0.05 is the same for 0..1. One, or one for each channel.
    gaussian_weight, gaussian_sigma : default 3.0 and 3.0
        Weight and standard deviation of the kernel over position alone, which smooths.
    kernels : sequence of FeatureKernel
        More kernels, over other values of the pixels.
    n_iterations : int, default 5
        How often messages are passed. The authors take 10; 5 are mostly enough.
    tolerance : float, optional
        Stop earlier, when no probability changes by more than this.
    normalization : {"symmetric", "before", "after", "none"}, default "symmetric"
        How messages are divided by the sums D of a kernel: by the roots of D where they come from
        and where they go to, by D of the sender, by D of the receiver, or not at all.
    both_ways : bool, default False
        Blur the lattice in both orders of its axes and take the mean. It is closer to the exact
        sums: the error is about half; False gives the answers of pydensecrf.
    channel_axis, spacing, mask : optional
        As everywhere; what is outside the mask changes nothing and comes out as 0.
    n_jobs : int, optional
        Threads; the answer does not depend on it.
    max_memory : int or str, optional
        What it may hold beside what is given and returned; without it, what the machine has. What
        does not fit is refused with the number of bytes, before it is taken.
    progress : bool or callable, default False

    Returns
    -------
    ndarray of float32 (..., n_classes)

    Raises
    ------
    ValueError
        Where probabilities are negative, not finite or do not sum to 1, a width is not above 0, a
        compatibility has another shape or is not symmetric, shapes differ, or `max_memory` is too
        little.
    MemoryError
        Where the machine has too little.

    Notes
    -----
    The diagonal is part of a kernel (a pixel also hears itself), as in the authors' code. All
    pixels are updated at once, so that strong weights may make labels flip from one iteration to
    the next. Memory at usual widths: some 85 bytes a pixel for 2 classes and colour, and 5 for
    each further class, beside the answer.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.refine import dense_crf
    >>> image = np.zeros((12, 12, 3), np.uint8)
    >>> image[:, 6:] = 200
    >>> p = np.where(image[..., :1] > 0, [0.2, 0.8], [0.8, 0.2])
    >>> p[3, 3] = 0.1, 0.9  # a slip
    >>> refined = dense_crf(p, image)
    >>> bool((refined.argmax(axis=-1) == (image[..., 0] > 0)).all())
    True
    """
    image = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    shape = check_shape(probabilities, image)
    n_iterations = as_count("n_iterations", n_iterations, least=0)
    if tolerance is not None:
        as_number("tolerance", tolerance, least=0)
    as_choice("normalization", normalization, NORMALIZATIONS)
    as_flag("both_ways", both_ways)
    if not isinstance(kernels, Sequence) or not all(isinstance(k, FeatureKernel) for k in kernels):
        raise ValueError(f"kernels is {shown(kernels)} but must be a list of FeatureKernel.")
    wanted = [
        FeatureKernel(None, (), gaussian_weight, gaussian_sigma),
        FeatureKernel(image, sigma_values, bilateral_weight, sigma_spatial),
        *kernels,
    ]
    names = [
        Names("gaussian_weight", "gaussian_sigma", "", "gaussian_sigma"),
        Names("bilateral_weight", "sigma_spatial", "sigma_values", "image"),
        *(Names("weight", "sigma_spatial", "sigma_values", "values") for _ in kernels),
    ]
    terms = [Term.of(*pair, image, shape[-1]) for pair in zip(wanted, names, strict=True)]
    terms = [term for term in terms if term.weight.any()]
    allowance = Allowance("dense_crf", max_memory)
    allowance.check(estimate_bytes(terms, image, shape[-1]))
    given, inside = check_rows(probabilities, image)
    out = np.zeros(shape, PROBABILITY_DTYPE)
    if inside is not None and len(inside) == 0:
        return out
    pairs = [PairwiseKernel(t.features(inside), t.weight, normalization) for t in terms]
    rows = out.reshape(-1, shape[-1])
    field = MeanField(
        given,
        pairs,
        probabilities=True,
        both_ways=both_ways,
        n_jobs=n_jobs,
        allowance=allowance,
        out=rows if inside is None else None,
    )
    field.run(n_iterations, tolerance=tolerance, progress=progress)
    if inside is not None or n_iterations == 0:
        rows[slice(None) if inside is None else inside] = field.q
    return out


class DenseCRF(BaseEstimator):
    """Refine class probabilities by a dense CRF, which looks at the whole image.

    It is a refiner for `PixelClassifier(refine=DenseCRF())`; `pixelseg.refine.dense_crf` is the
    same as a function, which counts widths in the image's own values.

    Parameters
    ----------
    bilateral_weight : float or nested list of float, default 10.0
        What agreement with pixels that are near in position and value is worth; a list is a
        compatibility, as in `dense_crf`.
    sigma_spatial : float or sequence of float, default 80.0
        How near in position, in units of the image's spacing (pixels, if it has none).
    sigma_values : float or sequence of float, default 13.0
        How near in value, in 255ths of `value_range`: grey levels of an image of 8 bits.
    gaussian_weight, gaussian_sigma : default 3.0 and 3.0
        Weight and standard deviation of the kernel over position alone.
    n_iterations : int, default 5
    both_ways : bool, default False
        Closer to the exact sums, see `dense_crf`.
    value_range : float, optional
        How far the values of an image range. A classifier takes that of its training images at
        `fit`, and keeps it. By itself, None is the range of the dtype for whole numbers (255,
        65535) and 1 for others; it is never that of the image at hand. 255 makes `sigma_values` a
        width in the image's own values.

    Notes
    -----
    An answer depends on all pixels of the image, so that it is not that of a crop, and a classifier
    refines whole images. Memory as of `dense_crf`.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> image = np.repeat([[0.0, 1.0]], 6, axis=0).repeat(6, axis=1)
    >>> probabilities = np.stack([0.8 - 0.6 * image, 0.2 + 0.6 * image], axis=-1)
    >>> probabilities[1, 1] = 0.3, 0.7  # a slip
    >>> refined = pixelseg.DenseCRF().refine(probabilities, image)
    >>> bool((refined.argmax(axis=-1) == image).all())
    True
    """

    def __init__(
        self,
        bilateral_weight: Any = 10.0,
        sigma_spatial: float | Sequence[float] = 80.0,
        sigma_values: float | Sequence[float] = 13.0,
        *,
        gaussian_weight: Any = 3.0,
        gaussian_sigma: float | Sequence[float] = 3.0,
        n_iterations: int = 5,
        both_ways: bool = False,
        value_range: float | None = None,
    ) -> None:
        self.bilateral_weight = bilateral_weight
        self.sigma_spatial = sigma_spatial
        self.sigma_values = sigma_values
        self.gaussian_weight = gaussian_weight
        self.gaussian_sigma = gaussian_sigma
        self.n_iterations = n_iterations
        self.both_ways = both_ways
        self.value_range = value_range

    @classmethod
    def candidates(cls) -> list[DenseCRF]:
        """The settings that tuning tries: from mild to strong, near to far, two colour widths."""
        return [
            cls(weight, sigma, values, gaussian_weight=min(weight, 3.0))
            for weight in (1.0, 3.0, 10.0)
            for sigma in (10.0, 30.0, 80.0)
            for values in (5.0, 13.0)
        ]

    def settled(self, value_range: float) -> DenseCRF:
        """A copy whose `value_range` is this one, unless it was given."""
        settings = self.get_params()
        if settings["value_range"] is None:
            settings["value_range"] = value_range
        return type(self)(**settings)

    def refine(self, probabilities: Any, image: Any) -> Array:
        """Refine probabilities by mean-field inference.

        Parameters
        ----------
        probabilities : float array (..., n_classes)
            Of the image's spatial shape; those of a pixel sum to 1, or are 0 where it has no data.
        image : array or Image
            What they were predicted for.

        Returns
        -------
        ndarray of float32, of that shape
        """
        image = as_image(image)
        widths = as_widths("sigma_values", self.sigma_values, image.n_channels, "channel")
        return dense_crf(
            probabilities,
            image,
            bilateral_weight=self.bilateral_weight,
            sigma_spatial=self.sigma_spatial,
            sigma_values=(widths * (self._range_of(image) / _GREY_LEVELS)).tolist(),
            gaussian_weight=self.gaussian_weight,
            gaussian_sigma=self.gaussian_sigma,
            n_iterations=self.n_iterations,
            both_ways=self.both_ways,
        )

    def _range_of(self, image: Image) -> float:
        """The range of values that widths are shares of."""
        if self.value_range is not None:
            return as_number("value_range", self.value_range, above=0)
        return dtype_range(image.dtype)
