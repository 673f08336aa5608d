"""A valid call of every public function and method, by which odd arguments are tried one by one.

A new public function joins by one line; what cannot be called with arguments of a user's own is in
`NO_CALLS`, with the reason.
"""

import copy
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

import pixelseg
from pixelseg import FeatureBank, ForestClassifier, graph, io, metrics, plot, refine, superpixels

RNG = np.random.default_rng(0)
TRUTH = np.repeat([[1] * 8 + [2] * 8], 12, axis=0)
PREDICTION = np.repeat([[1] * 7 + [2] * 9], 12, axis=0)
IMAGE = (TRUTH * 40.0 + RNG.normal(size=TRUTH.shape) * 4).astype(np.float32)
MASK = np.ones(TRUTH.shape, bool)
MASK[0, :3] = False
STROKES = np.where(RNG.random(TRUTH.shape) < 0.5, TRUTH, 0)
SEGMENTS = (1 + np.arange(12)[:, None] // 6 * 2 + np.arange(16)[None] // 8).astype(np.int32)
PROBABILITIES = np.stack([TRUTH == 1, TRUTH == 2], axis=-1).astype(np.float32) * 0.8 + 0.1
CONFUSION = np.array([[5, 1], [2, 4]])
WEIGHTS = np.ones(TRUTH.shape)
EDGES = sparse.csr_array(np.array([[0, 2.0, 0], [0, 0, 1.0], [0, 0, 0]]))


class Call(NamedTuple):
    """`make(**arguments)` calls something; `arguments` are valid ones, tried in turn.

    `may_be_nan` says that NaN is a documented answer, as of a class that does not occur.
    """

    make: Callable[..., Any]
    arguments: Mapping[str, Any]
    may_be_nan: bool = False


@cache
def fitted() -> pixelseg.PixelClassifier:
    """A small model."""
    return _small().fit(IMAGE, STROKES)


def _small(**params: Any) -> pixelseg.PixelClassifier:
    parts = {"features": FeatureBank(sigmas=(1.0,)), "classifier": ForestClassifier(4)}
    return pixelseg.PixelClassifier(**{**parts, **params})


def _fit(**params: Any) -> Any:
    return _small(**params).fit(IMAGE, STROKES).predict_proba(IMAGE)


def _predict(**params: Any) -> Any:
    """Parameters that count as they stand when a fitted model is used."""
    return copy.copy(fitted()).set_params(**params).predict_proba(IMAGE)


def _train(**arguments: Any) -> Any:
    return _small().fit(**arguments).predict_proba(IMAGE)


def _bank(**params: Any) -> Any:
    return FeatureBank(**params).transform(IMAGE)


def _forest(**params: Any) -> Any:
    rows, classes = IMAGE.reshape(-1, 4), TRUTH.reshape(-1, 4)[:, 0]
    return ForestClassifier(**{"n_estimators": 3, **params}).fit(rows, classes).predict_proba(rows)


def _network(**params: Any) -> Any:
    from pixelseg.forest import ScaledMLPClassifier

    rows, classes = IMAGE.reshape(-1, 4) / 50, TRUTH.reshape(-1, 4)[:, 0]
    network = ScaledMLPClassifier(**{"hidden_layer_sizes": (3,), "max_iter": 200, **params})
    return network.fit(rows, classes).predict_proba(rows)


def _accumulator(cls: type) -> Callable[..., Any]:
    def make(*, truth: Any = TRUTH, prediction: Any = PREDICTION, **params: Any) -> Any:
        return cls(**params).update(truth, prediction).result()

    return make


def _superpixel_accumulator(
    *,
    truth: Any = TRUTH,
    segments: Any = SEGMENTS,
    image: Any = IMAGE,
    mask: Any = MASK,
    channel_axis: Any = "auto",
    **params: Any,
) -> Any:
    scores = metrics.SuperpixelAccumulator(**params)
    return scores.update(truth, segments, image, mask=mask, channel_axis=channel_axis).result()


def _graph_cut(*, probabilities: Any = PROBABILITIES, image: Any = IMAGE, **params: Any) -> Any:
    return pixelseg.GraphCut(**params).refine(probabilities, image)


def _dense_crf(*, probabilities: Any = PROBABILITIES, image: Any = IMAGE, **params: Any) -> Any:
    return pixelseg.DenseCRF(**params).refine(probabilities, image)


def _further_kernel(**params: Any) -> Any:
    kernel = refine.FeatureKernel(**params)
    return refine.dense_crf(PROBABILITIES, IMAGE, kernels=[kernel], bilateral_weight=0)


def _written(write: Callable[..., Any], read: Callable[..., Any], name: str) -> Callable[..., Any]:
    def make(*, path: Any = None, **arguments: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name if path is None else path
            write(path, **arguments)
            return read(path)

    return make


def _read(read: Callable[..., Any]) -> Callable[..., Any]:
    def make(*, path: Any, **arguments: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            io.write_labels(Path(folder) / "labels.tif", STROKES)
            return np.array(
                read(Path(folder) / "labels.tif" if path is None else path, **arguments)
            )

    return make


def _loaded(*, path: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        fitted().save(Path(folder) / "m.pixelseg")
        return pixelseg.load(Path(folder) / "m.pixelseg" if path is None else path).classes_


def _created(*, path: Any = None, **arguments: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "created.tif" if path is None else path
        with io.create_image(path, **arguments) as out:
            out[...] = 0


def _guided_filter(*, probabilities: Any = PROBABILITIES, image: Any = IMAGE, **params: Any) -> Any:
    return pixelseg.GuidedFilter(**params).refine(probabilities, image)


PAIR = {"truth": TRUTH, "prediction": PREDICTION}
SHARED = {"image": IMAGE, "channel_axis": "auto", "spacing": 1.0, "mask": MASK}
COLOURED = {**SHARED, "n_segments": 4, "color": "auto", "n_jobs": 1}
IGNORING = {**PAIR, "ignore": 0}
REGIONS = {**IGNORING, "background": 0}
BOUNDARIES = {"tolerance": 0.01, "tolerance_unit": "diagonal"}
MOVES = {
    "data_cost": 1 - PROBABILITIES,
    "weights": 0.2,
    "label_cost": [[0, 1], [1, 0]],
    "connectivity": 1,
    "labels": TRUTH - 1,
    "n_iterations": 3,
}
PARAMS = {
    "features": None,
    "classifier": "forest",
    "refine": None,
    "class_weight": None,
    "class_prior": "estimate",
    "samples_per_class": 50,
    "max_memory": None,
    "n_jobs": 1,
    "random_state": 0,
    "channel_axis": "auto",
    "spacing": 1.0,
    "class_names": None,
    "max_samples": "deprecated",
}
ANSWER = {"image": IMAGE, "mask": MASK, "out": None, "progress": False}
TREE = {
    "n_estimators": 3,
    "splitter": "random",
    "max_depth": 4,
    "min_samples_leaf": 2,
    "max_features": 0.5,
    "bootstrap": True,
    "max_samples": 0.5,
    "class_weight": None,
    "n_jobs": 1,
    "random_state": 0,
}
NETWORK = {
    "hidden_layer_sizes": (3,),
    "alpha": 1.0,
    "max_iter": 200,
    "early_stopping": False,
    "random_state": 0,
}

CALLS: dict[str, Call] = {
    "FeatureBank": Call(_bank, {"ops": ["gaussian"], "sigmas": [1.0]}),
    "FeatureBank.transform": Call(
        FeatureBank(sigmas=(1.0,)).transform, {**SHARED, "n_jobs": 1, "out": None}
    ),
    "FeatureBank.count_features": Call(
        FeatureBank(sigmas=(1.0,)).count_features, {"ndim": 2, "n_channels": 1}
    ),
    "FeatureBank.get_feature_names_out": Call(
        FeatureBank(sigmas=(1.0,)).get_feature_names_out, {"ndim": 2, "n_channels": 1}
    ),
    "DenseCRF": Call(
        _dense_crf,
        {
            "bilateral_weight": 10.0,
            "sigma_spatial": 5.0,
            "sigma_values": 13.0,
            "gaussian_weight": 3.0,
            "gaussian_sigma": 3.0,
            "n_iterations": 2,
            "both_ways": False,
            "value_range": 255.0,
        },
    ),
    "DenseCRF.refine": Call(_dense_crf, {"probabilities": PROBABILITIES, "image": IMAGE}),
    "ForestClassifier": Call(_forest, TREE),
    "GraphCut": Call(_graph_cut, {"weight": 1.0, "sharpness": 1.0, "n_iterations": 2}),
    "GraphCut.refine": Call(_graph_cut, {"probabilities": PROBABILITIES, "image": IMAGE}),
    "GuidedFilter": Call(_guided_filter, {"sigma": 2.0, "epsilon": 1e-3, "value_range": None}),
    "GuidedFilter.refine": Call(_guided_filter, {"probabilities": PROBABILITIES, "image": IMAGE}),
    "GuidedFilter.reach": Call(pixelseg.GuidedFilter().reach, {"image": IMAGE}),
    "PixelClassifier": Call(_fit, PARAMS),
    "PixelClassifier.set_params": Call(
        _predict, {name: PARAMS[name] for name in ("refine", "max_memory", "n_jobs", "class_names")}
    ),
    "PixelClassifier.fit": Call(
        _train, {"images": IMAGE, "labels": STROKES, "mask": MASK, "progress": False}
    ),
    "PixelClassifier.predict": Call(lambda **given: fitted().predict(**given), ANSWER),
    "PixelClassifier.predict_proba": Call(lambda **given: fitted().predict_proba(**given), ANSWER),
    "PixelClassifier.predict_uncertainty": Call(
        lambda **given: fitted().predict_uncertainty(**given), {**ANSWER, "kind": "margin"}
    ),
    "PixelClassifier.predict_into": Call(
        lambda **given: fitted().predict_into(**given),
        {
            "image": IMAGE,
            "labels": np.zeros(IMAGE.shape, np.uint8),
            "probabilities": None,
            "uncertainty": None,
            "kind": "margin",
            "mask": MASK,
            "progress": False,
        },
    ),
    "PixelClassifier.plan_predict": Call(
        lambda **given: fitted().plan_predict(**given), {"image": IMAGE}
    ),
    "PixelClassifier.score": Call(
        lambda **given: fitted().score(**given), {"images": IMAGE, "labels": STROKES, "mask": MASK}
    ),
    "PixelClassifier.cross_validate": Call(
        lambda **given: _small().cross_validate(**given),
        {
            "images": [IMAGE, IMAGE],
            "labels": [STROKES, STROKES],
            "n_folds": 2,
            "mask": [MASK, MASK],
            "progress": False,
        },
    ),
    "PixelClassifier.save": Call(
        _written(
            lambda path, **given: fitted().save(path, **given), lambda path: None, "m.pixelseg"
        ),
        {"path": None, "score": None, "overwrite": False},
    ),
    "forest.ScaledMLPClassifier": Call(_network, NETWORK),
    "graph.alpha_beta_swap": Call(graph.alpha_beta_swap, MOVES),
    "graph.alpha_expansion": Call(graph.alpha_expansion, MOVES),
    "graph.contrast_weights": Call(
        graph.contrast_weights, {**SHARED, "weight": 1.0, "sharpness": 1.0, "connectivity": 2}
    ),
    "graph.energy": Call(
        graph.energy, {name: MOVES[name] for name in MOVES if name != "n_iterations"}
    ),
    "graph.grabcut": Call(
        graph.grabcut,
        {
            **SHARED,
            "box": (2, 2, 10, 12),
            "seeds": None,
            "weight": 50.0,
            "sharpness": 3.0,
            "n_components": 2,
            "n_iterations": 2,
            "connectivity": 2,
        },
    ),
    "graph.min_cut": Call(
        graph.min_cut,
        {
            "source": IMAGE,
            "sink": 50 - np.minimum(IMAGE, 50),
            "weights": 1.0,
            "connectivity": 1,
            "mask": MASK,
            "reuse": None,
        },
    ),
    "graph.min_cut_sparse": Call(
        graph.min_cut_sparse, {"source": [3.0, 0, 0], "sink": [0, 0, 3.0], "edges": EDGES}
    ),
    "io.create_image": Call(
        _created,
        {
            "path": None,
            "shape": (4, 5),
            "dtype": "uint8",
            "channel_axis": "auto",
            "spacing": None,
            "overwrite": False,
        },
    ),
    "io.read_image": Call(_read(io.read_image), {"path": None, "channel_axis": "auto"}),
    "io.read_labels": Call(_read(io.read_labels), {"path": None}),
    "io.write_image": Call(
        _written(io.write_image, io.read_image, "image.tif"),
        {
            "path": None,
            "image": IMAGE,
            "channel_axis": "auto",
            "spacing": 1.0,
            "overwrite": False,
        },
        may_be_nan=True,
    ),
    "io.write_labels": Call(
        _written(io.write_labels, io.read_labels, "labels.tif"),
        {"path": None, "labels": STROKES, "spacing": 1.0, "overwrite": False},
    ),
    "load": Call(_loaded, {"path": None}),
    "metrics.BoundaryAccumulator": Call(
        _accumulator(metrics.BoundaryAccumulator),
        {
            "prediction": TRUTH / 2,
            "thresholds": 3,
            "thin": True,
            **BOUNDARIES,
            "truth": TRUTH,
            "ignore": 0,
            "background": 0,
        },
    ),
    "metrics.ClassAccumulator": Call(
        _accumulator(metrics.ClassAccumulator), {**IGNORING, "n_classes": None}, may_be_nan=True
    ),
    "metrics.HierarchyAccumulator": Call(
        _accumulator(metrics.HierarchyAccumulator),
        {
            "truth": TRUTH,
            "prediction": np.zeros((25, 33)),
            "thresholds": 3,
            "ignore": 0,
            "background": 0,
            "printed_digits": None,
        },
    ),
    "metrics.InstanceAccumulator": Call(
        _accumulator(metrics.InstanceAccumulator),
        {**PAIR, "thresholds": [0.5], "strict": False, "ignore": None},
    ),
    "metrics.RegionAccumulator": Call(_accumulator(metrics.RegionAccumulator), REGIONS),
    "metrics.SuperpixelAccumulator": Call(
        _superpixel_accumulator,
        {
            "truth": TRUTH,
            "segments": SEGMENTS,
            "image": IMAGE,
            "mask": MASK,
            "channel_axis": "auto",
            "annotators": "worst",
            **BOUNDARIES,
            "ignore": 0,
            "background": 0,
        },
        may_be_nan=True,
    ),
    **{
        f"metrics.{name}": Call(getattr(metrics, name), {"confusion": CONFUSION}, may_be_nan=True)
        for name in ("accuracy", "cohen_kappa", "dice", "iou", "mean_iou", "recall")
    },
    **{
        f"metrics.{name}": Call(getattr(metrics, name), REGIONS)
        for name in (
            "adjusted_rand_index",
            "covering",
            "rand_index",
            "region_scores",
            "v_info",
            "variation_of_information",
        )
    },
    "metrics.adapted_rand": Call(metrics.adapted_rand, {**REGIONS, "self_pairs": True}),
    "metrics.aggregated_jaccard_index": Call(
        metrics.aggregated_jaccard_index, {**PAIR, "ignore": None, "one_to_one": False}
    ),
    "metrics.average_over_k": Call(
        metrics.average_over_k,
        {"n_segments": [100, 6000], "values": [0.5, 0.6], "k_min": 200, "k_max": 5200},
    ),
    **{
        f"metrics.{name}": Call(
            getattr(metrics, name), {"truth": TRUTH == 1, "score": TRUTH / 2, "mask": MASK}
        )
        for name in ("average_precision", "roc_auc")
    },
    "metrics.border_thinned_scores": Call(
        metrics.border_thinned_scores,
        {
            "truth": TRUTH,
            "interior": PROBABILITIES[..., 0],
            "thresholds": [0.5],
            "pool_slices": True,
        },
    ),
    **{
        f"metrics.{name}": Call(
            getattr(metrics, name), {"segments": SEGMENTS, "background": 0, "mask": MASK}
        )
        for name in ("boundary_density", "compactness")
    },
    "metrics.boundary_map": Call(metrics.boundary_map, {"labels": TRUTH, "ignore": 0}),
    "metrics.boundary_scores": Call(
        metrics.boundary_scores, {**REGIONS, **BOUNDARIES, "thin": True}
    ),
    "metrics.class_scores": Call(
        metrics.class_scores, {**IGNORING, "n_classes": 2}, may_be_nan=True
    ),
    "metrics.confusion_matrix": Call(metrics.confusion_matrix, {**IGNORING, "n_classes": 2}),
    "metrics.contingency_table": Call(metrics.contingency_table, IGNORING),
    **{
        f"metrics.{name}": Call(
            getattr(metrics, name),
            {
                "truth": TRUTH,
                "probabilities": PROBABILITIES,
                "classes": [1, 2],
                "n_bins": 5,
                "ignore": 0,
            },
        )
        for name in ("expected_calibration_error", "reliability_curve")
    },
    "metrics.explained_variation": Call(
        metrics.explained_variation,
        {
            "segments": SEGMENTS,
            "image": IMAGE,
            "background": 0,
            "mask": MASK,
            "channel_axis": "auto",
        },
        may_be_nan=True,
    ),
    "metrics.hausdorff_distance": Call(
        metrics.hausdorff_distance,
        {"truth": TRUTH == 1, "prediction": PREDICTION == 1, "percentile": 95, "spacing": 1.0},
    ),
    **{
        f"metrics.{name}": Call(
            getattr(metrics, name),
            {"truth": TRUTH == 1, "prediction": PREDICTION == 1, "spacing": 1.0},
        )
        for name in ("mean_surface_distance", "surface_distances")
    },
    "metrics.instance_scores": Call(
        metrics.instance_scores, {**PAIR, "thresholds": [0.5], "strict": False, "ignore": None}
    ),
    "metrics.match_boundaries": Call(
        metrics.match_boundaries,
        {"truth": TRUTH == 1, "prediction": PREDICTION == 1, **BOUNDARIES},
    ),
    "metrics.panoptic_quality": Call(
        metrics.panoptic_quality, {**PAIR, "threshold": 0.5, "strict": True, "ignore": None}
    ),
    "metrics.superpixel_averages": Call(
        metrics.superpixel_averages,
        {
            "runs": [
                metrics.superpixel_scores(TRUTH, np.where(least < SEGMENTS, SEGMENTS, 1), IMAGE)
                for least in (1, 2)
            ],
            "k_min": 2,
            "k_max": 3,
        },
    ),
    "metrics.superpixel_scores": Call(
        metrics.superpixel_scores,
        {
            "truth": TRUTH,
            "segments": SEGMENTS,
            "image": IMAGE,
            "annotators": "worst",
            **BOUNDARIES,
            "ignore": 0,
            "background": 0,
            "mask": MASK,
            "channel_axis": "auto",
        },
        may_be_nan=True,
    ),
    "metrics.thin_boundaries": Call(metrics.thin_boundaries, {"boundaries": TRUTH == 1}),
    "plot.boundaries": Call(
        plot.boundaries,
        {"image": IMAGE, "labels": TRUTH, "color": (255, 0, 0), "channel_axis": "auto"},
    ),
    "plot.montage": Call(
        plot.montage,
        {
            "pictures": [np.zeros((9, 9, 3), np.uint8)] * 2,
            "n_columns": 2,
            "titles": ["a", "b"],
            "gap": 2,
        },
    ),
    "plot.overlay": Call(
        plot.overlay,
        {"image": IMAGE, "labels": TRUTH, "alpha": 0.5, "colors": None, "channel_axis": "auto"},
    ),
    "plot.palette": Call(plot.palette, {"n_classes": 3}),
    "plot.probability_map": Call(
        plot.probability_map, {"probabilities": PROBABILITIES, "class_index": 1}
    ),
    "plot.strokes": Call(
        plot.strokes, {"image": IMAGE, "labels": TRUTH, "colors": None, "channel_axis": "auto"}
    ),
    "plot.uncertainty_map": Call(plot.uncertainty_map, {"uncertainty": PROBABILITIES[..., 0]}),
    "refine.tune": Call(
        pixelseg.refine.tune,
        {
            "refiners": [pixelseg.GuidedFilter(1.4)],
            "model": PROBABILITIES,
            "images": IMAGE,
            "labels": STROKES,
            "mask": MASK,
            "n_folds": 2,
            "max_pixels": 1000,
            "time_budget": None,
            "progress": False,
            "classes": [1, 2],
            "class_prior": [0.5, 0.5],
            "channel_axis": "auto",
            "spacing": 1.0,
        },
        may_be_nan=True,
    ),
    "refine.FeatureKernel": Call(
        _further_kernel,
        {"values": IMAGE, "sigma_values": 13.0, "weight": 3.0, "sigma_spatial": 5.0},
    ),
    "refine.dense_crf": Call(
        refine.dense_crf,
        {
            "probabilities": PROBABILITIES,
            "image": IMAGE,
            "bilateral_weight": 10.0,
            "sigma_spatial": 5.0,
            "sigma_values": 13.0,
            "gaussian_weight": 3.0,
            "gaussian_sigma": 3.0,
            "kernels": (),
            "n_iterations": 2,
            "tolerance": 0.1,
            "normalization": "symmetric",
            "both_ways": False,
            "channel_axis": "auto",
            "spacing": 1.0,
            "mask": MASK,
            "n_jobs": 1,
            "max_memory": None,
            "progress": False,
        },
    ),
    "refine.lattice_filter": Call(
        refine.lattice_filter,
        {
            "values": IMAGE,
            "features": PROBABILITIES,
            "sigma": 1.0,
            "normalization": "after",
            "both_ways": True,
            "n_jobs": 1,
            "max_memory": None,
        },
    ),
    "superpixels.enforce_connectivity": Call(
        superpixels.enforce_connectivity,
        {
            "segments": SEGMENTS,
            "image": IMAGE,
            "min_size": 2,
            "channel_axis": "auto",
            "mask": MASK,
            "color": "auto",
            "n_jobs": 1,
        },
    ),
    "superpixels.etps": Call(
        superpixels.etps,
        {
            **COLOURED,
            "compactness": 1.5,
            "smoothness": 1.0,
            "sigma": 0.5,
            "oversegmentation": 1.5,
            "n_iterations": 2,
        },
    ),
    "superpixels.felzenszwalb": Call(
        superpixels.felzenszwalb,
        {**SHARED, "scale": 1.0, "sigma": 0.8, "min_size": 4, "connectivity": 1},
    ),
    "superpixels.gradient_magnitude": Call(superpixels.gradient_magnitude, SHARED),
    "superpixels.grid": Call(superpixels.grid, {**SHARED, "n_segments": 4}),
    "superpixels.grid_seeds": Call(
        superpixels.grid_seeds, {"shape": (12, 16), "n_segments": 4, "spacing": 1.0, "mask": MASK}
    ),
    "superpixels.slic": Call(
        superpixels.slic, {**COLOURED, "compactness": 8.0, "sampling": 2, "n_iterations": 2}
    ),
    "superpixels.snic": Call(superpixels.snic, {**COLOURED, "compactness": 5.0}),
    "superpixels.watershed": Call(
        superpixels.watershed,
        {
            **SHARED,
            "n_segments": 4,
            "markers": None,
            "relief": "gradient",
            "compactness": 0.0,
            "connectivity": 1,
        },
    ),
}

#: Public functions and methods that are not called, with the reason.
NO_CALLS = {
    "FeatureBank.fit": "ignores its arguments, as scikit-learn's contract wants",
    "FeatureBank.plan": "takes an Image, which was checked when it was made",
    "ForestClassifier.fit": "scikit-learn checks rows and classes in its own words",
    "ForestClassifier.from_sklearn": "takes a fitted estimator of scikit-learn or names its type",
    "GraphCut.candidates": "takes nothing",
    "DenseCRF.candidates": "takes nothing",
    "DenseCRF.settled": "takes what a fitted model measured",
    "GuidedFilter.candidates": "takes nothing",
    "GuidedFilter.settled": "takes what a fitted model measured",
    "GuidedFilter.working_bytes": "takes an Image, a shape and a number, which were checked",
    "features.compute_box": "takes a plan and an Image, which were checked when they were made",
    "features.workspace_bytes": "takes a plan, which was checked when it was made",
    "forest.ScaledMLPClassifier.fit": "scikit-learn checks rows and classes in its own words",
    "forest.ScaledMLPClassifier.from_sklearn": "takes a fitted network or names its type",
}
