"""Metrics of superpixels by loops, after their definitions."""

import itertools

import numpy as np


def components(labels):
    """Connected pieces across sides, numbered in the order of their first pixels."""
    result = np.full(labels.shape, -1)
    n = 0
    for start in np.ndindex(labels.shape):
        if result[start] >= 0:
            continue
        stack = [start]
        result[start] = n
        while stack:
            for near in neighbours(stack.pop(), labels.shape):
                if result[near] < 0 and labels[near] == labels[start]:
                    result[near] = n
                    stack.append(near)
        n += 1
    return result


def neighbours(pixel, shape):
    """The pixels of the image across the sides of one."""
    for axis, step in itertools.product(range(len(shape)), (-1, 1)):
        near = list(pixel)
        near[axis] += step
        if 0 <= near[axis] < shape[axis]:
            yield tuple(near)


def boundary(labels, counts):
    """Pixels with another label across a side, both pixels counting."""
    result = np.zeros(labels.shape, bool)
    for pixel in zip(*np.nonzero(counts), strict=True):
        result[pixel] = any(
            counts[near] and labels[near] != labels[pixel]
            for near in neighbours(pixel, labels.shape)
        )
    return result


def window(pixel, radius):
    """The square around a pixel, cut at the image's border by slicing."""
    return tuple(slice(max(0, i - radius), i + radius + 1) for i in pixel)


def boundary_hits(truth, segments, radius, counts):
    """True pixels found, true pixels missed, and pixels of the segments that stand alone."""
    true, drawn = boundary(truth, counts), boundary(segments, np.ones_like(counts))
    found = sum(drawn[window(pixel, radius)].any() for pixel in np.argwhere(true))
    alone = sum(
        counts[tuple(pixel)] and not true[window(pixel, radius)].any()
        for pixel in np.argwhere(drawn)
    )
    return found, true.sum() - found, alone


def overlap_scores(truth, segments):
    """The three undersegmentation errors and the achievable accuracy."""
    n = truth.size
    regions, pieces = np.unique(truth), np.unique(segments)
    neubert_protzel = levin = right = 0
    for region in regions:
        a = (truth == region).sum()
        touching = 0
        for piece in pieces:
            b = (segments == piece).sum()
            shared = ((truth == region) & (segments == piece)).sum()
            if shared:
                neubert_protzel += min(shared, b - shared)
                touching += b
        levin += (touching - a) / a
    for piece in pieces:
        right += max(((truth == region) & (segments == piece)).sum() for region in regions)
    return neubert_protzel / n, levin / len(regions), 1 - right / n, right / n
