"""Labellings of the least energy, by moves that are minimum cuts: expansions and swaps.

An expansion lets every pixel keep its label or take the label alpha; a swap lets all pixels of two
labels choose between them. Each move is the best of its kind, found by a cut (Boykov, Veksler and
Zabih, "Fast approximate energy minimization via graph cuts", 2001).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from .._core.arrays import Array, to_array
from .._core.checks import as_count
from .energies import Energy, as_energy

#: A label of swaps that stands for no second one: an expansion.
_NONE = -1


@dataclass(frozen=True)
class Labelling:
    """What moves arrived at.

    Attributes
    ----------
    labels : ndarray of int32, of the spatial shape
        The label of each pixel, an index into the last axis of `data_cost`.
    energy : int or float
        Its energy.
    energies : tuple of int or float
        The energy at the start and after each cycle through all labels; it never rises.
    """

    labels: Array = field(repr=False)
    energy: int | float
    energies: tuple[int | float, ...] = field(repr=False)


def alpha_expansion(
    data_cost: Any,
    weights: Any,
    *,
    label_cost: Any = None,
    connectivity: int = 1,
    labels: Any = None,
    n_iterations: int = 100,
) -> Labelling:
    """Find labels of little energy by alpha-expansion, within a factor of the least.

    The energy is the data costs of all pixels plus, for each edge, its weight times the cost of
    the two labels at its ends.

    Parameters
    ----------
    data_cost : array (..., n_labels)
        What each label costs at each pixel (H, W) or (D, H, W), or at each node of a sparse graph:
        any finite numbers, such as the negative logarithms of probabilities.
    weights : float, mapping of offset to float or array, or scipy.sparse matrix
        The edges, as in `min_cut`, each named once: undirected. Of a sparse matrix (n_nodes,
        n_nodes), the weight of an edge is the sum of the entries (i, j) and (j, i).
    label_cost : array (n_labels, n_labels), optional
        A metric: 0 on the diagonal, symmetric, and no detour cheaper than the direct way. Default
        is Potts, 1 for any two labels that differ.
    connectivity : int, default 1
        Which neighbours of a grid have edges.
    labels : array of int, optional
        Where to start; default is the cheapest label of each pixel alone.
    n_iterations : int, default 100
        The most cycles through all labels. It ends sooner, when no expansion helps.

    Returns
    -------
    Labelling

    Raises
    ------
    ValueError
        For costs that are not finite, negative weights, arrays of another shape, and label costs
        that are no metric: `alpha_beta_swap` needs no triangle inequality.

    Notes
    -----
    Every move is exact, on whole numbers without rounding, and starts from the flow of the last
    expansion of its label. Labels whose expansion cannot help, since nothing changed after the
    last one that did not, are skipped. Memory: that of `min_cut`, 4 bytes (8 with fractions) a
    pixel for half of its neighbours, and as much for each label, up to 128 in all.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import graph
    >>> data_cost = np.array([[[0, 3, 9], [2, 1, 9], [9, 9, 0]]])
    >>> found = graph.alpha_expansion(data_cost, 2)
    >>> found.labels.tolist(), found.energy
    ([[0, 0, 2]], 4)
    """
    energy = as_energy(data_cost, weights, label_cost, connectivity, is_metric=True)
    pairs = [(alpha, _NONE) for alpha in range(energy.n_labels)]
    return _move(energy, pairs, energy.as_labels(labels), n_iterations)


def alpha_beta_swap(
    data_cost: Any,
    weights: Any,
    *,
    label_cost: Any = None,
    connectivity: int = 1,
    labels: Any = None,
    n_iterations: int = 100,
) -> Labelling:
    """Find labels of little energy by alpha-beta swaps, for label costs that are no metric.

    Parameters
    ----------
    data_cost, weights : as in `alpha_expansion`
        The costs of labels and the edges.
    label_cost : array (n_labels, n_labels), optional
        0 on the diagonal and symmetric, 0 or above, such as the squared difference of two labels
        cut at some value. Default is Potts.
    connectivity : int, default 1
        Which neighbours of a grid have edges.
    labels : array of int, optional
        Where to start; default is the cheapest label of each pixel alone.
    n_iterations : int, default 100
        The most cycles through all pairs of labels.

    Returns
    -------
    Labelling

    Raises
    ------
    ValueError
        As `alpha_expansion`, but for the triangle inequality.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import graph
    >>> data_cost = np.array([[[0, 3, 9], [2, 1, 9], [9, 9, 0]]])
    >>> squares = np.square(np.subtract.outer(range(3), range(3)))
    >>> graph.alpha_beta_swap(data_cost, 2, label_cost=squares).labels.tolist()
    [[0, 1, 2]]
    """
    energy = as_energy(data_cost, weights, label_cost, connectivity, is_metric=False)
    pairs = list(combinations(range(energy.n_labels), 2))
    return _move(energy, pairs, energy.as_labels(labels), n_iterations)


def energy(
    labels: Any, data_cost: Any, weights: Any, *, label_cost: Any = None, connectivity: int = 1
) -> int | float:
    """The energy of a labelling: what its labels cost, and what its edges cut.

    Parameters
    ----------
    labels : array of int, of the spatial shape
        Indices into the last axis of `data_cost`.
    data_cost, weights : as in `alpha_expansion`
        The costs of labels and the edges.
    label_cost : array (n_labels, n_labels), optional
        0 on the diagonal and symmetric. Default is Potts.
    connectivity : int, default 1
        Which neighbours of a grid have edges.

    Returns
    -------
    int or float

    Examples
    --------
    >>> from pixelseg import graph
    >>> graph.energy([[0, 1]], [[[2, 3], [4, 5]]], 10)
    17
    """
    of = as_energy(data_cost, weights, label_cost, connectivity, is_metric=False)
    return of.of(of.as_labels(to_array("labels", labels)))


def _move(
    energy: Energy, pairs: list[tuple[int, int]], labels: Array, n_iterations: int
) -> Labelling:
    """Go through all moves until none helps."""
    energies = [energy.of(labels)]
    take_best = energy.mover(labels)
    n_idle = 0
    for _ in range(as_count("n_iterations", n_iterations, least=0)):
        for pair in pairs:
            n_idle = 0 if take_best(*pair) else n_idle + 1
            if n_idle >= len(pairs):
                break
        now = energy.of(take_best.labels())
        if not now < energies[-1]:
            break
        labels = take_best.labels()
        energies.append(now)
        if n_idle >= len(pairs):
            break
    return Labelling(labels, energies[-1], tuple(energies))
