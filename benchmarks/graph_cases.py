"""Cases of `pixelseg.graph`: cuts of grids made from scikit-image's pictures, beside the peers.

The instances, in words (a seed of 0 throughout; capacities are whole numbers):

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
from functools import cache, partial
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, largest_difference

Array = np.ndarray

_SHAPES = {
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


def _forward(ndim: int, connectivity: int) -> list[tuple[int, ...]]:
    from pixelseg._core.grid import forward_offsets

    return [tuple(offset) for offset in forward_offsets(ndim, connectivity).tolist()]


def _flat_weights(ndim: int, connectivity: int, weight: float) -> dict[tuple[int, ...], int]:
    return {offset: int(weight / np.linalg.norm(offset)) for offset in _forward(ndim, connectivity)}


def _contrast(image: Array, connectivity: int, weight: float) -> dict[tuple[int, ...], Array]:
    """Edges that fade where colours differ."""
    from pixelseg._core.grid import neighbour_slices

    planes = image.astype(float).reshape(*image.shape[:2], -1)
    distances = {}
    for offset in _forward(2, connectivity):
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
    shape = _SHAPES[size]
    image = images.grey(*shape) if weight is None else images.grey(512, 512)[100:228, 200:328]
    if size == TINY:
        image = image[: shape[0], : shape[1]]
    weight = weight or (120 if connectivity == 1 else 70)
    return Grid(*_noisy(image), _flat_weights(2, connectivity, weight), connectivity)


@cache
def volume(size: str) -> Grid:
    """The instance `volume`."""
    shape = (4, 12, 16) if size == TINY else _SHAPES[size]
    return Grid(*_noisy(images.volume(*shape)), _flat_weights(3, 1, 60), 1)


@cache
def scribbles(size: str, connectivity: int = 1) -> Grid:
    """The instance `scribbles`."""
    shape = _SHAPES[size]
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
    return Grid(source, sink, _contrast(images.grey(*shape), connectivity, 5000), connectivity)


@cache
def colour(size: str, connectivity: int = 2, rounds: int = 3, weight: float = 1000) -> Grid:
    """The instance `colour`, and with `rounds=0` `first round`."""
    from skimage import data
    from sklearn.mixture import GaussianMixture

    from pixelseg import graph

    shape = _SHAPES[size]
    image = images.scale_to(data.astronaut() if rounds else data.coffee(), shape)
    rows = image.reshape(-1, 3).astype(float)
    inside = np.zeros(shape, bool)
    inside[shape[0] // 8 : -shape[0] // 8, shape[1] // 5 : -shape[1] // 5] = True
    weights = _contrast(image, connectivity, weight)
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

    shape = _SHAPES[size]
    image = images.scale_to(data.coffee(), shape).astype(float)
    noisy = image + np.random.default_rng(0).normal(0, 20, image.shape)
    means = KMeans(8, n_init=1, random_state=0).fit(image.reshape(-1, 3)[::37]).cluster_centers_
    return (np.square(noisy[..., np.newaxis, :] - means).sum(axis=-1) / 20).astype(np.int64)


_POTTS = 150


def _expand(data_cost: Array) -> Any:
    from pixelseg import graph

    return graph.alpha_expansion(data_cost, _POTTS)


def _swap(data_cost: Array) -> Any:
    from pixelseg import graph

    return graph.alpha_beta_swap(data_cost, _POTTS)


def _energy(data_cost: Array) -> Any:
    from pixelseg import graph

    return graph.energy(data_cost.argmin(axis=-1), data_cost, _POTTS)


def _energy_by_hand(data_cost: Array) -> int:
    found = data_cost.argmin(axis=-1)
    steps = (found[1:] != found[:-1]).sum() + (found[:, 1:] != found[:, :-1]).sum()
    return int(data_cost.min(axis=-1).sum() + _POTTS * steps)


def _pymaxflow_moves(data_cost: Array, name: str) -> float:
    import maxflow.fastmin

    table = _POTTS * (1 - np.eye(data_cost.shape[-1], dtype=np.int64))
    found = getattr(maxflow.fastmin, name)(data_cost, table)
    return _energy_of(found, data_cost)


def _gco(data_cost: Array) -> float:
    import gco

    table = (1 - np.eye(data_cost.shape[-1])).astype(np.int32)
    shape = data_cost.shape[:2]
    across, down = (np.full(shape, _POTTS, np.int32) for _ in range(2))
    found = gco.cut_grid_graph(data_cost.astype(np.int32), table, down[:-1], across[:, :-1])
    return _energy_of(found.reshape(shape), data_cost)


def _energy_of(found: Array, data_cost: Array) -> float:
    from pixelseg import graph

    return graph.energy(found, data_cost, _POTTS)


def _above(ours: Any, theirs: float) -> float:
    """By which share our energy is above the peer's."""
    return (ours.energy - theirs) / abs(theirs)


@cache
def boxed(size: str) -> tuple[Array, tuple[int, int, int, int]]:
    """The instance `box`: an image and (row0, col0, row1, col1)."""
    height, width = _SHAPES[size]
    box = np.rint(np.multiply((0.01, 0.12, 1.0, 0.85), (height, width, height, width)))
    return images.colour(height, width), tuple(box.astype(int).tolist())


def _grabcut(inputs: tuple[Array, Any]) -> Array:
    from pixelseg import graph

    return graph.grabcut(inputs[0], box=inputs[1], n_iterations=5).mask


def _opencv_grabcut(inputs: tuple[Array, Any]) -> Array:
    import cv2

    image, (top, left, bottom, right) = inputs
    mask = np.zeros(image.shape[:2], np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    box = (left, top, right - left, bottom - top)
    cv2.setRNGSeed(0)
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, mask, box, *models, 5, cv2.GC_INIT_WITH_RECT)
    return mask % 2 == 1


def _contrast_weights(image: Array) -> Any:
    from pixelseg import graph

    return graph.contrast_weights(image)[0, 1][:, :-1]


def _contrast_by_hand(image: Array) -> Array:
    return _contrast(image, 2, 1e9)[0, 1][:, :-1] / 1e9


def _colour_image(size: str) -> Array:
    return images.colour(*_SHAPES[size])


def _refined(data_cost: Array) -> Array:
    import pixelseg

    p = np.exp(-data_cost / 500.0)
    p /= p.sum(axis=-1, keepdims=True)
    return pixelseg.GraphCut().refine(p, images.colour(*data_cost.shape[:2]))


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
    for offset in _forward(2, 1):
        here, there = neighbour_slices(offset)
        apart = segments[here] != segments[there]
        tails += [segments[here][apart], segments[there][apart]]
        heads += [segments[there][apart], segments[here][apart]]
    ends = (np.concatenate(tails), np.concatenate(heads))
    n = segments.max() + 1
    edges = coo_matrix((np.full(len(ends[0]), 30), ends), (n, n)).tocsr()
    sums = (np.bincount(segments.ravel(), part.ravel()) for part in (grid.source, grid.sink))
    return Superpixels(*(part.astype(np.int64) for part in sums), edges)


def _ours_sparse(nodes: Superpixels) -> Any:
    from pixelseg import graph

    return graph.min_cut_sparse(nodes.source, nodes.sink, nodes.edges)


def _pymaxflow_sparse(nodes: Superpixels) -> tuple[float, Array]:
    import maxflow
    from scipy.sparse import triu

    network = maxflow.GraphInt()
    ids = network.add_nodes(len(nodes.source))
    once = triu(nodes.edges).tocoo()
    network.add_edges(once.row, once.col, once.data, once.data)
    network.add_grid_tedges(ids, nodes.source, nodes.sink)
    return network.maxflow(), ~network.get_grid_segments(ids)


def _ours(grid: Grid) -> Any:
    from pixelseg import graph

    return graph.min_cut(grid.source, grid.sink, grid.weights, connectivity=grid.connectivity)


def _pymaxflow(grid: Grid) -> tuple[float, Array]:
    import maxflow

    whole = grid.source.dtype.kind == "i"
    network = maxflow.GraphInt() if whole else maxflow.GraphFloat()
    nodes = network.add_grid_nodes(grid.source.shape)
    for offset, weight in grid.weights.items():
        structure = np.zeros((3,) * len(offset))
        structure[tuple(np.add(offset, 1))] = 1
        network.add_grid_edges(nodes, weights=weight, structure=structure, symmetric=True)
    network.add_grid_tedges(nodes, grid.source, grid.sink)
    return network.maxflow(), ~network.get_grid_segments(nodes)


def _relative_flow_difference(ours: Any, theirs: Any) -> float:
    flow = theirs[0] if isinstance(theirs, tuple) else theirs
    return abs(ours.flow - flow) / max(abs(flow), 1)


def _scipy(grid: Grid) -> float:
    """The flow by Dinic's algorithm, on a graph that is made of arrays."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import maximum_flow

    from pixelseg._core.grid import neighbour_slices

    n = grid.source.size
    numbers = np.arange(n, dtype=np.int32).reshape(grid.source.shape)
    rows, columns, values = [], [], []
    for offset, weight in grid.weights.items():
        here, there = neighbour_slices(offset)
        tails, heads = numbers[here].ravel(), numbers[there].ravel()
        both = np.broadcast_to(weight, numbers.shape)[here].ravel()
        rows += [tails, heads]
        columns += [heads, tails]
        values += [both, both]
    every = numbers.ravel()
    rows += [np.full(n, n), every]
    columns += [every, np.full(n, n + 1)]
    values += [grid.source.ravel(), grid.sink.ravel()]
    joined = (np.concatenate(part) for part in (values, rows, columns))
    capacities, tails, heads = joined
    links = (capacities.astype(np.int32), (tails, heads))
    return float(maximum_flow(coo_matrix(links, (n + 2, n + 2)).tocsr(), n, n + 1).flow_value)


def _cut(
    name: str, make: Any, *sizes: str, bar: float, floats: bool = False, quick: bool = False
) -> Case:
    """A row of `min_cut`."""

    def prepared(size: str) -> Grid:
        return make(size).with_fractions() if floats else make(size)

    peers = [
        Peer(
            "PyMaxflow",
            _pymaxflow,
            needs="maxflow",
            bar=bar,
            difference=_relative_flow_difference,
            tolerance=1e-9,
        )
    ]
    if not floats:
        peers.append(
            Peer(
                "scipy maximum_flow",
                _scipy,
                difference=_relative_flow_difference,
                sizes=(TINY, "128x128"),
            )
        )
    return Case(
        name=f"graph.min_cut, {name}",
        covers=("graph.min_cut",),
        make=prepared,
        ours=_ours,
        peers=tuple(peers),
        sizes=sizes,
        quick=sizes[:1] if quick else (),
    )


_WHOLE = (
    *(
        _cut(
            f"denoise, {4 * c} neighbours",
            partial(denoise, connectivity=c),
            "512x512",
            "1080x1920",
            "3000x4000",
            bar=4.0,
            quick=True,
        )
        for c in (1, 2)
    ),
    *(
        _cut(f"colour, {4 * c} neighbours", partial(colour, connectivity=c), "512x512", bar=2.2)
        for c in (1, 2)
    ),
    _cut("first round, 8 neighbours", partial(colour, rounds=0, weight=5000), "512x512", bar=2.2),
    *(
        _cut(
            f"scribbles, {4 * c} neighbours",
            partial(scribbles, connectivity=c),
            "512x512",
            "1080x1920",
            bar=2.2,
            quick=True,
        )
        for c in (1, 2)
    ),
    _cut("volume, 6 neighbours", volume, "64x128x128", "64x256x256", bar=2.2),
)
_FLOAT = (
    _cut("floats, denoise", denoise, "512x512", "1080x1920", bar=1.9, floats=True),
    _cut("floats, colour, 8 neighbours", colour, "512x512", bar=1.9, floats=True),
    _cut("floats, scribbles", scribbles, "512x512", bar=1.9, floats=True),
    _cut("floats, volume", volume, "64x128x128", bar=1.9, floats=True),
)
_SMOOTHING = tuple(
    _cut(
        f"smoothing {weight:g}, 8 neighbours",
        partial(denoise, connectivity=2, weight=weight),
        "128x128",
        bar=1.0,
    )
    for weight in (1, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000)
)

_SPARSE = Case(
    name="graph.min_cut_sparse, superpixels",
    covers=("graph.min_cut_sparse",),
    make=superpixels,
    ours=_ours_sparse,
    peers=(
        Peer(
            "PyMaxflow",
            _pymaxflow_sparse,
            needs="maxflow",
            bar=1.0,
            difference=_relative_flow_difference,
        ),
    ),
    sizes=("10,000 nodes",),
    quick=("10,000 nodes",),
)

_MOVES = (
    Case(
        name="graph.alpha_expansion, 8 labels",
        covers=("graph.alpha_expansion",),
        make=labels,
        ours=_expand,
        peers=(
            Peer(
                "PyMaxflow aexpansion_grid",
                partial(_pymaxflow_moves, name="aexpansion_grid"),
                needs="maxflow",
                bar=6.0,
                difference=_above,
                tolerance=1e-4,
            ),
            Peer("gco", _gco, needs="gco", bar=6.0, difference=_above, tolerance=1e-3),
        ),
        sizes=("512x512",),
        quick=("512x512",),
    ),
    Case(
        name="graph.alpha_beta_swap, 8 labels",
        covers=("graph.alpha_beta_swap",),
        make=labels,
        ours=_swap,
        peers=(
            Peer(
                "PyMaxflow abswap_grid",
                partial(_pymaxflow_moves, name="abswap_grid"),
                needs="maxflow",
                difference=_above,
                tolerance=1e-2,
            ),
        ),
        sizes=("512x512",),
        quick=(),
    ),
    Case(
        name="graph.energy, 8 labels",
        covers=("graph.energy",),
        make=labels,
        ours=_energy,
        peers=(Peer("NumPy, by hand", _energy_by_hand, difference=lambda a, b: abs(a - b)),),
        sizes=("512x512",),
        quick=("512x512",),
    ),
)

_COLOURS = (
    Case(
        name="graph.grabcut, box",
        covers=("graph.grabcut",),
        make=boxed,
        ours=_grabcut,
        peers=(Peer("OpenCV grabCut", _opencv_grabcut, needs="cv2", bar=2.5),),
        sizes=("512x512", "1080x1920"),
        quick=("512x512",),
    ),
    Case(
        name="GraphCut.refine, 8 classes, 8 neighbours",
        covers=("GraphCut.refine",),
        make=labels,
        ours=_refined,
        sizes=("512x512",),
        quick=("512x512",),
    ),
    Case(
        name="graph.contrast_weights, 8 neighbours",
        covers=("graph.contrast_weights",),
        make=_colour_image,
        ours=_contrast_weights,
        peers=(
            Peer(
                "NumPy, by hand",
                _contrast_by_hand,
                difference=largest_difference,
                tolerance=1e-4,
            ),
        ),
        sizes=("512x512",),
        quick=("512x512",),
    ),
)

CASES = (*_WHOLE, *_FLOAT, *_SMOOTHING, _SPARSE, *_MOVES, *_COLOURS)
