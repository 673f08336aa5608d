"""Image files as the library wants them: checked images, one in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .._core.image import Image, as_image
from ..io import read_image, write_image

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
    if spacing == "file":
        spacing = file.spacing
        if spacing is None:
            raise ValueError(f"{path} does not say how large its pixels are: pass --spacing Z,Y,X.")
    unknown = file.channel_axis == "auto" and file.ndim == ndim
    return as_image(file, channel_axis=None if unknown else "auto", spacing=spacing)


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
