"""Scores of partitions against loops over pairs of pixels, the peers, and cases done by hand."""

import numpy as np
import pytest
import skimage.metrics
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import (
    adapted_rand,
    adjusted_rand_index,
    covering,
    rand_index,
    region_scores,
    v_info,
    variation_of_information,
)

from ..oracles import metrics as oracle

segments = hnp.arrays(np.int32, (3, 5), elements=st.integers(0, 3))
some_truth = segments.filter(np.any)

A = np.array([[1, 1], [1, 2]]), np.array([[1, 1], [2, 2]])
B = np.array([[1, 1], [1, 1]]), np.array([[1, 1], [2, 2]])


@given(truth=some_truth, prediction=segments, background=st.sampled_from([None, 0, 2]))
def test_pairs_of_pixels(truth, prediction, background):
    both, in_truth, in_prediction, _, n = oracle.pairs(truth, prediction, (0,), background)
    with_self = adapted_rand(truth, prediction, background=background)
    assert with_self.precision == pytest.approx((2 * both + n) / (2 * in_prediction + n))
    assert with_self.recall == pytest.approx((2 * both + n) / (2 * in_truth + n))
    assert with_self.error == pytest.approx(1 - with_self.f1)
    without = adapted_rand(truth, prediction, background=background, self_pairs=False)
    assert without.precision == pytest.approx(both / in_prediction if in_prediction else 1)
    assert without.recall == pytest.approx(both / in_truth if in_truth else 1)
    total = in_truth + in_prediction
    assert without.f1 == pytest.approx(2 * both / total if total else 1)


@given(truth=some_truth, prediction=segments, background=st.sampled_from([None, 0, 2]))
def test_rand_index(truth, prediction, background):
    both, in_truth, in_prediction, everything, _ = oracle.pairs(truth, prediction, (0,), background)
    wrong = in_truth + in_prediction - 2 * both
    expected = 1 - wrong / everything if everything else 1
    assert rand_index(truth, prediction, background=background) == pytest.approx(expected)
    by_chance = in_truth * in_prediction / everything if everything else 0
    most = (in_truth + in_prediction) / 2
    adjusted = (both - by_chance) / (most - by_chance) if most > both else 1
    assert adjusted_rand_index(truth, prediction, background=background) == pytest.approx(adjusted)


@given(truth=some_truth, prediction=segments, background=st.sampled_from([None, 0, 2]))
def test_information(truth, prediction, background):
    split, merge, h_truth, h_prediction = oracle.information(truth, prediction, (0,), background)
    variation = variation_of_information(truth, prediction, background=background)
    assert variation.split == pytest.approx(split, abs=1e-12)
    assert variation.merge == pytest.approx(merge, abs=1e-12)
    assert variation.total == pytest.approx(split + merge, abs=1e-12)
    assert min(variation.split, variation.merge) >= 0
    shared = h_prediction - split
    scores = v_info(truth, prediction, background=background)
    assert scores.precision == pytest.approx(shared / h_truth if h_truth > 1e-9 else 1)
    assert scores.recall == pytest.approx(shared / h_prediction if h_prediction > 1e-9 else 1)
    assert 0 <= scores.f1 <= 1


@given(
    first=some_truth,
    second=some_truth,
    prediction=segments,
    ignore=st.sampled_from([None, 0, (0, 9)]),
    background=st.sampled_from([None, 0, 2]),
)
def test_covering_by_two_annotators(first, second, prediction, ignore, background):
    ignored = () if ignore is None else np.atleast_1d(ignore).tolist()
    expected = oracle.covering([first, second], prediction, ignored, background)
    found = covering([first, second], prediction, ignore=ignore, background=background)
    assert found.of_truth == pytest.approx(expected[0])
    assert found.of_prediction == pytest.approx(expected[1], nan_ok=True)


@given(truth=some_truth, prediction=segments)
def test_peers_that_agree(truth, prediction):
    t, p = truth[truth > 0], prediction[truth > 0]
    assert rand_index(truth, prediction, background=None) == pytest.approx(
        sklearn.metrics.rand_score(t, p)
    )
    assert adjusted_rand_index(truth, prediction, background=None) == pytest.approx(
        sklearn.metrics.adjusted_rand_score(t, p)
    )
    scores = v_info(truth, prediction, background=None)
    homogeneity, completeness, v = sklearn.metrics.homogeneity_completeness_v_measure(t, p)
    assert scores.precision == pytest.approx(homogeneity)
    assert scores.recall == pytest.approx(completeness)
    assert scores.f1 == pytest.approx(v)
    split, merge = skimage.metrics.variation_of_information(truth, prediction, ignore_labels=(0,))
    variation = variation_of_information(truth, prediction, background=None)
    assert variation.split == pytest.approx(split, abs=1e-12)
    assert variation.merge == pytest.approx(merge, abs=1e-12)


def test_scikit_image_swaps_precision_and_recall():
    error, first, second = skimage.metrics.adapted_rand_error(*B)
    scores = adapted_rand(*B, background=None, self_pairs=False)
    assert error == pytest.approx(scores.error) == pytest.approx(0.5)
    # One segment split in two: nothing is wrongly joined, a third of the pairs stays joined.
    assert (scores.precision, scores.recall) == pytest.approx((1, 1 / 3))
    assert (first, second) == pytest.approx((scores.recall, scores.precision))


def test_case_a_by_hand():
    scores = region_scores(*A)
    assert scores.rand_index == 0.5
    assert scores.variation_of_information.total == pytest.approx(1.188722, abs=5e-7)
    assert scores.variation_of_information.split == pytest.approx(0.688722, abs=5e-7)
    assert scores.variation_of_information.merge == pytest.approx(0.5)
    assert scores.covering.of_truth == 0.625
    assert scores.covering.of_prediction == pytest.approx(0.583333, abs=5e-7)
    rand = scores.adapted_rand
    assert (rand.precision, rand.recall, rand.error) == pytest.approx((6 / 8, 6 / 10, 1 / 3))
    info = scores.v_info
    assert (info.recall, info.precision, info.f1) == pytest.approx(
        (0.311278, 0.383689, 0.343711), abs=5e-7
    )
    rand = adapted_rand(*A, self_pairs=False)
    assert (rand.precision, rand.recall, rand.error) == pytest.approx((1 / 2, 1 / 3, 0.6))


def test_case_b_by_hand():
    scores = region_scores(*B)
    assert scores.variation_of_information.split == 1
    assert scores.variation_of_information.merge == 0
    assert scores.covering.of_truth == 0.5
    assert scores.adapted_rand.error == pytest.approx(1 / 3)
    # The result's background is made of single pixels: 1 - 2 * 6 / (16 + 6).
    border = np.array([[1, 1], [0, 0]])
    assert adapted_rand(B[0], border).error == pytest.approx(1 - 12 / 22)
    assert adapted_rand(B[0], border, background=None).error == pytest.approx(1 / 3)


@given(truth=some_truth)
def test_an_equal_partition_is_perfect_whatever_its_labels(truth):
    renamed = np.array([7, 9, 3, 70_000])[truth]
    scores = region_scores(truth, renamed)
    assert scores.covering.of_truth == scores.covering.of_prediction == 1
    assert scores.rand_index == scores.adjusted_rand_index == 1
    assert scores.variation_of_information.total == 0
    assert scores.adapted_rand.f1 == 1
    assert scores.v_info.f1 == pytest.approx(1)


def test_all_scores_at_once_are_the_scores_one_by_one(rng):
    truths = rng.integers(0, 6, (4, 3, 20, 30))
    prediction = rng.integers(0, 9, (3, 20, 30))
    for given_truth in (truths, list(truths), tuple(truths), truths[0]):
        scores = region_scores(given_truth, prediction, ignore=[0, 5], background=2)
        arguments = (given_truth, prediction)
        how = {"ignore": [0, 5], "background": 2}
        assert scores.covering == covering(*arguments, **how)
        assert scores.rand_index == rand_index(*arguments, **how)
        assert scores.adjusted_rand_index == adjusted_rand_index(*arguments, **how)
        assert scores.variation_of_information == variation_of_information(*arguments, **how)
        assert scores.adapted_rand == adapted_rand(*arguments, **how)
        assert scores.v_info == v_info(*arguments, **how)


def test_leaving_pixels_out_does_not_pay(rng):
    truth = rng.integers(1, 4, (12, 10)).repeat(3, axis=1)
    half = np.where(np.arange(30) < 15, truth, 0)
    right, poor = region_scores(truth, truth), region_scores(truth, half)
    assert poor.covering.of_truth < right.covering.of_truth
    assert poor.rand_index < right.rand_index
    assert poor.adjusted_rand_index < right.adjusted_rand_index
    assert poor.variation_of_information.split > 0 == poor.variation_of_information.merge
    assert poor.adapted_rand.recall < 1 == poor.adapted_rand.precision
    nothing = region_scores(truth, 0 * truth)
    assert nothing.covering.of_truth == 0
    assert np.isnan(nothing.covering.of_prediction)
    assert nothing.variation_of_information.merge == 0
    with pytest.raises(ValueError, match=r"background is 1\.5 but must be None or a label"):
        rand_index(truth, truth, background=1.5)


def test_several_truths_give_the_mean(rng):
    truths, prediction = rng.integers(1, 6, (3, 10, 12)), rng.integers(1, 5, (10, 12))
    each = [region_scores(truth, prediction) for truth in truths]
    together = region_scores(truths, prediction)
    assert together.rand_index == pytest.approx(np.mean([one.rand_index for one in each]))
    assert together.v_info.recall == pytest.approx(np.mean([one.v_info.recall for one in each]))
    assert together.covering.of_truth == pytest.approx(
        np.mean([one.covering.of_truth for one in each])
    )


def test_array_likes_are_read_by_slices(rng):
    class Source:
        def __init__(self, labels):
            self.shape, self.dtype, self._labels = labels.shape, labels.dtype, labels

        def __getitem__(self, index):
            return self._labels[index]

    truths, prediction = rng.integers(0, 4, (2, 9, 8)), rng.integers(0, 5, (9, 8))
    expected = region_scores(truths, prediction)
    assert region_scores(Source(truths), Source(prediction)) == expected
    assert region_scores([Source(one) for one in truths], prediction) == expected


def test_labels_beyond_a_table(rng):
    truth = rng.integers(1, 2**40, (20, 20))
    scores = region_scores(truth, truth[::-1])
    assert scores.adapted_rand.f1 == 1
    assert scores.rand_index == 1


def test_bad_input():
    ones = np.ones((4, 4), int)
    with pytest.raises(ValueError, match="truth is empty: pass the labels of at least one"):
        region_scores([], ones)
    with pytest.raises(ValueError, match=r"prediction has shape \(4, 4\) but truth has shape"):
        covering([ones, ones[:3]], ones)
    with pytest.raises(ValueError, match="no pixel to score outside ignore"):
        rand_index(ones, ones, ignore=1)
    with pytest.raises(TypeError, match="truth has dtype bool"):
        adapted_rand(ones > 0, ones)
