"""Image files as the library wants them: checked images, one in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .._core.image import Image, as_image
from ..io import read_image, write_image
from ..io.reading import where
from ._report import note

#: Longest side of a preview.
_PREVIEW_SIDE = 2000


def open_image(
    path: Path, *, channel_axis: int | str | None, spacing: Any, ndim: int | None = None
) -> Image:
    """Open a file as an `Image` (its `source` is the `ImageFile`).

    `ndim` (spatial axes that a model knows) settles what a 3-D .npy file is; a `spacing` of "file"
    is the file's own.
    """
    file = read_image(path, channel_axis=channel_axis)
    _say_orientation(path, file.orientation)
    if spacing == "file":
        spacing = file.spacing
        if spacing is None:
            raise ValueError(f"{path} does not say how large its pixels are: pass --spacing Z,Y,X.")
    unknown = file.channel_axis == "auto" and file.ndim == ndim
    image = as_image(file, channel_axis=None if unknown else "auto", spacing=spacing)
    return _without_nan(image)


@cache
def _say_orientation(path: Path, orientation: int) -> None:
    """Say, once for each file, that it is not what a viewer shows."""
    if orientation != 1:
        note(
            f"{path} asks viewers to turn or mirror it (orientation {orientation}): it is taken as "
            "it is stored, and labels painted on the turned picture do not fit"
        )


def _without_nan(image: Image) -> Image:
    """The image with a mask that is False where a value is NaN: no one measured there."""
    if image.dtype.kind != "f":
        return image
    has_channels = image.channel_axis is not None

    def is_number(block: Any) -> Any:
        inside = ~np.isnan(block)
        return inside.all(axis=-1) if has_channels else inside

    inside = where(image.source, is_number, n_channel_axes=int(has_channels))
    return image if inside.all() else as_image(image, mask=inside)


def write_preview(
    path: Path, image: Image, labels: Any, draw: Callable[..., Any], *, overwrite: bool
) -> None:
    """Draw labels over an image of at most 2000 pixels a side; of a volume, its middle slice."""
    step = max(1, -(-max(image.spatial_shape[-2:]) // _PREVIEW_SIDE))
    index: tuple[Any, ...] = (slice(None, None, step),) * 2
    if image.ndim == 3:
        index = (image.spatial_shape[0] // 2, *index)
    axis = None if image.channel_axis is None else -1
    picture = draw(image.source[index], labels[index], channel_axis=axis)
    write_image(path, picture, overwrite=overwrite)


class Reread:
    """An iterable of known length that reads each of its items when it comes to it.

    `current` is the file that is being worked on, for messages.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[Path], Any]):
        self.paths = paths
        self.current: Path | None = None
        self._read = read

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Any]:
        for path in self.paths:
            self.current = path
            yield self._read(path)
        self.current = None
