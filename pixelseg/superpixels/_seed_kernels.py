"""Cells of a grid over a mask (D, H, W)."""

from .._core.jit import kernel


@kernel
def count_cells(mask, boxes, counts):
    """Fill counts, int64 (n,), with the pixels of the mask in each box, int64 (n, 6)."""
    for k in range(len(boxes)):
        z0, z1, y0, y1, x0, x1 = boxes[k]
        count = 0
        for z in range(z0, z1):
            for y in range(y0, y1):
                row = mask[z, y]
                for x in range(x0, x1):
                    count += row[x]
        counts[k] = count


@kernel
def place_seeds(mask, boxes, seeds):
    """Fill seeds, int64 (n, 3), with the pixel of the mask nearest to the mean of each box's own.

    Of pixels equally near, the first. Each box holds one at least.
    """
    for k in range(len(boxes)):
        z0, z1, y0, y1, x0, x1 = boxes[k]
        count, sum_z, sum_y, sum_x = 0, 0, 0, 0
        for z in range(z0, z1):
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if mask[z, y, x]:
                        count += 1
                        sum_z += z
                        sum_y += y
                        sum_x += x
        nearest = 2**62
        for z in range(z0, z1):
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if mask[z, y, x]:
                        far = (
                            abs(z * count - sum_z) + abs(y * count - sum_y) + abs(x * count - sum_x)
                        )
                        if far < nearest:
                            nearest = far
                            seeds[k, 0], seeds[k, 1], seeds[k, 2] = z, y, x
