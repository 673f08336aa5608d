"""What a model knows of the images it was trained on, and what it asks of a new one."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._core.image import Image

#: Whose kind an image of a training set must be of.
EARLIER = "an earlier training image"
#: Pixels along each axis that are looked at to learn an image's range of values.
_LOOK = 1024


@dataclass(frozen=True)
class ImageTraits:
    """Spatial axes, channels, dtype, range of values and pixel size of the training images."""

    ndim: int
    n_channels: int
    dtype: str
    low: float
    high: float
    spacing: tuple[float, ...]

    @classmethod
    def of(cls, image: Image) -> ImageTraits:
        """The traits of one image; its range of values is that of its middle part."""
        box = []
        for size, limit in zip(image.spatial_shape, (16, _LOOK, _LOOK)[-image.ndim :], strict=True):
            start = max(0, (size - limit) // 2)
            box.append((start, min(size, start + limit)))
        planes = image.read(tuple(box))
        mask = image.read_mask(tuple(box))
        values = planes if mask is None else planes[:, mask]
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        return cls(image.ndim, image.n_channels, image.dtype.name, low, high, image.spacing)

    def merge(self, other: ImageTraits) -> ImageTraits:
        """The traits of two images of one training set; those that must agree are checked."""
        check_kind(other, self, EARLIER)
        return ImageTraits(
            self.ndim,
            self.n_channels,
            max(self.dtype, other.dtype, key=lambda name: np.dtype(name).itemsize),
            min(self.low, other.low),
            max(self.high, other.high),
            self.spacing,
        )

    def check_kind(self, image: ImageTraits | Image, whose: str = "the model") -> None:
        """Refuse an image with other axes or another number of channels."""
        check_kind(image, self, whose)

    def warn_if_other(self, image: Image) -> None:
        """Warn of an image whose dtype or range of values the model has not seen."""
        if image.dtype.name != self.dtype:
            warnings.warn(
                f"image has dtype {image.dtype.name} but the model was trained on {self.dtype}: "
                "values are compared as they are, without rescaling.",
                UserWarning,
                stacklevel=4,
            )
        new = ImageTraits.of(image)
        known = max(abs(self.low), abs(self.high))
        largest = max(abs(new.low), abs(new.high))
        if known > 0 and largest > 0 and not known / 8 <= largest <= known * 8:
            warnings.warn(
                f"image has values from {new.low:g} to {new.high:g} but the model was trained on "
                f"{self.low:g} to {self.high:g}: rescale it the way the training images were.",
                UserWarning,
                stacklevel=4,
            )

    def to_json(self) -> dict[str, Any]:
        """The traits as plain JSON values."""
        return {**asdict(self), "spacing": list(self.spacing)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ImageTraits:
        """Read back what `to_json` wrote, checking every type."""
        traits = cls(
            ndim=int(record["ndim"]),
            n_channels=int(record["n_channels"]),
            dtype=np.dtype(str(record["dtype"])).name,
            low=float(record["low"]),
            high=float(record["high"]),
            spacing=tuple(float(size) for size in record["spacing"]),
        )
        if traits.ndim not in (2, 3) or traits.n_channels < 1 or len(traits.spacing) != traits.ndim:
            raise ValueError(f"image traits {record} do not describe an image")
        return traits


def check_kind(image: ImageTraits | Image, known: ImageTraits | Image, whose: str) -> None:
    """Refuse an image with other axes or another number of channels than a known one."""
    if image.ndim != known.ndim:
        raise ValueError(
            f"image has {image.ndim} spatial axes but {whose} has {known.ndim}: pass an image "
            "of the same kind, and channel_axis if its axes were misread."
        )
    if image.n_channels != known.n_channels:
        raise ValueError(
            f"image has {image.n_channels} channels but {whose} has {known.n_channels}: pass an "
            "image with the same channels in the same order."
        )
