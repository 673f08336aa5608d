"""Cases of `pixelseg.graph`: the instances of graph_instances.py, beside the peers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, largest_difference
from .graph_instances import (
    SHAPES,
    Grid,
    Superpixels,
    boxed,
    colour,
    contrast,
    denoise,
    labels,
    scribbles,
    superpixels,
    volume,
)

Array = np.ndarray

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
    return contrast(image, 2, 1e9)[0, 1][:, :-1] / 1e9


def _colour_image(size: str) -> Array:
    return images.colour(*SHAPES[size])


def _refined(data_cost: Array) -> Array:
    import pixelseg

    p = np.exp(-data_cost / 500.0)
    p /= p.sum(axis=-1, keepdims=True)
    return pixelseg.GraphCut().refine(p, images.colour(*data_cost.shape[:2]))


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
