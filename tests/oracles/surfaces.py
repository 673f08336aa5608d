"""Distances between surfaces, every pair of pixels measured."""

import numpy as np


def surface(mask):
    """Coordinates of the pixels that have a neighbour across a side outside the object."""
    points = []
    for point in np.argwhere(mask):
        for axis in range(mask.ndim):
            for step in (-1, 1):
                near = point.copy()
                near[axis] += step
                beyond = not 0 <= near[axis] < mask.shape[axis]
                if beyond or not mask[tuple(near)]:
                    points.append(tuple(point))
    return np.array(sorted(set(points)), float).reshape(-1, mask.ndim)


def distances(truth, prediction, spacing):
    """The nearest distance from each surface pixel, both ways."""
    one, other = surface(truth) * spacing, surface(prediction) * spacing
    table = np.sqrt(((one[:, np.newaxis] - other[np.newaxis]) ** 2).sum(axis=2))
    return table.min(axis=1), table.min(axis=0)
