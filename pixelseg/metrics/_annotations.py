"""What several metrics ask of their input: one truth or several, binary maps, ignored labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels


def as_map(boundaries: Any, name: str) -> Array:
    """Check a binary map: bool, (H, W), at least one pixel."""
    array = np.asarray(boundaries)
    if array.dtype != bool:
        raise TypeError(f"{name} has dtype {array.dtype} but must be bool: pass {name} > 0.")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape} but must be (H, W) with at least one pixel."
        )
    return array


def as_annotations(truths: Any, shape: tuple[int, ...], name: str = "prediction") -> list[Array]:
    """Split what was given as truth into one array for each annotator, each of `shape`.

    One array of `shape` is one annotator; a list or tuple of arrays, or an array with one more
    axis in front, is several. `name` is the argument that `shape` comes from.
    """
    if isinstance(truths, list | tuple) and len(truths) == 0:
        raise ValueError("truth is empty: pass the labels of at least one annotator.")
    if isinstance(truths, list | tuple) and np.ndim(truths[0]) >= len(shape):
        annotations = [np.asarray(truth) for truth in truths]
    else:
        array = np.asarray(truths)
        annotations = list(array) if array.ndim == len(shape) + 1 else [array]
    for annotation in annotations:
        if annotation.shape != shape:
            raise ValueError(
                f"truth has shape {annotation.shape} but {name} has shape {shape}: pass one array "
                "of that shape, or a list with one for each annotator."
            )
        if annotation.dtype != bool:
            as_labels(annotation, name="truth")
    return annotations


def ignored_pixels(truth: Array, ignored: tuple[int, ...]) -> Array:
    """Where a truth holds one of the ignored labels; nowhere in a bool map, which has no labels."""
    result = np.zeros(truth.shape, bool)
    for label in ignored if truth.dtype != bool else ():
        result |= truth == label
    return result
