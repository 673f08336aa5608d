"""Objects that overlap, and one-to-one pairs of them.

Few objects touch several others, so that the graph of who touches whom falls into small components:
each is assigned by itself, and most need no assignment at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_flag
from ._contingency import ContingencyTable


@dataclass(frozen=True)
class ObjectTable(ContingencyTable):
    """A contingency table of objects: label 0 of either side is background.

    A pair is the place of a cell that two objects share; their sizes are those on the background
    too.
    """

    @cached_property
    def is_true_object(self) -> Array:
        """Which labels of the truth are objects, bool (n_truth,)."""
        return np.asarray(self.truth_labels != 0)

    @cached_property
    def is_object(self) -> Array:
        """Which labels of the prediction are objects, bool (n_prediction,)."""
        return np.asarray(self.prediction_labels != 0)

    @cached_property
    def pairs(self) -> Array:
        """All pairs of objects that share pixels, in the order of labels: truth first."""
        return np.flatnonzero(self.is_true_object[self.rows] & self.is_object[self.columns])


def best_of_truth(table: ObjectTable) -> Array:
    """For each true object that touches one, its pair of highest IoU, the first of equals."""
    rows = table.rows[table.pairs]
    order = np.lexsort((-table.iou[table.pairs], rows))
    _, first = np.unique(rows[order], return_index=True)
    return table.pairs[order[first]]


def pair_above(
    table: ObjectTable, threshold: float, strict: bool, *, most_pairs: bool = True
) -> Array:
    """Choose pairs, one to one, whose IoU is at least (or, if strict, above) the threshold.

    As many pairs as can be, and of these the ones of largest total IoU; the largest total alone
    if not `most_pairs`. They are sorted.
    """
    as_flag("strict", strict)
    iou = table.iou[table.pairs]
    places = table.pairs[iou > threshold if strict else iou >= threshold]
    rows, columns = table.rows[places], table.columns[places]
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    if alone.all():
        return places
    contested = _components_of(table, places[~alone])
    chosen = [_assign(table, component, most_pairs) for component in contested]
    return np.sort(np.concatenate([places[alone], *chosen]))


def _components_of(table: ObjectTable, places: Array) -> list[Array]:
    """Split pairs by who touches whom."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_truth, n_prediction = len(table.truth_labels), len(table.prediction_labels)
    rows, columns = table.rows[places], table.columns[places] + n_truth
    cells = np.ones(len(places), bool), (rows, columns)
    graph = coo_array(cells, (n_truth + n_prediction,) * 2)
    _, component_of = connected_components(graph, directed=False)
    component = component_of[rows]
    order = np.argsort(component, kind="stable")
    return np.split(places[order], np.flatnonzero(np.diff(component[order])) + 1)


def _assign(table: ObjectTable, places: Array, most_pairs: bool) -> Array:
    """The pairs of one component that weigh most together."""
    from scipy.optimize import linear_sum_assignment

    rows, row_of = np.unique(table.rows[places], return_inverse=True)
    columns, column_of = np.unique(table.columns[places], return_inverse=True)
    weights = np.zeros((len(rows), len(columns)))
    place_at = np.full(weights.shape, -1, np.int64)
    # A pair weighs more than all that the others' IoU can add up to, or only its own IoU.
    bonus = min(weights.shape) if most_pairs else 0
    weights[row_of, column_of] = table.iou[places] + bonus
    place_at[row_of, column_of] = places
    chosen = place_at[linear_sum_assignment(weights, maximize=True)]
    return chosen[chosen >= 0]
