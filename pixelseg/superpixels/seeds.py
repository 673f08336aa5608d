"""Seeds on a grid: where superpixels begin.

The grid's layers, rows and cells are as close to cubes (in units of `spacing`) as the numbers
allow, and rows need not hold equally many cells. So any number of segments is met, a prime one
too, where a rectangular grid would miss it by up to 40 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, as_mask, as_spacing
from .._core.boxes import Shape3D, shape3d
from .._core.checks import as_count, as_shape

#: Within a mask, the number of cells that count is met to this share.
_TOLERANCE = 0.02
_ROUNDS = 12


@dataclass(frozen=True)
class Grid:
    """Cells of a grid (D, H, W), in row-major order.

    `boxes`, int64 (n, 6), is z0, z1, y0, y1, x0, x1 of each cell, half open; `limits` the same of
    a cell together with those beside it along each axis; `places`, int64 (n, 3), its layer, row
    and column.
    """

    boxes: Array
    limits: Array
    places: Array


def make_grid(shape: Shape3D, n: int, spacing: Sequence[float] = (1.0, 1.0, 1.0)) -> Grid:
    """Divide a box of pixels into exactly `n` cells, from 1 to the number of its pixels."""
    depth, height, width = shape
    lengths = np.array(shape) * np.array(spacing, float)
    layers = 1
    if depth > 1:
        ideal = (n * lengths[0] ** 2 / (lengths[1] * lengths[2])) ** (1 / 3)
        layers = _between(ideal, -(-n // (height * width)), min(n, depth))
    in_layers = _shares(n, layers)
    ideal = np.sqrt(n / layers * lengths[1] / lengths[2])
    # Layers may differ in rows: 3 pixels wide by 1, a layer of two cells has two rows, not one.
    rows = [_between(ideal, -(-int(k) // width), min(int(k), height)) for k in in_layers]
    in_rows = np.concatenate([_shares(int(k), r) for k, r in zip(in_layers, rows, strict=True)])
    layer = np.repeat(np.arange(layers), in_layers)
    row = np.repeat(np.concatenate([np.arange(r) for r in rows]), in_rows)
    n_rows = np.repeat(rows, in_layers)
    column = np.arange(n) - np.repeat(np.cumsum(in_rows) - in_rows, in_rows)
    columns = np.repeat(in_rows, in_rows)

    def spans(before: int, after: int) -> Array:
        """From so many cells before each to so many after it, along each axis."""
        edges = [
            np.maximum(layer - before, 0) * depth // layers,
            np.minimum(layer + after, layers) * depth // layers,
            np.maximum(row - before, 0) * height // n_rows,
            np.minimum(row + after, n_rows) * height // n_rows,
            np.maximum(column - before, 0) * width // columns,
            np.minimum(column + after, columns) * width // columns,
        ]
        return np.stack(edges, axis=1).astype(np.int64)

    places = np.stack([layer, row, column], axis=1).astype(np.int64)
    return Grid(spans(0, 1), spans(1, 2), places)


def _between(ideal: float, least: int, most: int) -> int:
    return int(min(max(round(float(ideal)), least, 1), most))


def _shares(n: int, parts: int) -> Array:
    """N divided into parts that differ by one at most, spread evenly."""
    return np.diff(np.arange(parts + 1) * n // parts)


def make_masked_grid(
    mask: Array, n: int, n_pixels: int, spacing: Sequence[float] = (1.0, 1.0, 1.0)
) -> tuple[Grid, Array]:
    """Cells over a mask (D, H, W) of which about `n` hold their share of its pixels.

    Returns the grid of those cells, and for each the pixel of the mask nearest to the middle of
    its part of the mask, int64 (n, 3). Cells that hold less than half of what a cell holds that a
    pixel of the mask lies in, on average, are left out.
    """
    from . import _seed_kernels as kernels

    spans = [np.flatnonzero(mask.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    low = np.array([span[0] for span in spans])
    depth, height, width = (int(span[-1] - span[0] + 1) for span in spans)
    inner = depth, height, width
    most = depth * height * width
    few, many, nearest = n, most, most + 1
    trial = min(max(n, round(n * most / n_pixels)), most)
    for attempt in range(_ROUNDS):
        grid = make_grid(inner, trial, spacing)
        grid = Grid(grid.boxes + np.repeat(low, 2), grid.limits + np.repeat(low, 2), grid.places)
        counts = np.empty(trial, np.int64)
        kernels.count_cells(mask, grid.boxes, counts)
        # A pixel's cell holds so many on average: full cells count for much, slivers for little.
        fair = (counts**2).sum() / n_pixels
        keep = 2 * counts >= fair
        n_kept = int(np.count_nonzero(keep))
        if abs(n_kept - n) < nearest:
            nearest = abs(n_kept - n)
            chosen = Grid(grid.boxes[keep], grid.limits[keep], grid.places[keep])
        few, many = (trial + 1, many) if n_kept < n else (few, trial - 1)
        if nearest <= _TOLERANCE * n or few > many:
            break
        guess = round(trial * n / n_kept) if attempt < _ROUNDS // 2 else (few + many) // 2
        trial = min(max(guess, few), many)
    seeds = np.empty((len(chosen.boxes), 3), np.int64)
    kernels.place_seeds(mask, chosen.boxes, seeds)
    return chosen, seeds


def centres_of(grid: Grid) -> Array:
    """The middle pixel of each cell, int64 (n, 3)."""
    return (grid.boxes[:, ::2] + grid.boxes[:, 1::2] - 1) // 2


def grid_seeds(
    shape: Sequence[int],
    n_segments: int,
    *,
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Array:
    """Spread seeds evenly over an image, one pixel each.

    Parameters
    ----------
    shape : (H, W) or (D, H, W)
        The spatial shape.
    n_segments : int
        How many seeds: met exactly without a mask; within a mask to a few per cent where its form
        allows.
    spacing : float or sequence, optional
        Size of a pixel along each axis: distances between seeds are alike in its unit.
    mask : bool array of that shape, optional
        Seeds lie inside.

    Returns
    -------
    seeds : ndarray of int64, (n, ndim)
        Indices of different pixels, in row-major order of the cells they are the middle of.

    Raises
    ------
    ValueError
        If `n_segments` is below 1 or above the number of pixels.

    Examples
    --------
    >>> grid_seeds((4, 6), 3).tolist()
    [[1, 0], [1, 2], [1, 4]]
    """
    shape = as_shape(shape)
    if len(shape) not in (2, 3):
        raise ValueError(f"shape is {shape} but must be (H, W) or (D, H, W).")
    n_segments = as_count("n_segments", n_segments)
    size3d = (1.0, *as_spacing(spacing, len(shape)))[-3:]
    inside = None if mask is None else as_mask(mask, shape).reshape(shape3d(shape))
    n_pixels = int(np.prod(shape)) if inside is None else int(np.count_nonzero(inside))
    if n_segments > n_pixels:
        raise ValueError(
            f"n_segments is {n_segments} but there are {n_pixels} pixels: pass at most that many."
        )
    if inside is None or n_pixels == inside.size:
        seeds = centres_of(make_grid(shape3d(shape), n_segments, size3d))
    else:
        seeds = make_masked_grid(np.ascontiguousarray(inside), n_segments, n_pixels, size3d)[1]
    return seeds[:, -len(shape) :]
