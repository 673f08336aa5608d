"""Boundary moves by their definitions: energies summed anew, pieces counted by labelling."""

import itertools

import numpy as np

from tests.oracles.superpixels import components, neighbours


def stays_in_one_piece(around):
    """Whether the pixels of `around`, bool (3,) * ndim, that touch the middle across its faces are
    connected by faces once the middle is taken out."""
    around = around.copy()
    middle = (1,) * around.ndim
    around[middle] = False
    touching = [pixel for pixel in neighbours(middle, around.shape) if around[pixel]]
    pieces = components(around)
    return len(touching) > 0 and len({pieces[pixel] for pixel in touching}) == 1


def energy(labels, colours, places, edges, spacing):
    """Squared distances to the means of segments, plus the weighted length of outlines.

    colours : (..., C); places : (..., ndim); edges : the price of a boundary at each pixel, or None
    """
    features = np.concatenate([colours, places], axis=-1).astype(float)
    total = 0.0
    for s in np.unique(labels[labels > 0]):
        own = features[labels == s]
        total += ((own - own.mean(axis=0)) ** 2).sum()
    if edges is None:
        return total
    steps = list(itertools.product((-1, 0, 1), repeat=labels.ndim))
    for pixel in np.ndindex(labels.shape):
        for step in steps[len(steps) // 2 + 1 :]:
            other = tuple(np.add(pixel, step))
            if any(not 0 <= i < n for i, n in zip(other, labels.shape, strict=True)):
                continue
            if labels[pixel] != labels[other] and labels[pixel] and labels[other]:
                distance = np.sqrt(((np.array(step) * spacing) ** 2).sum())
                total += (edges[pixel] + edges[other]) / 2 / distance
    return total


def merge(labels, features, n_segments):
    """Merge touching segments, the pair whose union raises the squared distances least first."""
    labels = labels.copy()
    while True:
        pairs = set()
        for pixel in np.ndindex(labels.shape):
            for other in neighbours(pixel, labels.shape):
                a, b = labels[pixel], labels[other]
                if 0 < a < b:
                    pairs.add((a, b))
        if len(np.unique(labels[labels > 0])) <= n_segments or not pairs:
            return labels
        a, b = min(pairs, key=lambda pair: (union_cost(labels, features, *pair), pair))
        labels[labels == b] = a


def union_cost(labels, features, a, b):
    """By how much the squared distances to the means rise if a and b become one."""
    one, other = features[labels == a], features[labels == b]
    difference = one.mean(axis=0) - other.mean(axis=0)
    return len(one) * len(other) / (len(one) + len(other)) * (difference**2).sum()
