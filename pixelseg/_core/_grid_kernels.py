"""Passes over grids (D, H, W), D = 1 in 2-D: component labelling by runs, sizes and outlines.

Labels are int32, and 0 is outside. A run is a stretch of equal labels along a row; a row's runs
lie in `starts` from `first_run[row]` to `first_run[row + 1]`, zeros included, so that a run ends
where the next one starts.
"""

import numpy as np

from .jit import kernel


@kernel
def count_runs(labels, first_run):
    """Fill first_run, int64 (rows + 1,), for labels (rows, W); return the number of runs."""
    n_rows, width = labels.shape
    n_runs = 0
    for row in range(n_rows):
        first_run[row] = n_runs
        values = labels[row]
        steps = 1
        for x in range(1, width):
            steps += values[x] != values[x - 1]
        n_runs += steps
    first_run[n_rows] = n_runs
    return n_runs


@kernel
def find_runs(labels, first_run, starts, parents):
    """Fill starts, int32 (n_runs,), and make each run its own parent, int32 (n_runs,)."""
    n_rows, width = labels.shape
    found = np.zeros(width + 1, np.int32)
    for row in range(n_rows):
        values = labels[row]
        # Written at each pixel and kept where a run begins: a branch would be guessed wrong.
        n = 1
        for x in range(1, width):
            found[n] = x
            n += values[x] != values[x - 1]
        first = first_run[row]
        for k in range(n):
            starts[first + k] = found[k]
            parents[first + k] = first + k


@kernel
def join_runs(labels, height, first_run, starts, neighbour_rows, parents):
    """Join runs of one label that touch in neighbouring rows.

    labels : (D * H, W); neighbour_rows : int64 (k, 3), for each the steps (z, y) to an earlier row
    and whether runs also touch by a corner along the row, 1 or 0
    """
    n_rows, width = labels.shape
    for row in range(n_rows):
        z, y = row // height, row % height
        for k in range(len(neighbour_rows)):
            dz, dy, reach = neighbour_rows[k]
            if z + dz < 0 or y + dy < 0 or y + dy >= height:
                continue
            other_row = row + dz * height + dy
            one, one_end = first_run[row], first_run[row + 1]
            other, other_end = first_run[other_row], first_run[other_row + 1]
            while one < one_end and other < other_end:
                one_stop = starts[one + 1] if one + 1 < one_end else width
                other_stop = starts[other + 1] if other + 1 < other_end else width
                # Zeros are runs too, so that the two at hand always overlap.
                label = labels[row, starts[one]]
                if label != 0 and label == labels[other_row, starts[other]]:
                    join_roots(parents, one, other)
                if one_stop != other_stop:
                    one += one_stop < other_stop
                    other += other_stop < one_stop
                    continue
                if reach and one_stop < width:
                    # Where both end together, each touches what follows the other by a corner.
                    if label != 0 and label == labels[other_row, other_stop]:
                        join_roots(parents, one, other + 1)
                    label = labels[row, one_stop]
                    if label != 0 and label == labels[other_row, starts[other]]:
                        join_roots(parents, one + 1, other)
                one += 1
                other += 1


@kernel
def find_root(parents, run):
    """The root of a run's tree, shortening the way for the next caller."""
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run


@kernel
def join_roots(parents, one, other):
    """Put the later of two roots under the earlier."""
    one, other = find_root(parents, one), find_root(parents, other)
    if one < other:
        parents[other] = one
    else:
        parents[one] = other


@kernel
def number_components(labels, first_run, starts, parents, components):
    """Fill components, int32 (rows, W), with 1, 2, ... by first pixels; return how many."""
    n_rows, width = labels.shape
    n_components = 0
    for row in range(n_rows):
        end = first_run[row + 1]
        for run in range(first_run[row], end):
            stop = starts[run + 1] if run + 1 < end else width
            number = 0
            if labels[row, starts[run]] != 0:
                # A parent comes before its runs: from here on it holds the number, negated.
                if parents[run] == run:
                    n_components += 1
                    parents[run] = -n_components
                else:
                    parents[run] = parents[parents[run]]
                number = -parents[run]
            for x in range(starts[run], stop):
                components[row, x] = number
    return n_components


@kernel
def measure_segments(segments, is_volume, sizes, outlines):
    """Count the pixels of each segment, and the sides of pixels on its outline.

    segments : int32 (D, H, W); sizes, outlines : int64 (n_segments,), zero on entry
    What lies beyond the image is another segment; only a volume has sides along D.
    """
    depth, height, width = segments.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                here = segments[z, y, x]
                if here == 0:
                    continue
                sides = np.int64(0)
                sides += x == 0 or segments[z, y, x - 1] != here
                sides += x == width - 1 or segments[z, y, x + 1] != here
                sides += y == 0 or segments[z, y - 1, x] != here
                sides += y == height - 1 or segments[z, y + 1, x] != here
                if is_volume:
                    sides += z == 0 or segments[z - 1, y, x] != here
                    sides += z == depth - 1 or segments[z + 1, y, x] != here
                sizes[here - 1] += 1
                outlines[here - 1] += sides
