"""Refiners: what smooths or corrects a whole image's probabilities before labels are taken.

A refiner is any object with `refine(probabilities, image) -> probabilities`. It gets the `Image`,
which knows its axes, spacing and mask and is an array to `numpy.asarray`; what lies outside the
mask is 0 in both, and whatever the refiner says of it is replaced by 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from .._core.arrays import Array, as_probabilities
from .._core.image import Image
from ..refine import GraphCut, GuidedFilter

#: Classes of refiners that a model file may name. `get_params()` gives their settings (numbers,
#: text, None, lists of these), and `cls(**settings)` makes one of them again. Add your own class to
#: save and load models with it; nothing that a file names is imported.
REFINERS: dict[str, type] = {"GraphCut": GraphCut, "GuidedFilter": GuidedFilter}


class Refiner(Protocol):
    """What `refine=` takes."""

    def refine(self, probabilities: Array, image: Image) -> Array:
        """Probabilities, float32 (..., n_classes), in the place of those that are given."""


def check_refiner(refiner: Any) -> None:
    """Refuse what cannot refine, before an image is read."""
    if refiner is not None and not callable(getattr(refiner, "refine", None)):
        raise TypeError(
            f"refine is {refiner!r} but must have a method refine(probabilities, image)."
        )


def refine(refiner: Refiner, probabilities: Array, image: Image) -> Array:
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


def refiner_to_record(refiner: Any) -> dict[str, Any] | None:
    """Name and settings of a refiner; TypeError where it is none that a file may name."""
    if refiner is None:
        return None
    name = next((name for name, cls in REFINERS.items() if type(refiner) is cls), None)
    if name is None:
        raise TypeError(
            f"refine is {refiner!r}, which cannot be stored as data: save the model with "
            "refine=None and set it again after load."
        )
    return {"name": name, "settings": refiner.get_params(deep=False)}


def refiner_from_record(record: dict[str, Any] | None) -> Any:
    """The refiner that a file names; ValueError where it is unknown."""
    if record is None:
        return None
    if record["name"] not in REFINERS:
        known = ", ".join(REFINERS) or "none"
        raise ValueError(f"its refiner {record['name']!r} is not known here (known: {known})")
    return REFINERS[record["name"]](**record["settings"])
