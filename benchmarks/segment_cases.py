"""Cases of the metrics of segments: partitions, superpixels, instances."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import metric_peers as peers
from .case import Case, largest_difference
from .metric_cases import IMAGE, row, same
from .metric_inputs import Pair, pair

Array = np.ndarray


def _partitions(inputs: Pair) -> tuple[Array, Array]:
    return inputs.truth, inputs.prediction


_REGIONS = (
    row("region_scores", _partitions, limit=0.005),
    row(
        "region_scores",
        lambda p: (p.annotations, p.prediction),
        title="metrics.region_scores, five annotators",
    ),
    row("border_thinned_scores", lambda p: (p.truth, 1 - p.soft_boundaries)),
    row("HierarchyAccumulator", lambda p: (p.annotations, p.hierarchy)),
    row(
        "covering",
        _partitions,
        same(
            "NumPy, by hand",
            peers.covering,
            1e-12,
            difference=lambda ours, theirs: abs(ours.of_truth - theirs),
        ),
    ),
    row(
        "rand_index",
        _partitions,
        same("scikit-learn rand_score", lambda p: peers.sklearn_partition("rand_score", p), 1e-12),
    ),
    row(
        "adjusted_rand_index",
        _partitions,
        same(
            "scikit-learn adjusted_rand_score",
            lambda p: peers.sklearn_partition("adjusted_rand_score", p),
            1e-12,
        ),
    ),
    row(
        "adapted_rand",
        _partitions,
        same(
            "scikit-image adapted_rand_error",
            peers.skimage_rand_error,
            1e-12,
            difference=lambda ours, theirs: abs(ours.error - theirs),
        ),
        self_pairs=False,
        background=None,
    ),
    row(
        "variation_of_information",
        _partitions,
        same(
            "scikit-image",
            peers.skimage_variation,
            1e-9,
            difference=lambda ours, theirs: largest_difference((ours.split, ours.merge), theirs),
        ),
    ),
    row(
        "v_info",
        _partitions,
        same(
            "scikit-learn homogeneity_completeness_v_measure",
            lambda p: peers.sklearn_partition("homogeneity_completeness_v_measure", p),
            1e-9,
            difference=lambda ours, theirs: largest_difference(
                (ours.precision, ours.recall, ours.f1), theirs
            ),
        ),
        background=None,
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
    row("superpixel_scores", lambda p: (p.truth, p.superpixels, p.image), limit=0.010),
    row(
        "superpixel_scores",
        lambda p: (p.annotations, p.superpixels, p.image),
        same(
            _BY_HAND,
            peers.worst_superpixel_scores,
            1e-6,
            difference=_superpixel_difference,
        ),
        title="metrics.superpixel_scores, five annotators",
    ),
    row(
        "explained_variation",
        lambda p: (p.superpixels, p.image),
        same(_BY_HAND, lambda p: peers.explained_variation(p.superpixels, p.image), 1e-6),
    ),
    row(
        "compactness",
        lambda p: (p.superpixels,),
        same(_BY_HAND, lambda p: peers.compactness(p.superpixels), 1e-12),
    ),
    row(
        "boundary_density",
        lambda p: (p.superpixels,),
        same(_BY_HAND, lambda p: peers.two_sided_boundary(p.superpixels).mean(), 1e-12),
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
    row(
        "average_over_k",
        lambda p: _CURVE,
        same("NumPy, by hand", lambda p: peers.average_over_k(*_CURVE), 1e-12),
    ),
    Case(
        name="metrics.superpixel_averages",
        covers=("metrics.superpixel_averages",),
        make=_superpixel_runs,
        ours=_superpixel_averages,
        sizes=(IMAGE,),
        quick=(IMAGE,),
    ),
)

_INSTANCES = (
    row(
        "instance_scores",
        lambda p: p.objects,
        same(
            _BY_HAND,
            peers.object_scores,
            1e-12,
            difference=lambda ours, theirs: largest_difference(ours.average_precision, theirs),
        ),
    ),
    row(
        "panoptic_quality",
        lambda p: p.objects,
        same(
            _BY_HAND,
            peers.panoptic_quality,
            1e-12,
            difference=lambda ours, theirs: abs(ours.quality - theirs),
        ),
    ),
    row(
        "aggregated_jaccard_index",
        lambda p: p.objects,
        same(_BY_HAND, peers.aggregated_jaccard_index, 1e-12),
    ),
)

CASES = (*_REGIONS, *_SUPERPIXELS, *_CURVES, *_INSTANCES)
