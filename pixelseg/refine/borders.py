"""How near to each other the borders between classes run: how wide a window may be.

A window that smooths probabilities gains as long as it lies within one class, and wipes out what
is narrower than itself. How much room there is needs no labels: it is the area of an answer over
the length of the borders in it, the width of a stripe if all is stripes. A few pixels on each side
of a border are left out, where no answer is sure and features mix both sides. In the middle of
what is left, more than half of a window must lie in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array
from .._core.image import Image

#: Pixels on each side of a border that are no room for a window.
_SEAM = 5
#: How much wider than the room a window may be.
_WIDER = 1.75


@dataclass(frozen=True)
class Borders:
    """Pixels of some answers, and how many neighbours along (D, H, W) are of different classes.

    `spacing` (D, H, W) is that of the pixels, and `pixel` its smallest entry that counts.
    """

    n_pixels: int
    n_crossed: tuple[int, int, int]
    spacing: tuple[float, float, float]
    pixel: float

    @classmethod
    def of(cls, places: Array, image: Image) -> Borders:
        """Count those of one answer, the places of classes, where the image's mask is True."""
        places, mask = places.reshape(image.shape3d), image.read_mask()
        depth, height, width = (_count_crossed(places, mask, axis) for axis in range(3))
        n_pixels = places.size if mask is None else int(np.count_nonzero(mask))
        return cls(n_pixels, (depth, height, width), image.spacing3d, min(image.spacing))

    @classmethod
    def together(cls, several: Sequence[Borders]) -> Borders:
        """Those of several answers to images of one spacing; the order does not matter."""
        depth, height, width = (sum(one.n_crossed[axis] for one in several) for axis in range(3))
        n_pixels = sum(one.n_pixels for one in several)
        return cls(n_pixels, (depth, height, width), several[0].spacing, several[0].pixel)

    @property
    def distance(self) -> float:
        """Area over length of borders, or volume over area, in units of the spacing."""
        length = sum(n / step for n, step in zip(self.n_crossed, self.spacing, strict=True))
        return self.n_pixels / max(length, 1 / max(self.spacing))

    @property
    def widest_window(self) -> float:
        """How wide a window may be, in units of the spacing."""
        return _WIDER * max(0.0, self.distance - 2 * _SEAM * self.pixel)


def _count_crossed(places: Array, mask: Array | None, axis: int) -> int:
    """Neighbours along an axis that are both inside the mask and of different classes."""
    places = np.moveaxis(places, axis, 0)
    differ = places[1:] != places[:-1]
    if mask is not None:
        inside = np.moveaxis(mask, axis, 0)
        differ &= inside[1:] & inside[:-1]
    return int(np.count_nonzero(differ))
