"""Enforced connectivity and SLIC as a student would write them."""

import numpy as np
from scipy import ndimage

from pixelseg._core.grid import neighbour_offsets


def components(labels):
    """Pieces of equal labels connected by faces, -1 where the label is 0, by first pixels."""
    pieces = np.full(labels.shape, -1)
    n = 0
    for value in np.unique(labels[labels != 0]):
        own, n_own = ndimage.label(labels == value)
        pieces[own > 0] = own[own > 0] - 1 + n
        n += n_own
    ids, first = np.unique(pieces, return_index=True)
    order = [i for i in ids[np.argsort(first)] if i >= 0]
    numbers = np.full(n + 1, -1)
    numbers[order] = np.arange(n)
    return numbers[pieces], n


def connect(labels, planes, min_size=1):
    """Labels (..., ) with stray pieces given to the neighbour of the nearest mean colour."""
    planes = planes.reshape(len(planes), *labels.shape).astype(float)
    pieces, n = components(labels)
    sizes = [np.count_nonzero(pieces == p) for p in range(n)]
    names = [labels[pieces == p][0] for p in range(n)]
    owners = [-1] * n
    for name in set(names):
        own = [p for p in range(n) if names[p] == name]
        largest = max(own, key=lambda p: (sizes[p], -p))
        if sizes[largest] >= min_size:
            owners[largest] = largest
    means = []
    for p in range(n):
        where = (pieces == p) if owners[p] < 0 else (labels == names[p])
        means.append(planes[:, where].mean(axis=1).astype(np.float32).astype(float))
    beside = [set() for _ in range(n)]
    for pixel in np.argwhere(pieces >= 0):
        for other in pixel + neighbour_offsets(labels.ndim):
            if (other >= 0).all() and (other < labels.shape).all():
                neighbour = pieces[tuple(other)]
                if neighbour not in (-1, pieces[tuple(pixel)]):
                    beside[pieces[tuple(pixel)]].add(neighbour)
    waiting = [p for p in range(n) if owners[p] < 0]
    while waiting:
        before = len(waiting)
        for p in waiting:
            near = {owners[q] for q in beside[p] if owners[q] >= 0}
            if near:
                owners[p] = min(near, key=lambda q: (((means[p] - means[q]) ** 2).sum(), q))
        waiting = [p for p in waiting if owners[p] < 0]
        if len(waiting) == before:
            # Only parts of the mask without any owner are left: the first piece of each owns it.
            left, _ = ndimage.label(np.isin(pieces, waiting))
            for part in range(1, left.max() + 1):
                first = pieces[left == part].min()
                owners[first] = first
            waiting = [p for p in waiting if owners[p] < 0]
    kept = sorted(set(owners))
    numbers = np.array([kept.index(owner) + 1 for owner in owners] + [0])
    result = numbers[pieces]
    ids, first = np.unique(result, return_index=True)
    order = [i for i in ids[np.argsort(first)] if i > 0]
    final = np.zeros(len(kept) + 1, int)
    final[order] = np.arange(1, len(order) + 1)
    return final[result]
