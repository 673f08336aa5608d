"""Instances of graph problems, made from scikit-image's pictures.

In words (a seed of 0 throughout; capacities are whole numbers):

denoise
    The camera man thresholded at 100, with Gaussian noise of standard deviation 90. Terminals are
    100 times the squared distance to black and to white over twice the variance; edges weigh 120
    with 4 neighbours and 70 over their length with 8.
volume
    The same of a volume that drifts from slice to slice; edges to 6 neighbours weigh 60.
colour
    The astronaut. Terminals are 20 times the log-likelihood ratio of two mixtures of 4 Gaussians,
    fitted inside and outside the middle box, after three rounds of fitting and labelling; what is
    outside the box is tied to the sink by 10**6. Edges weigh 1000 exp(-beta d**2) over their
    length, d the distance of colours and beta one over twice its mean square.
first round
    The same of the cup of coffee before any round, with edges five times as strong.
scribbles
    The camera man with four bars as hard seeds (10**6), two of each side, and no other terminals;
    edges weigh 5000 exp(-beta d**2) over their length.
box
    The astronaut in a box, 5 rounds of GrabCut; ours may end sooner.
labels
    The cup of coffee. Data costs are the squared distances of a pixel's colour in noise (standard
    deviation 20) to 8 colours that k-means found, over 20; edges to 4 neighbours weigh 150 (Potts).
superpixels
    Denoise, each of some 10,000 pieces with wiggly borders one node with the sums of its pixels'
    terminals; edges weigh 30 for each pair of pixels that meet.
smoothing
    128x128 pixels of denoise, with edges far stronger than the terminals: search trees suffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from . import images
from .case import TINY

Array = np.ndarray

SHAPES = {
    TINY: (40, 48),
    "128x128": (128, 128),
    "512x512": (512, 512),
    "1080x1920": (1080, 1920),
    "3000x4000": (3000, 4000),
    "64x128x128": (64, 128, 128),
    "64x256x256": (64, 256, 256),
}
#: A seed that no cut parts from its side.
_HARD = 10**6


@dataclass(frozen=True)
class Grid:
    """A cut to find: what `graph.min_cut` takes."""

    source: Array
    sink: Array
    weights: dict[tuple[int, ...], Any]
    connectivity: int

    def with_fractions(self) -> Grid:
        """The same with terminals that are not whole."""
        return Grid(self.source * (4 / 3), self.sink * (4 / 3), self.weights, self.connectivity)


def forward(ndim: int, connectivity: int) -> list[tuple[int, ...]]:
    """Offsets to the later neighbours, as keys."""
    from pixelseg._core.grid import forward_offsets

    return [tuple(offset) for offset in forward_offsets(ndim, connectivity).tolist()]


def _flat_weights(ndim: int, connectivity: int, weight: float) -> dict[tuple[int, ...], int]:
    return {offset: int(weight / np.linalg.norm(offset)) for offset in forward(ndim, connectivity)}


def contrast(image: Array, connectivity: int, weight: float) -> dict[tuple[int, ...], Array]:
    """Edges that fade where colours differ."""
    from pixelseg._core.grid import neighbour_slices

    planes = image.astype(float).reshape(*image.shape[:2], -1)
    distances = {}
    for offset in forward(2, connectivity):
        here, there = neighbour_slices(offset)
        distances[offset] = np.square(planes[there] - planes[here]).sum(axis=-1)
    beta = 1 / (2 * np.concatenate([value.ravel() for value in distances.values()]).mean())
    weights = {}
    for offset, value in distances.items():
        weights[offset] = np.zeros(planes.shape[:2], np.int64)
        fading = np.rint(weight * np.exp(-beta * value) / np.linalg.norm(offset))
        weights[offset][neighbour_slices(offset)[0]] = fading
    return weights


def _noisy(image: Array) -> tuple[Array, Array]:
    """Terminals of an image of two values in noise, each reduced by the smaller one."""
    noise = np.random.default_rng(0).normal(0, 90, image.shape)
    noisy = np.where(image > 100, 255, 0) + noise
    black, white = ((100 * (noisy - value) ** 2 / 16200).astype(np.int64) for value in (0, 255))
    both = np.minimum(black, white)
    return white - both, black - both


@cache
def denoise(size: str, connectivity: int = 1, weight: float | None = None) -> Grid:
    """The instance `denoise`, or `smoothing` with a weight."""
    shape = SHAPES[size]
    image = images.grey(*shape) if weight is None else images.grey(512, 512)[100:228, 200:328]
    if size == TINY:
        image = image[: shape[0], : shape[1]]
    weight = weight or (120 if connectivity == 1 else 70)
    return Grid(*_noisy(image), _flat_weights(2, connectivity, weight), connectivity)


@cache
def volume(size: str) -> Grid:
    """The instance `volume`."""
    shape = (4, 12, 16) if size == TINY else SHAPES[size]
    return Grid(*_noisy(images.volume(*shape)), _flat_weights(3, 1, 60), 1)


@cache
def scribbles(size: str, connectivity: int = 1) -> Grid:
    """The instance `scribbles`."""
    shape = SHAPES[size]
    source, sink = np.zeros((2, *shape), np.int64)
    bars = (
        (source, (0.10, 0.12, 0.08, 0.40)),
        (sink, (0.58, 0.60, 0.40, 0.78)),
        (sink, (0.02, 0.04, 0.58, 0.94)),
        (source, (0.40, 0.60, 0.38, 0.40)),
    )
    for terminals, bar in bars:
        top, bottom, left, right = np.rint(np.array(bar) * np.repeat(shape, 2)).astype(int)
        terminals[top : bottom + 1, left : right + 1] = _HARD
    sink[source > 0] = 0
    return Grid(source, sink, contrast(images.grey(*shape), connectivity, 5000), connectivity)


@cache
def colour(size: str, connectivity: int = 2, rounds: int = 3, weight: float = 1000) -> Grid:
    """The instance `colour`, and with `rounds=0` `first round`."""
    from skimage import data
    from sklearn.mixture import GaussianMixture

    from pixelseg import graph

    shape = SHAPES[size]
    image = images.scale_to(data.astronaut() if rounds else data.coffee(), shape)
    rows = image.reshape(-1, 3).astype(float)
    inside = np.zeros(shape, bool)
    inside[shape[0] // 8 : -shape[0] // 8, shape[1] // 5 : -shape[1] // 5] = True
    weights = contrast(image, connectivity, weight)
    label = inside
    for _ in range(1 if size == TINY else rounds + 1):
        scores = [
            GaussianMixture(4, random_state=0, max_iter=500, tol=1e-2, reg_covar=1.0)
            .fit(rows[part.ravel()][::7])
            .score_samples(rows)
            .reshape(shape)
            for part in (label, ~label)
        ]
        ratio = np.rint(20 * (scores[0] - scores[1])).clip(-20_000, 20_000).astype(np.int64)
        source = np.where(inside, ratio.clip(0), 0)
        sink = np.where(inside, (-ratio).clip(0), _HARD)
        grid = Grid(source, sink, weights, connectivity)
        label = graph.min_cut(source, sink, weights, connectivity=connectivity).source_side
    return grid


@cache
def labels(size: str) -> Array:
    """The data costs of the instance `labels`, (H, W, 8)."""
    from skimage import data
    from sklearn.cluster import KMeans

    shape = SHAPES[size]
    image = images.scale_to(data.coffee(), shape).astype(float)
    noisy = image + np.random.default_rng(0).normal(0, 20, image.shape)
    means = KMeans(8, n_init=1, random_state=0).fit(image.reshape(-1, 3)[::37]).cluster_centers_
    return (np.square(noisy[..., np.newaxis, :] - means).sum(axis=-1) / 20).astype(np.int64)


@cache
def boxed(size: str) -> tuple[Array, tuple[int, int, int, int]]:
    """The instance `box`: an image and (row0, col0, row1, col1)."""
    height, width = SHAPES[size]
    box = np.rint(np.multiply((0.01, 0.12, 1.0, 0.85), (height, width, height, width)))
    return images.colour(height, width), tuple(box.astype(int).tolist())


@dataclass(frozen=True)
class Superpixels:
    """A cut of a sparse graph: what `graph.min_cut_sparse` takes."""

    source: Array
    sink: Array
    edges: Any


@cache
def superpixels(size: str) -> Superpixels:
    """The instance `superpixels`."""
    from scipy.sparse import coo_matrix

    from pixelseg._core.grid import neighbour_slices

    shape = (40, 48) if size == TINY else (512, 512)
    grid = denoise(TINY if size == TINY else "512x512")
    segments = images.segments(*shape, 5) - 1
    tails, heads = [], []
    for offset in forward(2, 1):
        here, there = neighbour_slices(offset)
        apart = segments[here] != segments[there]
        tails += [segments[here][apart], segments[there][apart]]
        heads += [segments[there][apart], segments[here][apart]]
    ends = (np.concatenate(tails), np.concatenate(heads))
    n = segments.max() + 1
    edges = coo_matrix((np.full(len(ends[0]), 30), ends), (n, n)).tocsr()
    sums = (np.bincount(segments.ravel(), part.ravel()) for part in (grid.source, grid.sink))
    return Superpixels(*(part.astype(np.int64) for part in sums), edges)
