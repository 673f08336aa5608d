"""Scores at labelled pixels: any class ids, within the model's budget and threads."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from pixelseg.classify import scoring
from pixelseg.metrics import iou

from .scenes import make_scene


def oracle(truth, predicted, mask=None):
    """Mean IoU over the classes of the truth, at its labelled pixels."""
    marked = truth > 0 if mask is None else (truth > 0) & mask
    values = []
    for c in np.unique(truth[marked]):
        both = ((truth == c) & (predicted == c))[marked].sum()
        values.append(both / ((truth == c) | (predicted == c))[marked].sum())
    return np.mean(values)


@pytest.mark.parametrize("few", [0, 10**6])
@pytest.mark.parametrize("classes", [(1, 2), (997, 312782)])
def test_score_is_mean_iou_at_labelled_pixels(scene, quick, classes, few, monkeypatch):
    monkeypatch.setattr(scoring, "_FEW_PIXELS", few)
    image, truth, strokes = scene
    image = image + 30 * np.random.default_rng(1).normal(size=image.shape)
    names = np.array([0, *classes])
    truth, strokes = names[truth], names[strokes]
    model = quick().fit(image, strokes)
    predicted = model.predict(image)
    mask = np.random.default_rng(2).random(image.shape) < 0.8
    assert 0.3 < model.score(image, truth) < 1
    for labels in (strokes, truth):
        assert model.score(image, labels) == pytest.approx(oracle(labels, predicted))
    masked = model.predict(image, mask=mask)
    assert model.score(image, truth, mask=mask) == pytest.approx(oracle(truth, masked, mask))
    both = np.stack([strokes, truth]), np.stack([predicted, predicted])
    assert model.score([image, image], [strokes, truth]) == pytest.approx(oracle(*both))


def test_a_class_the_model_does_not_know_counts_as_wrong(scene, quick):
    image, truth, strokes = scene
    model = quick().fit(image, strokes)
    truth = truth.copy()
    truth[:10] = 5
    assert model.score(image, truth) == pytest.approx(oracle(truth, model.predict(image)))
    confusion = scoring.labelled_confusion(model.model_, image, truth, None, model._open_known)
    assert confusion.sum() == truth.size
    assert iou(confusion)[2] == 0


def test_nothing_labelled_is_nothing_to_score(scene, quick):
    image, _, strokes = scene
    model = quick().fit(image, strokes)
    with pytest.raises(ValueError, match="no labelled pixel"):
        model.score(image, strokes * 0)
    assert model.score([image, image], [strokes * 0, strokes]) == model.score(image, strokes)


def test_score_keeps_to_the_budget_and_the_threads(scene, quick, monkeypatch):
    image, truth, strokes = scene
    model = quick(max_memory="40MB", n_jobs=2).fit(image, strokes)
    seen = []

    def fill_rows(image, plan, positions, out, *, budget, n_jobs):
        seen.append((budget + 2 * out.nbytes, n_jobs))
        out[...] = 0

    monkeypatch.setattr(scoring, "fill_rows", fill_rows)
    model.score(image, strokes)
    assert seen == [(40_000_000, 2)]
    # Rows that would take half of the budget give way to tiles.
    model.set_params(max_memory="3MB").score(np.tile(image, (2, 2)), np.tile(truth, (2, 2)))
    assert len(seen) == 1


def test_searches_over_large_class_ids(quick):
    image, truth, _ = make_scene(shape=(40, 60))
    labels = np.array([0, 997, 312782])[truth]
    search = GridSearchCV(quick(), {"samples_per_class": [5, 10]}, cv=2, error_score="raise")
    search.fit([image] * 2, [labels] * 2)
    assert search.best_score_ > 0.9
