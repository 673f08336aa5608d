"""The helpers of pydensecrf: energies from labels or probabilities, features of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._core.arrays import Array, to_array
from ..._core.checks import as_count, as_integer, as_number, as_shape, shown
from ..lattice import as_widths


def unary_from_labels(
    labels: Any, n_labels: int, gt_prob: float, zero_unsure: bool = True
) -> Array:
    """Make energies (n_labels, n_points) of a labelling that is right with probability `gt_prob`.

    With `zero_unsure`, labels are 1 to n_labels and 0 says nothing; without, 0 to n_labels - 1.
    """
    n_labels = as_count("n_labels", n_labels)
    sure = as_number("gt_prob", gt_prob, above=0)
    if sure >= 1:
        raise ValueError(f"gt_prob is {gt_prob!r} but must be below 1.")
    given = to_array("labels", labels).reshape(-1)
    lowest, highest = (0, n_labels) if zero_unsure else (0, n_labels - 1)
    if given.dtype.kind not in "iu" or (
        given.size and not lowest <= given.min() <= given.max() <= highest
    ):
        raise ValueError(
            f"labels is {shown(labels)} but must hold integers from {lowest} to {highest}, as "
            f"n_labels is {n_labels} and zero_unsure {bool(zero_unsure)}."
        )
    others = (1 - sure) / max(n_labels - 1, 1)
    energies = np.full((n_labels, given.size), -np.log(others), np.float32)
    places = given.astype(np.intp) - (1 if zero_unsure else 0)
    energies[places, np.arange(given.size)] = -np.log(sure)
    if zero_unsure:
        energies[:, given == 0] = np.log(n_labels)
    return energies


def unary_from_softmax(sm: Any, scale: float | None = None, clip: float | None = 1e-5) -> Array:
    """Make energies (n_labels, n_points) of probabilities (n_labels, ...), not below `clip`.

    A `scale` below 1 draws them towards equal ones: sure of 1 is then only sure of `scale`.
    """
    probabilities = to_array("sm", sm)
    if probabilities.dtype.kind != "f" or not (probabilities.ndim and probabilities.size):
        raise TypeError(f"sm is {shown(sm)} but must be an array of floats, labels first.")
    if not np.isfinite(probabilities).all() or probabilities.min(initial=0) < 0:
        raise ValueError("sm holds a negative or infinite value or NaN: pass probabilities.")
    if scale is not None:
        share = as_number("scale", scale, above=0, most=1)
        probabilities = share * probabilities + (1 - share) / len(probabilities)
    if clip is not None:
        probabilities = np.clip(probabilities, as_number("clip", clip, least=0, most=1), 1)
    with np.errstate(divide="ignore"):
        energies = -np.log(probabilities)
    return energies.reshape(len(energies), -1).astype(np.float32)


def create_pairwise_gaussian(sdims: Any, shape: Any) -> Array:
    """Make features (n_axes, n_points) of positions, each over its standard deviation.

    `sdims` has a number for each axis of `shape`, rows first: the reverse of `sxy`.
    """
    sizes = as_shape(shape)
    widths = as_widths("sdims", sdims, len(sizes), "axis")
    features = np.indices(sizes, np.float32).reshape(len(sizes), -1)
    features /= widths[:, np.newaxis].astype(np.float32)
    return features


def create_pairwise_bilateral(sdims: Any, schan: Any, img: Any, chdim: int = -1) -> Array:
    """Make features of positions, then of an image's values, each over its standard deviation.

    `chdim` is the axis of `img` that holds channels, -1 if there is none. `schan` is one number or
    one for each channel, in units of the image's values; `sdims` follows the other axes, rows
    first.
    """
    image = as_float32("img", img)
    axis = as_integer("chdim", chdim)
    if not -1 <= axis < image.ndim:
        raise ValueError(
            f"chdim is {chdim} but img has shape {image.shape}: pass the axis that holds channels, "
            "or -1 if there is none."
        )
    channels = image[np.newaxis] if axis == -1 else np.moveaxis(image, axis, 0)
    n_channels, *shape = channels.shape
    widths = as_widths("schan", schan, n_channels, "channel").astype(np.float32)
    positions = create_pairwise_gaussian(sdims, shape)
    values = channels.reshape(n_channels, -1) / widths[:, np.newaxis]
    return np.concatenate([positions, values])


def compute_unary(labels: Any, M: int, GT_PROB: float = 0.5) -> Array:
    """Make energies of a labelling: the old name of `unary_from_labels`."""
    return unary_from_labels(labels, M, GT_PROB)


def softmax_to_unary(sm: Any, GT_PROB: float = 1) -> Array:
    """Make energies of probabilities, not clipped: the old name of `unary_from_softmax`."""
    return unary_from_softmax(sm, None if GT_PROB == 1 else GT_PROB, clip=None)


def as_float32(name: str, value: Any) -> Array:
    """Finite or infinite numbers of any real dtype as float32."""
    array = to_array(name, value)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} is {shown(value)} but must be an array of real numbers.")
    return array.astype(np.float32)
