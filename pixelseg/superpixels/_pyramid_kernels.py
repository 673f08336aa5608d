"""Levels of a pyramid of blocks: colours go up, labels go up and down.

Labels, and the flags of what is to be looked at, are padded by one block of label 0 on each side
of each axis that the image has, and flat: neighbours are then offsets without a border to mind.
`padding` is that along D: 1 in a volume, 0 in 2-D. Labels are the ids of segments from 1, 0 outside
the mask, and MIXED where a block's pixels do not agree. Colours are not padded; the place of a
block along each axis and its length in pixels are tables, so that nothing but its colour is kept
of a block.
"""

from typing import Any, NamedTuple

import numpy as np

from .._core.jit import kernel

#: The label of a block whose pixels have several.
MIXED = -1


class Level(NamedTuple):
    """One level: labels, int32, and active, uint8, flat and padded; colours, float32 (blocks, C);
    edges, float32 (blocks,) or empty, the weight of a boundary at each; places along D, H and W, in
    units of colour, and lengths in pixels, float64.
    """

    labels: Any
    active: Any
    colours: Any
    edges: Any
    z: Any
    y: Any
    x: Any
    depths: Any
    heights: Any
    widths: Any


@kernel
def shrink_colours(fine, coarse):
    """Fill the colours of a level with the means of the blocks that each of its blocks holds."""
    height, width = len(fine.y), len(fine.x)
    coarse_height, coarse_width = len(coarse.y), len(coarse.x)
    # A factor is 2, or 1 along an axis that is as coarse already.
    fz = 1 if len(coarse.z) == len(fine.z) else 2
    fy = 1 if coarse_height == height else 2
    fx = 1 if coarse_width == width else 2
    n_channels = fine.colours.shape[1]
    coarse.colours[:] = 0
    for z in range(len(fine.z)):
        for y in range(height):
            first = (z * height + y) * width
            to = (z // fz * coarse_height + y // fy) * coarse_width
            share_zy = fine.depths[z] / coarse.depths[z // fz]
            share_zy *= fine.heights[y] / coarse.heights[y // fy]
            for x in range(width):
                share = np.float32(share_zy * fine.widths[x] / coarse.widths[x // fx])
                for c in range(n_channels):
                    coarse.colours[to + x // fx, c] += share * fine.colours[first + x, c]


@kernel
def carry_labels(fine, coarse, padding, up):
    """Carry labels between two levels.

    Up, a block gets the label of the blocks that it holds, or MIXED; down, they get its label, but
    keep theirs if it is MIXED.
    """
    height, width = len(fine.y), len(fine.x)
    coarse_height, coarse_width = len(coarse.y), len(coarse.x)
    fz = 1 if len(coarse.z) == len(fine.z) else 2
    fy = 1 if coarse_height == height else 2
    fx = 1 if coarse_width == width else 2
    for z in range(len(fine.z)):
        for y in range(height):
            row = ((z + padding) * (height + 2) + y + 1) * (width + 2) + 1
            to = ((z // fz + padding) * (coarse_height + 2) + y // fy + 1) * (coarse_width + 2) + 1
            for x in range(width):
                there = to + x // fx
                if not up:
                    if coarse.labels[there] != MIXED:
                        fine.labels[row + x] = coarse.labels[there]
                elif z % fz == 0 and y % fy == 0 and x % fx == 0:
                    coarse.labels[there] = fine.labels[row + x]
                elif coarse.labels[there] != fine.labels[row + x]:
                    coarse.labels[there] = MIXED


@kernel
def fill_boxes(boxes, labels):
    """Number boxes, int64 (n, 6), from 1 on in labels, int32 (D, H, W)."""
    for s in range(len(boxes)):
        z0, z1, y0, y1, x0, x1 = boxes[s]
        for z in range(z0, z1):
            for y in range(y0, y1):
                for x in range(x0, x1):
                    labels[z, y, x] = s + 1


@kernel
def write_segments(labels, padding, names, out):
    """Copy padded labels into out, int32 (D, H, W), numbered from 1 on by their first pixels.

    names : int32 (n + 1,), 0 on entry
    """
    depth, height, width = out.shape
    n = 0
    for z in range(depth):
        for y in range(height):
            at = ((z + padding) * (height + 2) + y + 1) * (width + 2) + 1
            for x in range(width):
                s = labels[at + x]
                if s > 0 and names[s] == 0:
                    n += 1
                    names[s] = n
                out[z, y, x] = names[s]
