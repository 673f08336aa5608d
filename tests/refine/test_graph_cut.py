"""The graph cut as a refiner."""

import numpy as np
import pytest

import pixelseg
from pixelseg import graph


def halves(n_classes=2, seed=0):
    """Regions of one grey value each, and probabilities that are often wrong."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(n_classes), 12)[np.newaxis].repeat(24, axis=0)
    p = rng.random((*truth.shape, n_classes)).astype(np.float32) + 0.2
    np.put_along_axis(p, truth[..., np.newaxis], 1.0, -1)
    return truth, truth * 40 + rng.normal(0, 3, truth.shape), p / p.sum(axis=-1, keepdims=True)


@pytest.mark.kernels
@pytest.mark.parametrize("n_classes", [2, 3])
def test_regions_hold_together(n_classes):
    truth, image, p = halves(n_classes)
    assert (p.argmax(axis=-1) != truth).mean() > 0.05
    refined = pixelseg.GraphCut(2.0).refine(p, image)
    assert (refined.argmax(axis=-1) == truth).all()
    np.testing.assert_allclose(refined.sum(axis=-1), 1, rtol=1e-5)


def test_the_labels_are_those_of_alpha_expansion():
    _, image, p = halves(3, seed=1)
    refined = pixelseg.GraphCut(0.3, sharpness=2.0).refine(p, image)
    weights = graph.contrast_weights(image, weight=0.3, sharpness=2.0)
    costs = -np.log(np.maximum(p, np.float32(1e-3)))
    found = graph.alpha_expansion(costs, weights, connectivity=2)
    np.testing.assert_array_equal(refined.argmax(axis=-1), found.labels)


def test_without_weight_nothing_changes():
    _, image, p = halves()
    np.testing.assert_array_equal(pixelseg.GraphCut(0).refine(p, image), p)


def test_ties_become_what_was_chosen():
    image = np.array([[0, 0, 0, 9, 9, 9]])
    p = np.array([[[0.1, 0.9], [0.5, 0.5], [0.1, 0.9], [0.9, 0.1], [0.5, 0.5], [0.9, 0.1]]])
    refined = pixelseg.GraphCut().refine(p, image)
    assert refined.argmax(axis=-1).tolist() == [[1, 1, 1, 0, 0, 0]]


@pytest.mark.parametrize(
    "params", [{"weight": -1}, {"weight": np.nan}, {"sharpness": "x"}, {"n_iterations": 0}]
)
def test_bad_settings(params):
    _, image, p = halves()
    with pytest.raises(ValueError, match=f"{next(iter(params))} is"):
        pixelseg.GraphCut(**params).refine(p, image)


def test_saved_with_a_model(tmp_path):
    truth, image, _ = halves()
    model = pixelseg.PixelClassifier(
        features=pixelseg.FeatureBank(sigmas=(0.7,)), refine=pixelseg.GraphCut(3.0, sharpness=0.5)
    )
    model.fit(image, truth + 1).save(tmp_path / "model.pixelseg")
    loaded = pixelseg.load(tmp_path / "model.pixelseg")
    assert loaded.refine.get_params() == model.refine.get_params()
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))
    assert model.set_params(refine__weight=1.5).refine.weight == 1.5
