"""Watersheds by a heap, merging along sorted edges, and Sobel's gradient by scipy."""

import heapq

import numpy as np
from scipy import ndimage

from pixelseg._core.grid import neighbour_offsets


def neighbours(pixel, shape, connectivity):
    for offset in neighbour_offsets(len(shape), connectivity):
        other = tuple(int(k) for k in np.add(pixel, offset))
        if all(0 <= k < n for k, n in zip(other, shape, strict=True)):
            yield other


def watershed(relief, markers, mask=None, connectivity=1):
    """Each pixel is labelled when it is first seen, and waits for its own height."""
    labels = np.where(True if mask is None else mask, markers, 0)
    heap, age = [], 0
    for pixel in zip(*np.nonzero(labels), strict=True):
        heap.append((relief[pixel], age, pixel))
        age += 1
    heapq.heapify(heap)
    while heap:
        height, _, pixel = heapq.heappop(heap)
        for other in neighbours(pixel, relief.shape, connectivity):
            if labels[other] == 0 and (mask is None or mask[other]):
                labels[other] = labels[pixel]
                heapq.heappush(heap, (max(height, relief[other]), age, other))
                age += 1
    return labels


def compact_watershed(relief, markers, prices, mask=None, connectivity=1):
    """Each pixel is labelled by the cheapest flood; it may wait for several at a time."""
    labels = np.where(True if mask is None else mask, markers, 0)
    heap, age = [], 0
    for pixel in zip(*np.nonzero(labels), strict=True):
        heap.append((float(relief[pixel]), age, pixel, pixel))
        age += 1
    heapq.heapify(heap)
    while heap:
        cost, _, pixel, source = heapq.heappop(heap)
        if pixel != source:
            if labels[pixel] != 0:
                continue
            labels[pixel] = labels[source]
        for other in neighbours(pixel, relief.shape, connectivity):
            if labels[other] == 0 and (mask is None or mask[other]):
                way = (np.square(prices) * np.square(np.subtract(other, source, dtype=float))).sum()
                reached = max(float(relief[other] + np.sqrt(way)), cost)
                heapq.heappush(heap, (reached, age, other, source))
                age += 1
    return labels


def gradient(planes, spacing, mask=None):
    """The root of the mean over channels (C, ...) of squared Sobel derivatives."""
    total = np.zeros(planes.shape[1:])
    for plane in planes.astype(float):
        if mask is None:
            slopes = sobel(plane)
        else:
            slopes = [np.zeros(plane.shape) for _ in spacing]
            for pixel in zip(*np.nonzero(mask), strict=True):
                filled = np.where(mask, plane, plane[pixel])
                for slope, found in zip(slopes, sobel(filled), strict=True):
                    slope[pixel] = found[pixel]
        total += sum((slope / side) ** 2 for slope, side in zip(slopes, spacing, strict=True))
    return np.sqrt(total / len(planes))


def sobel(plane):
    scale = 2 * 4 ** (plane.ndim - 1)
    return [ndimage.sobel(plane, axis, mode="nearest") / scale for axis in range(plane.ndim)]


def felzenszwalb(weights, moves, scale, min_size, mask):
    """Join pixels along sorted edges; weights (K, D, H, W) are those of moves to later pixels."""
    shape = weights.shape[1:]
    edges = []
    for k, move in enumerate(moves):
        for pixel in np.ndindex(shape):
            other = tuple(int(i) for i in np.add(pixel, move))
            if all(0 <= i < n for i, n in zip(other, shape, strict=True)) and (
                mask is None or (mask[pixel] and mask[other])
            ):
                edges.append((weights[(k, *pixel)], pixel, other))
    edges.sort(key=lambda edge: edge[0])
    segment_of = {pixel: {pixel} for pixel in np.ndindex(shape)}
    limit_of = dict.fromkeys(np.ndindex(shape), np.float32(scale))

    def join(one, other, limit):
        both = one | other
        for pixel in both:
            segment_of[pixel], limit_of[pixel] = both, limit

    for weight, pixel, other in edges:
        one, two = segment_of[pixel], segment_of[other]
        if one is not two and weight < limit_of[pixel] and weight < limit_of[other]:
            join(one, two, np.float32(float(weight) + scale / len(one | two)))
    for weight, pixel, other in edges:
        one, two = segment_of[pixel], segment_of[other]
        if one is not two and min(len(one), len(two)) < min_size:
            join(one, two, weight)
    segments, n = np.zeros(shape, int), 0
    for pixel in np.ndindex(shape):
        if segments[pixel] == 0 and (mask is None or mask[pixel]):
            n += 1
            for member in segment_of[pixel]:
                segments[member] = n
    return segments
