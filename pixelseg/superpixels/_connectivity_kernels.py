"""Pieces of segments, by runs of equal labels along rows, and where stray ones go.

Runs are those of the ground floor: `starts` from `first_run[row]` to `first_run[row + 1]`. A
piece is a connected component of one label; `pieces`, int32 (n_runs,), names each run's, -1 where
the label is 0. `owners`, int32 (n_pieces,), names the piece that a piece belongs to: itself if it
is kept, -1 while nobody has it. Parts are the runs of stray pieces, each with its row.
"""

from typing import NamedTuple

import numpy as np

from .._core._grid_kernels import find_root, join_roots
from .._core.jit import kernel


class Runs(NamedTuple):
    """Where the runs of an image lie, and the piece of each."""

    height: int
    first_run: np.ndarray
    starts: np.ndarray
    pieces: np.ndarray


@kernel
def average_labels(rows, values, colours):
    """Fill colours, float32 (n + 1, C), with the mean of values, int16 (C, rows, W), by label."""
    n_channels = len(values)
    sums = np.zeros((len(colours), n_channels), np.int64)
    counts = np.zeros(len(colours), np.int64)
    for row in range(rows.shape[0]):
        for x in range(rows.shape[1]):
            label = rows[row, x]
            counts[label] += 1
            for c in range(n_channels):
                sums[label, c] += values[c, row, x]
    for label in range(len(colours)):
        for c in range(n_channels):
            colours[label, c] = sums[label, c] / max(counts[label], 1)


@kernel
def number_pieces(rows, first_run, starts, parents):
    """Replace each run's parent by the number of its piece, by first pixels; return how many."""
    n_pieces = 0
    for row in range(rows.shape[0]):
        for run in range(first_run[row], first_run[row + 1]):
            if rows[row, starts[run]] == 0:
                parents[run] = -1
            elif parents[run] == run:
                parents[run] = n_pieces
                n_pieces += 1
            else:
                # A parent comes before its runs: it has its number already.
                parents[run] = parents[parents[run]]
    return n_pieces


@kernel
def measure_pieces(rows, first_run, starts, pieces, sizes, names):
    """Fill sizes, int64 (n_pieces,), zero on entry, and names, int32: the label of each."""
    width = rows.shape[1]
    for row in range(rows.shape[0]):
        end = first_run[row + 1]
        for run in range(first_run[row], end):
            piece = pieces[run]
            if piece >= 0:
                stop = starts[run + 1] if run + 1 < end else width
                sizes[piece] += stop - starts[run]
                names[piece] = rows[row, starts[run]]


@kernel
def keep_largest(sizes, names, n_owners, min_size, owners, n_strays):
    """Let the largest piece of each label to n_owners, the first of equals, own itself.

    n_strays[0] counts the others.
    """
    largest = np.full(n_owners + 1, -1, np.int32)
    for piece in range(len(sizes)):
        if names[piece] <= n_owners:
            best = largest[names[piece]]
            if best < 0 or sizes[piece] > sizes[best]:
                largest[names[piece]] = piece
    for piece in range(len(sizes)):
        name = names[piece]
        kept = name <= n_owners and largest[name] == piece and sizes[piece] >= min_size
        owners[piece] = piece if kept else -1
        n_strays[0] += not kept


@kernel
def list_strays(first_run, pieces, owners, strays, first_part):
    """List stray pieces and where the parts of each begin; return the number of parts.

    strays : int32 (n,); first_part : int64 (n + 1,), zero on entry
    """
    places = np.full(len(owners), -1, np.int32)
    n = 0
    for piece in range(len(owners)):
        if owners[piece] < 0:
            strays[n] = piece
            places[piece] = n
            n += 1
    for run in range(first_run[-1]):
        if pieces[run] >= 0 and places[pieces[run]] >= 0:
            first_part[places[pieces[run]] + 1] += 1
    for k in range(n):
        first_part[k + 1] += first_part[k]
    return first_part[n]


@kernel
def list_parts(first_run, pieces, owners, strays, first_part, parts):
    """Fill parts, int32 (n_parts, 2), with run and row of each part, stray by stray."""
    places = np.full(len(owners), -1, np.int64)
    for k in range(len(strays)):
        places[strays[k]] = first_part[k]
    for row in range(len(first_run) - 1):
        for run in range(first_run[row], first_run[row + 1]):
            piece = pieces[run]
            if piece >= 0 and places[piece] >= 0:
                parts[places[piece], 0] = run
                parts[places[piece], 1] = row
                places[piece] += 1


@kernel
def average_strays(values, first_run, starts, strays, first_part, parts, sizes, means):
    """Overwrite the means, float32 (n_pieces, C), of strays by those of their own pixels."""
    width = values.shape[2]
    for k in range(len(strays)):
        for c in range(len(values)):
            total = 0
            for part in range(first_part[k], first_part[k + 1]):
                run, row = parts[part, 0], parts[part, 1]
                stop = starts[run + 1] if run + 1 < first_run[row + 1] else width
                for x in range(starts[run], stop):
                    total += values[c, row, x]
            means[strays[k], c] = total / sizes[strays[k]]


@kernel
def give_strays(runs, strays, first_part, parts, sizes, means, owners):
    """Give each stray piece to the owner beside it whose mean colour is nearest to its own.

    Strays come in order, those that were just given count; whoever has no owner beside it waits
    for the next round. Where none is left that has, a whole part of the mask has no owner: its
    first piece becomes one.
    """
    waiting = np.arange(len(strays))
    n = len(waiting)
    groups = np.arange(len(owners)).astype(np.int32)
    stalled = False
    while n > 0:
        n_left = 0
        for k in waiting[:n]:
            piece = strays[k]
            owner = find_owner(
                runs,
                piece,
                parts[first_part[k] : first_part[k + 1]],
                means,
                owners,
                groups,
                stalled,
            )
            owners[piece] = owner
            if owner < 0:
                waiting[n_left] = k
                n_left += 1
        if stalled:
            for k in waiting[:n_left]:
                piece = strays[k]
                if find_root(groups, piece) == piece:
                    owners[piece] = piece
        stalled = n_left == n
        n = 0
        for k in waiting[:n_left]:
            if owners[strays[k]] < 0:
                waiting[n] = k
                n += 1


@kernel
def find_owner(runs, piece, parts, means, owners, groups, stalled):
    """The owner beside a piece whose colour is nearest, the first of equals; -1 if there is none.

    While everything is stalled, pieces side by side are joined in groups.
    """
    height, first_run, starts, pieces = runs
    n_rows = len(first_run) - 1
    best, nearest = -1, np.inf
    for part in range(len(parts)):
        run, row = np.int64(parts[part, 0]), np.int64(parts[part, 1])
        start = starts[run]
        first, end = first_run[row], first_run[row + 1]
        stop = starts[run + 1] if run + 1 < end else np.int32(2**31 - 1)
        y = row % height
        for side in range(5):
            if side == 0:
                # The runs beside it along the row, and itself between them, which has no owner.
                other, last = max(run - 1, first), min(run + 2, end)
            else:
                if side == 1 and y > 0:
                    other_row = row - 1
                elif side == 2 and y < height - 1:
                    other_row = row + 1
                elif side == 3 and row >= height:
                    other_row = row - height
                elif side == 4 and row + height < n_rows:
                    other_row = row + height
                else:
                    continue
                other, last = first_run[other_row], first_run[other_row + 1]
                other = find_run(starts, other, last, start)
            while other < last and (side == 0 or starts[other] < stop):
                neighbour = pieces[other]
                other += 1
                if neighbour < 0 or neighbour == piece:
                    continue
                owner = owners[neighbour]
                if owner >= 0:
                    distance = 0.0
                    for c in range(means.shape[1]):
                        step = np.float64(means[piece, c]) - np.float64(means[owner, c])
                        distance += step * step
                    if distance < nearest or (distance == nearest and owner < best):
                        best, nearest = owner, distance
                elif stalled:
                    join_roots(groups, piece, neighbour)
    return best


@kernel
def find_run(starts, first, end, x):
    """The run of a row, from first to end, that holds the pixel x."""
    while end - first > 1:
        middle = (first + end) // 2
        if starts[middle] <= x:
            first = middle
        else:
            end = middle
    return first


@kernel
def number_segments(owners):
    """Replace each piece's owner by a segment's number, 1, 2, ... by first pixels."""
    n_segments = 0
    numbers = np.zeros(len(owners), np.int32)
    for piece in range(len(owners)):
        # Pieces are in the order of their first pixels, and so are segments.
        if numbers[owners[piece]] == 0:
            n_segments += 1
            numbers[owners[piece]] = n_segments
    for piece in range(len(owners)):
        owners[piece] = numbers[owners[piece]]
    return n_segments


@kernel
def write_segments(first_run, starts, pieces, owners, rows):
    """Fill rows, int32 (rows, W), with the segment of each run."""
    n_rows, width = rows.shape
    for row in range(n_rows):
        end = first_run[row + 1]
        for run in range(first_run[row], end):
            stop = starts[run + 1] if run + 1 < end else width
            segment = owners[pieces[run]] if pieces[run] >= 0 else np.int32(0)
            for x in range(starts[run], stop):
                rows[row, x] = segment
