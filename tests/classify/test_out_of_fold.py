"""Out-of-fold predictions: nothing that a model learned is among what it is asked."""

import numpy as np
import pytest

from pixelseg import ForestClassifier, PixelClassifier
from pixelseg.classify.folds import TooFewGroupsError
from pixelseg.classify.out_of_fold import in_sample
from pixelseg.classify.training import collect_samples, fit_rows
from pixelseg.refine import tune

from .scenes import make_scene

#: What the models of the folds have of the ten trees of `quick`.
HALF = {"classifier": ForestClassifier(n_estimators=5)}


def strokes_of(shape=(72, 90), n=4):
    labels = np.zeros(shape, int)
    for k in range(n):
        rows = slice(4 + 16 * k, 8 + 16 * k)
        labels[..., rows, 5:20], labels[..., rows, -20:-5] = 1, 2
    return labels


class Spy:
    """Sees what a refiner is given."""

    def __init__(self):
        self.seen = []

    def refine(self, probabilities, image):
        self.seen.append((probabilities.copy(), image))
        return probabilities


def test_each_image_is_seen_by_the_model_of_the_others(quick):
    scenes = [make_scene(seed, shape=(40, 50)) for seed in range(3)]
    images, labels = [s[0] for s in scenes], [s[2] for s in scenes]
    spy = Spy()
    tuning = tune(spy, quick(class_prior="labels"), images, labels)
    assert tuning.n_images == 3
    assert tuning.n_pixels == sum(np.count_nonzero(own) for own in labels)
    for k, (given, image) in enumerate(spy.seen):
        np.testing.assert_array_equal(np.asarray(image), images[k])
        others = [j for j in range(3) if j != k]
        model = quick(class_prior="labels", **HALF).fit(
            [images[j] for j in others], [labels[j] for j in others]
        )
        np.testing.assert_array_equal(given, model.predict_proba(images[k]))


def test_strokes_of_one_image_are_seen_by_models_of_the_other_strokes(quick):
    image, _, _ = make_scene()
    labels = strokes_of()
    spy = Spy()
    held_out = quick(class_prior="labels").out_of_fold(image, labels, n_folds=2)
    (source,) = held_out.images
    assert set(source.models) == {0, 1}
    tuning = tune(spy, quick(class_prior="labels"), image, labels, n_folds=2)
    assert (tuning.n_images, tuning.n_strokes) == (1, 8)
    for fold, (given, _) in enumerate(spy.seen):
        own = np.zeros(labels.size, bool)
        own[source.positions[source.models == fold]] = True
        rest = np.where(own.reshape(labels.shape), 0, labels)
        assert set(np.unique(rest)) == {0, 1, 2}
        model = quick(class_prior="labels", **HALF).fit(image, rest)
        np.testing.assert_array_equal(given, model.predict_proba(image))


def test_one_labelled_image_among_others_is_split_by_stroke(quick):
    image, _, _ = make_scene()
    other, _, _ = make_scene(1)
    labels = strokes_of()
    expected = tune(Spy(), quick(), image, labels)
    for images, own in (
        ([other, image], [labels * 0, labels]),
        ([image, other], [labels, labels * 0]),
    ):
        got = tune(Spy(), quick(), images, own)
        assert got.n_strokes == expected.n_strokes == 8
        assert got.mean_iou == expected.mean_iou


def test_the_order_of_images_does_not_matter(quick):
    scenes = [make_scene(seed, shape=(40, 50)) for seed in range(4)]
    images, labels = [s[0] for s in scenes], [s[2] for s in scenes]
    forward = quick().out_of_fold(images, labels)
    backward = quick().out_of_fold(images[::-1], labels[::-1])
    np.testing.assert_array_equal(forward.class_prior, backward.class_prior)
    for one, other in zip(forward.images, list(backward.images)[::-1], strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
        box = one.image.whole
        np.testing.assert_array_equal(one.predict(box), other.predict(box))


def test_images_are_loaded_one_at_a_time(quick):
    class Lazy:
        def __init__(self, items):
            self.items, self.n_loaded = items, 0

        def __iter__(self):
            for item in self.items:
                self.n_loaded += 1
                yield item

    scenes = [make_scene(seed, shape=(40, 50)) for seed in range(3)]
    images, labels = Lazy([s[0] for s in scenes]), Lazy([s[2] for s in scenes])
    tuning = tune(Spy(), quick(), images, labels)
    assert tuning.n_images == 3
    assert images.n_loaded == 6


@pytest.mark.parametrize("ndim", [2, 3])
def test_masks_and_volumes(quick, ndim):
    shape = (72, 90) if ndim == 2 else (4, 72, 90)
    image, _, _ = make_scene(shape=shape)
    labels = strokes_of(shape)
    mask = np.ones(shape, bool)
    mask[..., :9, :] = False
    axes = {"channel_axis": None}
    plain = tune(Spy(), quick(**axes), image, labels * mask, mask=mask)
    image = np.where(mask, image, np.nan)
    got = tune(Spy(), quick(**axes), image, labels, mask=mask)
    assert got.n_pixels == np.count_nonzero(labels * mask) == plain.n_pixels
    assert got.mean_iou == plain.mean_iou


def test_a_class_that_no_other_image_has_does_not_count(quick):
    scenes = [make_scene(seed, shape=(40, 60)) for seed in range(2)]
    images, labels = [s[0] for s in scenes], [s[2] for s in scenes]
    labels[0] = labels[0].copy()
    labels[0][30:34, 10:20] = 3
    (first, _) = quick().out_of_fold(images, labels).images
    assert set(first.truth) == {0, 1}
    assert len(first.predict(first.image.whole)[0][0, 0]) == 3
    tuning = tune(Spy(), quick(), images, labels)
    assert tuning.classes == (1, 2, 3)
    assert np.isnan(tuning.iou_before[2])


def test_too_few_to_hold_out(scene, quick):
    image, _, strokes = scene
    with pytest.raises(TooFewGroupsError, match="at least two strokes of each class"):
        tune(Spy(), quick(), image, strokes)
    halves = [np.where(strokes == value, strokes, 0) for value in (1, 2)]
    with pytest.raises(TooFewGroupsError, match="label two classes in some image"):
        tune(Spy(), quick(), [image, image], halves)
    with pytest.raises(ValueError, match="n_folds is 1"):
        tune(Spy(), quick(), image, strokes, n_folds=1)


def test_the_model_of_all_labels_sees_them_in_the_same_form(scene, quick):
    image, _, strokes = scene
    model = quick()
    training = model._settled()
    training_set = collect_samples(training, [image, image], [strokes, strokes * 0], None, False)
    rows = fit_rows(training, training_set.samples, training_set.law)
    seen = in_sample(training, training_set, rows, [image, image], [strokes, strokes * 0], None)
    (source,) = seen.images
    assert seen.n_images == 1
    np.testing.assert_array_equal(np.sort(source.positions), np.flatnonzero(strokes))
    (given,) = source.predict(source.image.whole)
    fitted = model.fit([image, image], [strokes, strokes * 0])
    np.testing.assert_array_equal(given, fitted.predict_proba(image))


def test_any_classifier_will_do():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    image, _, _ = make_scene()
    model = PixelClassifier(classifier=make_pipeline(StandardScaler(), LogisticRegression()))
    assert tune(Spy(), model, image, strokes_of()).mean_iou[0] > 0.9
