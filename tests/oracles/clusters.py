"""Enforced connectivity, SLIC and SNIC as a student would write them."""

import heapq

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


def reach_of(position, reach, limits):
    """A window, [start, stop) along each axis."""
    ends = []
    for axis in range(3):
        start = max(int(np.ceil(position[axis] - reach[axis])), limits[2 * axis])
        stop = min(int(np.floor(position[axis] + reach[axis])) + 1, limits[2 * axis + 1])
        ends.append(slice(start, stop))
    return tuple(ends)


def cluster(planes, mask, boxes, limits, weights, reach, sampling, n_iterations):
    """SLIC's clusters, 1..n, 0 outside the mask, n + 1 where no window reaches; float32 like ours.

    Each pixel's least distance is found cluster by cluster. Of distances that differ by less than
    a hundred-thousandth any may win: the second result says where there is no such doubt.
    """
    shape = planes.shape[1:]
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).astype(np.float32)
    values = planes.astype(np.float32)
    rows = np.add.outer(np.arange(shape[0]), np.arange(shape[1]))
    positions, colours = [], []
    for z0, z1, y0, y1, x0, x1 in boxes:
        box = slice(z0, z1), slice(y0, y1), slice(x0, x1)
        inside = mask[box]
        positions.append([axis[box][inside].astype(float).mean() for axis in grid])
        step = sampling if mask.all() else 1
        some = slice(z0, z1), slice(y0, y1, step), slice(x0, x1)
        colours.append([plane[some][mask[some]].astype(float).mean() for plane in planes])
    positions, colours = np.float32(positions), np.float32(colours)
    windows = [reach_of(p, reach, limit) for p, limit in zip(positions, limits, strict=True)]
    for iteration in range(n_iterations + 1):
        last = iteration == n_iterations
        best = np.full(shape, np.inf, np.float32)
        second = np.full(shape, np.inf, np.float32)
        labels = np.full(shape, len(boxes) + 1)
        for k, window in enumerate(windows):
            d = np.zeros(best[window].shape, np.float32)
            for axis in range(3):
                d = d + weights[axis] * (grid[axis][window] - positions[k, axis]) ** 2
            for c in range(len(planes)):
                d = d + (values[c][window] - colours[k, c]) ** 2
            nearer = d < best[window]
            second[window] = np.where(nearer, best[window], np.minimum(second[window], d))
            labels[window] = np.where(nearer, k + 1, labels[window])
            best[window] = np.where(nearer, d, best[window])
        labels[~mask] = 0
        if last:
            clear = (second > (1 + 1e-4) * best + 1e-6) | ~mask
            return labels, clear, colours
        sampled = ((rows + iteration) % sampling == 0)[..., None] & mask
        for k, window in enumerate(windows):
            own = (labels[window] == k + 1) & sampled[window]
            if own.any():
                positions[k] = [axis[window][own].astype(float).mean() for axis in grid]
                colours[k] = [plane[window][own].astype(float).mean() for plane in planes]
                windows[k] = reach_of(positions[k], reach, limits[k])


def despeckle(labels):
    """A pixel between two of one other label takes it, along x, then along y row by row.

    0 neither changes nor spreads.
    """
    result = labels.copy()
    left, here, right = labels[..., :-2], labels[..., 1:-1], labels[..., 2:]
    result[..., 1:-1] = np.where((left == right) & (left != 0) & (here != 0), left, here)
    for y in range(1, labels.shape[1] - 1):
        up, here, down = result[:, y - 1], result[:, y], result[:, y + 1]
        result[:, y] = np.where((up == down) & (up != 0) & (here != 0), up, here)
    return result


def bucket_of(distance):
    """A squared distance to 1 in 128, from 1 on."""
    return max(int(np.float32(distance).view(np.int32)) >> 16, 0x3F80)


def snic(planes, mask, seeds, weights):
    """SNIC's clusters, 1..n, 0 where none comes, by a heap; of equal buckets the first to come."""
    labels = np.zeros(mask.shape, int)
    sums = np.zeros((len(seeds), 3 + len(planes)))
    counts = np.zeros(len(seeds))
    waits_for = {}
    heap, order = [], 0
    for k, seed in enumerate(seeds):
        heap.append((bucket_of(0), order, tuple(map(int, seed)), k))
        waits_for[tuple(map(int, seed))] = k
        order += 1
    while heap:
        _, _, pixel, k = heapq.heappop(heap)
        if labels[pixel]:
            continue
        labels[pixel] = k + 1
        counts[k] += 1
        sums[k] += [*pixel, *planes[(slice(None), *pixel)]]
        centre = sums[k] * (1 / counts[k])
        for step in [(0, -1, 0), (0, 0, -1), (0, 0, 1), (0, 1, 0), (-1, 0, 0), (1, 0, 0)]:
            other = tuple(int(a + b) for a, b in zip(pixel, step, strict=True))
            if not all(0 <= i < size for i, size in zip(other, mask.shape, strict=True)):
                continue
            if labels[other] or not mask[other] or waits_for.get(other) == k:
                continue
            d = weights[0] * (other[0] - centre[0]) * (other[0] - centre[0])
            d = d + weights[1] * (other[1] - centre[1]) * (other[1] - centre[1])
            d = d + weights[2] * (other[2] - centre[2]) * (other[2] - centre[2])
            for c in range(len(planes)):
                step_c = planes[(c, *other)] - centre[3 + c]
                d = d + step_c * step_c
            before = [entry for entry in heap if entry[2] == other]
            if before and min(before)[0] <= bucket_of(d):
                continue
            waits_for[other] = k
            heapq.heappush(heap, (bucket_of(d), order, other, k))
            order += 1
    return labels
