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


def _of_confusion(name: str, sklearn_name: str, **options: Any) -> Case:
    """A score from the labels by way of the confusion matrix, beside scikit-learn's."""

    def ours(inputs: Pair) -> Any:
        from pixelseg import metrics

        return getattr(metrics, name)(metrics.confusion_matrix(*inputs.classes))

    return Case(
        name=f"metrics.{name}",
        covers=(f"metrics.{name}",),
        make=pair,
        ours=ours,
        peers=(
            _same(
                f"scikit-learn {sklearn_name}",
                lambda p: peers.sklearn_score(sklearn_name, p, **options),
                1e-12,
                needs="sklearn",
            ),
        ),
        sizes=(_IMAGE,),
        quick=(_IMAGE,),
    )


def _class_difference(ours: Any, theirs: Any) -> float:
    return largest_difference(ours.confusion, theirs)


_CLASSES = (
    _row(
        "confusion_matrix",
        lambda p: p.classes,
        _same("scikit-learn", lambda p: peers.sklearn_score("confusion_matrix", p)),
        large=True,
    ),
    _row(
        "class_scores",
        lambda p: p.classes,
        _same(
            "scikit-learn, the confusion matrix alone",
            lambda p: peers.sklearn_score("confusion_matrix", p),
            difference=_class_difference,
        ),
    ),
    _of_confusion("accuracy", "accuracy_score"),
    _of_confusion("class_accuracy", "recall_score", average=None),
    _of_confusion("iou", "jaccard_score", average=None),
    _of_confusion("mean_iou", "jaccard_score", average="macro"),
    _of_confusion("dice", "f1_score", average=None),
    _of_confusion("cohen_kappa", "cohen_kappa_score"),
    _row(
        "contingency_table",
        lambda p: (p.truth, p.prediction),
        _same(
            "NumPy unique and bincount",
            lambda p: peers.contingency(p.truth, p.prediction),
            difference=lambda ours, theirs: largest_difference(ours.toarray(), theirs),
        ),
        large=True,
    ),
)


def _superpixel_difference(ours: Any, theirs: list[float]) -> float:
    both = [
        ours.boundary_recall,
        ours.boundary_precision,
        ours.undersegmentation_error,
        ours.achievable_segmentation_accuracy,
        ours.explained_variation,
        ours.compactness,
        ours.boundary_density,
    ]
    return largest_difference(both, theirs)


_BY_HAND = "NumPy and SciPy, by hand"
_SUPERPIXELS = (
    _row(
        "superpixel_scores",
        lambda p: (p.annotations, p.superpixels, p.image),
        _same(
            _BY_HAND + ", five annotators",
            peers.worst_superpixel_scores,
            1e-6,
            difference=_superpixel_difference,
        ),
        limit=0.010,
    ),
    _row(
        "boundary_recall",
        lambda p: (p.truth, p.superpixels),
        _same(_BY_HAND, lambda p: peers.boundary_hits(p.truth, p.superpixels)[0], 1e-12),
    ),
    _row(
        "boundary_precision",
        lambda p: (p.truth, p.superpixels),
        _same(_BY_HAND, lambda p: peers.boundary_hits(p.truth, p.superpixels)[1], 1e-12),
    ),
    _row(
        "undersegmentation_error",
        lambda p: (p.truth, p.superpixels),
        _same(
            _BY_HAND,
            lambda p: peers.undersegmentation(peers.contingency(p.truth, p.superpixels)),
            1e-12,
        ),
    ),
    _row(
        "achievable_segmentation_accuracy",
        lambda p: (p.truth, p.superpixels),
        _same(
            _BY_HAND,
            lambda p: peers.contingency(p.truth, p.superpixels).max(axis=0).sum() / p.truth.size,
            1e-12,
        ),
    ),
    _row(
        "explained_variation",
        lambda p: (p.superpixels, p.image),
        _same(_BY_HAND, lambda p: peers.explained_variation(p.superpixels, p.image), 1e-6),
    ),
    _row(
        "compactness",
        lambda p: (p.superpixels,),
        _same(_BY_HAND, lambda p: peers.compactness(p.superpixels), 1e-12),
    ),
    _row(
        "boundary_density",
        lambda p: (p.superpixels,),
        _same(_BY_HAND, lambda p: peers.two_sided_boundary(p.superpixels).mean(), 1e-12),
    ),
)


def _superpixel_runs(size: str) -> list[Any]:
    """Scores at a few numbers of segments."""
    from pixelseg import metrics

    inputs = pair(size)
    return [
        metrics.superpixel_scores(inputs.truth, segments, inputs.image)
        for segments in (inputs.truth, inputs.prediction, inputs.superpixels)
    ]


def _superpixel_averages(runs: list[Any]) -> Any:
    from pixelseg import metrics

    return metrics.superpixel_averages(runs)


_CURVE = (list(range(100, 6000, 25)), [1 / k for k in range(100, 6000, 25)])
_CURVES = (
    _row(
        "average_over_k",
        lambda p: _CURVE,
        _same("NumPy, by hand", lambda p: peers.average_over_k(*_CURVE), 1e-12),
    ),
    Case(
        name="metrics.superpixel_averages",
        covers=("metrics.superpixel_averages",),
        make=_superpixel_runs,
        ours=_superpixel_averages,
        sizes=(_IMAGE,),
        quick=(_IMAGE,),
    ),
)

CASES = (*_CLASSES, *_BOUNDARIES, *_SUPERPIXELS, *_CURVES)
