"""Probabilities and uncertainty on a scale whose lightness rises evenly: it reads in grey too."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, as_probabilities, to_array
from .._core.checks import as_integer

#: From violet-black over red to pale yellow; CIE lightness 4 to 96 in equal steps.
_SCALE = (
    (1, 13, 41), (42, 24, 97), (114, 12, 116), (176, 0, 114), (220, 50, 102), (251, 97, 90),
    (255, 147, 84), (255, 198, 108), (255, 243, 201),
)  # fmt: skip


def probability_map(probabilities: Any, class_index: int) -> Array:
    """Show the probability of one class, from violet-black (0) over red to pale yellow (1).

    Parameters
    ----------
    probabilities : float array of shape (..., n_classes)
    class_index : int
        Place of the class in the model's `classes_`.

    Returns
    -------
    ndarray of uint8, shape (..., 3)

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import plot
    >>> plot.probability_map(np.array([[[0.0, 1.0]]]), 1)
    array([[[255, 243, 201]]], dtype=uint8)
    """
    probabilities = as_probabilities(probabilities)
    n_classes = probabilities.shape[-1]
    class_index = as_integer("class_index", class_index)
    if not -n_classes <= class_index < n_classes:
        raise ValueError(
            f"class_index is {class_index} but probabilities has {n_classes} classes: pass a place "
            f"from 0 to {n_classes - 1}."
        )
    return _on_scale(probabilities[..., class_index])


def uncertainty_map(uncertainty: Any) -> Array:
    """Show uncertainty from 0 (violet-black) to 1 (pale yellow), as `predict_uncertainty` gives it.

    Parameters
    ----------
    uncertainty : float array
        Values outside 0...1 are shown as its ends.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
    """
    uncertainty = to_array("uncertainty", uncertainty)
    if uncertainty.dtype.kind != "f":
        raise TypeError(f"uncertainty has dtype {uncertainty.dtype} but must be floating point.")
    return _on_scale(uncertainty)


def _on_scale(values: Array) -> Array:
    """Values of 0...1 as colours of the scale; NaN as 0."""
    places = np.linspace(0, 1, len(_SCALE))
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.interp(steps, places, band) for band in np.transpose(_SCALE)], axis=-1)
    index = np.clip(np.nan_to_num(values), 0, 1) * 255
    return np.rint(table).astype(np.uint8)[np.rint(index).astype(np.uint8)]
