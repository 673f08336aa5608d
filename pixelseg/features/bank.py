"""`FeatureBank`: what describes a pixel to a classifier, filters of Gaussians at several scales.

The set is ilastik's (Sommer et al., "ilastik: interactive learning and segmentation toolkit",
2011), intensity, edges and texture at each scale, all made of derivatives of Gaussians, and a local
contrast that does not depend on the light. The one insight of the implementation: derivatives at a
scale share one pass over the image, and large scales are smoothed from smaller ones by a few
samples far apart (scale_space.py).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .._core.arrays import FEATURE_DTYPE, Array, as_numbers
from .._core.boxes import Box, cover, slices_of
from .._core.checks import as_count, shown
from .._core.image import Image, as_image
from .._core.threads import effective_n_jobs, run_chunks
from .._core.workspace import pool
from .compute import compute_box
from .ops import OPS, Op
from .plan import FeaturePlan, make_plan

#: Side of the boxes that threads take: large beside the halo, small beside an image.
_CHUNK = {2: 512, 3: 96}
#: Names are made of each channel; no image has more channels.
_MOST_CHANNELS = 2**16
#: In the unit of the spacing; far above it, a filter is longer than memory.
_LARGEST_SIGMA = 1e6


# scikit-learn would wrap `transform` and rename its first argument to X; an image is no table.
class FeatureBank(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Filters at several scales, as features for a classifier.

    Parameters
    ----------
    ops : sequence of str, Op or callable, or mapping of these to sigmas, optional
        What to compute; all built-in ops by default:

        ========================== ================= ==========================================
        name                       features (2-D/3-D)
        ========================== ================= ==========================================
        gaussian                   1 / 1             smoothed image
        gradient_magnitude         1 / 1             length of its gradient
        laplacian_of_gaussian      1 / 1             sum of its second derivatives
        difference_of_gaussians    1 / 1             smoothed image minus that of 0.66 sigma
        structure_tensor           2 / 3             eigenvalues of the products of first
                                                     derivatives (inner scale: sigma), smoothed
                                                     by the outer scale, 0.5 sigma
        hessian                    2 / 3             eigenvalues of the second derivatives
        local_contrast             1 / 1             smoothed image minus the mean of its
                                                     surroundings, by the standard deviation
        ========================== ================= ==========================================

        Eigenvalues come largest first. A mapping gives each op its own sigmas. A function of
        your own, `function(plane, sigma, spacing) -> plane`, becomes an op that looks up to 4
        sigmas far; `pixelseg.features.Op` says otherwise.

        Local contrast is what an image keeps in other light (the local contrast normalisation of
        Pinto, Cox and DiCarlo 2008). Its surroundings are a Gaussian of the largest sigma, where it
        has no feature itself; 2 % of the mean count as deviation, so that what is flat stays flat.
        Colours tell as much: by default it is left out where an image has several channels.
    sigmas : sequence of float, default (0.7, 1, 1.6, 3.5, 5, 10)
        Scales, in the unit of `spacing`. The default is ilastik's, from noise to blobs of some
        30 pixels.

    Notes
    -----
    Gaussians are cut at 5 sigma, where 6e-7 of the weight is left (the window of the structure
    tensor at 4.5), and borders are reflected (d c b a | a b c d | d c b a). Smoothed images are
    within 1e-6 of the image's range of the Gaussian that is not cut, derivatives and eigenvalues
    within 1e-3 of their feature's largest value; where values are large beside their range, add
    the rounding of float32. Derivatives are Gaussian derivatives below 3 pixels and central
    differences of order 8 of the smoothed image above; below half a pixel (in anisotropic
    volumes), central differences of order 2.

    A pixel gets the same bits in any box, tile or crop in which it lies farther from the border
    than the plan's `halo`, with any number of threads. Inside a mask, filters are normalised by
    what they see of it (Knutsson and Westin, "Normalized and differential convolution", 1993).

    Memory: 4 bytes a pixel and feature for the result, and some 60 bytes a pixel at work in 2-D. Up
    to 256 MB that no call needs any more, results that are gone included, are kept for the next.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> bank = pixelseg.FeatureBank(ops=["gaussian", "hessian"], sigmas=(1.0, 2.0))
    >>> bank.transform(np.eye(32)).shape
    (32, 32, 6)
    >>> list(bank.get_feature_names_out())[:3]
    ['gaussian_s1', 'hessian_s1_0', 'hessian_s1_1']
    """

    def __init__(
        self,
        ops: Sequence[str | Op | Callable] | Mapping[str | Op | Callable, Any] | None = None,
        sigmas: Sequence[float] = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0),
    ):
        self.ops = ops
        self.sigmas = sigmas

    def fit(self, image: Any = None, labels: Any = None) -> FeatureBank:
        """Do nothing but check the parameters: filters learn nothing."""
        self._ops_by_sigma()
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Filters learn nothing, and are always float32.
        tags.requires_fit = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def plan(self, image: Image) -> FeaturePlan:
        """Settle the bank for images like this one: features, halo, steps."""
        return make_plan(
            self._ops_by_sigma(image.n_channels),
            image.ndim,
            image.n_channels,
            image.spacing3d,
            masked=image.mask is not None,
        )

    def transform(
        self,
        image: Any,
        *,
        channel_axis: int | str | None = "auto",
        spacing: float | Sequence[float] | None = None,
        mask: Any = None,
        n_jobs: int | None = None,
        out: Array | None = None,
    ) -> Array:
        """Compute all features of an image.

        Parameters
        ----------
        image : array-like
            (H, W) or (D, H, W), or either with a channel axis; any real dtype.
        channel_axis : "auto", int or None
        spacing : float or sequence of floats, optional
            Size of a pixel along each axis; sigmas and derivatives are in that unit.
        mask : bool array of the spatial shape, optional
            Pixels that count. Filters are normalised by what they see of the mask; outside,
            features are 0.
        n_jobs : int, optional
            Threads; the result does not depend on it.
        out : ndarray of float32, shape (..., n_features), optional
            Where to put the result; quickest where it is laid out as the result is.

        Returns
        -------
        ndarray of float32, shape (..., n_features)
            A view (`np.moveaxis`) of planar memory: each feature is a contiguous image.
        """
        checked = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
        plan = self.plan(checked)
        shape = (plan.n_features, *checked.spatial_shape)
        if not (out is None or (isinstance(out, np.ndarray) and out.ndim == len(shape))):
            raise ValueError(
                f"out is {shown(out)} but must be a float32 array {shape[1:] + shape[:1]}."
            )
        planes = pool.lend(shape) if out is None else np.moveaxis(out, -1, 0)
        if planes.shape != shape or planes.dtype != FEATURE_DTYPE:
            raise ValueError(
                f"out has shape {planes.shape[1:] + planes.shape[:1]} and dtype {planes.dtype} but "
                f"must be float32 {shape[1:] + shape[:1]}: pass an array of the result's shape."
            )
        volumes = planes if checked.ndim == 3 else planes[:, np.newaxis]
        if effective_n_jobs(n_jobs) == 1:
            compute_box(plan, checked, checked.whole, volumes)
        else:

            def compute(box: Box) -> None:
                index = (slice(None), *slices_of(box))
                planes[index] = compute_box(plan, checked, box).reshape(planes[index].shape)

            sides = (_CHUNK[checked.ndim],) * checked.ndim
            run_chunks(compute, cover(checked.spatial_shape, sides), n_jobs)
        return np.moveaxis(planes, 0, -1)

    def get_feature_names_out(
        self, input_features: Any = None, *, ndim: int = 2, n_channels: int = 1
    ) -> Array:
        """Names of the features for images of `ndim` axes and `n_channels` channels."""
        ndim = as_count("ndim", ndim, least=2, most=3)
        n_channels = as_count("n_channels", n_channels, most=_MOST_CHANNELS)
        return np.array(self._names(ndim, n_channels), dtype=object)

    def _names(self, ndim: int, n_channels: int) -> tuple[str, ...]:
        """Names of the features, which do not depend on the size of a pixel."""
        ops = self._ops_by_sigma(n_channels)
        return make_plan(ops, ndim, n_channels, (1.0, 1.0, 1.0)).names

    def _ops_by_sigma(self, n_channels: int = 1) -> tuple[tuple[float, tuple[Op, ...]], ...]:
        """The ops at each sigma, sigmas ascending, ops in the order given."""
        chosen: list[tuple[Op, Sequence[float]]] = []
        if isinstance(self.ops, Mapping):
            for op, sigmas in self.ops.items():
                chosen.append((as_op(op), check_sigmas(sigmas)))
        else:
            if isinstance(self.ops, str | bytes) or not isinstance(self.ops, Sequence | None):
                example = self.ops if isinstance(self.ops, str) else "gaussian"
                raise TypeError(
                    f"ops is {shown(self.ops)} but must be a sequence: pass [{example!r}]."
                )
            sigmas = check_sigmas(self.sigmas)
            ops = _default_ops(n_channels, sigmas) if self.ops is None else self.ops
            chosen = [(as_op(op), sigmas) for op in ops]
        if not chosen:
            raise ValueError("ops is empty: name at least one op, or pass None for all.")
        names = [op.name for op, _ in chosen]
        if len(set(names)) < len(names):
            raise ValueError(f"ops names {names}, with one twice: give each op its own name.")
        for op, sigmas in chosen:
            if op.is_local and len(sigmas) < 2:
                raise ValueError(
                    f"sigmas is {tuple(sigmas)} for op {op.name!r}, whose largest is that of the "
                    "surroundings: give it two or more."
                )
        every = sorted({sigma for _, sigmas in chosen for sigma in sigmas})
        return tuple(
            (sigma, tuple(op for op, sigmas in chosen if sigma in sigmas)) for sigma in every
        )

    def count_features(self, ndim: int, n_channels: int) -> int:
        """Number of features for images of `ndim` axes and `n_channels` channels."""
        ndim = as_count("ndim", ndim, least=2, most=3)
        n_channels = as_count("n_channels", n_channels, most=_MOST_CHANNELS)
        return len(self._names(ndim, n_channels))


def _default_ops(n_channels: int, sigmas: Sequence[float]) -> list[str]:
    """All built-in ops that are worth their time."""
    left_out = n_channels > 1 or len(sigmas) < 2
    return [name for name, op in OPS.items() if not (op.is_local and left_out)]


def as_op(op: str | Op | Callable) -> Op:
    """An op from its name, or from a user's function."""
    if isinstance(op, Op):
        if op.function is not None:
            _check_call(op.function)
        return op
    if callable(op):
        _check_call(op)
        return Op(getattr(op, "__name__", type(op).__name__), op)
    if not isinstance(op, str):
        raise TypeError(f"ops holds {op!r} but must hold names, Op objects or functions.")
    if op not in OPS:
        raise ValueError(f"ops names {op!r}, which is none of {', '.join(OPS)}: pass one of these.")
    return OPS[op]


def _check_call(function: Callable) -> None:
    """Refuse a function that cannot be called as an op is."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # of what is compiled, it is not always known
        return
    try:
        signature.bind("plane", "sigma", "spacing")
    except TypeError as error:
        raise TypeError(
            f"ops holds {function!r} with the signature {signature}, but it is called as "
            f"function(plane, sigma, spacing): {error}."
        ) from None


def check_sigmas(sigmas: Any) -> list[float]:
    """Sigmas as floats, ascending; positive and finite."""
    rule = f"one or more positive numbers of at most {_LARGEST_SIGMA:g}"
    values = np.atleast_1d(as_numbers("sigmas", sigmas, rule))
    fits = (values > 0) & (values <= _LARGEST_SIGMA)
    if values.ndim != 1 or len(values) == 0 or not fits.all():
        raise ValueError(f"sigmas is {shown(sigmas)} but must be {rule}.")
    return sorted(set(values.tolist()))
