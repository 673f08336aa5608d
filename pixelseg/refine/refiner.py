"""Refiners: what smooths or corrects probabilities before labels are taken.

A refiner is any object with `refine(probabilities, image) -> probabilities`. It gets the `Image`,
which knows its axes, spacing and mask and is an array to `numpy.asarray`; what lies outside the
mask is 0 in both, and whatever the refiner says of it is replaced by 0.

More is optional. `reach(image)` says how many pixels along each spatial axis an answer depends on:
such a refiner is applied tile by tile, any other one to whole images.
`working_bytes(image, shape, n_classes)` is what it then holds beside its answer for a box of
`shape` (D, H, W). `settled(value_range)` is a copy whose settings that depend on the training
images' values are settled: `fit` asks for it and the fitted model keeps it. `window_width`, in
units of the spacing, is how wide the windows are that a refiner smooths over: tuning takes what
fits between the borders of the classes unless strokes are against it; without it, strokes alone
speak.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any, Protocol

import numpy as np

from .._core.arrays import Array, as_probabilities
from .._core.boxes import Shape3D
from .._core.checks import as_count, shown
from .._core.image import Image

#: What a refiner that does not say is supposed to hold for each pixel, and each pixel and class.
_BYTES_PER_PIXEL, _BYTES_PER_PROBABILITY = 64, 16


class Refiner(Protocol):
    """What `refine=` takes."""

    def refine(self, probabilities: Array, image: Image) -> Array:
        """Probabilities, float32 (..., n_classes), in the place of those that are given."""


def check_refiner(refiner: Any, name: str = "refine") -> None:
    """Refuse what cannot refine, before an image is read."""
    if refiner is not None and not callable(getattr(refiner, "refine", None)):
        raise TypeError(
            f"{name} is {shown(refiner)} but must have a method refine(probabilities, image)."
        )


def settle(refiner: Any, value_range: float) -> Any:
    """A refiner for images like those of training; the one that is given is not changed."""
    if not hasattr(refiner, "settled"):
        return refiner
    return refiner.settled(value_range)


def is_same(refiner: Any, other: Any) -> bool:
    """Whether two refiners are one, or settled copies of one class with the same settings."""
    if refiner is other:
        return True
    if type(refiner) is not type(other) or not hasattr(refiner, "settled"):
        return False
    settings, others = refiner.get_params(), other.get_params()
    return all(np.array_equal(settings[name], others[name]) for name in settings)


def reach_of(refiner: Any, image: Image) -> tuple[int, ...] | None:
    """Pixels along each axis that an answer depends on; None where a refiner does not say."""
    if not hasattr(refiner, "reach"):
        return None
    reach = tuple(as_count("reach of refine", pixels, least=0) for pixels in refiner.reach(image))
    if len(reach) != image.ndim:
        raise ValueError(
            f"reach of refine is {reach} but must have one number for each of the {image.ndim} "
            "spatial axes of the image."
        )
    return reach


def working_bytes_of(refiner: Any, image: Image, shape: Shape3D, n_classes: int) -> int:
    """What a refiner holds beside its answer for a box; a guess where it does not say."""
    if hasattr(refiner, "working_bytes"):
        return refiner.working_bytes(image, shape, n_classes)
    return prod(shape) * (_BYTES_PER_PIXEL + _BYTES_PER_PROBABILITY * n_classes)


def apply_refiner(refiner: Refiner, probabilities: Array, image: Image) -> Array:
    """A refiner's answer, checked; 0 outside the mask."""
    refined = np.asarray(refiner.refine(probabilities, _zero_outside(image)))
    if refined.shape != probabilities.shape:
        raise ValueError(
            f"refine returned shape {refined.shape} but was given {probabilities.shape}: it "
            "must return one probability for each pixel and class."
        )
    if image.mask is not None:
        refined = np.where(image.mask[..., np.newaxis], refined, 0)
    return as_probabilities(refined, image.spatial_shape, name="what refine returned")


def _zero_outside(image: Image) -> Image:
    """The image with 0 outside its mask, where there may be NaN."""
    if image.mask is None:
        return image
    source = np.array(image)
    channels = source[np.newaxis] if image.channel_axis is None else source
    np.moveaxis(channels, image.channel_axis or 0, 0)[:, ~image.mask] = 0
    return replace(image, source=source)
