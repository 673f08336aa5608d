"""`PredictionPlan`: how an image is cut so that a prediction, refined or not, fits in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .._core.boxes import Box, Shape3D, cover, grow, shape_of
from .._core.image import Image
from .._core.memory import Memory, parse_memory
from .._core.tiles import TilePlan, plan_tiles
from ..features import FeaturePlan, workspace_bytes
from ..refine.refiner import working_bytes_of

#: Bytes a pixel and class that the classifier's answer passes through: float64 and float32.
_BYTES_PER_PROBABILITY = 8 + 4
#: And that a refined box passes through: what is given, what is returned, and what is written.
_BYTES_PER_REFINED = 4 * 4


@dataclass(frozen=True)
class PredictionPlan:
    """Features, and the tiles in which they and the classifier's answers are made.

    A refiner that reaches `reach` pixels along each axis has `blocks`: boxes whose probabilities,
    with so many pixels around them, are held at a time. A block is many tiles, so that hardly any
    feature is made twice; one whose reach is not known has no blocks and gets the whole image.
    """

    features: FeaturePlan
    tiles: TilePlan
    blocks: TilePlan | None = None
    reach: tuple[int, ...] = ()

    def boxes(self, ndim: int) -> list[Box]:
        """The parts of an image that are refined one after the other."""
        whole = TilePlan(self.tiles.shape, self.tiles.shape, 0, 1, 0)
        return (self.blocks or whole).boxes(ndim)

    def around(self, box: Box, image: Image) -> Box:
        """What is held of the probabilities to refine a box."""
        return box if self.blocks is None else grow(box, self.reach, image.spatial_shape)

    def tiles_of(self, box: Box) -> list[Box]:
        """The tiles of a box, in row-major order."""
        tiles = cover(shape_of(box), self.tiles.tile_shape[3 - len(box) :])
        return [
            tuple(
                (start + first, stop + first)
                for (start, stop), (first, _) in zip(tile, box, strict=True)
            )
            for tile in tiles
        ]


def plan_prediction(
    image: Image,
    features: FeaturePlan,
    n_classes: int,
    refiner: Any,
    reach: tuple[int, ...] | None,
    max_memory: Memory,
    n_jobs: int,
) -> PredictionPlan:
    """Cut an image so that `max_memory` bytes suffice; with None, the least may be more.

    `reach` is that of the refiner, if it is known. With blocks, tiles get two thirds of the budget,
    and blocks what tiles leave.
    """
    budget, is_binding = parse_memory(max_memory, image.ndim), max_memory is not None
    bytes_per_pixel = 4 * features.n_features + n_classes * _BYTES_PER_PROBABILITY + 16

    def tile_bytes(shape: Shape3D) -> int:
        return workspace_bytes(features, shape, image.shape3d) + prod(shape) * bytes_per_pixel

    if reach is None:
        tiles = plan_tiles(
            image.shape3d,
            features.halo,
            tile_bytes,
            budget=budget,
            n_jobs=n_jobs,
            is_binding=is_binding,
        )
        return PredictionPlan(features, tiles)

    z, y, x = (0, *reach)[-3:]

    def around(shape: Shape3D) -> Shape3D:
        d, h, w = (
            min(side + 2 * border, size)
            for side, border, size in zip(shape, (z, y, x), image.shape3d, strict=True)
        )
        return d, h, w

    def both_bytes(shape: Shape3D) -> int:
        # Features and refiner take turns, but if each had to make room for the other, fresh pages
        # would cost more than the refiner.
        held = prod(around(shape)) * n_classes * _BYTES_PER_REFINED
        held += working_bytes_of(refiner, image, around(shape), n_classes)
        return tile_bytes(shape) + held

    tiles = plan_tiles(
        image.shape3d,
        features.halo,
        both_bytes,
        budget=budget * 2 // 3,
        n_jobs=n_jobs,
        is_binding=False,
    )
    blocks = plan_tiles(
        image.shape3d,
        (z, y, x),
        lambda shape: prod(around(shape)) * n_classes * 4,
        budget=budget,
        n_jobs=1,
        is_binding=is_binding,
        sides=[
            _block_sides(*sizes)
            for sizes in zip(image.shape3d, tiles.tile_shape, (z, y, x), strict=True)
        ],
        held=tiles.bytes,
    )
    tiles = replace(tiles, budget=budget, held=blocks.bytes_per_tile)
    return PredictionPlan(features, tiles, blocks, reach)


def _block_sides(size: int, tile: int, reach: int) -> list[int]:
    """Sides that a block may have: with its surroundings it is a whole number of tiles."""
    sides, n_tiles = [], 2 * reach // tile + 1
    while n_tiles * tile - 2 * reach < size:
        sides.append(n_tiles * tile - 2 * reach)
        n_tiles += max(1, n_tiles // 4)
    return [*sides, size]
