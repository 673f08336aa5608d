"""Mean field of a dense CRF in float64, by all pairs and by a plain permutohedral lattice.

Pixels are rows: features (n, d), energies and marginals (n, n_labels). A filter is a function of
values (n, n_channels) that gives their sums over a kernel exp(-|f_i - f_j|^2 / 2).
"""

import numpy as np


def features(shape, widths, values=None, value_widths=1, *, last_axis_first=True):
    """Positions over their widths (one for each axis), then the values of each pixel over theirs.

    A lattice has other errors for another order: `DenseCRF2D` of pydensecrf begins with the last
    axis, x, but its `create_pairwise_bilateral` with the first one.
    """
    positions = np.indices(shape).reshape(len(shape), -1).T / np.asarray(widths, float)
    columns = [positions[:, ::-1] if last_axis_first else positions]
    if values is not None:
        n_pixels = len(columns[0])
        columns.append(np.reshape(values, (n_pixels, -1)) / np.asarray(value_widths, float))
    return np.concatenate(columns, axis=1)


def exact_filter(features):
    """Sums over all pairs, a pixel with itself included."""
    squares = (features**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * features @ features.T
    kernel = np.exp(-np.maximum(distances, 0) / 2)
    return lambda values: kernel @ values


class Lattice:
    """The permutohedral lattice that Kraehenbuehl and Koltun (2011) filter with.

    `corners` (n, d + 1) are the vertices of the simplex around each pixel, `weights` what the pixel
    gives to each, `neighbours` (d + 1, n_vertices, 2) the vertices beside each along each
    direction, where `n_vertices` stands for one that no pixel has made.
    """

    def __init__(self, features):
        n_pixels, d = features.shape
        axis = np.arange(d)
        scaled = features * np.sqrt(2 / 3) * (d + 1) / np.sqrt((axis + 1) * (axis + 2))
        lifted = np.zeros((n_pixels, d + 1))
        for j in range(d + 1):
            lifted[:, j] = scaled[:, j:].sum(axis=1) - (j * scaled[:, j - 1] if j else 0)
        # The nearest point whose coordinates are multiples of d + 1, then repaired to have sum 0.
        multiples = np.rint(lifted / (d + 1))
        order = np.argsort(-(lifted - multiples * (d + 1)), axis=1, kind="stable")
        ranks = np.argsort(order, axis=1, kind="stable")
        ranks = ranks + multiples.sum(axis=1, keepdims=True).astype(int)
        multiples += (ranks < 0).astype(int) - (ranks > d)
        ranks %= d + 1
        nearest = multiples * (d + 1)
        rest = np.take_along_axis((lifted - nearest) / (d + 1), np.argsort(ranks, axis=1), axis=1)
        # Differences of neighbours in the sorted remainders; vertex k is the one with remainder k.
        self.weights = np.empty((n_pixels, d + 1))
        self.weights[:, 1:] = (rest[:, :-1] - rest[:, 1:])[:, ::-1]
        self.weights[:, 0] = 1 - self.weights[:, 1:].sum(axis=1)
        corner = np.arange(d + 1)[:, None]
        shift = corner - (d + 1) * (ranks[:, None] > d - corner)
        keys = (nearest[:, None] + shift).astype(np.int64).reshape(-1, d + 1)
        number = {}
        corners = [number.setdefault(tuple(key), len(number)) for key in keys.tolist()]
        self.corners = np.reshape(corners, (n_pixels, d + 1))
        self.n_vertices = len(number)
        self.neighbours = np.empty((d + 1, self.n_vertices, 2), int)
        for j in range(d + 1):
            step = np.ones(d + 1, int)
            step[j] = -d
            for side, sign in enumerate((-1, 1)):
                moved = (np.array(list(number)) + sign * step).tolist()
                self.neighbours[j, :, side] = [
                    number.get(tuple(key), self.n_vertices) for key in moved
                ]

    def filter(self, values, *, backwards=False):
        """Splat, blur along each direction (the last one first if `backwards`), slice."""
        d = len(self.neighbours) - 1
        # One row more, which stays 0, for the vertices that are not there.
        total = np.zeros((self.n_vertices + 1, values.shape[1]))
        for corner in range(d + 1):
            np.add.at(total, self.corners[:, corner], self.weights[:, corner, None] * values)
        for j in reversed(range(d + 1)) if backwards else range(d + 1):
            total[:-1] += total[self.neighbours[j]].sum(axis=1) / 2
        sliced = (self.weights[..., None] * total[self.corners]).sum(axis=1)
        return sliced / (1 + 2.0**-d)


def lattice_filter(features, *, both_orders=False):
    """The filter of a lattice as pydensecrf blurs it, or the mean of both orders of blurs."""
    lattice = Lattice(features)
    if not both_orders:
        return lattice.filter
    return lambda values: (lattice.filter(values) + lattice.filter(values, backwards=True)) / 2


def normalized(sums, n_pixels, how="symmetric"):
    """A filter over its sums of ones: half before and half after, all before, all after, or not."""
    weight = sums(np.ones((n_pixels, 1)))
    before = weight ** {"symmetric": -0.5, "before": -1.0, "after": 0.0, "none": 0.0}[how]
    after = weight ** {"symmetric": -0.5, "before": 0.0, "after": -1.0, "none": 0.0}[how]
    return lambda values: after * sums(before * values)


def compatibility(compat, n_labels):
    """What is added to the energy of a label for each label of the others, as a matrix.

    A number rewards agreement; a vector or matrix holds penalties.
    """
    compat = np.asarray(compat, float)
    if compat.ndim == 0:
        return -compat * np.eye(n_labels)
    return np.diag(compat) if compat.ndim == 1 else (compat + compat.T) / 2


def softmax(logits):
    """Probabilities over the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def pairwise(marginals, terms):
    """The energy that the terms, pairs of a filter and a matrix, add to each pixel and label."""
    return sum((sums(marginals) @ matrix for sums, matrix in terms), np.zeros(marginals.shape))


def mean_field(energies, terms, n_iterations):
    """Update all pixels at once, a number of times."""
    marginals = softmax(-energies)
    for _ in range(n_iterations):
        marginals = softmax(-energies - pairwise(marginals, terms))
    return marginals


def divergence(marginals, energies, terms):
    """What pydensecrf calls the Kullback-Leibler divergence (each pair counts twice)."""
    logs = np.log(np.maximum(marginals, 1e-300))
    return float((marginals * (logs + energies + pairwise(marginals, terms))).sum())
