"""Growing regions into the border between them until lines of one pixel part them."""

from .._core.jit import kernel

#: What a pixel of the border holds: not reached yet, waiting in the queue, a dam for good.
UNREACHED, WAITING, DAM = 0, -1, -2


@kernel
def grow_basins(labels, width, queue):
    """Flood a label image with a frame, (H + 2, width) flat, ring by ring, in place.

    Regions are positive, the border between them UNREACHED, the frame DAM. Each pixel of the
    border in turn, near ones first, takes the label of the region it touches across a side, or is
    a DAM if these are two or none. queue : int64 (H * W,), room to work in.
    """
    sides = (-1, -width, 1, width)
    n_waiting = 0
    for column in range(1, width - 1):
        for position in range(width + column, labels.size - width, width):
            if labels[position] == UNREACHED and touches_region(labels, sides, position):
                queue[n_waiting] = position
                n_waiting += 1
    for k in range(n_waiting):
        labels[queue[k]] = WAITING
    head = 0
    while head < n_waiting:
        position = queue[head]
        head += 1
        labels[position] = only_region(labels, sides, position)
        for side in sides:
            if labels[position + side] == UNREACHED:
                labels[position + side] = WAITING
                queue[n_waiting] = position + side
                n_waiting += 1


@kernel
def touches_region(labels, sides, position):
    """Whether a pixel has a region across a side."""
    west, north, east, south = sides
    return (
        labels[position + west] > 0
        or labels[position + north] > 0
        or labels[position + east] > 0
        or labels[position + south] > 0
    )


@kernel
def only_region(labels, sides, position):
    """The region that a pixel has across a side, DAM if there are two."""
    found = DAM
    for side in sides:
        label = labels[position + side]
        if label > 0:
            if found != DAM and found != label:
                return DAM
            found = label
    return found
