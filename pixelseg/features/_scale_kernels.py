"""All columns of one slice at one sigma, in blocks of rows that fit the second-level cache.

Derivatives of a block are made row by row, and then every column reads them in turn: columns
that were written side by side, row by row, would fall into the same few lines of the cache.
"""

import numpy as np

from .._core.jit import kernel
from ._column_kernels import fill_columns, multiply
from ._filter_kernels import derive_rows, smooth_rows
from ._mask_kernels import divide, quotient_rule


@kernel
def _row(plane, y, n):
    # n values of row y of a slice.
    return plane.values[plane.y + y, plane.x : plane.x + n]


@kernel
def _fill_block(ops, block, part, start, stop, finer, finer_weights, mask, columns):
    # Columns of rows start to stop of a part, of which `block` (n, ...) holds the derivatives.
    pitch, first, width = part.pitch, part.first, part.width
    quotient = np.empty((1, width), np.float32)
    for op in range(ops.shape[0]):
        for y in range(start, stop):
            subtracted = quotient[0]
            if ops[op, 4]:
                subtracted = _row(finer, y - part.top, width)
                if mask.values.size > 0:
                    # Value by value: assigning rows compiles the check of their shapes for 2 s.
                    for x in range(width):
                        quotient[0, x] = subtracted[x]
                    inside = _row(mask, y, part.n_columns)[first : first + width]
                    divide(quotient, _row(finer_weights, y - part.top, width), inside)
                    subtracted = quotient[0]
            fill_columns(
                ops[op, 0],
                block,
                ops[op, 1],
                ops[op, 2],
                (y - start) * pitch + first,
                subtracted,
                columns,
                ops[op, 3],
                part.z,
                y - part.top,
                width,
            )


@kernel
def fill_slice(
    planes,
    rows,
    row,
    slots,
    part,
    ops,
    finer,
    columns,
    products,
    depth,
    weights,
    finer_weights,
    mask,
    bias,
    block,
):
    """Derivatives of a slice, the columns that are made of them, and products of the first ones.

    planes: float32 (order + 1, h, w), the slice filtered along D with each order (2-D: 1 plane);
    rows, row: the filters along H and W; slots: int64 (3, 3, 3), the field of each derivative;
    ops: int64 (k, 5): kind of column, first field, number of fields, first column, whether
    `finer` is subtracted; columns: (n, d, h, w); products: (pairs or more, d, h, w) or of no size,
    their slice `depth` is filled.

    weights, finer_weights: the same of the mask as planes and finer of the image, and mask, 1
    inside and 0 outside, all of no size without one; bias: as in quotient_rule. block: memory
    (fields, values of some rows and a few more), with a mask for twice as many fields. rows,
    row, part, and slices are those of layout.py.
    """
    n, pitch, stride = part.n_columns, part.pitch, block.shape[1]
    n_rows = stride // pitch
    masked = mask.values.size > 0
    n_fields = block.shape[0] // 2 if masked else block.shape[0]
    ndim = 2 if n_fields == 6 else 3
    flat = block.reshape(-1)
    start = np.int64(0)  # a literal 0 would compile everything once more
    while start < part.n_rows:
        wanted = part.top <= start < part.bottom
        stop = min(start + n_rows, part.n_rows)
        if wanted:
            stop = min(stop, part.bottom)
        elif start < part.top:
            stop = min(stop, part.top)
        order = part.order if wanted else min(part.order, 1)
        for source in range(2 if masked else 1):
            own_planes = weights if source else planes
            first = source * n_fields * stride
            for k in range(min(own_planes.shape[0], order + 1)):
                derive_rows(
                    own_planes[k],
                    start,
                    stop,
                    rows,
                    row,
                    order - k,
                    slots[k],
                    flat,
                    stride,
                    first,
                    pitch,
                    n,
                )
        if masked:
            count = n_fields if order == 2 else 1 + order * ndim
            for y in range(start, stop):
                here = slice((y - start) * pitch, (y - start) * pitch + n)
                w = block[n_fields : n_fields + count, here]
                quotient_rule(block[:count, here], w, ndim, bias, _row(mask, y, n))
        if products.size > 0:
            pair = 0
            for i in range(1, 1 + ndim):
                for j in range(i, 1 + ndim):
                    out = products[pair, depth, start:stop].reshape(-1)
                    multiply(block[i, : out.size], block[j, : out.size], out)
                    pair += 1
        if wanted:
            _fill_block(ops, block, part, start, stop, finer, finer_weights, mask, columns)
        start = stop


@kernel
def fill_tensor_slice(
    products, whole, rows, row, whole_rows, whole_row, part, ops, columns, mask, block
):
    """Smooth products of first derivatives along H and W; columns of their eigenvalues.

    products: float32 (pairs, d, h, w), filtered along D already, and with a mask the mask as one
    more; whole: bool (pairs, 2), whether the filters along H and W that take every sample are
    wanted, whole_rows and whole_row, rather than rows and row; mask: of no size without one;
    block: memory (as many fields, values of some rows and a few more).
    """
    n, pitch, n_fields = part.n_columns, part.pitch, products.shape[0]
    n_rows = block.shape[1] // pitch
    flat = block.reshape(-1)
    for start in range(0, part.n_rows, n_rows):
        stop = min(start + n_rows, part.n_rows)
        for field in range(n_fields):
            plane = products[field, part.z]
            own_rows = whole_rows if whole[field, 0] else rows
            own_row = whole_row if whole[field, 1] else row
            at = field * block.shape[1]
            smooth_rows(plane, start, stop, own_rows, own_row, flat, at, pitch, n)
        if mask.values.size > 0:
            for y in range(start, stop):
                here = slice((y - start) * pitch, (y - start) * pitch + n)
                divide(block[: n_fields - 1, here], block[n_fields - 1, here], _row(mask, y, n))
        _fill_block(ops, block, part, start, stop, mask, mask, mask, columns)
