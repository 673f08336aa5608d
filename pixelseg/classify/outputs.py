"""What is wanted of a prediction: labels, probabilities, uncertainty, and where to write them."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array, dtype_of
from .._core.boxes import Box, slices_of
from .._core.checks import as_choice, shown
from .row_classifier import most_probable


@dataclass(frozen=True)
class Outputs:
    """Arrays to fill, those that are wanted; anything that takes `array[slices] = block`.

    Tiles end where memory says, not where the chunks of a zarr or HDF5 array do: two threads
    that read, change and write the same chunk would lose one tile. All but NumPy's own arrays,
    memory maps among them, are therefore written by one thread at a time.
    """

    classes: Array  # int64 (k,), ascending
    labels: Any = None
    probabilities: Any = None
    uncertainty: Any = None
    kind: str = "margin"
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @property
    def labels_only(self) -> bool:
        """Whether probabilities themselves are of no interest."""
        return self.probabilities is None and self.uncertainty is None

    def check(self, spatial_shape: tuple[int, ...], argument: str | None = None) -> None:
        """Refuse arrays that cannot hold the answers for an image.

        `argument` is what the caller's user calls them, if not by their own names.
        """
        as_choice("kind", self.kind, ("margin", "entropy"))
        wanted = {n: getattr(self, n) for n in ("labels", "probabilities", "uncertainty")}
        if all(out is None for out in wanted.values()):
            raise ValueError("labels, probabilities and uncertainty are all None: pass one array.")
        for name, out in wanted.items():
            if out is not None:
                form = output_form(name, spatial_shape, self.classes)
                _check_output(argument or name, out, *form)

    def write_probabilities(self, box: Box, probabilities: Array, mask: Array | None) -> None:
        """Write what is wanted of a box, from its probabilities (*box_shape, k); 0 outside."""
        if mask is not None:
            probabilities[~mask] = 0
        if self.labels is not None:
            self._write(self.labels, box, self._labels_at(most_probable(probabilities)))
        if self.probabilities is not None:
            self._write(self.probabilities, box, probabilities)
        if self.uncertainty is not None:
            self._write(self.uncertainty, box, uncertainty_of(probabilities, self.kind))

    def write_places(self, box: Box, places: Array, mask: Array | None) -> None:
        """Write labels alone, from places in `classes` (*box_shape); 0 outside."""
        labels = self._labels_at(places)
        if mask is not None:
            labels[~mask] = 0
        self._write(self.labels, box, labels)

    def _labels_at(self, places: Array) -> Array:
        """Classes at places; place -1 is 0."""
        return np.append(self.classes, 0).astype(label_dtype(self.classes))[places]

    def _write(self, target: Any, box: Box, block: Array) -> None:
        with nullcontext() if isinstance(target, np.ndarray) else self._lock:
            target[slices_of(box)] = block


def output_form(
    name: str, spatial_shape: tuple[int, ...], classes: Array
) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of an answer: labels, probabilities or uncertainty."""
    if name == "labels":
        return spatial_shape, label_dtype(classes)
    own = (len(classes),) if name == "probabilities" else ()
    return (*spatial_shape, *own), np.dtype(PROBABILITY_DTYPE)


def _check_output(name: str, out: Any, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse the caller's array if its shape or dtype cannot hold a result."""
    if not all(hasattr(out, name) for name in ("shape", "dtype", "__setitem__")):
        raise TypeError(f"{name} is {shown(out)} but must be an array of shape {shape}.")
    if tuple(out.shape) != shape:
        raise ValueError(f"{name} has shape {tuple(out.shape)} but must have shape {shape}.")
    held = dtype_of(name, out)
    if not np.can_cast(dtype, held, "same_kind") or (held.itemsize < dtype.itemsize):
        raise TypeError(f"{name} has dtype {out.dtype} but must hold {dtype}.")


def label_dtype(classes: Array) -> np.dtype:
    """The smallest unsigned dtype that holds every class and 0."""
    return np.min_scalar_type(int(classes.max()))


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
