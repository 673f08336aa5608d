"""Objects that overlap, and one-to-one pairs of them.

Few objects touch several others, so that the graph of who touches whom falls into small components:
each is assigned by itself, and most need no assignment at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._core.arrays import Array
from ._contingency import ContingencyTable


@dataclass(frozen=True)
class Overlaps:
    """Pairs of objects that share pixels, in the order of labels: truth first.

    Pair k says that `counts[k]` pixels are shared by the true object number `rows[k]` and the
    predicted one number `columns[k]`; `truth_sizes` (n_truth,) and `prediction_sizes`
    (n_prediction,) are their sizes, on the background too. All int64.
    """

    rows: Array
    columns: Array
    counts: Array
    truth_sizes: Array
    prediction_sizes: Array

    @property
    def n_truth(self) -> int:
        """Objects of the truth."""
        return len(self.truth_sizes)

    @property
    def n_prediction(self) -> int:
        """Objects of the prediction."""
        return len(self.prediction_sizes)

    @cached_property
    def iou(self) -> Array:
        """Intersection over union of each pair, float64."""
        sizes = self.truth_sizes[self.rows] + self.prediction_sizes[self.columns]
        return self.counts / (sizes - self.counts)

    def best_of_truth(self) -> Array:
        """For each true object that touches one, its pair of highest IoU, the first of equals."""
        order = np.lexsort((np.arange(len(self.rows)), -self.iou, self.rows))
        _, first = np.unique(self.rows[order], return_index=True)
        return order[first]


def overlaps_of(table: ContingencyTable) -> Overlaps:
    """The overlaps of objects, without the background of either side."""
    objects = table.truth_labels != 0, table.prediction_labels != 0
    # Label 0 is the first of its side, if it occurs.
    first_row, first_column = int(not objects[0][0]), int(not objects[1][0])
    pairs = objects[0][table.rows] & objects[1][table.columns]
    return Overlaps(
        rows=table.rows[pairs] - first_row,
        columns=table.columns[pairs] - first_column,
        counts=table.counts[pairs],
        truth_sizes=table.truth_sizes[objects[0]],
        prediction_sizes=table.prediction_sizes[objects[1]],
    )


def pair_above(
    overlaps: Overlaps, threshold: float, strict: bool, *, most_pairs: bool = True
) -> Array:
    """Choose pairs, one to one, whose IoU is at least (or, if strict, above) the threshold.

    As many pairs as can be, and of these the ones of largest total IoU; the largest total alone
    if not `most_pairs`. Returns the places of the pairs in `overlaps`, sorted.
    """
    enough = overlaps.iou > threshold if strict else overlaps.iou >= threshold
    places = np.flatnonzero(enough)
    rows, columns = overlaps.rows[places], overlaps.columns[places]
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    if alone.all():
        return places
    chosen = [places[alone]]
    contested = places[~alone]
    # A pair weighs more than all that the others' IoU can add up to, or only its own IoU.
    bonus = float(min(overlaps.n_truth, overlaps.n_prediction)) if most_pairs else 0.0
    for component in _components_of(overlaps, contested):
        chosen.append(_assign(overlaps, component, bonus))
    return np.sort(np.concatenate(chosen))


def _components_of(overlaps: Overlaps, places: Array) -> list[Array]:
    """Split pairs by who touches whom."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = overlaps.n_truth + overlaps.n_prediction
    rows, columns = overlaps.rows[places], overlaps.columns[places] + overlaps.n_truth
    graph = coo_array((np.ones(len(places), bool), (rows, columns)), (n, n))
    _, component_of = connected_components(graph, directed=False)
    component = component_of[rows]
    order = np.argsort(component, kind="stable")
    return np.split(places[order], np.flatnonzero(np.diff(component[order])) + 1)


def _assign(overlaps: Overlaps, places: Array, bonus: float) -> Array:
    """The pairs of one component that weigh most together, each its IoU and a bonus."""
    from scipy.optimize import linear_sum_assignment

    rows, row_of = np.unique(overlaps.rows[places], return_inverse=True)
    columns, column_of = np.unique(overlaps.columns[places], return_inverse=True)
    weights = np.zeros((len(rows), len(columns)))
    place_at = np.full(weights.shape, -1, np.int64)
    weights[row_of, column_of] = overlaps.iou[places] + bonus
    place_at[row_of, column_of] = places
    chosen = place_at[linear_sum_assignment(weights, maximize=True)]
    return chosen[chosen >= 0]
