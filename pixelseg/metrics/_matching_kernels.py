"""Least-cost one-to-one matching on a sparse bipartite graph with costs that are integers.

Rows are the pixels of one map and columns the pixels of the other. A row may stay unmatched for
`outlier_cost`. The method is that of shortest augmenting paths: rows enter one by one, each by
the cheapest augmenting path, found by Dijkstra's algorithm on reduced costs
`cost - row_price - column_price`, which the prices keep from being negative.

Tried: auction steps before the paths (slower on small maps, no gain on large ones); matching from
the truth's side (1.7 times slower on large maps). See docs/decisions/0015-boundary-matching.md.
"""

import numpy as np

from .._core.jit import kernel

#: Marks a row without a column, a column without a row, and a pixel that is not in the map.
NONE = -1
#: The distance of a column that no path has reached.
FAR = 2**62


@kernel
def count_candidates(positions, column_at, offsets, start):
    """Fill start[1:] so that row r has start[r + 1] - start[r] candidates.

    positions : int64 (n_rows,), flat positions of the rows' pixels in a padded map
    column_at : int32, the column of the pixel at each position of that map, or NONE
    offsets : int64 (n_offsets,), flat steps to the pixels within reach
    """
    start[0] = 0
    for row in range(len(positions)):
        count = 0
        for k in range(len(offsets)):
            count += column_at[positions[row] + offsets[k]] != NONE
        start[row + 1] = start[row] + count


@kernel
def list_candidates(positions, column_at, offsets, offset_costs, columns, costs):
    """Fill columns and costs of each row's candidates, in the order of `offsets`."""
    n_edges = 0
    for row in range(len(positions)):
        for k in range(len(offsets)):
            column = column_at[positions[row] + offsets[k]]
            if column != NONE:
                columns[n_edges] = column
                costs[n_edges] = offset_costs[k]
                n_edges += 1


@kernel
def match(rows, start, columns, costs, outlier_cost, column_of, row_of):
    """Match `rows` to columns for the least total cost; fill column_of and row_of.

    rows : int64 (n,), the rows that take part, each once; the others are as if absent
    start, columns, costs : candidates of every row, costs from low to high
    outlier_cost : int64, the price of leaving a row unmatched
    column_of : int32 (n_rows,), filled for `rows`; row_of : int32 (n_columns,), filled
    """
    n_columns = len(row_of)
    row_price = np.zeros(len(column_of), np.int64)
    column_price = np.zeros(n_columns, np.int64)
    row_of[:] = NONE
    unmatched = np.empty(len(rows), np.int64)
    n_unmatched = 0
    for row in rows:
        if not greedy_init(row, start, columns, costs, outlier_cost, row_price, column_of, row_of):
            unmatched[n_unmatched] = row
            n_unmatched += 1

    distance = np.full(n_columns, FAR, np.int64)
    came_from = np.empty(n_columns, np.int32)
    seen = np.empty(n_columns, np.int32)
    settled = np.empty(n_columns, np.int32)
    heap = np.empty(len(columns) + 1, np.int64)
    for k in range(n_unmatched):
        augment(
            unmatched[k], start, columns, costs, outlier_cost, column_of, row_of, row_price,
            column_price, distance, came_from, seen, settled, heap,
        )  # fmt: skip


@kernel
def greedy_init(row, start, columns, costs, outlier_cost, row_price, column_of, row_of):
    """Match a row to the first free one of its nearest columns; whether there was one."""
    column_of[row] = NONE
    first, stop = start[row], start[row + 1]
    if first == stop:
        row_price[row] = outlier_cost
        return True
    row_price[row] = costs[first]
    for k in range(first, stop):
        if costs[k] > costs[first]:
            break
        if row_of[columns[k]] == NONE:
            row_of[columns[k]] = row
            column_of[row] = columns[k]
            return True
    return False


@kernel
def augment(
    new_row, start, columns, costs, outlier_cost, column_of, row_of, row_price, column_price,
    distance, came_from, seen, settled, heap,
):  # fmt: skip
    """Match one row by the cheapest augmenting path.

    A path ends at a free column, or leaves unmatched a row on the way (`new_row` too, at first).
    `distance` is FAR everywhere on entry and on return.
    """
    n_seen = 0
    n_settled = 0
    n_heap = 0
    row = new_row
    length = np.int64(0)
    best = outlier_cost - row_price[new_row]
    last_row = new_row
    last_column = NONE
    while True:
        base = length - row_price[row]
        for k in range(start[row], start[row + 1]):
            if base + costs[k] >= best:
                break
            column = columns[k]
            there = base + costs[k] - column_price[column]
            if there < best and there < distance[column]:
                if distance[column] == FAR:
                    seen[n_seen] = column
                    n_seen += 1
                distance[column] = there
                came_from[column] = row
                if row_of[column] == NONE:
                    best = there
                    last_column = column
                else:
                    n_heap = push(heap, n_heap, there, column)
        column, n_heap = nearest(heap, n_heap, distance)
        if column == NONE or distance[column] >= best:
            break
        length = distance[column]
        settled[n_settled] = column
        n_settled += 1
        row = row_of[column]
        if length + outlier_cost - row_price[row] < best:
            best = length + outlier_cost - row_price[row]
            last_row = row
            last_column = NONE

    row_price[new_row] += best
    for k in range(n_settled):
        column = settled[k]
        row_price[row_of[column]] += best - distance[column]
        column_price[column] -= best - distance[column]
    flip_path(new_row, last_row, last_column, came_from, column_of, row_of)
    for k in range(n_seen):
        distance[seen[k]] = FAR


@kernel
def flip_path(new_row, last_row, last_column, came_from, column_of, row_of):
    """Flip the path that ends at `last_column`, or else by leaving `last_row` unmatched."""
    column = last_column
    if column == NONE:
        column = column_of[last_row]
        column_of[last_row] = NONE
        if last_row == new_row:
            return
    while True:
        row = came_from[column]
        row_of[column] = row
        column, column_of[row] = column_of[row], column
        if row == new_row:
            return


@kernel
def push(heap, n_heap, length, column):
    """Add an entry to a binary heap of (length, column) in one number; return its new size."""
    entry = (length << 32) | column
    child = n_heap
    while child > 0:
        parent = (child - 1) >> 1
        if heap[parent] <= entry:
            break
        heap[child] = heap[parent]
        child = parent
    heap[child] = entry
    return n_heap + 1


@kernel
def nearest(heap, n_heap, distance):
    """Take the nearest column off the heap, NONE if there is none; return it and the new size.

    A column is pushed again whenever it comes nearer; its older entries are passed over.
    """
    while n_heap > 0:
        length, column, n_heap = pop(heap, n_heap)
        if length == distance[column]:
            return column, n_heap
    return NONE, n_heap


@kernel
def pop(heap, n_heap):
    """Take the least entry off the heap; return its length and column, and the new size."""
    least = heap[0]
    n_heap -= 1
    entry = heap[n_heap]
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= n_heap:
            break
        if child + 1 < n_heap and heap[child + 1] < heap[child]:
            child += 1
        if entry <= heap[child]:
            break
        heap[parent] = heap[child]
        parent = child
    heap[parent] = entry
    return least >> 32, least & 0xFFFFFFFF, n_heap
