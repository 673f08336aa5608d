"""What every refiner keeps, by itself and within a model."""

import numpy as np
import pytest

import pixelseg
from pixelseg._core.image import as_image

from .generate import over, scene
from .registry import ESTIMATORS, REFINERS

same = np.testing.assert_array_equal


def make_probabilities(shape, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.random((*shape, n_classes), np.float32) + np.float32(0.05)
    return p / p.sum(axis=-1, keepdims=True)


def model_with(refiner, ndim=2, **params):
    image, labels, mask = scene(ndim)
    axes = {} if ndim == 2 else {"channel_axis": None}
    model = ESTIMATORS[0].make(refine=refiner, **axes, **params)
    return model.fit(image.astype(np.float32), labels), image.astype(np.float32), mask


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("masked", [False, True])
@over(REFINERS)
def test_probabilities_in_probabilities_out(entry, ndim, masked):
    source, _, mask = scene(ndim)
    image = as_image(source, channel_axis=None, mask=mask if masked else None)
    inside = mask if masked else np.ones(source.shape, bool)
    p = np.where(inside[..., None], make_probabilities(source.shape), 0).astype(np.float32)
    before = p.copy()
    p.flags.writeable = False
    source.flags.writeable = False
    refined = np.asarray(entry.make().refine(p, image))
    assert refined.shape == p.shape
    assert refined.dtype == np.float32
    assert (refined[inside] >= 0).all()
    np.testing.assert_allclose(refined[inside].sum(axis=-1), 1, atol=1e-5)
    same(p, before)
    same(np.asarray(entry.make().refine(p, image)), refined)


@pytest.mark.parametrize("ndim", [2, 3])
@over(REFINERS)
def test_within_a_model_the_mask_is_applied_behind_it(entry, ndim):
    model, image, mask = model_with(entry.make(), ndim)
    image = np.where(mask, image, np.float32(np.nan))
    p = model.predict_proba(image, mask=mask)
    np.testing.assert_allclose(p[mask].sum(axis=-1), 1, atol=1e-5)
    assert not p[~mask].any()
    labels = model.predict(image, mask=mask)
    assert (labels[~mask] == 0).all()
    same(labels[mask], model.classes_[p.argmax(axis=-1)][mask])
    other = np.where(mask, image, np.float32(7))
    same(model.predict_proba(other, mask=mask), p)


@over(REFINERS)
def test_threads_and_memory_change_no_bit(entry):
    model, image, mask = model_with(entry.make())
    p = model.predict_proba(image, mask=mask)
    for params in ({"n_jobs": 2}, {"max_memory": "1GB"}):
        same(model.set_params(**params).predict_proba(image, mask=mask), p)


@over(REFINERS)
def test_saved_and_loaded(entry, tmp_path):
    model, image, mask = model_with(entry.make())
    model.save(tmp_path / "model.pixelseg")
    loaded = pixelseg.load(tmp_path / "model.pixelseg")
    same(loaded.predict_proba(image, mask=mask), model.predict_proba(image, mask=mask))
