"""Cases of forests and networks: reading a fitted scikit-learn model, and fitting one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, largest_difference
from .feature_peers import OPS

Array = np.ndarray

#: Side of the square image whose pixels are the rows to predict, and how many of them.
_SIDE = {TINY: 48, "65,536 rows": 256, "262,144 rows": 512}
_MARKED = {TINY: 600, "65,536 rows": 8000}


@dataclass
class Rows:
    """Labelled rows of features, rows to predict in image order, and the two models."""

    train: Array
    classes: Array
    test: Array
    theirs: Any = None
    ours: Any = None

    @cached_property
    def planes(self) -> Array:
        """The rows to predict, feature by feature."""
        return np.ascontiguousarray(self.test.T)


@cache
def rows(size: str) -> Rows:
    """The 48 columns of ilastik's set of a grey image; labelled rows of three classes."""
    from pixelseg import FeatureBank

    side = _SIDE[size]
    bank = FeatureBank(OPS)
    n_marked = _MARKED.get(size, 20_000)
    train_image, test_image = images.grey(512, 512), images.colour(side, side)[..., 1]
    labels = images.strokes(512, 512, n_marked)
    marked = labels > 0
    features = bank.transform(train_image)
    test = bank.transform(test_image).reshape(side * side, -1)
    return Rows(features[marked], labels[marked], np.ascontiguousarray(test))


@cache
def fitted_forest(size: str, n_trees: int, max_depth: int | None, kind: str = "random") -> Rows:
    """A fitted scikit-learn forest and ours made of it."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    from pixelseg import ForestClassifier

    data = rows(size)
    make = RandomForestClassifier if kind == "random" else ExtraTreesClassifier
    theirs = make(n_trees, max_depth=max_depth, random_state=0, n_jobs=1)
    theirs.fit(data.train, data.classes)
    return Rows(data.train, data.classes, data.test, theirs, ForestClassifier.from_sklearn(theirs))


def _ours(model: Rows) -> Array:
    return model.ours.predict_proba(model.test)


def _ours_planes(model: Rows) -> Array:
    """Features as `FeatureBank` makes them, a plane each, without turning them into rows."""
    return model.ours.flat_.predict_planes(model.planes)


def _theirs(model: Rows) -> Array:
    return model.theirs.predict_proba(model.test)


@cache
def fitted_mlp(size: str) -> Rows:
    """Our scaled network, and scikit-learn's two steps with the same weights."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from pixelseg.forest import FlatMLP, ScaledMLPClassifier

    data = rows(size)
    network = MLPClassifier((64,), early_stopping=True, max_iter=200, random_state=0)
    theirs = make_pipeline(StandardScaler(), network).fit(data.train, data.classes)
    flat = FlatMLP.from_sklearn(theirs[0], network)
    ours = ScaledMLPClassifier.from_flat(flat, theirs.classes_)
    return Rows(data.train, data.classes, data.test, theirs, ours)


def _fit_ours(data: Rows) -> Array:
    from pixelseg import ForestClassifier

    return ForestClassifier().fit(data.train, data.classes).predict_proba(data.test)


def _fit_random(data: Rows) -> Array:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(100, random_state=0, n_jobs=1)
    return forest.fit(data.train, data.classes).predict_proba(data.test)


def _fit_extra(data: Rows) -> Array:
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(100, random_state=0, n_jobs=1)
    return forest.fit(data.train, data.classes).predict_proba(data.test)


def _n_rows(probabilities: Array) -> float:
    return float(len(probabilities))


def _case(
    name: str, n_trees: int, max_depth: int | None, kind: str = "random", *, ours: Any = _ours
) -> Case:
    return Case(
        name=name,
        covers=("ForestClassifier",),
        make=partial(fitted_forest, n_trees=n_trees, max_depth=max_depth, kind=kind),
        ours=ours,
        units=_n_rows,
        unit="row",
        sizes=("65,536 rows", "262,144 rows"),
        quick=("65,536 rows",),
        peers=(
            Peer(
                "scikit-learn",
                _theirs,
                bar=1.0,
                difference=largest_difference,
                tolerance=0.0,
            ),
        ),
    )


CASES = (
    _case("forest predict_proba, 50 trees of depth 10", 50, 10),
    _case("forest predict_proba, 100 full trees", 100, None),
    _case("forest predict_proba from planes, 100 full trees", 100, None, ours=_ours_planes),
    _case("extremely random trees predict_proba, 50 of depth 10", 50, 10, "extra"),
    Case(
        name="MLP predict_proba",
        covers=("forest.ScaledMLPClassifier",),
        make=fitted_mlp,
        ours=_ours,
        units=_n_rows,
        unit="row",
        sizes=("262,144 rows",),
        quick=("65,536 rows",),
        peers=(
            Peer(
                "scikit-learn StandardScaler and MLPClassifier",
                _theirs,
                difference=largest_difference,
                tolerance=1e-4,
            ),
        ),
    ),
    Case(
        name="fit a forest, 100 trees, and read 65,536 rows",
        covers=("ForestClassifier.fit",),
        make=rows,
        ours=_fit_ours,
        sizes=("65,536 rows",),
        quick=(),
        peers=(
            Peer("scikit-learn RandomForestClassifier", _fit_random),
            Peer("scikit-learn ExtraTreesClassifier", _fit_extra),
        ),
    ),
)
