"""A pyramid of blocks over an image: each level halves the one below, down to pixels.

Blocks are kept as near to cubes as the spacing allows: an axis whose pixels are long is halved
later than the others. A block at the border may hold fewer pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import Shape3D

Triple = tuple[float, float, float]


def make_levels(colours: Array, shape: Shape3D, ndim: int, spacing: Triple, largest: float) -> list:
    """Levels of pixels, of blocks of them, of blocks of those, ... with sides up to `largest`.

    colours : float32 (D * H * W, C); places of blocks are in units of spacing
    """
    from . import _pyramid_kernels as kernels

    levels: list[Any] = []
    for size in _block_sizes(shape, spacing, largest):
        edges = [np.append(np.arange(0, n, step), n) for n, step in zip(shape, size, strict=True)]
        depth, height, width = (len(each) - 1 for each in edges)
        n_blocks = depth * height * width
        n_padded = int(np.prod(padded_shape((depth, height, width), ndim - 2)))
        level = kernels.Level(
            np.zeros(n_padded, SEGMENT_DTYPE),
            np.ones(n_padded, np.uint8),
            np.empty((n_blocks, colours.shape[1]), np.float32) if levels else colours,
            np.empty(0, np.float32),
            *((e[1:] + e[:-1]) * (0.5 * step) for e, step in zip(edges, spacing, strict=True)),
            *(np.diff(e).astype(float) for e in edges),
        )
        if levels:
            kernels.shrink_colours(levels[-1], level)
        levels.append(level)
    return levels


def _block_sizes(shape: Shape3D, spacing: Triple, largest: float) -> list[tuple[int, ...]]:
    """Pixels of a block along each axis, level by level, from (1, 1, 1) on."""
    sizes = [np.ones(3, int)]
    thick = np.array(shape) > 1
    while thick.any():
        lengths = sizes[-1] * np.array(spacing)
        grows = thick & (lengths < 1.5 * lengths[thick].min())
        if (2 * lengths[grows] > largest).any():
            break
        sizes.append(np.where(grows, 2, 1) * sizes[-1])
    return [tuple(int(side) for side in size) for size in sizes]


def shape_of(level: Any) -> Shape3D:
    """How many blocks a level has along D, H and W."""
    return len(level.z), len(level.y), len(level.x)


def padded_shape(shape: Shape3D, padding: int) -> Shape3D:
    """The shape of labels with their border of 0; `padding` is that along D."""
    depth, height, width = shape
    return depth + 2 * padding, height + 2, width + 2


def labels_of(level: Any, ndim: int) -> Array:
    """The labels of a level without their border, a view (D, H, W)."""
    padding, shape = ndim - 2, shape_of(level)
    planes = level.labels.reshape(padded_shape(shape, padding))
    return planes[padding : padding + shape[0], 1:-1, 1:-1]
