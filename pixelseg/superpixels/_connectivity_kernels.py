"""Pieces of segments, by runs of equal labels along rows, and where stray ones go.

Runs are those of the ground floor: `starts` from `first_run[row]` to `first_run[row + 1]`. A
piece is a connected component of one label; `pieces`, int32 (n_runs,), names each run's, -1 where
the label is 0. `owners`, int32 (n_pieces,), names the piece that a piece belongs to: itself if it
is kept, -1 while nobody has it. Parts are the runs of stray pieces.
"""

import numpy as np

from .._core._grid_kernels import find_root, join_roots
from .._core.jit import kernel


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
def list_parts(values, height, first_run, starts, pieces, strays, first_part, parts, means):
    """Fill parts, int32 (n_parts, 5), stray by stray, and the means of strays' own pixels.

    A part is a run, and in each neighbouring row (up, down, the layers before and after) the run
    that holds its first pixel's neighbour, -1 where there is no row.
    values : int16 (C, rows, W); means : float32 (n_pieces, C), of which others stay as they are
    """
    n_channels, n_rows, width = values.shape
    places = np.full(len(means), -1, np.int64)
    sums = np.zeros((len(strays), n_channels + 1), np.int64)
    numbers = np.empty(len(means), np.int32)
    for k in range(len(strays)):
        places[strays[k]] = first_part[k]
        numbers[strays[k]] = k
    beside, ends = np.empty(4, np.int64), np.empty(4, np.int64)
    for row in range(n_rows):
        y = row % height
        for side in range(4):
            other = row + (2 * (side % 2) - 1) * (height if side > 1 else 1)
            is_row = 0 <= other < n_rows and (side > 1 or 0 <= y + 2 * side - 1 < height)
            beside[side] = first_run[other] if is_row else -1
            ends[side] = first_run[other + 1] if is_row else -1
        for run in range(first_run[row], first_run[row + 1]):
            piece = pieces[run]
            if piece < 0 or places[piece] < 0:
                continue
            part, start = places[piece], starts[run]
            places[piece] += 1
            parts[part, 0] = run
            for side in range(4):
                other = beside[side]
                while other + 1 < ends[side] and starts[other + 1] <= start:
                    other += 1
                beside[side] = other
                parts[part, side + 1] = other
            stop = starts[run + 1] if run + 1 < first_run[row + 1] else width
            own = sums[numbers[piece]]
            own[n_channels] += stop - start
            for c in range(n_channels):
                total = np.int64(0)
                for x in range(start, stop):
                    total += values[c, row, x]
                own[c] += total
    for k in range(len(strays)):
        for c in range(n_channels):
            means[strays[k], c] = sums[k, c] / sums[k, n_channels]


@kernel
def give_strays(starts, pieces, strays, first_part, parts, means, owners):
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
            own = parts[first_part[k] : first_part[k + 1]]
            owners[piece] = find_owner(starts, pieces, piece, own, means, owners, groups, stalled)
            if owners[piece] < 0:
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
def find_owner(starts, pieces, piece, parts, means, owners, groups, stalled):
    """The owner beside a piece whose colour is nearest, the first of equals; -1 if there is none.

    While everything is stalled, pieces side by side are joined in groups.
    """
    n_runs = len(starts)
    best, nearest = np.int32(-1), np.inf
    for part in range(len(parts)):
        run = parts[part, 0]
        # A row's first run starts at 0.
        has_next = run + 1 < n_runs and starts[run + 1] > 0
        stop = starts[run + 1] if has_next else np.int32(2**31 - 1)
        for side in range(6):
            if side < 4:
                other = parts[part, side + 1]
            elif side == 4:
                other = run - 1 if starts[run] > 0 else -1
            else:
                other = run + 1 if has_next else -1
            while other >= 0:
                neighbour = pieces[other]
                other += 1
                if side >= 4 or other == n_runs or starts[other] == 0 or starts[other] >= stop:
                    other = -1
                if neighbour < 0 or neighbour == piece:
                    continue
                owner = owners[neighbour]
                if owner < 0:
                    if stalled:
                        join_roots(groups, piece, neighbour)
                elif owner != best:
                    distance = np.float64(0)
                    for c in range(means.shape[1]):
                        step = np.float64(means[piece, c]) - np.float64(means[owner, c])
                        distance += step * step
                    if distance < nearest or (distance == nearest and owner < best):
                        best, nearest = owner, distance
    return best


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
            start = starts[run]
            if start + 16 <= width:
                # One vector, whatever the run's length: what follows is written over.
                for x in range(16):
                    rows[row, start + x] = segment
                start += 16
            for x in range(start, stop):
                rows[row, x] = segment
