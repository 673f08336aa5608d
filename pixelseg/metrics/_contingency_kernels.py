"""Counting pairs of labels, run by run: label images are made of runs of equal pixels.

Arrays are flat. Labels are int64, whatever they were in the image: one signature, and blocks of
pixels are widened in cache. Label images take 0.7 to 1 ns a pixel, pure noise more.

Tried and left out: a signature for each pair of dtypes; four interleaved tables.
"""

from .._core.jit import kernel


@kernel
def count_dense(truth, prediction, counts):
    """Add the pairs of two blocks (n,) to counts (n_truth, n_prediction), indexed by label."""
    row, column, run = truth[0], prediction[0], 0
    for pixel in range(truth.size):
        if truth[pixel] != row or prediction[pixel] != column:
            counts[row, column] += run
            row, column, run = truth[pixel], prediction[pixel], 0
        run += 1
    counts[row, column] += run


@kernel
def count_hashed(truth, prediction, amounts, start, n_cells, rows, columns, counts):
    """Add pairs, from position `start`, to an open-addressing table of 2^k cells.

    `amounts` (n,) says how many pixels each pair stands for, at least 1; `n_cells` (1,) how many
    cells of the table are taken: those with a count. Returns the position where it stopped: n, or
    less when half of the cells are taken and the table must grow first.
    """
    last = counts.size - 1
    limit = counts.size // 2
    position = start
    while position < truth.size:
        row, column = truth[position], prediction[position]
        end = position
        run = 0
        while end < truth.size and truth[end] == row and prediction[end] == column:
            run += amounts[end]
            end += 1
        cell = hash_of(row, column) & last
        while counts[cell] != 0 and (rows[cell] != row or columns[cell] != column):
            cell = (cell + 1) & last
        if counts[cell] == 0:
            if n_cells[0] >= limit:
                return position
            n_cells[0] += 1
            rows[cell], columns[cell] = row, column
        counts[cell] += run
        position = end
    return position


@kernel
def hash_of(row, column):
    """Scatter a pair of labels; no product passes 62 bits, so that nothing wraps around."""
    low = 0x7FFFFFFF
    code = ((row ^ (row >> 31)) & low) * 0x4F1BBCDD ^ ((column ^ (column >> 31)) & low) * 0x2545F491
    return code ^ (code >> 23)


@kernel
def list_cells(counts, rows, columns, cells):
    """List the cells of counts (n_truth, n_prediction) that are not 0, row by row.

    Fills rows, columns and cells (n,) with as many as they hold.
    """
    n_columns = counts.shape[1]
    flat = counts.reshape(-1)
    found = 0
    for cell in range(flat.size):
        if flat[cell] != 0:
            rows[found], columns[found] = cell // n_columns, cell % n_columns
            cells[found] = flat[cell]
            found += 1
