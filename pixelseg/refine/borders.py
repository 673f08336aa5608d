"""How near to each other the borders between classes run: how wide a window may be.

A window that smooths probabilities gains as long as it lies within one class, and wipes out what
is narrower than itself. How much room there is needs no labels: it is the area of an answer over
the length of the borders in it, the width of a stripe if all is stripes. A few pixels on each side
of a border are left out, where no answer is sure and features mix both sides. In the middle of
what is left, more than half of a window must lie in it.

Borders that run close together may be those of thin things, or of specks of noise. Specks are gone
where probabilities are averaged over a few pixels; thin things mostly stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._core.arrays import Array
from .._core.image import Image

#: Pixels on each side of a border that are no room for a window.
_SEAM = 6
#: How much wider than the room a window may be.
_WIDER = 1.5
#: Side of the blocks that leave no specks, in pixels of a slice.
_BLOCK = 3
#: Borders are of specks where blocks have less than this part of their length.
_OF_THINGS = 0.7


@dataclass(frozen=True)
class Borders:
    """Pixels of some answers, and how many neighbours along (D, H, W) are of different classes.

    `n_between_blocks` counts these along (H, W) for blocks of 3x3 pixels; `spacing` (D, H, W) is
    that of the pixels, and `pixel` its smallest entry that counts.
    """

    n_pixels: int
    n_crossed: tuple[int, int, int]
    n_between_blocks: tuple[int, int]
    spacing: tuple[float, float, float]
    pixel: float

    @classmethod
    def of(cls, probabilities: Array, places: Array, image: Image) -> Borders:
        """Count those of one answer where the image's mask is True.

        `probabilities` are (*spatial_shape, n_classes), `places` the most probable class of each.
        """
        mask = image.read_mask()
        fine = [_count_crossed(places.reshape(image.shape3d), mask, axis) for axis in range(3)]
        blocks, inside = most_probable(_sum_blocks(probabilities.reshape(*image.shape3d, -1))), None
        if mask is not None:
            inside = _sum_blocks(mask[..., np.newaxis].astype(np.uint8))[..., 0] == _BLOCK**2
        return cls(
            n_pixels=places.size if mask is None else int(np.count_nonzero(mask)),
            n_crossed=(fine[0], fine[1], fine[2]),
            n_between_blocks=(_count_crossed(blocks, inside, 1), _count_crossed(blocks, inside, 2)),
            spacing=image.spacing3d,
            pixel=min(image.spacing),
        )

    @classmethod
    def together(cls, several: Sequence[Borders]) -> Borders:
        """Those of several answers to images of one spacing; the order does not matter."""
        depth, height, width = (sum(one.n_crossed[axis] for one in several) for axis in range(3))
        rows, columns = (sum(one.n_between_blocks[axis] for one in several) for axis in range(2))
        n_pixels = sum(one.n_pixels for one in several)
        return replace(
            several[0],
            n_pixels=n_pixels,
            n_crossed=(depth, height, width),
            n_between_blocks=(rows, columns),
        )

    @property
    def distance(self) -> float:
        """Area over length of borders, or volume over area, in units of the spacing."""
        length = sum(n / step for n, step in zip(self.n_crossed, self.spacing, strict=True))
        return self.n_pixels / max(length, 1 / max(self.spacing))

    @property
    def widest_window(self) -> float:
        """How wide a window may be, in units of the spacing."""
        return _WIDER * max(0.0, self.distance - 2 * _SEAM * self.pixel)

    @property
    def are_of_specks(self) -> bool:
        """Whether much of their length, within slices, is gone in blocks of pixels."""
        _, *steps = self.spacing
        fine = sum(n / step for n, step in zip(self.n_crossed[1:], steps, strict=True))
        coarse = sum(n / step for n, step in zip(self.n_between_blocks, steps, strict=True))
        return _BLOCK * coarse < _OF_THINGS * fine


def most_probable(probabilities: Array) -> Array:
    """The place of the most probable class of each pixel, in as few bytes as will do."""
    return probabilities.argmax(axis=-1).astype(np.min_scalar_type(probabilities.shape[-1]))


def _sum_blocks(volume: Array) -> Array:
    """Sums of (D, H, W, n) over blocks within slices, without the pixels that fill none."""
    depth, height, width, n = volume.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    # Axis by axis, in slices: numpy's own sum over several axes takes ten times as long.
    volume = volume[:, : rows * _BLOCK].reshape(depth, rows, _BLOCK, width * n)
    volume = sum(volume[:, :, k] for k in range(1, _BLOCK)) + volume[:, :, 0]
    volume = volume.reshape(depth, rows, width, n)[:, :, : columns * _BLOCK]
    volume = volume.reshape(depth, rows, columns, _BLOCK, n)
    return sum(volume[:, :, :, k] for k in range(1, _BLOCK)) + volume[:, :, :, 0]


def _count_crossed(places: Array, mask: Array | None, axis: int) -> int:
    """Neighbours along an axis that are both inside the mask and of different classes."""
    places = np.moveaxis(places, axis, 0)
    differ = places[1:] != places[:-1]
    if mask is not None:
        inside = np.moveaxis(mask, axis, 0)
        differ &= inside[1:] & inside[:-1]
    return int(np.count_nonzero(differ))
