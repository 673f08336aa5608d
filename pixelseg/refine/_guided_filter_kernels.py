"""A linear model of the probabilities in each window, and the mean of all that hold a pixel.

One pass over the rows of an image: a row of models follows the rows of the image at some distance,
and a row of the answer follows the models (`_window_kernels`). Variances are differences of large
numbers, hence float64 unless epsilon is large.
"""

import numpy as np

from .._core.jit import kernel
from ._window_kernels import clear, find_middle, sum_rows


@kernel
def filter_class(part, windows, epsilon, planes, weights, rings, model, scratch, place, out):
    """out (..., k) in a box, at `place` = a class filtered by the guide; the last is what is left.

    part, rings: see `Part` and `Rings`; rings of the guide's moments, of a class times the guide,
    and of models. planes: the guide, a class and, if not all does, what counts. weights: of windows
    along each axis. model: rows of `_factor`, made with the first class and kept for the others.
    Arrays but weights are flat.
    """
    (z0, z1), (y0, y1), _ = part.box
    depth, height, width = part.shape
    d, h, n, n_channels = len(weights[0]), len(weights[1]), rings[1].width, part.n_channels
    lead, near = rings[1].lead, rings[2].lead
    step, sums, answer = depth * height * width, rings[1].sums, rings[2].sums
    inside = (n_channels + 1) * step
    masked = planes.size > inside
    z_delay = 0 if rings[1].slices.size == 0 else windows[0].radius + 1
    n_slices = z1 - z0 + lead[0] + near[0] + 2 * z_delay
    n_rows = y1 - y0 + lead[1] + near[1] + 2 * windows[1].radius + 2
    for ring in rings:
        clear(ring.slices, 0, ring.slices.size)
    for tz in range(n_slices):
        for ring in rings:
            clear(ring.rows, 0, ring.rows.size)
        for ty in range(n_rows):
            z, y = tz, ty
            for stage in range(1 if place else 0, 3):
                ring = rings[stage]
                above, left = find_middle(ring, windows, z, y)
                source, here, stride = planes, (z * height + y) * width, step
                size, is_empty = width if y < height else 0, z >= depth
                if stage == 2:
                    source, here, stride = sums, 0, n
                    size, is_empty = n if y < h else 0, z >= d
                if stage == 2 or (above < d and left < h):
                    sum_rows(source, here, stride, size, ring, windows, scratch, z, y, is_empty)
                if stage == 0 and 0 <= above < d and 0 <= left < h:
                    at = _find_model(part, n, above, left)
                    of_row = weights[0][above] * weights[1][left]
                    _invert(masked, ring.sums, of_row, weights[2], n, model, at)
                    _model_row(ring.sums, n_channels, n, model, at, epsilon)
                if stage == 0:
                    continue
                if above < 0 or left < 0:
                    break
                z, y = above, left
                if stage == 2:
                    at = _find_model(part, n, z + near[0], y + near[1]) + near[2]
                    here = (z + near[0] + lead[0]) * height + y + near[1] + lead[1]
                    here = here * width + near[2] + lead[2]
                    _average(answer, ring.width, n_channels, planes, here, step, model, at)
                    _answer(answer, ring.width, part, z, y, place, out)
                    if masked and place >= part.n_classes - 2:
                        _mask(part, z, y, planes, inside + here, out)
                elif z < d and y < h:
                    _fit(sums, model, _find_model(part, n, z, y), n_channels, n)
                    if masked:
                        here = ((z + lead[0]) * height + y + lead[1]) * width + lead[2]
                        for i in range(n_channels + 1):
                            _scale(sums, i * n, planes, inside + here, n)


@kernel
def _find_model(part, n, z, y):
    """Where a row of models begins, of which the last are kept."""
    n_slices, n_rows = part.kept
    n_moments = 1 + part.n_channels * (part.n_channels + 3) // 2
    return (z % n_slices * n_rows + y % n_rows) * n_moments * n


@kernel
def _find_answer(part, z, y):
    """Where a row of the answer begins."""
    (z0, _), (y0, _), (x0, _) = part.box
    return (((z0 + z) * part.image_shape[1] + y0 + y) * part.image_shape[2] + x0) * part.n_classes


@kernel
def _invert(masked, sums, of_row, weights, n, model, at):
    """Shares of windows: 1 / their weights, the last of the sums where there is a mask."""
    a, at, one = np.uint64(sums.size - n), np.uint64(at), weights.dtype.type(1)
    zero = one - one
    if masked:
        for x in range(np.uint64(n)):
            model[at + x] = one / sums[a + x] if sums[a + x] > zero else zero
    else:
        for x in range(np.uint64(n)):
            model[at + x] = one / (of_row * weights[x])


@kernel
def _model_row(sums, n_channels, n, model, at, epsilon):
    """What the guide is in a row of windows, ready to be solved."""
    for i in range(n_channels * (n_channels + 3) // 2):
        _multiply(sums, i * n, model, at, n, model, at + (1 + i) * n)
    _factor(model, at, n_channels, n, epsilon)


@kernel
def _average(means, n, n_channels, guide, here, step, model, at):
    """The mean model of all windows around a pixel at that pixel, in the place of its offset."""
    for i in range(n_channels):
        _add(means, i * n, guide, i * step + here, n, means, n_channels * n)
    _scale(means, n_channels * n, model, at, n)


@kernel
def _answer(means, n, part, z, y, place, out):
    """Write a row of a class, and with the last but one what is left."""
    k, offset, first = part.n_classes, part.n_channels * n, _find_answer(part, z, y)
    if k == 2:
        _write_pair(means, offset, n, out, first)
    else:
        for x in range(n):
            out[first + x * k + place] = means[offset + x]
        if place >= k - 2:
            _close(out, first, n, k)


@kernel
def _mask(part, z, y, planes, inside, out):
    first, k = _find_answer(part, z, y), part.n_classes
    for x in range(part.box[2][1] - part.box[2][0]):
        for c in range(k):
            out[first + x * k + c] *= planes[inside + x]


@kernel
def _multiply(one, a, other, b, n, out, at):
    a, b, at = np.uint64(a), np.uint64(b), np.uint64(at)
    for i in range(np.uint64(n)):
        out[at + i] = one[a + i] * other[b + i]


@kernel
def _scale(out, at, other, b, n):
    b, at = np.uint64(b), np.uint64(at)
    for i in range(np.uint64(n)):
        out[at + i] *= other[b + i]


@kernel
def _subtract(one, a, other, b, n, out, at):
    a, b, at = np.uint64(a), np.uint64(b), np.uint64(at)
    for i in range(np.uint64(n)):
        out[at + i] -= one[a + i] * other[b + i]


@kernel
def _add(one, a, other, b, n, out, at):
    a, b, at = np.uint64(a), np.uint64(b), np.uint64(at)
    for i in range(np.uint64(n)):
        out[at + i] += one[a + i] * other[b + i]


@kernel
def _factor(model, at, n_channels, n, epsilon):
    """Mean products of a row of windows to covariances + epsilon, factored, in place.

    model from `at` on (rows, n): a share, means and the lower triangle of mean products row by row,
    which become L of L D L' below the diagonal and 1 / D on it.
    """
    means, products = at + n, at + (1 + n_channels) * n
    one = model.dtype.type(1)
    zero = one - one
    for i in range(n_channels):
        row = products + i * (i + 1) // 2 * n
        for j in range(i + 1):
            _subtract(model, means + i * n, model, means + j * n, n, model, row + j * n)
        # Below, a row holds L times D until its end; earlier rows hold L.
        for j in range(i):
            other = products + j * (j + 1) // 2 * n
            for k in range(j):
                _subtract(model, row + k * n, model, other + k * n, n, model, row + j * n)
        pivot = np.uint64(row + i * n)
        for x in range(np.uint64(n)):
            model[pivot + x] = max(model[pivot + x], zero) + epsilon
        for j in range(i):
            inverse, entry = np.uint64(products + j * (j + 3) // 2 * n), np.uint64(row + j * n)
            for x in range(np.uint64(n)):
                factor = model[entry + x] * model[inverse + x]
                model[pivot + x] -= model[entry + x] * factor
                model[entry + x] = factor
        # A pivot is epsilon at least, but for rounding.
        for x in range(np.uint64(n)):
            model[pivot + x] = one / max(model[pivot + x], epsilon)


@kernel
def _fit(sums, model, at, n_channels, n):
    """Fit p = a . guide + b in each window: sums (n_channels + 1, n) become a and, last, b.

    sums: of p times each channel and, last, of p; model from `at` on: of `_factor`.
    """
    means, factors, offset = at + n, at + (1 + n_channels) * n, n_channels * n
    _scale(sums, offset, model, at, n)
    for i in range(n_channels):
        slope = i * n
        _scale(sums, slope, model, at, n)
        _subtract(model, means + slope, sums, offset, n, sums, slope)
        for j in range(i):
            factor = factors + (i * (i + 1) // 2 + j) * n
            _subtract(model, factor, sums, j * n, n, sums, slope)
    for i in range(n_channels - 1, -1, -1):
        slope = i * n
        _scale(sums, slope, model, factors + i * (i + 3) // 2 * n, n)
        for j in range(i + 1, n_channels):
            factor = factors + (j * (j + 1) // 2 + i) * n
            _subtract(model, factor, sums, j * n, n, sums, slope)
        _subtract(model, means + slope, sums, slope, n, sums, offset)


@kernel
def _write_pair(values, offset, n, out, at):
    """A class of two, clipped to 0..1, and what is left."""
    offset, at = np.uint64(offset), np.uint64(at)
    for x in range(np.uint64(n)):
        value = min(max(np.float32(values[offset + x]), np.float32(0)), np.float32(1))
        out[at + np.uint64(2) * x] = value
        out[at + np.uint64(2) * x + np.uint64(1)] = np.float32(1) - value


@kernel
def _close(out, at, n, k):
    """Clip rows (n, k) to 0..1 and make them sum to 1; the last class gets what is left."""
    for start in range(at, at + n * k, k):
        left, total = 1.0, 0.0
        for c in range(start, start + k - 1):
            left -= out[c]
            out[c] = min(max(out[c], np.float32(0)), np.float32(1))
            total += out[c]
        last = start + k - 1
        out[last] = min(max(left, 0.0), 1.0)
        total += out[last]
        for c in range(start, start + k):
            out[c] = np.float32(out[c] / total)


@kernel
def take_class(given, part, box, place, plane):
    """plane = a class of the probabilities in a box, each flat.

    With the first class, return how many pixels have no probability of any.
    """
    (z0, z1), (y0, y1), (x0, x1) = box
    k, n, outside, to = np.uint64(part.n_classes), np.uint64(x1 - x0), 0, np.uint64(0)
    for z in range(z0, z1):
        for y in range(y0, y1):
            at = np.uint64((z * part.image_shape[1] + y) * part.image_shape[2] + x0) * k
            if k == 2:  # steps that are known are read by whole vectors
                for x in range(n):
                    first = given[at + np.uint64(2) * x]
                    outside += first + given[at + np.uint64(2) * x + np.uint64(1)] <= 0
                    plane[to + x] = first
            else:
                if place == 0:
                    for x in range(n):
                        outside += _sum_classes(given, at + k * x, k) <= 0
                at += np.uint64(place)
                for x in range(n):
                    plane[to + x] = given[at + k * x]
            to += n
    return outside


@kernel
def find_inside(given, part, box, inside):
    """inside = 1 where there is any probability in a box, else 0, each flat."""
    (z0, z1), (y0, y1), (x0, x1) = box
    k, to = np.uint64(part.n_classes), 0
    for z in range(z0, z1):
        for y in range(y0, y1):
            at = np.uint64((z * part.image_shape[1] + y) * part.image_shape[2] + x0) * k
            for x in range(np.uint64(x1 - x0)):
                inside[to] = 1.0 if _sum_classes(given, at + k * x, k) > 0 else 0.0
                to += 1


@kernel
def _sum_classes(given, at, k):
    total = np.float32(0)
    for c in range(k):
        total += given[at + c]
    return total
