"""What is wanted of a prediction: labels, probabilities, uncertainty, and where to write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .._core.boxes import Box


@dataclass(frozen=True)
class Answers:
    """Arrays to fill, those that are wanted; anything that takes `array[slices] = block`."""

    classes: Array  # int64 (k,), ascending
    labels: Any = None
    probabilities: Any = None
    uncertainty: Any = None
    kind: str = "margin"

    @property
    def labels_only(self) -> bool:
        """Whether probabilities themselves are of no interest."""
        return self.probabilities is None and self.uncertainty is None

    def check(self, spatial_shape: tuple[int, ...]) -> None:
        """Refuse arrays that cannot hold the answers for an image."""
        check_kind(self.kind)
        if self.labels_only and self.labels is None:
            raise ValueError("labels, probabilities and uncertainty are all None: pass one array.")
        values = np.dtype(PROBABILITY_DTYPE)
        if self.labels is not None:
            check_output("labels", self.labels, spatial_shape, label_dtype(self.classes))
        if self.probabilities is not None:
            shape = (*spatial_shape, len(self.classes))
            check_output("probabilities", self.probabilities, shape, values)
        if self.uncertainty is not None:
            check_output("uncertainty", self.uncertainty, spatial_shape, values)

    def write(self, box: Box, probabilities: Array) -> None:
        """Write what is wanted of a box, from its probabilities (*box_shape, k)."""
        index = slices(box)
        if self.labels is not None:
            self.labels[index] = labels_of(probabilities, self.classes)
        if self.probabilities is not None:
            self.probabilities[index] = probabilities
        if self.uncertainty is not None:
            self.uncertainty[index] = uncertainty_of(probabilities, self.kind)

    def write_labels(self, box: Box, labels: Array) -> None:
        """Write labels that are known already."""
        self.labels[slices(box)] = labels


def check_kind(kind: str) -> None:
    """Refuse a kind of uncertainty that there is not."""
    if kind not in ("margin", "entropy"):
        raise ValueError(f"kind is {kind!r} but must be 'margin' or 'entropy'.")


def check_output(name: str, out: Any, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse the caller's array if its shape or dtype cannot hold a result."""
    if tuple(out.shape) != shape:
        raise ValueError(f"{name} has shape {tuple(out.shape)} but must have shape {shape}.")
    if not np.can_cast(dtype, out.dtype, "same_kind") or (
        np.dtype(out.dtype).itemsize < dtype.itemsize
    ):
        raise TypeError(f"{name} has dtype {out.dtype} but must hold {dtype}.")


def slices(box: Box) -> tuple[slice, ...]:
    """A box as an index."""
    return tuple(slice(start, stop) for start, stop in box)


def label_dtype(classes: Array) -> np.dtype:
    """The smallest unsigned dtype that holds every class and 0."""
    return np.min_scalar_type(int(classes.max()))


def labels_of(probabilities: Array, classes: Array) -> Array:
    """The most probable class of each pixel; 0 where all probabilities are 0 (outside a mask)."""
    from ._answer_kernels import most_probable

    dtype = label_dtype(classes)
    labels = np.empty(probabilities.shape[:-1], dtype)
    rows = np.ascontiguousarray(probabilities).reshape(-1, len(classes))
    most_probable(rows, classes.astype(dtype), labels.reshape(-1))
    return labels


def uncertainty_of(probabilities: Array, kind: str) -> Array:
    """Uncertainty of each pixel in [0, 1], float32; 0 outside a mask.

    "margin" is 1 minus the lead of the best class over the second; "entropy" is the entropy of
    the probabilities over that of a uniform answer.
    """
    if kind == "margin":
        best = np.partition(probabilities, -2, axis=-1)[..., -2:]
        uncertainty = 1 - (best[..., 1] - best[..., 0])
    else:
        surprise = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
        uncertainty = -(probabilities * surprise).sum(axis=-1) / np.log(probabilities.shape[-1])
    uncertainty[probabilities.max(axis=-1) == 0] = 0
    return np.clip(uncertainty, 0, 1).astype(PROBABILITY_DTYPE)
