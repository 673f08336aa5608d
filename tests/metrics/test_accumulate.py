"""Scores of sets: the same as of the pooled pixels or objects, in any split."""

import dataclasses

import numpy as np
import pytest

from pixelseg.metrics import (
    BoundaryAccumulator,
    ClassAccumulator,
    HierarchyAccumulator,
    InstanceAccumulator,
    RegionAccumulator,
    SuperpixelAccumulator,
    aggregated_jaccard_index,
    class_scores,
    instance_scores,
    panoptic_quality,
    region_scores,
)

from .sets import score_set


def same(one, other):
    """Whether two results hold the same numbers, however deep."""
    if dataclasses.is_dataclass(one):
        return all(
            same(getattr(one, field.name), getattr(other, field.name))
            for field in dataclasses.fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if one is None:
        return other is None
    return np.allclose(one, other, rtol=1e-12, atol=0, equal_nan=True)


def fill(accumulator, truths, predictions):
    score_set(accumulator, truths, predictions)
    return accumulator


@pytest.fixture
def images(rng):
    """Five images of labels 0 to 4 and results of labels 1 to 5 that are mostly right."""
    truths = np.repeat(rng.integers(0, 5, (5, 6, 3)), 4, axis=2)
    wrong = rng.random(truths.shape) < 0.3
    return truths, np.where(wrong, rng.integers(1, 6, truths.shape), np.maximum(truths, 1))


ACCUMULATORS = [
    BoundaryAccumulator,
    ClassAccumulator,
    HierarchyAccumulator,
    InstanceAccumulator,
    RegionAccumulator,
    SuperpixelAccumulator,
]


@pytest.mark.parametrize("make", ACCUMULATORS)
def test_merged_parts_are_the_whole(images, make):
    truths, predictions = images
    if make in (BoundaryAccumulator, HierarchyAccumulator):
        predictions = np.stack([predictions, predictions // 2 + 1], axis=1)
    whole = fill(make(), truths, predictions).result()
    parts = fill(make(), truths[:2], predictions[:2]), fill(make(), truths[2:], predictions[2:])
    assert same(make().merge(parts[0]).merge(parts[1]).merge(make()).result(), whole)


def test_classes_are_pooled(images):
    assert same(fill(ClassAccumulator(), *images).result(), class_scores(*images))
    small = ClassAccumulator().update(np.array([1]), np.array([1]))
    assert small.update(np.array([3, 1]), np.array([2, 1])).result().confusion.shape == (3, 3)
    fixed = ClassAccumulator(7, ignore=None).update(np.array([0, 1]), np.array([1, 1]))
    assert fixed.result().classes.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_results_are_not_changed_by_later_images(images):
    accumulator = ClassAccumulator(5).update(images[0][0], images[1][0])
    before = accumulator.result()
    kept = before.confusion.copy()
    accumulator.update(images[0][1], images[1][1])
    np.testing.assert_array_equal(before.confusion, kept)


def test_regions_are_averaged(images):
    truths, predictions = images
    result = fill(RegionAccumulator(), truths, predictions).result()
    each = tuple(map(region_scores, truths, predictions))
    assert result.images == each
    assert result.mean.v_info.recall == pytest.approx(np.mean([one.v_info.recall for one in each]))
    assert result.mean.covering.of_truth == pytest.approx(
        np.mean([one.covering.of_truth for one in each])
    )
    one = RegionAccumulator(ignore=None).update(truths, predictions[0]).result()
    assert same(one.mean, region_scores(truths, predictions[0], ignore=None))


def test_objects_are_pooled(images):
    truths, predictions = images
    result = fill(InstanceAccumulator(), truths, predictions).result()
    # One wide image whose labels do not meet has the same objects.
    apart = 10 * np.arange(5)[:, None, None]
    wide = [
        np.where(labels > 0, labels + apart, 0).transpose(1, 0, 2).reshape(6, -1)
        for labels in images
    ]
    assert same(result.objects, instance_scores(*wide))
    assert same(result.panoptic, panoptic_quality(*wide))
    each = [instance_scores(*pair).mean_average_precision for pair in zip(*images, strict=True)]
    assert result.mean_average_precision == pytest.approx(np.mean(each))
    for k, image in enumerate(result.images):
        assert same(image.objects, instance_scores(truths[k], predictions[k]))
        assert image.panoptic == panoptic_quality(truths[k], predictions[k])
        assert image.aji == aggregated_jaccard_index(truths[k], predictions[k])
        plus = aggregated_jaccard_index(truths[k], predictions[k], one_to_one=True)
        assert image.aji_plus == plus
    assert result.aji == pytest.approx(np.mean([image.aji for image in result.images]))


def test_images_without_objects_count_as_right(images):
    empty = np.zeros((4, 4), int)
    scores = InstanceAccumulator().update(empty, empty)
    assert (scores.result().objects.f1 == 1).all()
    scores.update(empty, empty + 1)
    result = scores.result()
    assert (result.objects.f1 == 0).all()
    assert result.mean_average_precision == result.aji == 0.5


def test_bad_input():
    for make in ACCUMULATORS:
        with pytest.raises(ValueError, match="there is nothing to score"):
            make().result()
        with pytest.raises(ValueError, match="other has ignore=7 but this accumulator has"):
            make().merge(make(ignore=7))
        with pytest.raises(TypeError, match="ignore is '7'"):
            make(ignore="7")
    with pytest.raises(ValueError, match="n_classes is 0"):
        ClassAccumulator(0)
    with pytest.raises(ValueError, match="several that increase"):
        InstanceAccumulator(thresholds=[0.5, 0.5])
