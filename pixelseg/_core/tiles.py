"""Cutting an image into boxes that fit in memory.

A pixel's answer is the same in every box, so the cut is free: the planner takes the boxes that
fit the budget with the least repeated work. What repeats is the halo, the border around a box
that its filters read; it is expensive in three dimensions, so the candidates are not only cubes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from .boxes import Box, Shape3D, cover
from .memory import format_bytes

#: Sides that a box may have. The largest keeps a tile's features near the processor and gives
#: an image of a few megapixels enough tiles for several threads.
_SIDES = (16, 32, 64, 96, 128, 192, 256, 384, 512)


@dataclass(frozen=True)
class TilePlan:
    """Boxes of `tile_shape` (D, H, W) that cover `shape`, and the bytes that one needs.

    `budget` is what they and what is `held` besides were to keep to; `fits` says whether they do.
    """

    shape: Shape3D
    tile_shape: Shape3D
    bytes_per_tile: int
    n_parallel: int
    budget: int
    held: int = 0

    @property
    def bytes(self) -> int:
        """Bytes held by all tiles that are worked on at one time, and what is held besides."""
        return self.held + self.bytes_per_tile * self.n_parallel

    @property
    def fits(self) -> bool:
        """Whether the budget suffices; else these are the least bytes that do the work."""
        return self.bytes <= self.budget

    def boxes(self, ndim: int) -> list[Box]:
        """The boxes in row-major order, each with `ndim` (start, stop) pairs."""
        return [box[3 - ndim :] for box in cover(self.shape, self.tile_shape)]


def plan_tiles(
    shape: Shape3D,
    halo: Shape3D,
    tile_bytes: Callable[[Shape3D], int],
    *,
    budget: int,
    n_jobs: int,
    is_binding: bool = True,
    sides: Sequence[Sequence[int]] | None = None,
    held: int = 0,
) -> TilePlan:
    """Choose the boxes, and how many are worked on at a time, that answer an image soonest.

    `tile_bytes(box_shape)` says what one box needs; up to `n_jobs` of them side by side must fit
    in `budget` bytes, with the bytes that are `held` besides. `sides` are those that a box may have
    along each axis, if not the usual ones. Where even one of the smallest boxes does not fit, a
    budget that is binding, since a user named it, is a ValueError that says the least `max_memory`;
    a default one gives way to the least that does the work, and the plan says so.
    """
    sides = sides or [sorted({min(side, size) for side in _SIDES}) for size in shape]
    boxes: list[Shape3D] = [(d, h, w) for d, h, w in product(*sides)]
    bytes_of = cache(tile_bytes)

    def work(n_parallel: int, box: Shape3D) -> float:
        # What does not repeat, such as the classifier's part, counts as once an image.
        return (1 + _halo_work(shape, box, halo)) * _idle(shape, box, n_parallel) / n_parallel

    counts = {max(1, n_jobs >> k) for k in range(n_jobs.bit_length())}
    choices = [(work(n, box), n, box) for n in counts for box in boxes]
    for _, n_parallel, box in sorted(choices):
        if held + bytes_of(box) * n_parallel <= budget:
            return TilePlan(shape, box, bytes_of(box), n_parallel, budget, held)
    smallest = min(boxes, key=bytes_of)
    least = held + bytes_of(smallest)
    if not is_binding:
        return TilePlan(shape, smallest, bytes_of(smallest), 1, budget, held)
    raise ValueError(
        f"max_memory is {format_bytes(budget)}, but this model needs at least "
        f"{format_bytes(least)} for an image of shape {shape[shape[0] == 1 :]}: pass "
        f"max_memory='{format_bytes(least)}' or more, or use fewer features."
    )


def _halo_work(shape: Shape3D, tile: Shape3D, halo: Shape3D) -> float:
    """Pixels that are read to answer all tiles, halos included, by pixel of the image."""
    work = 1.0
    for size, side, border in zip(shape, tile, halo, strict=True):
        n_tiles = -(-size // side)
        work *= n_tiles * min(size, side + 2 * border) / size
    return work


def _idle(shape: Shape3D, tile: Shape3D, n_parallel: int) -> float:
    """The factor by which the last, incomplete round of tiles prolongs the work."""
    n_tiles = 1
    for size, side in zip(shape, tile, strict=True):
        n_tiles *= -(-size // side)
    return -(-n_tiles // n_parallel) * n_parallel / n_tiles
