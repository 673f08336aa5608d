"""One-to-one matching of two boundary maps, at the least total distance.

A boundary that is a pixel or two off should count, and a boundary that is drawn twice should
not count twice. So pixels of the two maps are paired, each at most once and within a tolerance,
as in the Berkeley benchmark (Martin, Fowlkes and Malik, IEEE TPAMI 26(5), 2004): as many pairs as
can be had, and of those pairings one with the least total distance. Dilating one of the maps by
the tolerance is not the same; it inflates F by some 0.025.

The exact problem is an assignment with a price for staying alone. _Candidates are few (the pixels
of a thin line within a disc), and shortest augmenting paths stay near the pixel they start from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, check_same_shape
from ._inputs import as_map, as_reach

#: Distances are counted in hundredths of a pixel, which makes the costs integers.
_COST_OF_A_PIXEL = 100
#: Leaving a pair unmade costs as much as this many pairs at the tolerance.
_OUTLIER_FACTOR = 100


@dataclass(frozen=True)
class BoundaryMatching:
    """Which pixels of two boundary maps were paired.

    `truth_pixels` and `prediction_pixels` are int64 (n, 2), row and column of the pixels of pair
    after pair in the order of the truth's pixels; `distances` is float64 (n,), in pixels;
    `truth_matched` and `prediction_matched` are bool (H, W).
    """

    truth_pixels: Array
    prediction_pixels: Array
    distances: Array
    truth_matched: Array
    prediction_matched: Array


def match_boundaries(
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    tolerance: float = 0.0075,
    tolerance_unit: str = "diagonal",
) -> BoundaryMatching:
    """Pair the pixels of two boundary maps one to one within a tolerance.

    Parameters
    ----------
    truth, prediction : arrays of bool, shape (H, W)
        True on the boundary. Nothing is thinned here.
    tolerance : float, default 0.0075
        How far apart the pixels of a pair may be. The default is Berkeley's for BSDS500: 4.3
        pixels on an image of 321 x 481.
    tolerance_unit : {"diagonal", "pixel"}, default "diagonal"
        Whether `tolerance` is a share of the image's diagonal or a number of pixels.

    Returns
    -------
    matching : BoundaryMatching
        The pairs, and the two maps of matched pixels.

    Raises
    ------
    TypeError, ValueError
        If a map is not bool, or the shapes differ, or the tolerance is negative.

    Notes
    -----
    The cost of a pair is its distance, rounded to 0.01 pixel, and a pair not made costs as much
    as 100 pairs at the tolerance, so that in practice the number of pairs is the largest possible.
    The costs and the outlier cost are Berkeley's. Their solver adds random edges, from a
    generator seeded by the clock, and finds up to 0.001 fewer matches; this one is exact and always
    gives the same answer. Several pairings can share the least cost: which of them is returned
    is fixed but has no meaning.

    Memory: 12 bytes a candidate pair, that is a pixel of one map and one of the other within the
    tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import match_boundaries
    >>> truth = np.zeros((5, 9), bool)
    >>> truth[:, 4] = True
    >>> matching = match_boundaries(truth, np.roll(truth, 1, axis=1), tolerance=0.2)
    >>> matching.distances
    array([1., 1., 1., 1., 1.])
    """
    truth, prediction = as_map(truth, "truth"), as_map(prediction, "prediction")
    check_same_shape(truth, prediction)
    reach = as_reach(tolerance, tolerance_unit, truth.shape)
    candidates = find_candidates(truth, prediction, reach)
    column_of, row_of = candidates.match(np.arange(candidates.n_rows))
    matched = np.flatnonzero(row_of >= 0)
    truth_pixels = np.argwhere(truth)[matched]
    prediction_pixels = np.argwhere(prediction)[row_of[matched]]
    truth_matched, prediction_matched = np.zeros_like(truth), np.zeros_like(prediction)
    truth_matched[truth] = row_of >= 0
    prediction_matched[prediction] = column_of >= 0
    distances = np.sqrt(((truth_pixels - prediction_pixels) ** 2).sum(axis=1))
    return BoundaryMatching(
        truth_pixels, prediction_pixels, distances, truth_matched, prediction_matched
    )


@dataclass(frozen=True)
class _Candidates:
    """The pairs that a tolerance allows: for each row (pixel of one map) its columns (the other).

    Row r has `columns[start[r]:start[r + 1]]`, from near to far, at `costs` of the same places.
    """

    start: Array
    columns: Array
    costs: Array
    n_columns: int
    outlier_cost: int

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.start) - 1

    def match(self, rows: Array) -> tuple[Array, Array]:
        """Match some rows, the others left out: the column of each row, the row of each column.

        int32, -1 where there is none, also for rows that were left out.
        """
        from ._matching_kernels import match

        column_of = np.full(self.n_rows, -1, np.int32)
        row_of = np.empty(self.n_columns, np.int32)
        graph = (self.start, self.columns, self.costs, self.outlier_cost)
        match(rows, *graph, column_of, row_of)
        return column_of, row_of


def find_candidates(truth: Array, prediction: Array, reach: float) -> _Candidates:
    """List, for each pixel of `prediction`, the pixels of `truth` within `reach` pixels."""
    from ._matching_kernels import count_candidates, list_candidates

    frame = int(min(reach, max(truth.shape)))
    padded = np.full([size + 2 * frame for size in truth.shape], -1, np.int32)
    inside = padded[frame : frame + truth.shape[0], frame : frame + truth.shape[1]]
    n_columns = int(np.count_nonzero(truth))
    inside[truth] = np.arange(n_columns)
    rows, columns = np.nonzero(prediction)
    positions = (rows + frame) * padded.shape[1] + columns + frame

    step = np.arange(-frame, frame + 1)
    squared = (step[:, np.newaxis] ** 2 + step**2).ravel()
    near_first = np.argsort(squared, kind="stable")
    near_first = near_first[: np.count_nonzero(squared <= reach * reach)]
    offsets = (step[:, np.newaxis] * padded.shape[1] + step).ravel()[near_first]
    offset_costs = np.rint(_COST_OF_A_PIXEL * np.sqrt(squared[near_first])).astype(np.int32)

    start = np.empty(len(positions) + 1, np.int64)
    column_at = padded.reshape(-1)
    count_candidates(positions, column_at, offsets, start)
    edge_columns = np.empty(start[-1], np.int32)
    edge_costs = np.empty(start[-1], np.int32)
    list_candidates(positions, column_at, offsets, offset_costs, edge_columns, edge_costs)
    outlier_cost = max(1, int(np.ceil(_COST_OF_A_PIXEL * _OUTLIER_FACTOR * reach)))
    return _Candidates(start, edge_columns, edge_costs, n_columns, outlier_cost)
