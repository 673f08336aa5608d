"""Refiners by name: tuned at `fit`, kept in the model, saved with it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import pixelseg
from pixelseg.classify.refiners import REFINERS, TUNED, tuning_from_record, tuning_to_record
from pixelseg.refine import tune

from ..oracles.tuning import border_distance
from .scenes import make_scene


def noisy(n=3, shape=(64, 70)):
    """Images so noisy that every refiner helps, with dabs of two classes."""
    images, labels = [], []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        _, truth, _ = make_scene(seed, shape=shape)
        images.append(100 * truth + 200 * rng.standard_normal(shape))
        dabs = np.zeros(shape, bool)
        for row in range(6, 60, 12):
            for column in range(5, 65, 12):
                dabs[row : row + 3, column : column + 3] = True
        labels.append(np.where(dabs, truth, 0))
    return images, labels


@pytest.mark.parametrize("name", TUNED)
@pytest.mark.parametrize("n", [1, 3])
def test_names_are_tuned_as_by_hand(quick, name, n):
    images, labels = noisy(n)
    model = quick(refine=name).fit(images, labels)
    assert model.refine == name
    expected = tune(TUNED[name], quick(), images, labels)
    np.testing.assert_array_equal(model.tuning_.mean_iou, expected.mean_iou)
    assert model.tuning_.choices == expected.choices
    assert model.tuning_.refiner is model.model_.refiner
    assert repr(model.model_.refiner) == repr(expected.refiner)
    assert isinstance(model.model_.refiner, TUNED[name])
    by_hand = quick(refine=expected.refiner).fit(images, labels)
    assert by_hand.tuning_ is None
    np.testing.assert_array_equal(model.predict_proba(images[0]), by_hand.predict_proba(images[0]))
    assert model.score(images, labels) == by_hand.score(images, labels)


def test_every_name_can_be_saved():
    assert set(TUNED.values()) <= set(REFINERS.values())


def test_what_was_tuned_is_saved(quick, tmp_path):
    images, labels = noisy()
    model = quick(refine="auto").fit(images, labels)
    model.save(tmp_path / "m.pixelseg")
    loaded = pixelseg.load(tmp_path / "m.pixelseg")
    assert loaded.refine == "auto"
    assert repr(loaded.tuning_) == repr(model.tuning_)
    np.testing.assert_array_equal(loaded.predict(images[0]), model.predict(images[0]))
    again = clone(loaded)
    assert again.refine == "auto"
    assert repr(again.fit(images, labels).tuning_) == repr(model.tuning_)


def test_borders_alone_tell_where_too_little_is_labelled(scene, quick, tmp_path):
    image, _, strokes = scene
    model = quick(refine="auto").fit(image, strokes)
    tuning = model.tuning_
    assert "too little is labelled" in tuning.reason
    assert tuning.n_pixels == tuning.n_strokes == tuning.n_images == 0
    places = quick().fit(image, strokes).predict(image)
    assert tuning.border_distance == pytest.approx(border_distance(places))
    # A quarter of what would fit if strokes could be asked.
    most = 0.25 * 1.5 * (tuning.border_distance - 12)
    widths = [refiner.window_width for refiner in pixelseg.GuidedFilter.candidates()]
    assert model.model_.refiner.window_width == max(width for width in widths if width <= most)
    model.save(tmp_path / "m.pixelseg")
    loaded = pixelseg.load(tmp_path / "m.pixelseg")
    assert repr(loaded.tuning_) == repr(tuning)
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))


def test_nothing_is_refined_where_neither_labels_nor_borders_tell(scene, quick, tmp_path):
    image, _, strokes = scene
    plain = quick().fit(image, strokes)
    model = quick(refine="graph_cut").fit(image, strokes)  # which has no windows
    np.testing.assert_array_equal(model.predict_proba(image), plain.predict_proba(image))
    stripes = np.ones_like(strokes) + np.indices(image.shape)[0] // 6 % 2
    marked = np.zeros_like(strokes)
    marked[14:16, 10:80], marked[20:22, 10:80] = stripes[14, 0], stripes[20, 0]
    narrow = quick(refine="auto").fit(100.0 * stripes, marked)
    for found in (model, narrow):
        assert found.model_.refiner is None
        assert "too little is labelled" in found.tuning_.reason
        found.save(tmp_path / "m.pixelseg", overwrite=True)
        loaded = pixelseg.load(tmp_path / "m.pixelseg")
        assert (loaded.refine, loaded.tuning_.refiner) == (found.refine, None)
        assert repr(loaded.tuning_) == repr(found.tuning_)


def test_a_name_counts_as_it_stood_at_fit(quick):
    images, labels = noisy(1)
    model = quick(refine="guided_filter").fit(images, labels)
    tuned = model.predict_proba(images[0])
    plain = quick().fit(images, labels).predict_proba(images[0])
    np.testing.assert_array_equal(model.set_params(refine=None).predict_proba(images[0]), plain)
    with pytest.raises(ValueError, match="tuned at fit, but the model was fitted with"):
        model.set_params(refine="graph_cut").predict(images[0])
    model.set_params(refine="guided_filter")
    np.testing.assert_array_equal(model.predict_proba(images[0]), tuned)
    model.set_params(refine=model.model_.refiner)
    np.testing.assert_array_equal(model.predict_proba(images[0]), tuned)


def test_a_refiner_in_the_place_of_a_name_is_what_is_saved(quick, tmp_path):
    images, labels = noisy(1)
    model = quick(refine="guided_filter").fit(images, labels)
    model.set_params(refine=None).save(tmp_path / "m.pixelseg")
    loaded = pixelseg.load(tmp_path / "m.pixelseg")
    assert (loaded.refine, loaded.tuning_) == (None, None)


def test_names_are_parameters_like_others(quick):
    images, labels = noisy(4, shape=(40, 70))
    search = GridSearchCV(quick(), {"refine": [None, "auto", pixelseg.GuidedFilter(3)]}, cv=2)
    search.fit(images, labels)
    assert len(search.cv_results_["params"]) == 3
    model = quick(refine="auto")
    assert clone(model).refine == "auto"
    assert "refine__sigma" not in model.get_params()
    assert model.set_params(refine__sigma=4).refine.sigma == 4
    assert quick(refine="graph_cut").set_params(refine__weight=2).refine.weight == 2


def test_progress_tells_of_both_passes(quick):
    images, labels = noisy(3)
    seen = []
    quick(refine="auto").fit(images, labels, progress=lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)] * 2


def test_a_prior_of_ones_own_is_that_of_the_classes_a_fold_knows(quick):
    images, labels = noisy(2)
    labels[0] = labels[0].copy()
    labels[0][:20][labels[0][:20] == 1] = 3
    model = quick(refine="auto", class_prior=[0.5, 0.3, 0.2]).fit(images, labels)
    assert model.tuning_.classes == (1, 2, 3)


def test_records_hold_no_nan():
    tuning = tune([], np.ones((4, 4, 2), np.float32) / 2, np.eye(4), np.eye(4, dtype=int),
                  classes=[1, 2])  # fmt: skip
    assert np.isnan(tuning.iou_before[1])
    record = tuning_to_record(tuning)
    assert record["iou_before"][1] is None
    assert repr(tuning_from_record(record, None)) == repr(tuning)
    assert tuning_from_record(tuning_to_record(None), None) is None
