"""`FeatureBank`: what describes a pixel to a classifier, filters of Gaussians at several scales.

The set is ilastik's (Sommer et al., "ilastik: interactive learning and segmentation toolkit",
2011): intensity, edges and texture at each scale, all made of derivatives of Gaussians. The one
insight of the implementation: derivatives at a scale share one pass over the image, and large
scales are smoothed from smaller ones by a few samples far apart (cascade.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .._arrays import FEATURE_DTYPE, Array, Box, Image, as_image
from .._jit import run_chunks
from .ops import OPS, Op
from .plan import FeaturePlan, make_plan

#: Rows of an image that one thread takes at a time.
_CHUNK_ROWS = 256


class FeatureBank(TransformerMixin, BaseEstimator):
    """Filters at several scales, as columns for a classifier.

    Parameters
    ----------
    ops : sequence of str, Op or callable, or mapping of these to sigmas, optional
        What to compute; all built-in ops by default:

        ========================== ================= ==========================================
        name                       columns (2-D/3-D)
        ========================== ================= ==========================================
        gaussian                   1 / 1             smoothed image
        gradient_magnitude         1 / 1             length of its gradient
        laplacian_of_gaussian      1 / 1             sum of its second derivatives
        difference_of_gaussians    1 / 1             smoothed image minus that of 0.66 sigma
        structure_tensor           2 / 3             eigenvalues of the products of first
                                                     derivatives (inner scale: sigma), smoothed
                                                     by the outer scale, 0.5 sigma
        hessian                    2 / 3             eigenvalues of the second derivatives
        ========================== ================= ==========================================

        Eigenvalues come largest first. A mapping gives each op its own sigmas. A function of
        your own, `function(plane, sigma, spacing) -> plane`, becomes an op that looks up to 4
        sigmas far; `pixelseg.features.Op` says otherwise.
    sigmas : sequence of float, default (0.7, 1, 1.6, 3.5, 5, 10)
        Scales, in the unit of `spacing`. The default is ilastik's, from noise to blobs of some
        30 pixels.

    Notes
    -----
    Gaussians are cut at 5 sigma, where 6e-7 of the weight is left, and borders are reflected
    (d c b a | a b c d | d c b a). Smoothed images are within 1e-6 of the image's range of the
    Gaussian that is not cut, derivatives and eigenvalues within 1e-3 of their column's largest
    value. Derivatives are Gaussian derivatives below 3 pixels and central differences of
    order 8 of the smoothed image above; below half a pixel (in anisotropic volumes), central
    differences of order 2.

    Memory: 4 bytes a pixel and column for the result, and some 60 bytes a pixel at work.

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
        self._columns()
        return self

    def plan(self, image: Image) -> FeaturePlan:
        """Settle the bank for images like this one: columns, halo, steps."""
        columns = tuple((sigma, tuple(ops)) for sigma, ops in self._columns())
        return make_plan(columns, image.ndim, image.n_channels, image.spacing3d)

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
        """Compute all columns of an image.

        Parameters
        ----------
        image : array-like
            (H, W) or (D, H, W), or either with a channel axis; any real dtype.
        channel_axis : "auto", int or None
        spacing : float or sequence of floats, optional
            Size of a pixel along each axis; sigmas and derivatives are in that unit.
        mask : bool array of the spatial shape, optional
            Pixels that count. Filters are normalised by what they see of the mask; outside,
            columns are 0.
        n_jobs : int, optional
            Threads; the result does not depend on it.
        out : float32 array of shape (..., n_features), optional
            Where to write, such as an earlier result: fresh memory costs as much as the filters.

        Returns
        -------
        ndarray of float32, shape (..., n_features)
            `out`, or a view of new planes, each of which is contiguous.
        """
        checked = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
        plan = self.plan(checked)
        planes = _planes(out, (plan.n_features, *checked.shape3d), checked.spatial_shape)
        axis = 0 if checked.ndim == 3 else 1
        size = checked.shape3d[axis]
        step = _CHUNK_ROWS if n_jobs is not None and n_jobs != 1 else size
        if axis == 0:
            step = max(1, min(step, size // 4)) if step != size else size

        def compute(start: int) -> None:
            edge = (start, min(start + step, size))
            box: Box = tuple(
                edge if k == axis - (3 - checked.ndim) else full
                for k, full in enumerate(checked.whole)
            )
            index: list[Any] = [slice(None)] * 4
            index[1 + axis] = slice(*edge)
            planes[tuple(index)] = plan.compute(checked, box)

        if step == size:
            plan.compute(checked, checked.whole, planes)
        else:
            run_chunks(compute, range(0, size, step), n_jobs)
        features = np.moveaxis(planes.reshape(plan.n_features, *checked.spatial_shape), 0, -1)
        if out is None or np.shares_memory(out, planes):
            return features
        out[...] = features
        return out

    def get_feature_names_out(
        self, input_features: Any = None, *, ndim: int = 2, n_channels: int = 1
    ) -> Array:
        """Names of the columns for images of `ndim` axes and `n_channels` channels."""
        columns = tuple((sigma, tuple(ops)) for sigma, ops in self._columns())
        plan = make_plan(columns, ndim, n_channels, (1.0, 1.0, 1.0))
        return np.array(plan.names, dtype=object)

    def _columns(self) -> list[tuple[float, list[Op]]]:
        """The ops at each sigma, sigmas ascending, ops in the order given."""
        chosen: list[tuple[Op, Sequence[float]]] = []
        if isinstance(self.ops, Mapping):
            for op, sigmas in self.ops.items():
                chosen.append((as_op(op), check_sigmas(sigmas)))
        else:
            if isinstance(self.ops, str):
                raise TypeError(f"ops is {self.ops!r} but must be a sequence: pass [{self.ops!r}].")
            ops = OPS if self.ops is None else self.ops
            chosen = [(as_op(op), check_sigmas(self.sigmas)) for op in ops]
        if not chosen:
            raise ValueError("ops is empty: name at least one op, or pass None for all.")
        names = [op.name for op, _ in chosen]
        if len(set(names)) < len(names):
            raise ValueError(f"ops names {names}, with one twice: give each op its own name.")
        every = sorted({sigma for _, sigmas in chosen for sigma in sigmas})
        return [(sigma, [op for op, sigmas in chosen if sigma in sigmas]) for sigma in every]


def _planes(out: Array | None, shape: tuple[int, ...], spatial_shape: tuple[int, ...]) -> Array:
    """Contiguous planes to compute into: those of `out` where they are contiguous, or new ones."""
    if out is not None:
        expected = (*spatial_shape, shape[0])
        if out.shape != expected or out.dtype != FEATURE_DTYPE:
            raise ValueError(
                f"out has shape {out.shape} and dtype {out.dtype} but must have shape {expected} "
                "and dtype float32."
            )
        planes = np.moveaxis(out, -1, 0)
        if planes.flags.c_contiguous:
            return planes.reshape(shape)
    return np.empty(shape, FEATURE_DTYPE)


def as_op(op: str | Op | Callable) -> Op:
    """An op from its name, or from a user's function."""
    if isinstance(op, Op):
        return op
    if callable(op):
        return Op(getattr(op, "__name__", type(op).__name__), op)
    if op not in OPS:
        raise ValueError(f"ops names {op!r}, which is none of {', '.join(OPS)}: pass one of these.")
    return OPS[op]


def check_sigmas(sigmas: Any) -> list[float]:
    """Sigmas as floats, ascending; positive and finite."""
    values = np.atleast_1d(np.asarray(sigmas, dtype=float))
    if values.ndim != 1 or len(values) == 0 or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"sigmas is {sigmas!r} but must be one or more positive numbers.")
    return sorted(set(values.tolist()))
