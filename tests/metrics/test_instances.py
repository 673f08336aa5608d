"""Metrics of objects against every possible pairing, and cases done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import aggregated_jaccard_index, instance_scores, panoptic_quality

from ..oracles import metrics as oracle

objects = hnp.arrays(np.int32, (2, 8), elements=st.integers(0, 4))
A = np.array([[1, 1], [1, 2]]), np.array([[1, 1], [2, 2]])
EMPTY = np.zeros((2, 2), int)


@given(truth=objects, prediction=objects, strict=st.booleans())
def test_pairs_are_the_most_and_the_best(truth, prediction, strict):
    table, _ = oracle.object_ious(truth, prediction)
    thresholds = [0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75]
    scores = instance_scores(truth, prediction, thresholds=thresholds, strict=strict)
    for k, threshold in enumerate(thresholds):
        found, ious = oracle.best_pairs(table, threshold, strict)
        assert scores.true_positives[k] == found
        assert scores.false_negatives[k] == len(table) - found
        assert scores.false_positives[k] == table.shape[1] - found
        if table.size:
            assert scores.mean_matched_iou[k] == pytest.approx(ious / found if found else 0)
        quality = panoptic_quality(truth, prediction, threshold=threshold, strict=strict)
        if sum(table.shape):
            assert quality.quality == pytest.approx(ious / (sum(table.shape) / 2))


@given(truth=objects, prediction=objects)
def test_aggregated_jaccard_index(truth, prediction):
    expected = oracle.aggregated_jaccard(truth, prediction, plus=False)
    assert aggregated_jaccard_index(truth, prediction) == pytest.approx(expected)


@given(truth=objects)
def test_the_factors_of_each_score(truth):
    prediction = np.roll(truth, 1, axis=1) % 4
    scores = instance_scores(truth, prediction)
    hits, false, missed = (
        scores.true_positives,
        scores.false_positives,
        scores.false_negatives,
    )
    if (hits + false + missed).any():
        np.testing.assert_allclose(scores.precision, hits / np.maximum(hits + false, 1))
        np.testing.assert_allclose(scores.recall, hits / np.maximum(hits + missed, 1))
        np.testing.assert_allclose(scores.f1, 2 * hits / (2 * hits + false + missed))
        np.testing.assert_allclose(scores.average_precision, hits / (hits + false + missed))
    quality = panoptic_quality(truth, prediction)
    assert quality.quality == pytest.approx(quality.segmentation * quality.recognition)


@given(truth=objects)
def test_a_perfect_result_scores_1_also_without_objects(truth):
    renamed = np.array([0, 70_000, 3, 9, 2])[truth]
    scores = instance_scores(truth, renamed)
    assert scores.mean_average_precision == 1
    for values in (scores.precision, scores.recall, scores.f1, scores.mean_matched_iou):
        assert (values == 1).all()
    assert panoptic_quality(truth, renamed).quality == 1
    for one_to_one in (False, True):
        assert aggregated_jaccard_index(truth, renamed, one_to_one=one_to_one) == 1


@pytest.mark.parametrize(("truth", "prediction"), [(EMPTY, A[0]), (A[0], EMPTY)])
def test_objects_on_one_side_only_score_0(truth, prediction):
    scores = instance_scores(truth, prediction)
    for values in (scores.precision, scores.recall, scores.f1, scores.average_precision):
        assert (values == 0).all()
    assert panoptic_quality(truth, prediction).quality == 0
    assert aggregated_jaccard_index(truth, prediction) == 0


def test_case_a_by_hand():
    # IoU 2/3 and 1/2: at a half, "at least" takes both, "above" the first alone.
    scores = instance_scores(*A, thresholds=0.5)
    assert (scores.true_positives.tolist(), scores.average_precision.tolist()) == ([2], [1])
    assert panoptic_quality(*A, strict=False).quality == pytest.approx(0.583333, abs=5e-7)
    scores = instance_scores(*A, thresholds=0.5, strict=True)
    assert scores.true_positives.tolist() == [1]
    assert scores.average_precision == pytest.approx([1 / 3])
    assert panoptic_quality(*A).quality == pytest.approx(1 / 3)
    assert aggregated_jaccard_index(*A) == pytest.approx(3 / 5)


def test_aji_may_take_an_object_twice_and_aji_plus_may_not():
    truth = np.array([1, 1, 1, 2, 2, 0])
    prediction = np.array([4, 4, 4, 4, 4, 4])
    # Both take object 4: (3 + 2) / (6 + 6). One to one: 3 / (6 + 2).
    assert aggregated_jaccard_index(truth, prediction) == 5 / 12
    assert aggregated_jaccard_index(truth, prediction, one_to_one=True) == 3 / 8


@given(truth=objects, prediction=objects)
def test_aji_plus_shares_the_largest_total_iou(truth, prediction):
    # Equal totals may share different pixels, so that only untied cases have one answer.
    table, _ = oracle.object_ious(truth, prediction)
    totals = [sum(table[pair] for pair in pairs) for pairs in oracle.one_to_one(table)]
    if sum(np.isclose(totals, max(totals, default=0))) == 1:
        expected = oracle.aggregated_jaccard(truth, prediction, plus=True)
        found = aggregated_jaccard_index(truth, prediction, one_to_one=True)
        assert found == pytest.approx(expected)


def test_two_candidates_at_exactly_a_half_are_shared_out():
    # Objects 1 and 5 have IoU 1/2, objects 2 and 6 have 1/3.
    truth = np.array([1, 1, 2, 2, 0, 0])
    prediction = np.array([5, 0, 0, 6, 6, 0])
    scores = instance_scores(truth, prediction, thresholds=[1 / 3, 0.5, 0.6])
    assert scores.true_positives.tolist() == [2, 1, 0]
    # Object 7 has IoU 1/2 with both 1 and 2, and can be paired with one of them only.
    row = np.array([1, 1, 2, 2]), np.array([7, 7, 7, 7])
    assert instance_scores(*row, thresholds=0.5).true_positives.tolist() == [1]
    assert instance_scores(*row, thresholds=0.5, strict=True).true_positives.tolist() == [0]


def test_thresholds_are_met_exactly():
    # 3 / 5 is the very float 0.6, and 11 / 20 the very float 0.55.
    for shared, union, place in ((3, 5, 2), (11, 20, 1), (19, 20, 9), (7, 10, 4)):
        truth = np.ones(union, int)
        prediction = (np.arange(union) < shared).astype(int)
        assert instance_scores(truth, prediction).true_positives.sum() == place + 1
        assert instance_scores(truth, prediction, strict=True).true_positives.sum() == place


def test_ignored_pixels_count_for_nobody():
    truth = np.array([[1, 1, 9, 9], [0, 0, 9, 9]])
    prediction = np.array([[1, 1, 1, 1], [0, 0, 2, 2]])
    scores = instance_scores(truth, prediction, ignore=9)
    assert (scores.true_positives == 1).all()
    assert (scores.false_positives == 0).all()
    assert panoptic_quality(truth, prediction, ignore=9).quality == 1
    assert aggregated_jaccard_index(truth, prediction, ignore=[9, 12]) == 1


def test_three_axes_and_many_objects(rng):
    truth = np.arange(6 * 20 * 20).reshape(6, 20, 20) // 7
    prediction = truth.copy()
    prediction[:, ::5] = 0
    scores = instance_scores(truth, prediction)
    kept = np.bincount(truth.ravel(), prediction.ravel() > 0)[1:] / np.bincount(truth.ravel())[1:]
    assert scores.true_positives.tolist() == [(kept >= t).sum() for t in scores.thresholds]


def test_bad_input():
    with pytest.raises(ValueError, match="but must be one number from 0 to 1"):
        instance_scores(*A, thresholds=1.5)
    with pytest.raises(ValueError, match=r"several that increase"):
        instance_scores(*A, thresholds=[0.7, 0.5])
    with pytest.raises(ValueError, match="0 is the background of objects"):
        panoptic_quality(*A, ignore=0)
    with pytest.raises(ValueError, match="truth holds -2"):
        aggregated_jaccard_index(-A[0], A[1])
    with pytest.raises(TypeError, match="prediction has dtype float64"):
        instance_scores(A[0], A[1] / 2)
