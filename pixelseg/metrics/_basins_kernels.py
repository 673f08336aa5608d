"""Growing regions into the border between them until lines of one pixel part them."""

from __future__ import annotations

from .._core.jit import kernel

#: What a pixel of the border holds: not reached yet, waiting in the queue, a dam for good.
UNREACHED, WAITING, DAM = 0, -1, -2


@kernel
def grow_basins(labels, queue):
    """Flood a padded label image (H + 2, W + 2) ring by ring, in place.

    Regions are positive, the border between them UNREACHED, the frame DAM. Each pixel of the
    border in turn, near ones first, takes the label of the region it touches across a side, or is
    a DAM if these are two or none. queue (H * W, 2) is room to work in.
    """
    height, width = labels.shape
    n_waiting = 0
    for column in range(1, width - 1):
        for row in range(1, height - 1):
            if labels[row, column] == UNREACHED and touches_region(labels, row, column):
                queue[n_waiting, 0], queue[n_waiting, 1] = row, column
                n_waiting += 1
    for k in range(n_waiting):
        labels[queue[k, 0], queue[k, 1]] = WAITING
    head = 0
    while head < n_waiting:
        row, column = queue[head, 0], queue[head, 1]
        head += 1
        labels[row, column] = only_region(labels, row, column)
        for side in range(4):
            i, j = neighbour(row, column, side)
            if labels[i, j] == UNREACHED:
                labels[i, j] = WAITING
                queue[n_waiting, 0], queue[n_waiting, 1] = i, j
                n_waiting += 1


@kernel
def touches_region(labels, row, column):
    """Whether a pixel has a region across a side."""
    return (
        labels[row - 1, column] > 0
        or labels[row + 1, column] > 0
        or labels[row, column - 1] > 0
        or labels[row, column + 1] > 0
    )


@kernel
def only_region(labels, row, column):
    """The region that a pixel has across a side, DAM if there are two."""
    found = DAM
    for side in range(4):
        i, j = neighbour(row, column, side)
        if labels[i, j] > 0:
            if found != DAM and found != labels[i, j]:
                return DAM
            found = labels[i, j]
    return found


@kernel
def neighbour(row, column, side):
    """The pixel across one of the four sides."""
    if side == 0:
        return row, column - 1
    if side == 1:
        return row - 1, column
    if side == 2:
        return row, column + 1
    return row + 1, column
