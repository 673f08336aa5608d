"""Probabilities from files of any program, checked against the image that they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array, as_probabilities
from .._core.image import Image
from ..io import read_image
from ..io.paths import naming_damage
from ._files import HDF5_SUFFIXES

#: How far the sum of probabilities may be from 1: half precision is, and refiners take no more.
_TOLERANCE = 0.01


def read_probabilities(
    path: Path, image: Image, *, class_axis: int | None = None, dataset: str | None = None
) -> Array:
    """Read class probabilities of an image: float32 (*spatial_shape, n_classes).

    `class_axis` is the axis that holds classes in the file (default: the last one, or what a TIFF
    says), `dataset` the name of an array in an HDF5 file. A file of the image's own shape holds
    the probability of the second of two classes. A pixel that no class has is all 0.
    """
    if path.suffix.lower() in HDF5_SUFFIXES:
        values = _read_hdf5(path, dataset)
        values = values if class_axis is None else _with_classes_last(values, class_axis, path)
    else:
        values = np.asarray(
            read_image(path, channel_axis="auto" if class_axis is None else class_axis)
        )
    shape = image.spatial_shape
    if values.dtype.kind != "f":
        raise TypeError(
            f"{path} holds {values.dtype} but probabilities are floating-point numbers from 0 to "
            "1: convert them."
        )
    if values.shape == shape:
        values = np.stack([1 - values, values], axis=-1)
    if values.shape[:-1] != shape and values.shape[1:] == shape:
        raise ValueError(
            f"{path} holds an array of shape {values.shape}, whose first axis has the classes: "
            "pass --class-axis 0."
        )
    given = as_probabilities(values, shape, name=str(path))
    _check_sums(given, path)
    return given


def _check_sums(probabilities: Array, path: Path) -> None:
    """Refuse what is no distribution over the classes, nor all 0."""
    sums = probabilities.sum(axis=-1, dtype=np.float64)
    error = np.where(sums == 0, 0, abs(sums - 1))
    worst = np.unravel_index(error.argmax(), error.shape)
    if error[worst] > _TOLERANCE:
        at = ", ".join(str(int(index)) for index in worst)
        raise ValueError(
            f"{path} sums to {sums[worst]:.4g} over the classes at pixel ({at}) but must sum to 1 "
            "at each: pass probabilities (those of a softmax, not its logits), with all classes."
        )


def _with_classes_last(values: Array, class_axis: int, path: Path) -> Array:
    if not -values.ndim <= class_axis < values.ndim:
        raise ValueError(
            f"--class-axis is {class_axis} but {path} holds an array of shape {values.shape}: pass "
            f"an axis from {-values.ndim} to {values.ndim - 1}."
        )
    return np.moveaxis(values, class_axis, -1)


def _read_hdf5(path: Path, dataset: str | None) -> Array:
    """The array of a name, or the only one that the file holds."""
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            f"{path} is an HDF5 file, which h5py reads: pip install h5py, or save it as .npy."
        ) from error
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    with naming_damage(path), h5py.File(path) as file:
        names: list[str] = []

        def note_array(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                names.append(name)

        file.visititems(note_array)
        wanted = dataset.strip("/") if dataset else names[0] if len(names) == 1 else None
        if wanted in names:
            return file[wanted][()]
    listed = ", ".join(names) or "none"
    said = f"no array {dataset}" if dataset else f"{len(names)} arrays"
    raise ValueError(f"{path} has {said} (there are: {listed}): pass the name of one by --dataset.")
