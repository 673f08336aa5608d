"""All features of one slice at one sigma, in blocks of rows that fit the second-level cache.

Derivatives of a block are made row by row, and then every feature reads them in turn: features
that were written side by side, row by row, would fall into the same few lines of the cache.

The arguments are the named tuples of kernel_args.py. Without a mask, `mask` and the source of its
`weights` are of no size.

Tried: one call from Python for each op and block (a fifth of the time), blocks of 128 or 256
columns.
"""

import numpy as np

from .._core.jit import kernel
from ._feature_kernels import fill_features, multiply
from ._filter_kernels import derive_rows, smooth_rows
from ._mask_kernels import divide, quotient_rule

#: The share of the mean that counts as spread: without it, what is flat would be noise.
_FAINT = np.float32(0.02)


@kernel
def _row(plane, y, n):
    # n values of row y of a slice.
    return plane.values[plane.y + y, plane.x : plane.x + n]


@kernel
def _fill_block(ops, block, job, start, stop, dog_base, dog_weights, mask, features):
    # Features of rows start to stop of a job, of which `block` (n, ...) holds the derivatives.
    first, width = job.first, job.width
    quotient = np.empty((1, width), np.float32)
    for op in range(ops.shape[0]):
        for y in range(start, stop):
            subtracted = quotient[0]
            if ops[op, 4]:
                subtracted = _row(dog_base, y - job.top, width)
                if mask.values.size > 0:
                    # Value by value: assigning rows compiles the check of their shapes for 2 s.
                    for x in range(width):
                        quotient[0, x] = subtracted[x]
                    inside = _row(mask, y, job.n_columns)[first : first + width]
                    divide(quotient, _row(dog_weights, y - job.top, width), inside)
                    subtracted = quotient[0]
            at = (y - start) * job.pitch + first
            fill_features(ops[op], block, at, subtracted, features, job.z, y - job.top, width)


@kernel
def standardise(mean, square, weights, mask, places, features):
    """Standard deviations from the mean, in place: features (n, d, h, w) at `places`.

    mean, square: (d, h, w) of the image and of its square over the surroundings, and weights of the
    mask, by which they are divided; mask: 1 inside and 0 outside. The last two may be of no size.
    """
    _, depth, height, width = features.shape
    middle, scale = np.empty(width, np.float32), np.empty(width, np.float32)
    masked = mask.size > 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                m, s = mean[z, y, x], square[z, y, x]
                if masked:
                    inside = mask[z, y, x] > 0
                    m = m / weights[z, y, x] if inside else np.float32(0)
                    s = s / weights[z, y, x] if inside else np.float32(0)
                spread = np.sqrt(max(s - m * m, np.float32(0))) + _FAINT * abs(m)
                middle[x] = m
                scale[x] = np.float32(1) / spread if spread > 0 else np.float32(0)
            for k in range(places.size):
                out = features[places[k], z, y]
                for x in range(width):
                    out[x] = (out[x] - middle[x]) * scale[x]


@kernel
def fill_slice(image, weights, mask, bias, filters, index, job, ops, features, products, block):
    """Derivatives of a slice, the features made of them, and products of the first ones.

    image, weights: what is differentiated, of the image and of the mask; mask: 1 inside and 0
    outside; bias: as in quotient_rule; index: int64 (3, 3, 3), the number of each derivative;
    ops: int64 (k, 5), as in fill_features, and whether `dog_base` is subtracted; features:
    (n, d, h, w); products: (pairs or more, d, h, w) or of no size; block: memory (derivatives,
    values of some rows and a few more), with a mask for twice as many derivatives.
    """
    n, pitch, stride = job.n_columns, job.pitch, block.shape[1]
    n_rows = stride // pitch
    masked = mask.values.size > 0
    n_derivatives = block.shape[0] // 2 if masked else block.shape[0]
    ndim = 2 if n_derivatives == 6 else 3
    flat = block.reshape(-1)
    start = np.int64(0)  # a literal 0 would compile everything once more
    while start < job.n_rows:
        wanted = job.top <= start < job.bottom
        stop = min(start + n_rows, job.n_rows)
        if wanted:
            stop = min(stop, job.bottom)
        elif start < job.top:
            stop = min(stop, job.top)
        order = job.order if wanted else min(job.order, 1)
        for source in range(2 if masked else 1):
            planes = weights.planes if source else image.planes
            first = source * n_derivatives * stride
            for k in range(min(planes.shape[0], order + 1)):
                rest = order - k
                derive_rows(
                    planes[k], start, stop, filters, rest, index[k], flat, stride, first, pitch, n
                )
        if masked:
            count = n_derivatives if order == 2 else 1 + order * ndim
            for y in range(start, stop):
                here = slice((y - start) * pitch, (y - start) * pitch + n)
                w = block[n_derivatives : n_derivatives + count, here]
                quotient_rule(block[:count, here], w, ndim, bias, _row(mask, y, n))
        if products.size > 0:
            pair = 0
            for i in range(1, 1 + ndim):
                for j in range(i, 1 + ndim):
                    out = products[pair, job.source_z, start:stop].reshape(-1)
                    multiply(block[i, : out.size], block[j, : out.size], out)
                    pair += 1
        if wanted:
            base, base_weights = image.dog_base, weights.dog_base
            _fill_block(ops, block, job, start, stop, base, base_weights, mask, features)
        start = stop


@kernel
def fill_tensor_slice(products, whole, sparse, full, mask, job, ops, features, block):
    """Smooth products of first derivatives along H and W; features of their eigenvalues.

    products: float32 (pairs, d, h, w), filtered along D already, and with a mask the mask as one
    more; whole: bool (pairs, 2), whether the filters along H and W that take every sample are
    wanted, those of `full` rather than of `sparse`; block: memory (as many planes, values of some
    rows and a few more).
    """
    n, pitch, n_products = job.n_columns, job.pitch, products.shape[0]
    n_rows = block.shape[1] // pitch
    flat = block.reshape(-1)
    for start in range(0, job.n_rows, n_rows):
        stop = min(start + n_rows, job.n_rows)
        for k in range(n_products):
            y_filter = full.y if whole[k, 0] else sparse.y
            x_filter = full.x if whole[k, 1] else sparse.x
            plane = products[k, job.source_z]
            at = k * block.shape[1]
            smooth_rows(plane, start, stop, y_filter, x_filter, flat, at, pitch, n)
        if mask.values.size > 0:
            for y in range(start, stop):
                here = slice((y - start) * pitch, (y - start) * pitch + n)
                u, w = block[: n_products - 1, here], block[n_products - 1, here]
                divide(u, w, _row(mask, y, n))
        _fill_block(ops, block, job, start, stop, mask, mask, mask, features)
