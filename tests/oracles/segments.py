"""Segments in one piece: a flood by hand."""

import numpy as np


def is_connected(segments):
    """Whether the pixels of each id above 0 hang together by faces."""
    segments = np.asarray(segments)
    left = {tuple(index): segments[tuple(index)] for index in np.argwhere(segments > 0).tolist()}
    met = set()
    while left:
        start, value = left.popitem()
        if value in met:
            return False
        met.add(value)
        border = [start]
        while border:
            place = border.pop()
            for axis in range(segments.ndim):
                for step in (-1, 1):
                    near = (*place[:axis], place[axis] + step, *place[axis + 1 :])
                    if left.get(near) == value:
                        del left[near]
                        border.append(near)
    return True
