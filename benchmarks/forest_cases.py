"""Cases of forests and networks: reading a fitted scikit-learn model, and fitting one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, largest_difference

Array = np.ndarray

#: Side of the square image whose pixels are the rows to predict, and how many of them.
_SIDE = {TINY: 48, "65,536 rows": 256, "262,144 rows": 512}
_MARKED = {TINY: 600}


@dataclass(frozen=True)
class Rows:
    """Labelled rows of features, rows to predict in image order, and the two models."""

    train: Array
    classes: Array
    test: Array
    theirs: Any = None
    ours: Any = None


@cache
def rows(size: str) -> Rows:
    """The 48 default columns of a grey image; 20,000 labelled rows of three classes."""
    from pixelseg import FeatureBank

    side = _SIDE[size]
    bank = FeatureBank()
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


def _theirs(model: Rows) -> Array:
    return model.theirs.predict_proba(model.test)


def _n_rows(probabilities: Array) -> float:
    return float(len(probabilities))


def _case(name: str, n_trees: int, max_depth: int | None, kind: str = "random") -> Case:
    return Case(
        name=name,
        covers=("ForestClassifier",),
        make=partial(fitted_forest, n_trees=n_trees, max_depth=max_depth, kind=kind),
        ours=_ours,
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
    _case("extremely random trees predict_proba, 50 of depth 10", 50, 10, "extra"),
)
