"""Cases of `pixelseg.metrics`, a row for each function and accumulator, with peers that agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import metric_peers as peers
from .case import Case, Peer, largest_difference
from .metric_inputs import Pair, pair

#: The size at which the bars of time are promised, and a larger one.
IMAGE, LARGE = "321x481", "1080x1920"


def _ours(name: str, arguments: Callable[[Pair], tuple[Any, ...]], **params: Any) -> Any:
    def call(inputs: Pair) -> Any:
        from pixelseg import metrics

        metric = getattr(metrics, name)
        if isinstance(metric, type):
            return metric(**params).update(*arguments(inputs)).result()
        return metric(*arguments(inputs), **params)

    return call


def row(
    name: str,
    arguments: Callable[[Pair], tuple[Any, ...]],
    *peers_: Peer,
    large: bool = False,
    limit: float | None = None,
    title: str | None = None,
    **params: Any,
) -> Case:
    """A case of one metric or of an accumulator of one image, named so unless it has a title."""
    return Case(
        name=title or f"metrics.{name}",
        covers=(f"metrics.{name}",),
        make=pair,
        ours=_ours(name, arguments, **params),
        peers=peers_,
        sizes=(IMAGE, LARGE) if large else (IMAGE,),
        quick=(IMAGE,),
        limit=limit,
    )


def same(name: str, call: Callable[[Pair], Any], tolerance: float = 0.0, **more: Any) -> Peer:
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
    row(
        "boundary_map",
        lambda p: (p.truth,),
        same("NumPy, by hand", lambda p: peers.boundary_map(p.truth)),
        large=True,
    ),
    row(
        "thin_boundaries",
        lambda p: (p.soft_boundaries > 0.3,),
        same("scikit-image thin", lambda p: peers.thin(p.soft_boundaries > 0.3)),
        large=True,
    ),
    row(
        "match_boundaries",
        lambda p: p.boundaries,
        same(
            "scipy min_weight_full_bipartite_matching",
            lambda p: peers.match_boundaries(*p.boundaries, 0.0075 * np.hypot(*p.shape)),
            difference=_matching_difference,
        ),
    ),
    row("boundary_scores", lambda p: (p.annotations, p.prediction)),
    row(
        "BoundaryAccumulator",
        lambda p: (p.annotations, p.soft_boundaries),
        limit=10.0,
    ),
    row(
        "surface_distances",
        lambda p: p.masks,
        same(
            "scipy distance_transform_edt",
            peers.surface_distances,
            1e-9,
            difference=_surface_difference,
        ),
        large=True,
    ),
    row(
        "hausdorff_distance",
        lambda p: p.masks,
        same("scikit-image, of the surfaces", peers.skimage_hausdorff, 1e-9),
        large=True,
    ),
    row(
        "mean_surface_distance",
        lambda p: p.masks,
        same(
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
            same(
                f"scikit-learn {sklearn_name}",
                lambda p: peers.sklearn_score(sklearn_name, p, **options),
                1e-12,
                needs="sklearn",
            ),
        ),
        sizes=(IMAGE,),
        quick=(IMAGE,),
    )


def _class_difference(ours: Any, theirs: Any) -> float:
    return largest_difference(ours.confusion, theirs)


_CLASSES = (
    row(
        "confusion_matrix",
        lambda p: p.classes,
        same("scikit-learn", lambda p: peers.sklearn_score("confusion_matrix", p)),
        large=True,
    ),
    row(
        "class_scores",
        lambda p: p.classes,
        same(
            "scikit-learn, the confusion matrix alone",
            lambda p: peers.sklearn_score("confusion_matrix", p),
            difference=_class_difference,
        ),
    ),
    _of_confusion("accuracy", "accuracy_score"),
    _of_confusion("recall", "recall_score", average=None),
    _of_confusion("iou", "jaccard_score", average=None),
    _of_confusion("mean_iou", "jaccard_score", average="macro"),
    _of_confusion("dice", "f1_score", average=None),
    _of_confusion("cohen_kappa", "cohen_kappa_score"),
    row(
        "contingency_table",
        lambda p: (p.truth, p.prediction),
        same(
            "NumPy unique and bincount",
            lambda p: peers.contingency(p.truth, p.prediction),
            difference=lambda ours, theirs: largest_difference(ours.toarray(), theirs),
        ),
        large=True,
    ),
)


_PROBABILITIES = (
    row(
        "roc_auc",
        lambda p: (p.masks[0], p.scores),
        same("scikit-learn", lambda p: peers.sklearn_ranking("roc_auc_score", p), 1e-12),
    ),
    row(
        "average_precision",
        lambda p: (p.masks[0], p.scores),
        same("scikit-learn", lambda p: peers.sklearn_ranking("average_precision_score", p), 1e-12),
    ),
    row("reliability_curve", lambda p: (p.classes[0], p.probabilities)),
    row(
        "expected_calibration_error",
        lambda p: (p.classes[0], p.probabilities),
        same("NumPy, by hand", peers.expected_calibration_error, 1e-6),
    ),
)

CASES = (*_CLASSES, *_PROBABILITIES, *_BOUNDARIES)
