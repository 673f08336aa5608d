"""Refining tile by tile: the same bits however an image is cut, and memory as it was planned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV

import pixelseg
from pixelseg import FeatureBank, GuidedFilter, PixelClassifier
from pixelseg._core.image import as_image
from pixelseg._core.tiles import TilePlan
from pixelseg.classify import FittedModel
from pixelseg.classify.prediction_plan import PredictionPlan
from pixelseg.forest import ForestClassifier

from .scenes import make_scene

same = np.testing.assert_array_equal


def fit(shape, refine, spacing=None, dtype=np.float32, **params):
    image, _, strokes = make_scene(shape=shape, dtype=dtype)
    model = PixelClassifier(
        FeatureBank(sigmas=(0.7, 1.0)),
        ForestClassifier(n_estimators=4),
        refine=refine,
        spacing=spacing,
        channel_axis=None,
        **params,
    )
    return model.fit(image, strokes), image


@pytest.fixture(scope="module")
def fitted():
    """A model and an image: flat, and a volume whose slices are far apart."""
    return {2: fit((60, 70), None), 3: fit((10, 30, 40), None, spacing=(2.5, 1, 1))}


def by_hand(model, image, mask):
    """Probabilities of the whole image, refined in one piece."""
    plain = clone(model).set_params(refine=None)
    plain.model_ = model.model_
    pixels = as_image(image, channel_axis=None, spacing=model.spacing, mask=mask)
    refiner = model.refine.settled(model.input_spec_.value_range)
    return refiner.refine(plain.predict_proba(image, mask=mask), pixels)


@settings(max_examples=20)
@given(
    st.sampled_from([2, 3]),
    st.floats(0.3, 4),
    st.sampled_from([1e-4, 1e-2]),
    st.tuples(*[st.integers(9, 70)] * 3),
    st.tuples(*[st.integers(15, 70)] * 3),
    st.booleans(),
    st.integers(1, 3),
)
def test_any_cut_gives_the_bits_of_the_whole(
    fitted, ndim, sigma, epsilon, tile, block, masked, n_jobs
):
    model, image = fitted[ndim]
    model = model.set_params(refine=GuidedFilter(sigma, epsilon), n_jobs=n_jobs)
    mask = np.random.default_rng(0).random(image.shape) > 0.2 if masked else None
    expected = by_hand(model, image, mask)
    pixels = as_image(image, channel_axis=None, spacing=model.spacing)
    if ndim == 2:
        tile, block = (1, *tile[1:]), (1, *block[1:])
    plan = PredictionPlan(
        model.features_.plan(as_image(pixels, mask=mask)),
        TilePlan(pixels.shape3d, tile, 10**9, n_jobs, 10**9),
        TilePlan(pixels.shape3d, block, 10**9, 1, 10**9),
        model.refine.reach(pixels),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FittedModel, "plan", lambda *_: plan)
        labels = np.empty(image.shape, np.uint8)
        p, uncertainty = np.empty_like(expected), np.empty(image.shape, np.float32)
        model.predict_into(
            image, labels=labels, probabilities=p, uncertainty=uncertainty, mask=mask
        )
        same(p, expected)
        same(model.predict(image, mask=mask), labels)
        same(model.predict_uncertainty(image, mask=mask), uncertainty)
    same(labels, np.where(p.any(axis=-1), model.classes_[p.argmax(axis=-1)], 0))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_crop_has_the_same_bits(fitted, ndim):
    model, image = fitted[ndim]
    model.set_params(refine=GuidedFilter(1.2), n_jobs=1)
    pixels = as_image(image, channel_axis=None, spacing=model.spacing)
    halo = model.features_.plan(pixels).halo[3 - ndim :]
    reach = model.refine.reach(pixels)
    crop = tuple(slice(2 if size > 30 else 0, None) for size in image.shape)
    p, of_crop = model.predict_proba(image), model.predict_proba(image[crop])
    inner = tuple(
        slice(a + b, None) if part.start else slice(None)
        for a, b, part in zip(halo, reach, crop, strict=True)
    )
    same(of_crop[inner], p[crop][inner])


def test_small_budgets_are_kept_and_change_no_bit():
    model, image = fit((300, 280), GuidedFilter(2.6))
    expected = model.predict_proba(image)
    assert len(model.plan_predict(image).boxes(2)) == 1
    with pytest.raises(ValueError, match=r"max_memory is 20 kB.*at least") as error:
        model.set_params(max_memory="20kB").predict(image)
    least = str(error.value).split("max_memory='")[1].split("'")[0]
    model.set_params(max_memory=least)
    plan = model.model_.plan(as_image(image), least)
    assert len(plan.boxes(2)) > 1
    assert plan.tiles == model.plan_predict(image)
    assert plan.tiles.bytes == plan.blocks.bytes
    assert plan.tiles.fits
    # A block with its surroundings is a whole number of tiles.
    middle = next(box for box in plan.boxes(2) if box[0][0] > 0 and box[0][1] < image.shape[0])
    start, stop = plan.around(middle, as_image(image))[0]
    assert (stop - start) % plan.tiles.tile_shape[1] == 0
    same(model.predict_proba(image), expected)


class Blur(BaseEstimator):
    """A user's own refiner that says how far it reaches, and what it is handed."""

    def __init__(self, size=3, wrong=None):
        self.size, self.wrong = size, wrong
        self.shapes = []

    def reach(self, image):
        return self.wrong if self.wrong is not None else (self.size // 2,) * image.ndim

    def refine(self, probabilities, image):
        assert probabilities.shape[:-1] == image.spatial_shape
        self.shapes.append(image.spatial_shape)
        return ndimage.uniform_filter(probabilities, (self.size, self.size, 1), mode="constant")


def test_a_users_refiner_with_a_reach_gets_tiles():
    model, image = fit((300, 280), Blur())
    expected = model.predict_proba(image)
    assert model.refine.shapes == [image.shape]
    refiner = Blur()
    model.set_params(refine=refiner, max_memory="3MB")
    labels = model.predict(image)
    assert len(refiner.shapes) > 1
    assert max(map(max, refiner.shapes)) < 280
    np.testing.assert_allclose(model.predict_proba(image), expected, atol=1e-6)
    assert (labels == model.classes_[expected.argmax(axis=-1)]).mean() > 0.999
    # It counts as it stands, its reach too.
    refiner.size = 7
    wider = model.predict_proba(image)
    np.testing.assert_allclose(
        model.set_params(max_memory=None).predict_proba(image), wider, atol=1e-6
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [((1,), "one number for each of the 2"), ((1, -1), "-1 but"), ((1, 1.5), "1.5 but")],
)
def test_a_reach_that_is_none_is_refused(wrong, words):
    model, image = fit((40, 40), Blur(wrong=wrong))
    with pytest.raises(ValueError, match=f"reach of refine is .*{words}"):
        model.predict(image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_range_of_values_is_that_of_training(dtype, tmp_path):
    refiner = GuidedFilter(2)
    model, image = fit((60, 60), refiner, dtype=dtype)
    spec = model.input_spec_
    assert refiner.value_range is None
    assert model.refine is refiner
    assert model.model_.refiner.value_range == spec.value_range == spec.high - spec.low > 0
    dark = image[:30, :30] // 2 if dtype != np.float32 else image[:30, :30] / 2
    expected = by_hand(model, dark, None)
    same(model.predict_proba(dark), expected)
    model.save(tmp_path / "model.pixelseg")
    loaded = pixelseg.load(tmp_path / "model.pixelseg")
    assert loaded.refine.get_params() == model.model_.refiner.get_params()
    same(loaded.predict_proba(dark), expected)
    # What the user gave stays, and settings that are changed later count.
    model.set_params(refine__value_range=1000.0)
    assert model._current_model().refiner.value_range == 1000.0
    model.set_params(refine__sigma=3.0)
    assert model._current_model().refiner.sigma == 3.0


def test_images_of_one_value_have_a_range():
    image = np.full((30, 30), 7, np.uint8)
    strokes = np.zeros((30, 30), np.uint8)
    strokes[5:9], strokes[20:24] = 1, 2
    model = PixelClassifier(refine=GuidedFilter()).fit(image, strokes)
    assert model.input_spec_.value_range == 1
    assert model.predict(image).shape == image.shape


def test_plans_are_kept(fitted):
    model, image = fitted[2]
    model.set_params(refine=GuidedFilter())
    model.fit(image, make_scene(shape=image.shape, dtype=np.float32)[2])
    assert model._current_model() is model.model_


def test_a_grid_search_reaches_the_settings():
    image, truth, _ = make_scene(shape=(40, 40))
    model = PixelClassifier(
        FeatureBank(sigmas=(0.7,)), ForestClassifier(n_estimators=3), refine=GuidedFilter()
    )
    search = GridSearchCV(model, {"refine__sigma": [0.8, 2.6]}, cv=2)
    search.fit([image] * 4, [truth] * 4)
    assert search.best_params_["refine__sigma"] in (0.8, 2.6)
    assert model.refine.get_params() == GuidedFilter().get_params()


def test_scores_are_those_of_refined_labels(fitted):
    model, image = fitted[2]
    model.set_params(refine=GuidedFilter(1.5))
    truth = np.zeros(image.shape, np.uint8)
    truth[30:40, 20:50] = make_scene(shape=image.shape)[1][30:40, 20:50]
    labels = model.predict(image)
    confusion = pixelseg.metrics.confusion_matrix(truth, labels)
    assert model.score(image, truth) == pytest.approx(pixelseg.metrics.mean_iou(confusion))
