"""Cases of `pixelseg.metrics`, one row a public function; peers where somebody has the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import metric_peers as peers
from .case import Case, Peer, largest_difference
from .metric_inputs import Pair, pair

#: The size at which the bars of time are promised, and a larger one.
_IMAGE, _LARGE = "321x481", "1080x1920"


def _ours(name: str, arguments: Callable[[Pair], tuple[Any, ...]], **params: Any) -> Any:
    def call(inputs: Pair) -> Any:
        from pixelseg import metrics

        return getattr(metrics, name)(*arguments(inputs), **params)

    return call


def _row(
    name: str,
    arguments: Callable[[Pair], tuple[Any, ...]],
    *peers_: Peer,
    large: bool = False,
    limit: float | None = None,
    **params: Any,
) -> Case:
    """A case of one metric, named as the function is."""
    return Case(
        name=f"metrics.{name}",
        covers=(f"metrics.{name}",),
        make=pair,
        ours=_ours(name, arguments, **params),
        peers=peers_,
        sizes=(_IMAGE, _LARGE) if large else (_IMAGE,),
        quick=(_IMAGE,),
        limit=limit,
    )


def _same(name: str, call: Callable[[Pair], Any], tolerance: float = 0.0, **more: Any) -> Peer:
    """A peer whose result is a number or an array like ours."""
    difference = more.pop("difference", largest_difference)
    return Peer(name, call, difference=difference, tolerance=tolerance, **more)


def _matching_difference(ours: Any, theirs: tuple[int, float]) -> float:
    cost = float(np.rint(100 * ours.distances).sum())
    return abs(len(ours.distances) - theirs[0]) + abs(cost - theirs[1])


def _surface_difference(ours: Any, theirs: tuple[Any, Any]) -> float:
    both = (ours.truth_to_prediction, ours.prediction_to_truth)
    return max(largest_difference(a, b) for a, b in zip(both, theirs, strict=True))


_BOUNDARIES = (
    _row(
        "boundary_map",
        lambda p: (p.truth,),
        _same("NumPy, by hand", lambda p: peers.boundary_map(p.truth)),
        large=True,
    ),
    _row(
        "thin_boundaries",
        lambda p: (p.soft_boundaries > 0.3,),
        _same("scikit-image thin", lambda p: peers.thin(p.soft_boundaries > 0.3)),
        large=True,
    ),
    _row(
        "match_boundaries",
        lambda p: p.boundaries,
        _same(
            "scipy min_weight_full_bipartite_matching",
            peers.match_boundaries,
            difference=_matching_difference,
        ),
    ),
    _row("boundary_scores", lambda p: (p.annotations, p.prediction)),
    _row(
        "boundary_benchmark",
        lambda p: ([p.annotations], [p.soft_boundaries]),
        limit=10.0,
    ),
    _row(
        "surface_distances",
        lambda p: p.masks,
        _same(
            "scipy distance_transform_edt",
            peers.surface_distances,
            1e-9,
            difference=_surface_difference,
        ),
        large=True,
    ),
    _row(
        "hausdorff_distance",
        lambda p: p.masks,
        _same("scikit-image, of the surfaces", peers.skimage_hausdorff, 1e-9),
        large=True,
    ),
    _row(
        "mean_surface_distance",
        lambda p: p.masks,
        _same(
            "scipy distance_transform_edt",
            lambda p: float(np.concatenate(peers.surface_distances(p)).mean()),
            1e-9,
        ),
        large=True,
    ),
)

CASES = (*_BOUNDARIES,)
