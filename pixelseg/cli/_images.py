"""Image files as the library wants them: checked images, one in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .._core.arrays import Array, as_labels
from .._core.image import Image, as_image
from ..io import ImageFile, read_image, read_labels


def open_image(
    path: Path, *, channel_axis: int | str | None, spacing: Any, ndim: int | None = None
) -> tuple[ImageFile, Image]:
    """A file, and the same as an `Image` whose axes, pixel size and holes are known.

    `ndim` (spatial axes that a model knows) settles what a 3-D .npy file is.
    """
    file = read_image(path, channel_axis=channel_axis)
    axis = file.channel_axis
    if axis == "auto" and file.ndim == ndim:
        axis = None
    return file, as_image(file, channel_axis=axis, spacing=spacing, mask=file.mask)


class Pairs:
    """Images and labels of a training set, read anew whenever they are iterated.

    `current` is the file that is being worked on, for messages.
    """

    def __init__(self, pairs: Sequence[tuple[Path, Path]], channel_axis: Any, spacing: Any):
        self.pairs = list(pairs)
        self.current: Path | None = None
        self._options = {"channel_axis": channel_axis, "spacing": spacing}

    @property
    def images(self) -> Reread:
        """The images, as `fit` takes them."""
        return Reread(self, self._read_image)

    @property
    def labels(self) -> Reread:
        """The labels, as `fit` takes them."""
        return Reread(self, self._read_labels)

    def _read_image(self, pair: tuple[Path, Path]) -> Image:
        return open_image(pair[0], **self._options)[1]

    def _read_labels(self, pair: tuple[Path, Path]) -> Array:
        return as_labels(read_labels(pair[1]), name=pair[1].name)


class Reread:
    """An iterable of known length that reads each of its items when it comes to it."""

    def __init__(self, owner: Pairs, read: Any):
        self._owner = owner
        self._read = read

    def __len__(self) -> int:
        return len(self._owner.pairs)

    def __iter__(self) -> Iterator[Any]:
        for pair in self._owner.pairs:
            self._owner.current = pair[0]
            yield self._read(pair)
        self._owner.current = None
