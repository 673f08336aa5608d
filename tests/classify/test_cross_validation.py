"""Scores that do not flatter: nothing of an image, or of a stroke, on both sides."""

import numpy as np
import pytest

from pixelseg.classify.folds import make_folds
from pixelseg.metrics import mean_iou
from pixelseg.refine.out_of_fold import number_strokes

from .scenes import make_scene


def test_folds_never_split_an_image(quick):
    scenes = [make_scene(seed=k, shape=(40, 60)) for k in range(5)]
    result = quick().cross_validate([s[0] for s in scenes], [s[2] for s in scenes], n_folds=3)
    assert result.groups == "images"
    assert result.confusion.sum() == sum((s[2] > 0).sum() for s in scenes)
    assert len(result.fold_mean_iou) == 3
    assert result.mean_iou == pytest.approx(float(mean_iou(result.confusion)))
    assert result.accuracy > 0.95


def test_folds_never_split_a_stroke(rng, quick):
    image, _, _ = make_scene(shape=(60, 60))
    labels = np.zeros((60, 60), int)
    for k in range(4):
        labels[5 + 14 * k : 9 + 14 * k, 3:12] = 1
        labels[5 + 14 * k : 9 + 14 * k, 45:55] = 2
    model = quick()
    result = model.cross_validate(image, labels, n_folds=2)
    assert result.groups == "strokes"
    assert result.confusion.sum() == (labels > 0).sum()
    assert not hasattr(model, "classifier_")


def test_fold_assignment(rng, quick):
    from pixelseg.classify.training import collect_samples

    image, _, _ = make_scene(shape=(60, 60))
    labels = np.zeros((60, 60), int)
    labels[::6, 3:12], labels[::6, 40:50] = 1, 2
    labels[1, 12] = 1
    training = quick()._settled()
    training_set = collect_samples(training, image, labels, None, False)
    (sample,) = training_set.samples
    strokes = number_strokes(labels).reshape(-1)[sample.positions]
    assert len(np.unique(strokes)) == 20
    (folds,) = make_folds(training_set, image, labels, None, 3).of_rows
    assert set(folds) == {0, 1, 2}
    for stroke in np.unique(strokes):
        assert len(np.unique(folds[strokes == stroke])) == 1
    for fold in range(3):
        assert set(sample.y[folds != fold]) == {1, 2}


def test_one_stroke_a_class_cannot_be_validated(scene, quick):
    image, _, strokes = scene
    with pytest.raises(ValueError, match="at least two strokes of each class"):
        quick().cross_validate(image, strokes)
    with pytest.raises(ValueError, match="n_folds is 1"):
        quick().cross_validate(image, strokes, n_folds=1)
