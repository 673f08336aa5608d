"""The one door: every array that enters pixelseg is checked here, or in image.py, once.

What passes is a plain array of a known dtype, named below with the reason for its width, so that
the kernels behind the door never ask again.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import shown

#: Features and smoothed images: 24 bits of precision suffice, and half the memory traffic of
#: float64 is half the time.
FEATURE_DTYPE = np.float32
#: Probabilities as they leave a classifier or a refiner.
PROBABILITY_DTYPE = np.float32
#: Ids of segments and objects: 2**31 of them are enough, and Numba indexes with them directly.
SEGMENT_DTYPE = np.int32

#: Sizes of a pixel, in whatever unit: their squares are numbers in float32, too.
_SPACINGS = (1e-15, 1e15)

Array = npt.NDArray[Any]


def as_array(name: str, value: Any, reader: str) -> Array:
    """A value as an array; a path or nothing at all is a mistake that deserves its own words."""
    if value is None or isinstance(value, str | bytes | PathLike):
        raise TypeError(
            f"{name} is {value!r} but must be an array: read a file with pixelseg.io.{reader} "
            "first."
        )
    return to_array(name, value)


def to_array(name: str, value: Any) -> Array:
    """A value as an array of whatever it holds; what has no shape of its own is refused by name.

    So are masked values, which NumPy would take for what lies behind the mask.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise ValueError(f"{name} has masked values: fill them first, as by {name}.filled(0).")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, AttributeError):
        raise ValueError(
            f"{name} is {shown(value)} but must be one array: pass numbers of one shape."
        ) from None


def as_numbers(name: str, value: Any, rule: str) -> Array:
    """Numbers as float64, one or several; `rule` says in words what they must be."""
    array = to_array(name, value)
    if array.dtype.kind not in "uif":
        raise ValueError(f"{name} is {shown(value)} but must be {rule}.")
    return array.astype(np.float64)


def is_array_like(value: Any) -> bool:
    """Whether a value can be sliced like an array without being read as a whole."""
    is_sparse = hasattr(value, "toarray")  # SciPy's, whose slices are no arrays
    return not is_sparse and all(hasattr(value, it) for it in ("shape", "dtype", "__getitem__"))


def dtype_of(name: str, source: Any) -> np.dtype:
    """The dtype of the arrays that an array-like gives: its own word for it may not be NumPy's."""
    try:
        return np.dtype(source.dtype)
    except TypeError:
        first = source[tuple(slice(0, 1) for _ in source.shape)]
        return to_array(name, first).dtype


def as_source(name: str, value: Any) -> Any:
    """What slices like an array as it is, to be read in parts; anything else as an array.

    Masked labels are 0, which is no label.
    """
    if isinstance(value, np.ma.MaskedArray):
        return value.filled(0)
    return value if is_array_like(value) else to_array(name, value)


def as_spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Check the size of a pixel along each spatial axis; one number stands for all axes."""
    if spacing is None:
        return (1.0,) * ndim
    rule = (
        f"positive, from {_SPACINGS[0]:g} to {_SPACINGS[1]:g}: pass one number, or one for each of "
        f"the {ndim} spatial axes"
    )
    values = as_numbers("spacing", spacing, rule)
    if values.ndim == 0:
        values = np.repeat(values, ndim)
    fits = (values >= _SPACINGS[0]) & (values <= _SPACINGS[1])
    if values.shape != (ndim,) or not fits.all():
        raise ValueError(f"spacing is {shown(spacing)} but must be {rule}.")
    return tuple(float(value) for value in values)


def as_mask(mask: Any, spatial_shape: tuple[int, ...], *, of: str = "image") -> Array:
    """Check a mask: bool, of the spatial shape of the argument `of`."""
    mask = to_array("mask", mask)
    if mask.dtype != bool:
        raise TypeError(f"mask has dtype {mask.dtype} but must be bool: pass mask > 0.")
    if mask.shape != tuple(spatial_shape):
        raise ValueError(
            f"mask has shape {mask.shape} but {of} has spatial shape {tuple(spatial_shape)}: "
            "pass a mask of that shape, True where a pixel counts."
        )
    return mask


def as_labels(
    labels: Any, spatial_shape: tuple[int, ...] | None = None, *, name: str = "labels"
) -> Array:
    """Check a label image: integers from 0 up, of the image's spatial shape if that is given.

    0 is unlabelled (or ignored, or background), and so is a masked pixel. The array is returned as
    it is, in its own integer dtype; bool is taken as 0 and 1.
    """
    if isinstance(labels, np.ma.MaskedArray):
        labels = labels.filled(0)
    array = as_array(name, labels, "read_labels")
    if array.dtype == bool:
        array = array.view(np.uint8)
    if array.dtype.kind not in "ui":
        raise TypeError(
            f"{name} has dtype {array.dtype} but must hold integers, 0 where a pixel is "
            f"unlabelled: pass {name}.astype(int) if its values are whole numbers."
        )
    if spatial_shape is not None and array.shape != tuple(spatial_shape):
        raise ValueError(
            f"{name} has shape {array.shape} but image has spatial shape "
            f"{tuple(spatial_shape)}: pass {name} of the image's shape, 0 where a pixel is "
            "unlabelled."
        )
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise ValueError(
            f"{name} holds {array.min()} but must be 0 (unlabelled) or positive: replace "
            "negative values by 0."
        )
    return array


def as_probabilities(
    probabilities: Any, spatial_shape: tuple[int, ...] | None = None, *, name: str = "probabilities"
) -> Array:
    """Check class probabilities: float32 (..., n_classes), finite and not negative."""
    array = to_array(name, probabilities)
    if array.dtype.kind not in "f":
        raise TypeError(f"{name} has dtype {array.dtype} but must hold floating-point numbers.")
    if array.ndim < 2:
        raise ValueError(f"{name} has shape {array.shape} but must be (..., n_classes).")
    if spatial_shape is not None and array.shape[:-1] != tuple(spatial_shape):
        raise ValueError(
            f"{name} has shape {array.shape} but image has spatial shape {tuple(spatial_shape)}: "
            "pass one vector of class probabilities a pixel, classes last."
        )
    if array.size and not (array.min() >= 0 and np.isfinite(array).all()):
        raise ValueError(f"{name} holds a negative or infinite value or NaN: pass probabilities.")
    return np.ascontiguousarray(array, PROBABILITY_DTYPE)


def dtype_range(dtype: np.dtype) -> float:
    """How far values of a dtype range: all that whole numbers can be, 1 for others."""
    if dtype.kind not in "ui":
        return 1.0
    limits = np.iinfo(dtype)
    return float(limits.max) - float(limits.min)


def check_same_shape(truth: Array, prediction: Array) -> None:
    """Refuse a prediction of another shape than its truth (in that order everywhere)."""
    if truth.shape != prediction.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape} but truth has shape {truth.shape}: pass two "
            "arrays of one shape."
        )
