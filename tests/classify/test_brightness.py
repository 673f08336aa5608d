"""How much brightness tells of the class, and how many features a split then looks at."""

import numpy as np
import pytest

from pixelseg import FeatureBank, ForestClassifier, PixelClassifier
from pixelseg.classify.brightness import choose_max_features, unexplained_share


def test_the_share_that_classes_leave_unexplained():
    y = np.repeat([1, 2], 500)
    noise = np.random.default_rng(0).normal(size=1000)
    explained = y * 100.0
    assert unexplained_share(explained[:, np.newaxis], y) == 0
    assert unexplained_share(noise[:, np.newaxis], y) == pytest.approx(1, abs=0.01)
    both = unexplained_share(np.stack([explained, noise], axis=1), y)
    assert both == pytest.approx(0.5, abs=0.01)


def test_what_does_not_vary_says_nothing_and_needs_no_features():
    y = np.repeat([1, 2], 5)
    assert unexplained_share(np.full((10, 1), 3.0), y) == 0
    assert unexplained_share(np.empty((10, 0)), y) == 1


@pytest.mark.parametrize(
    ("n_features", "unexplained", "expected"),
    [(100, 1.0, 5), (100, 0.0, 30), (100, 0.5, 6), (5, 1.0, 2), (10, 0.0, 3), (1, 0.3, 1)],
)
def test_splits_look_at_more_features_where_brightness_tells(n_features, unexplained, expected):
    assert choose_max_features(n_features, unexplained) == expected


def test_a_forest_that_says_its_features_keeps_them(scene):
    image, _, strokes = scene
    bank = FeatureBank(ops=["gaussian", "hessian"])
    chosen, said, left = (
        PixelClassifier(bank, forest, refine=None).fit(image, strokes).classifier_.max_features
        for forest in ("forest", ForestClassifier(10, max_features=0.5), ForestClassifier(10))
    )
    assert said == 0.5
    assert 2 <= chosen <= 5
    assert left == chosen


def test_auto_by_itself_is_the_share_of_a_third():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 20)), rng.integers(2, size=200)
    auto, share = (
        ForestClassifier(10, max_features=value).fit(X, y).predict_proba(X)
        for value in ("auto", 0.3)
    )
    np.testing.assert_array_equal(auto, share)


def test_an_op_of_a_user_is_only_tried_where_rows_are_jittered(scene):
    image, _, strokes = scene
    calls = []

    def smooth(plane, sigma, spacing):
        calls.append(plane.shape)
        return plane

    bank = FeatureBank(ops=["gaussian", smooth], sigmas=(1.0,))
    n_calls = []
    for jitter in (0, "auto"):
        calls.clear()
        PixelClassifier(bank, refine=None, intensity_jitter=jitter).fit(image, strokes)
        n_calls.append(len(calls))
    assert n_calls[1] == n_calls[0] + 3
