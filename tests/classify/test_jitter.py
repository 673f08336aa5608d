"""Gain jitter of the training rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import pixelseg
from pixelseg import FeatureBank, ForestClassifier, PixelClassifier
from pixelseg.classify import jitter
from pixelseg.classify.jitter import jitter_rows
from pixelseg.features.intensity import IntensityLaw

#: A smoothed image, a derivative, a product of derivatives, a ratio.
LAW = IntensityLaw(np.array([1.0, 1, 2, 0]), np.array([1.0, 0, 0, 0]), (0,))


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.uniform(1, 5, (800, 4)).astype(np.float32)


def test_rows_are_those_of_images_of_other_brightness(rows):
    X = rows
    before = X.copy()
    jittered = jitter_rows(X, LAW, 0.3, 1.0, 0)
    np.testing.assert_array_equal(X, before)
    gains = jittered[:, 0] / X[:, 0]
    np.testing.assert_allclose(jittered, X * gains[:, np.newaxis] ** LAW.degrees, rtol=1e-5)
    changed = gains != 1
    assert 0.7 < changed.mean() < 0.8
    assert 0.25 < np.log(gains[changed]).std() < 0.35
    np.testing.assert_array_equal(jittered[~changed], X[~changed])


def test_signed_rows_are_spread_about_their_mean(rows):
    X = rows
    X[:, 0] -= 3
    jittered = jitter_rows(X, LAW, 0.3, 1.0, 0)
    gains = jittered[:, 1] / X[:, 1]
    changed = gains != 1
    mean, spread = X[:, 0].mean(), X[:, 0].std()
    offsets = jittered[:, 0] - (mean + (X[:, 0] - mean) * gains)
    np.testing.assert_allclose(offsets[~changed], 0, atol=1e-6)
    assert 0.25 * spread < offsets[changed].std() < 0.35 * spread
    np.testing.assert_allclose(jittered[:, 2], X[:, 2] * gains**2, rtol=1e-5)
    np.testing.assert_array_equal(jittered[:, 3], X[:, 3])


@settings(max_examples=20, deadline=None)
@given(st.integers(-30, 30), st.booleans())
def test_the_unit_does_not_matter(power, is_signed):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 5, (50, 4)).astype(np.float32)
    X[:, 0] -= 3 * is_signed
    factors = np.ldexp(np.float32(1), power * LAW.degrees.astype(int)).astype(np.float32)
    once, times = (jitter_rows(rows, LAW, "auto", 0.5, 1) for rows in (X, X * factors))
    np.testing.assert_array_equal(times, once * factors)


@pytest.mark.parametrize("power", [-30, -16, 20])
@pytest.mark.parametrize("classifier", [ForestClassifier(20, random_state=0), "mlp"])
def test_labels_do_not_depend_on_the_unit_of_the_image(scene, power, classifier):
    image, _, strokes = scene
    expected = PixelClassifier(classifier=classifier).fit(image, strokes).predict(image)
    scaled = image * 2.0**power
    labels = PixelClassifier(classifier=classifier).fit(scaled, strokes).predict(scaled)
    assert (labels == expected).mean() > 0.995


@pytest.mark.parametrize(
    "classifier", [ForestClassifier(10, random_state=0), "mlp", LogisticRegression(max_iter=500)]
)
def test_a_darker_image_is_still_known(classifier):
    # Stripes of two widths, whose brightness says nothing of the class.
    rng = np.random.default_rng(0)
    columns = np.arange(96)
    stripes = np.where(columns < 48, columns % 4 < 2, columns % 12 < 6)
    truth = np.repeat([[1] * 48 + [2] * 48], 64, axis=0)
    image = 100 + 50 * np.repeat([stripes], 64, axis=0) + rng.normal(size=truth.shape)
    strokes = np.zeros_like(truth)
    strokes[20:40, 4:44], strokes[20:40, 52:92] = 1, 2
    found = {
        s: PixelClassifier(FeatureBank(sigmas=(1.0, 3.0)), classifier, intensity_jitter=s)
        .fit(image, strokes)
        .predict(0.45 * image)
        for s in (0, "auto")
    }
    right = {s: (labels == truth).mean() for s, labels in found.items()}
    assert right["auto"] >= right[0]
    assert right["auto"] > 0.85


def test_same_bits_for_any_threads_and_in_a_file(scene, tmp_path):
    image, _, strokes = scene
    models = [PixelClassifier(n_jobs=n).fit(image, strokes) for n in (1, 2)]
    one, two = (model.model_.rows.classifier.flat_ for model in models)
    assert one.equals(two)
    models[0].save(tmp_path / "m.pixelseg")
    assert pixelseg.load(tmp_path / "m.pixelseg").intensity_jitter == "auto"
    off = PixelClassifier(intensity_jitter=0).fit(image, strokes)
    assert not off.model_.rows.classifier.flat_.equals(one)


def test_a_feature_that_follows_no_law_turns_it_off(scene, monkeypatch):
    image, _, strokes = scene
    bank = FeatureBank(ops=["gaussian", lambda p, s, _: np.floor(p)], sigmas=(1.0,))
    forest = ForestClassifier(5, random_state=0)
    unlawful = [
        PixelClassifier(bank, forest, intensity_jitter=s).fit(image, strokes) for s in (0, "auto")
    ]
    one, two = (model.model_.rows.classifier.flat_ for model in unlawful)
    assert one.equals(two)
    seen: list[np.ndarray] = []

    def keep(X, *others):
        seen.extend([X, jitter.jitter_rows(X, *others)])
        return seen[-1]

    monkeypatch.setattr("pixelseg.classify.training.jitter_rows", keep)
    PixelClassifier(bank, forest, intensity_jitter=0.5).fit(image, strokes)
    before, after = seen
    np.testing.assert_array_equal(after[:, 1], before[:, 1])
    assert not np.array_equal(after[:, 0], before[:, 0])


@pytest.mark.parametrize("wrong", ["some", -0.1, np.nan, None, [0.2], 6])
def test_what_is_no_strength_is_refused(scene, wrong):
    image, _, strokes = scene
    with pytest.raises(ValueError, match="intensity_jitter is"):
        PixelClassifier(intensity_jitter=wrong).fit(image, strokes)
