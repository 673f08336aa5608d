"""Passes over label images (D, H, W), D = 1 in 2-D, where 0 is outside."""

import numpy as np

from pixelseg._core.jit import kernel


@kernel
def label_components(labels, parents, components):
    """Number the components of equal labels that touch across a side; return how many.

    labels : int32 (D, H, W); parents : int32 (D * H * W,), scratch
    components : int32 (D, H, W), filled with 1, 2, ... in the order of first pixels; 0 outside
    """
    depth, height, width = labels.shape
    for z in range(depth):
        for y in range(height):
            joined_above = joined_before = False
            root = 0
            for x in range(width):
                here = (z * height + y) * width + x
                label = labels[z, y, x]
                if x == 0 or labels[z, y, x - 1] != label:
                    root = here
                    joined_above = joined_before = False
                # Once for each stretch along which the neighbours stay the same.
                like_above = y > 0 and labels[z, y - 1, x] == label
                if like_above and not joined_above:
                    root = join_roots(parents, root, find_root(parents, here - width), here)
                joined_above = like_above
                like_before = z > 0 and labels[z - 1, y, x] == label
                if like_before and not joined_before:
                    before = find_root(parents, here - width * height)
                    root = join_roots(parents, root, before, here)
                joined_before = like_before
                parents[here] = root
    n_components = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                here = (z * height + y) * width + x
                if labels[z, y, x] == 0:
                    components[z, y, x] = 0
                    continue
                # A parent comes before its pixels: from here on it holds the number, negated.
                if parents[here] == here:
                    n_components += 1
                    parents[here] = -n_components
                else:
                    parents[here] = parents[parents[here]]
                components[z, y, x] = -parents[here]
    return n_components


@kernel
def find_root(parents, pixel):
    """The root of a pixel's tree, shortening the way for the next caller."""
    while parents[pixel] != pixel:
        parents[pixel] = parents[parents[pixel]]
        pixel = parents[pixel]
    return pixel


@kernel
def join_roots(parents, one, other, here):
    """Put the later of two roots under the earlier; return the earlier.

    `here` is the pixel at hand; if it is its own root, it has no entry yet and needs none.
    """
    first, last = min(one, other), max(one, other)
    if last < here:
        parents[last] = first
    return first


@kernel
def measure_segments(segments, is_volume, sizes, outlines):
    """Count the pixels of each segment, and the sides of pixels on its outline.

    segments : int32 (D, H, W); sizes, outlines : int64 (n_segments,), zero on entry
    What lies beyond the image is another segment; only a volume has sides along D.
    """
    depth, height, width = segments.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                here = segments[z, y, x]
                if here == 0:
                    continue
                sides = np.int64(0)
                sides += x == 0 or segments[z, y, x - 1] != here
                sides += x == width - 1 or segments[z, y, x + 1] != here
                sides += y == 0 or segments[z, y - 1, x] != here
                sides += y == height - 1 or segments[z, y + 1, x] != here
                if is_volume:
                    sides += z == 0 or segments[z - 1, y, x] != here
                    sides += z == depth - 1 or segments[z + 1, y, x] != here
                sizes[here - 1] += 1
                outlines[here - 1] += sides
