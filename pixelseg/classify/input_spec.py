"""`InputSpec`: what a model knows of its training images, and what it asks of a new one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from .._core.image import Image, look_at_range

#: Whose spec an image of a training set must meet.
EARLIER = "an earlier training image"
#: Images whose largest values are this many times apart were not scaled alike.
_APART = 8


@dataclass(frozen=True)
class InputSpec:
    """Spatial axes, channels, pixel size, dtypes and values of the training images.

    `low` and `high` are the range of values of all of them; `peaks` are the largest absolute
    values of the darkest and of the brightest image.
    """

    ndim: int
    n_channels: int
    spacing: tuple[float, ...]
    dtypes: tuple[str, ...]
    low: float
    high: float
    peaks: tuple[float, float]

    @classmethod
    def of(cls, image: Image) -> InputSpec:
        """The spec of one image; its range of values is that of its middle part."""
        low, high = look_at_range(image)
        peak = max(abs(low), abs(high))
        axes = image.ndim, image.n_channels, image.spacing
        return cls(*axes, (image.dtype.name,), low, high, (peak, peak))

    @property
    def dtype(self) -> str:
        """The dtypes in words."""
        return " and ".join(self.dtypes)

    @property
    def value_range(self) -> float:
        """How far the values of the training images range; 1 where they are all one value."""
        return self.high - self.low or 1.0

    def merge(self, other: InputSpec) -> InputSpec:
        """The spec of two images of one training set; those parts that must agree are checked."""
        check_input(other, self, EARLIER)
        if self._is_far(other.peaks[0]):
            warnings.warn(
                f"images have values up to {self.peaks[1]:g} and up to {other.peaks[1]:g}: rescale "
                "them alike, since values are compared as they are.",
                UserWarning,
                stacklevel=5,
            )
        return replace(
            self,
            dtypes=tuple(sorted({*self.dtypes, *other.dtypes})),
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            peaks=(min(self.peaks[0], other.peaks[0]), max(self.peaks[1], other.peaks[1])),
        )

    def check(self, image: Image) -> None:
        """Refuse an image of another kind; warn of a dtype or values the model has not seen."""
        check_input(image, self, "the model")
        if image.dtype.name not in self.dtypes:
            warnings.warn(
                f"image has dtype {image.dtype.name} but the model was trained on {self.dtype}: "
                "values are compared as they are, without rescaling.",
                UserWarning,
                stacklevel=4,
            )
        low, high = look_at_range(image)
        if self._is_far(max(abs(low), abs(high))):
            warnings.warn(
                f"image has values from {low:g} to {high:g} but the model was trained on "
                f"{self.low:g} to {self.high:g}: rescale it the way the training images were.",
                UserWarning,
                stacklevel=4,
            )

    def channel_axis_of(self, shape: tuple[int, ...]) -> int | str | None:
        """Where an array of `shape` has its channels, if it is laid out as the model's images."""
        if len(shape) == self.ndim and self.n_channels == 1:
            return None
        if len(shape) == self.ndim + 1 and shape[-1] == self.n_channels:
            return -1
        return "auto"

    def _is_far(self, peak: float) -> bool:
        least, most = self.peaks
        return min(peak, least) > 0 and not least / _APART <= peak <= most * _APART


def check_input(image: InputSpec | Image, known: InputSpec | Image, whose: str) -> None:
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
