"""Refiners: what they are handed, what they may return, and how they are saved."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.base import BaseEstimator

import pixelseg
from pixelseg import FeatureBank
from pixelseg._core.image import Image
from pixelseg.classify import REFINERS, FittedModel
from pixelseg.classify.refiners import refiner_from_record, refiner_to_record

from .scenes import make_scene


class Smooth(BaseEstimator):
    """A toy: a mean over a window, as far as the image's own axes say."""

    def __init__(self, size=3, weights=(1.0, 0.5)):
        self.size = size
        self.weights = weights

    def refine(self, probabilities, image):
        assert isinstance(image, Image)
        assert probabilities.dtype == np.float32
        assert probabilities.shape[:-1] == image.spatial_shape
        assert np.isfinite(np.asarray(image)).all()
        assert np.asarray(image).shape == image.shape
        assert np.isfinite(image.read()).all()
        size = (self.size,) * image.ndim
        channels = [
            ndimage.uniform_filter(probabilities[..., k], size)
            for k in range(probabilities.shape[-1])
        ]
        return np.stack(channels, axis=-1)


class Returns:
    def __init__(self, answer):
        self.answer = answer

    def refine(self, probabilities, image):
        return self.answer(probabilities)


def smoothed(probabilities, mask):
    """The same by hand."""
    channels = [ndimage.uniform_filter(probabilities[..., k], 3) for k in (0, 1)]
    refined = np.stack(channels, axis=-1)
    return refined if mask is None else np.where(mask[..., np.newaxis], refined, 0)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["grey", "colour", "channels first", "volume with channels"])
def test_every_answer_is_refined(quick, kind, masked):
    shape, channels, options = {
        "grey": ((40, 50), None, {}),
        "colour": ((40, 50), 3, {}),
        "channels first": ((40, 50), 2, {"channel_axis": 0}),
        "volume with channels": ((6, 30, 40), 2, {"channel_axis": 0, "spacing": (3, 1, 1)}),
    }[kind]
    image, _, strokes = make_scene(shape=shape, channels=channels)
    if options:
        image = np.moveaxis(image, -1, 0).copy()
    mask = None
    if masked:
        mask = np.ones(shape, bool)
        mask[..., :10, :10] = False
        spatial = image if channels is None else np.moveaxis(image, 0 if options else -1, 0)
        spatial[..., :10, :10] = np.nan
    plain = quick(**options).fit(image, strokes, mask=mask)
    model = quick(refine=Smooth(), **options).fit(image, strokes, mask=mask)

    expected = smoothed(plain.predict_proba(image, mask=mask), mask)
    p = model.predict_proba(image, mask=mask)
    np.testing.assert_array_equal(p, expected)
    out = np.full(p.shape, -1, np.float32)
    assert model.predict_proba(image, mask=mask, out=out) is out
    np.testing.assert_array_equal(out, expected)
    labels = np.full(shape, 9, np.uint8)
    model.predict(image, mask=mask, out=labels)
    inside = np.ones(shape, bool) if mask is None else mask
    np.testing.assert_array_equal(labels[inside], p.argmax(axis=-1)[inside] + 1)
    assert (labels[~inside] == 0).all()
    assert (model.predict_uncertainty(image, mask=mask)[~inside] == 0).all()
    assert np.isfinite(image).all() == (not masked)


def test_what_a_refiner_says_outside_the_mask_does_not_matter(scene, quick):
    image, _, strokes = scene
    mask = np.ones(image.shape, bool)
    mask[:10] = False
    refiner = Returns(lambda p: np.where(mask[..., np.newaxis], p, np.nan))
    model = quick(refine=refiner).fit(image, strokes)
    plain = quick().fit(image, strokes)
    expected = plain.predict_proba(image, mask=mask)
    np.testing.assert_array_equal(model.predict_proba(image, mask=mask), expected)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (lambda p: p[1:], ValueError, "refine returned shape .* but was given"),
        (lambda p: p.argmax(axis=-1), ValueError, "one probability for each pixel and class"),
        (lambda p: (p * 255).astype(int), TypeError, "what refine returned has dtype int64"),
        (lambda p: p * np.nan, ValueError, "what refine returned holds .* NaN"),
        (lambda p: -p, ValueError, "what refine returned holds a negative"),
    ],
)
def test_bad_answers_are_refused(scene, quick, answer, kind, words):
    image, _, strokes = scene
    model = quick(refine=Returns(answer)).fit(image, strokes)
    with pytest.raises(kind, match=words):
        model.predict(image)


def test_what_cannot_refine_is_refused_before_training(scene, quick):
    image, _, strokes = scene
    with pytest.raises(ValueError, match=r"refine is 'crf' but must be 'auto'"):
        quick(refine="crf").fit(image, strokes)
    for refine in (3, type("Attribute", (), {"refine": 1})()):
        with pytest.raises(TypeError, match=r"must have a method refine\(probabilities, image\)"):
            quick(refine=refine).fit(image, strokes)


def test_a_refiner_counts_as_it_stands(scene, quick):
    image, _, strokes = scene
    model = quick().fit(image, strokes)
    plain = model.predict_proba(image)
    model.set_params(refine=Smooth())
    np.testing.assert_array_equal(model.predict_proba(image), smoothed(plain, None))
    assert model.score(image, strokes) > 0.9
    model.set_params(refine=None)
    np.testing.assert_array_equal(model.predict_proba(image), plain)


def test_a_known_refiner_is_saved_with_the_model(scene, quick, tmp_path, monkeypatch):
    image, _, strokes = scene
    model = quick(refine=Smooth(5, weights=(0.25, 2.0))).fit(image, strokes)
    path = tmp_path / "m.pixelseg"
    with pytest.raises(TypeError, match=r"cannot be stored as data.*refine=None"):
        model.save(path)
    monkeypatch.setitem(REFINERS, "smooth", Smooth)
    model.save(path)
    loaded = pixelseg.load(path)
    assert isinstance(loaded.refine, Smooth)
    assert (loaded.refine.size, list(loaded.refine.weights)) == (5, [0.25, 2.0])
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))
    monkeypatch.delitem(REFINERS, "smooth")
    with pytest.raises(ValueError, match="refiner 'smooth' is not known here"):
        pixelseg.load(path)


def test_settings_that_are_no_data_are_refused(scene, quick, tmp_path, monkeypatch):
    image, _, strokes = scene
    monkeypatch.setitem(REFINERS, "smooth", Smooth)
    model = quick(refine=Smooth(size=object())).fit(image, strokes)
    with pytest.raises(TypeError, match="cannot be stored as data"):
        model.save(tmp_path / "m.pixelseg")
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_a_file_names_is_imported(monkeypatch):
    for record in ({"name": "os.system", "settings": {"command": "true"}}, {"name": "Smooth"}):
        with pytest.raises(ValueError, match="not known here"):
            refiner_from_record(record)
    assert refiner_from_record(None) is None
    assert refiner_to_record(None) is None


def test_settings_of_a_refiner_are_searched_like_any_other(quick):
    model = quick(refine=Smooth())
    assert model.set_params(refine__size=7).refine.size == 7


def test_the_record_of_a_model_holds_its_refiner(scene):
    image, _, strokes = scene
    refiner = Smooth()
    bank = FeatureBank(sigmas=(1.0,))
    model = pixelseg.PixelClassifier(bank, refine=refiner).fit(image, strokes)
    assert isinstance(model.model_, FittedModel)
    assert model.model_.refiner is refiner
    assert "check_patch" not in repr(model.training_)
