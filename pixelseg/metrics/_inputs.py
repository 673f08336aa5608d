"""What the metrics ask of their input: truths, maps, ignored labels, thresholds, tolerances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, as_numbers, as_source, to_array
from .._core.checks import as_choice, as_count, as_flag, as_integer, as_number, shown

Ignore = int | Sequence[int] | None


def as_ignore(ignore: Ignore) -> tuple[int, ...]:
    """Check `ignore`: None, one label or several."""
    labels: Any = () if ignore is None else ignore
    is_array = isinstance(labels, np.ndarray) and labels.ndim == 1
    if isinstance(labels, str | bytes) or not (is_array or isinstance(labels, Sequence)):
        labels = (labels,)
    for label in labels:
        if isinstance(label, bool | str) or not isinstance(label, int | np.integer):
            raise TypeError(
                f"ignore is {shown(ignore)} but must be None, a label or a list of labels."
            )
    return tuple(int(label) for label in labels)


def as_background(background: Any) -> int:
    """Check `background`, None or one label; None becomes -1, which no pixel has."""
    return -1 if background is None else as_integer("background", background, "None or a label")


def check_annotators(annotators: str) -> None:
    """Refuse a way of aggregating annotators that there is not."""
    as_choice("annotators", annotators, ("worst", "mean"))


def check_parameters(
    *,
    ignore: Ignore = 0,
    background: int | None = 0,
    annotators: str = "mean",
    tolerance: float | None = None,
    tolerance_unit: str = "pixel",
    **others: Any,
) -> None:
    """Refuse parameters that many metrics share before the first image comes."""
    for name in ("thin", "strict"):
        if name in others:
            as_flag(name, others[name])
    as_ignore(ignore)
    as_background(background)
    check_annotators(annotators)
    if tolerance is not None:
        as_reach(tolerance, tolerance_unit, (1, 1))


def check_not_mask(truth: Any, ignored: tuple[int, ...]) -> None:
    """Refuse a bool truth whose background would be left out unawares."""
    if truth.dtype == bool and 0 in ignored:
        raise TypeError(
            "truth has dtype bool, and ignore=0 would leave all of its background out: pass "
            "ignore=None to score both sides, or truth.astype(int) if False means unlabelled."
        )


def check_something_left(is_left: bool, ignored: tuple[int, ...], where: str = "") -> None:
    """Refuse a truth that has no pixel to score."""
    if not is_left:
        raise ValueError(
            f"truth has no pixel to score {where}outside ignore={list(ignored)}: pass a truth with "
            "other labels, or leave the image out."
        )


def check_pixels(name: str, array: Array, *, volumes: bool = True) -> None:
    """Refuse what is no plane of pixels, nor a volume if these will do."""
    if array.ndim not in (2, 2 + volumes) or array.size == 0:
        wanted = "(H, W) or (D, H, W)" if volumes else "(H, W), such as one slice of a volume,"
        raise ValueError(
            f"{name} has shape {array.shape} but must be {wanted} with at least one pixel."
        )


def as_binary(values: Any, name: str, instead: str) -> Array:
    """Check an array of bool; `instead` is what to pass for it."""
    array = to_array(name, values)
    if array.dtype != bool:
        raise TypeError(f"{name} has dtype {array.dtype} but must be bool: pass {name} {instead}.")
    return array


def as_map(boundaries: Any, name: str) -> Array:
    """Check a binary map: bool, (H, W), at least one pixel."""
    array = as_binary(boundaries, name, "> 0")
    check_pixels(name, array, volumes=False)
    return array


def split_truths(truth: Any, ndim: int) -> list[Any]:
    """The truth of each annotator, of `ndim` axes each, not read yet.

    `truth` is one array, a list or tuple of arrays, or an array with one more axis in front.
    """
    if isinstance(truth, list | tuple):
        if len(truth) == 0:
            raise ValueError("truth is empty: pass the labels of at least one annotator.")
        if len(as_source("truth", truth[0]).shape) >= ndim:
            return list(truth)
    truth = as_source("truth", truth)
    return [truth[k] for k in range(truth.shape[0])] if len(truth.shape) == ndim + 1 else [truth]


def as_annotations(truth: Any, shape: tuple[int, ...], name: str = "prediction") -> list[Array]:
    """The truth of each annotator as an array of `shape`, which is that of the argument `name`."""
    annotations = [to_array("truth", one) for one in split_truths(truth, len(shape))]
    for annotation in annotations:
        if annotation.shape != shape:
            raise ValueError(
                f"truth has shape {annotation.shape} but {name} has shape {shape}: pass one array "
                "of that shape, or a list with one for each annotator."
            )
        if annotation.dtype != bool:
            as_labels(annotation, name="truth")
    return annotations


def spatial_shape(truth: Any) -> tuple[int, ...]:
    """The shape of an image whose truth is one map, a list of maps or a stack of them."""
    shape = tuple(as_source("truth", split_truths(truth, 2)[0]).shape)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"truth has shape {shape} but must be (H, W), or a list of such arrays, or one array "
            "(n, H, W)."
        )
    return shape


def ignored_pixels(truth: Array, ignored: tuple[int, ...]) -> Array:
    """Where a truth holds one of the ignored labels; nowhere in a bool map, which has no labels."""
    result = np.zeros(truth.shape, bool)
    if truth.dtype != bool:
        for label in ignored:
            result |= truth == label
    return result


def as_thresholds(thresholds: int | Sequence[float] | Array) -> Array:
    """Check thresholds, or space a number of them evenly between 0 and 1."""
    if isinstance(thresholds, int | np.integer):
        n = as_count("thresholds", thresholds)
        return np.linspace(1 / (n + 1), 1 - 1 / (n + 1), n)
    values = as_numbers("thresholds", thresholds, "a number of thresholds or a list of numbers")
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(
            f"thresholds has shape {values.shape} but must be a number of thresholds or a list."
        )
    if not (np.isfinite(values).all() and (np.diff(values) > 0).all()):
        raise ValueError(
            f"thresholds is {shown(thresholds)} but must be finite and increase: pass them sorted, "
            "each once."
        )
    return values


def as_reach(tolerance: float, unit: str, shape: tuple[int, ...]) -> float:
    """Turn a tolerance into pixels for an image of this shape."""
    as_choice("tolerance_unit", unit, ("diagonal", "pixel"))
    tolerance = as_number("tolerance", tolerance, least=0)
    if unit == "pixel":
        return tolerance
    if tolerance >= 1:
        raise ValueError(
            f"tolerance is {tolerance} but must be below 1, the whole diagonal: pass "
            "tolerance_unit='pixel' if it is a number of pixels."
        )
    return tolerance * math.hypot(*shape)
