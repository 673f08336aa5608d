"""Moves of blocks between segments, level by level: what all levels have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import Shape3D
from .._core.grid import flat_offsets, label_components, neighbour_offsets, offset_distances
from .merge import merge_segments
from .pyramid import Triple, labels_of, make_levels, padded_shape, shape_of
from .seeds import make_grid

#: The largest blocks that are moved have this share of the side of a segment.
_LARGEST_BLOCK = 0.5
#: No segment is left with less than this share of the mean size.
_SMALLEST_SEGMENT = 0.05
#: Where pixels are moved, places count for this share of what they count for blocks.
_PLACES_AT_PIXELS = 0.1
#: Gradient, in units of CIELAB a pixel, that halves the price of a boundary.
_CONTRAST = 4.0
#: Where a mask cuts the grid into too few pieces, it is made finer by this factor.
_FINER = 1.25


@dataclass(frozen=True)
class Moves:
    """What all levels have in common; `spacing` is in units of its smallest."""

    ndim: int
    spacing: Triple
    mask: Array | None
    n_pixels: int
    n_iterations: int

    @property
    def padding(self) -> int:
        """Layers of labels that are no pixels at each end of D."""
        return self.ndim - 2

    def side(self, n: int) -> float:
        """The side of one of `n` equal cubes."""
        volume = self.n_pixels * float(np.prod(self.spacing[-self.ndim :]))
        return (volume / n) ** (1 / self.ndim)

    def make_levels(self, colours: Array, shape: Shape3D, n_cells: int, scale: float) -> list:
        """Levels for `n_cells` segments, whose places are in units of colour: `scale` a pixel."""
        largest = _LARGEST_BLOCK * self.side(n_cells)
        return [
            level._replace(z=level.z * scale, y=level.y * scale, x=level.x * scale)
            for level in make_levels(colours, shape, self.ndim, self.spacing, largest)
        ]

    def begin(self, levels: list, n_cells: int) -> tuple[Any, list]:
        """Cut the image into `n_cells` boxes of blocks of the coarsest level that has so many.

        Returns the segments, and the levels from pixels to that one.
        """
        while self._n_blocks(levels[-1]) < n_cells:
            levels = levels[:-1]
        if self.mask is None:
            self._fill_cells(levels[-1], n_cells)
            return self._count(levels[-1], n_cells), levels
        return self._begin_mask(levels, n_cells)

    def _begin_mask(self, levels: list, n_cells: int) -> tuple[Any, list]:
        """Cut the box of a mask into cells, and these by the mask; join the smallest pieces.

        A mask that cuts through a coarse block leaves it MIXED.
        """
        from . import _pyramid_kernels as kernels

        pixels, labels = levels[0], labels_of(levels[0], self.ndim)
        n_box, n_pieces = labels.size, 0
        trial = n_cells * n_box / self.n_pixels
        while True:
            n = min(int(np.ceil(trial)), n_box)
            while self._n_blocks(levels[-1]) < n:
                levels = levels[:-1]
            self._fill_cells(levels[-1], n)
            for coarse, fine in zip(levels[:0:-1], levels[-2::-1], strict=True):
                self.spread(coarse, fine)
            labels *= self.mask
            pieces, n_pieces = label_components(labels if self.ndim == 3 else labels[0])
            if n_pieces >= n_cells or n == n_box:
                break
            trial *= _FINER
        labels[...] = pieces
        segments = merge_segments(pixels, self.ndim, self._count(pixels, n_pieces), n_cells)
        for fine, coarse in pairwise(levels):
            kernels.carry_labels(fine, coarse, self.padding, True)
        return segments, levels

    def _n_blocks(self, level: Any) -> int:
        return int(np.prod(shape_of(level)))

    def _fill_cells(self, level: Any, n: int) -> None:
        from . import _pyramid_kernels as kernels

        lengths = [each[0] * step for each, step in zip(level[-3:], self.spacing, strict=True)]
        kernels.fill_boxes(
            make_grid(shape_of(level), n, lengths).boxes, labels_of(level, self.ndim)
        )

    def _count(self, level: Any, n: int) -> Any:
        from . import _etps_kernels as kernels

        sums = np.zeros((n + 1, level.colours.shape[1] + 3))
        segments = kernels.Segments(np.zeros(n + 1), np.zeros(n + 1), sums)
        kernels.count_pixels(level, self.padding, segments)
        return segments

    def spread(self, coarse: Any, fine: Any) -> None:
        """Hand labels down to the next finer level."""
        from . import _pyramid_kernels as kernels

        kernels.carry_labels(fine, coarse, self.padding, False)

    def sweep(self, level: Any, segments: Any) -> None:
        """Move blocks of a level until nothing moves, at most `n_iterations` times."""
        from . import _etps_kernels as kernels

        neighbours, steps = self._neighbours(level)
        least = _SMALLEST_SEGMENT * self.n_pixels / (len(segments.counts) - 1)
        kernels.mark_outlines(level, self.padding, neighbours)
        for _ in range(self.n_iterations):
            if not kernels.sweep(level, self.padding, neighbours, steps, segments, least):
                break

    def _neighbours(self, level: Any) -> tuple[Any, Array]:
        """Neighbours on a level, and the steps to them in an array without padding."""
        from . import _etps_kernels as kernels

        steps, across, faces, adjacent, removable = _neighbourhood(self.ndim)
        shape = shape_of(level)
        offsets = flat_offsets(steps, padded_shape(shape, self.padding))
        # A pair of pixels shares the price of a boundary between them.
        weights = 0.5 / offset_distances(steps, self.spacing[-self.ndim :])
        neighbours = kernels.Neighbours(
            tuple(offsets.tolist()),
            weights,
            tuple(offsets[across].tolist()),
            faces,
            adjacent,
            removable,
        )
        return neighbours, flat_offsets(steps, shape)

    def lighten_places(self, pixels: Any, segments: Any) -> Any:
        """Pixels whose places count for less, and the segments, in place, to match."""
        n_channels = pixels.colours.shape[1]
        segments.sums[:, n_channels:] *= _PLACES_AT_PIXELS
        return pixels._replace(
            z=pixels.z * _PLACES_AT_PIXELS,
            y=pixels.y * _PLACES_AT_PIXELS,
            x=pixels.x * _PLACES_AT_PIXELS,
        )

    def write(self, pixels: Any, segments: Any) -> Array:
        """Segments numbered by their first pixels, int32 (D, H, W)."""
        from . import _pyramid_kernels as kernels

        out = np.empty(shape_of(pixels), SEGMENT_DTYPE)
        names = np.zeros(len(segments.counts), SEGMENT_DTYPE)
        kernels.write_segments(pixels.labels, self.padding, names, out)
        return out

    def weigh_edges(self, pixels: Any, smoothness: float) -> Any:
        """Pixels with the price of a boundary at each."""
        from . import _smooth_kernels as kernels

        if smoothness == 0:
            return pixels
        axes = np.eye(self.ndim, dtype=int)
        shape = shape_of(pixels)
        edges = np.empty(len(pixels.colours), np.float32)
        kernels.fill_edges(
            pixels.colours,
            pixels.labels,
            shape,
            self.padding,
            flat_offsets(axes, padded_shape(shape, self.padding)),
            flat_offsets(axes, shape),
            np.array(self.spacing[-self.ndim :]),
            smoothness**2,
            _CONTRAST,
            edges,
        )
        return pixels._replace(edges=edges)


@cache
def _neighbourhood(ndim: int) -> tuple[Array, Array, int, Array, Array]:
    """Steps (n, ndim) to neighbours, which of them cross a face, and what kernels know of both."""
    from . import _etps_kernels as kernels

    steps = neighbour_offsets(ndim, ndim)
    across = np.abs(steps).sum(axis=1) == 1
    beside = np.abs(steps[:, np.newaxis] - steps).sum(axis=2) == 1
    bits = np.int64(1) << np.arange(len(steps))
    faces, adjacent = int(bits[across].sum()), (bits * beside).sum(axis=1)
    removable = np.zeros(2 ** len(steps) if ndim == 2 else 1, bool)
    if ndim == 2:
        kernels.fill_removable(faces, adjacent, removable)
    return steps, across, faces, adjacent, removable
