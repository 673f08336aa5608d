"""Boundary maps, their thinning and matching, and the Berkeley benchmark."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.data import coins
from skimage.filters import sobel
from skimage.io import imread
from skimage.morphology import thin

from benchmarks import metric_peers as by_hand
from pixelseg.metrics import (
    BoundaryAccumulator,
    boundary_map,
    boundary_scores,
    match_boundaries,
    thin_boundaries,
)
from pixelseg.metrics._inputs import as_thresholds
from pixelseg.metrics.boundary_accumulator import _average_precision as average_precision
from pixelseg.metrics.boundary_accumulator import _best_point as best_point
from tests.oracles import boundaries as oracle

from .sets import score_set

small_maps = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))


def two_maps():
    shapes = array_shapes(min_dims=2, max_dims=2, max_side=10)
    return shapes.flatmap(lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape)))


class TestBoundaryMap:
    def test_line_lies_on_the_left_of_a_step(self):
        np.testing.assert_array_equal(boundary_map([[1, 2], [1, 2]]), [[1, 0], [1, 0]])

    @given(
        arrays(
            np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.integers(0, 3)
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_equals_oracle(self, labels):
        np.testing.assert_array_equal(
            boundary_map(labels, ignore=None), oracle.boundary_map(labels)
        )

    def test_any_strides_and_read_only(self, rng):
        labels = rng.integers(0, 4, (9, 14))
        labels.setflags(write=False)
        part = labels[::-2, ::3]
        for one in (part, np.asfortranarray(part)):
            np.testing.assert_array_equal(boundary_map(one, ignore=None), oracle.boundary_map(part))

    def test_steps_to_an_ignored_label_do_not_count(self):
        labels = np.array([[1, 1, 0, 0, 2, 3], [1, 1, 0, 0, 2, 3]])
        np.testing.assert_array_equal(boundary_map(labels, ignore=0), [[0, 0, 0, 0, 1, 0]] * 2)

    def test_a_step_to_the_background_of_the_prediction_is_no_boundary(self):
        truth = np.repeat([[1, 1, 1, 2, 2, 2, 2, 2]], 8, axis=0)
        holed = np.where(np.arange(8) < 6, truth, 0)
        left_out = boundary_scores(truth, holed)
        assert (left_out.precision, left_out.recall) == (1, 1)
        scored = boundary_scores(truth, holed, background=None)
        assert scored.n_prediction == 2 * left_out.n_prediction
        curve = BoundaryAccumulator([0.5]).update(truth, [holed]).result()
        assert (curve.f1, curve.ods.threshold) == (1, 0.5)
        assert BoundaryAccumulator(background=None).update(truth, [holed]).result().f1 < 1

    def test_ignored_pixels_between_two_labels_part_them(self):
        np.testing.assert_array_equal(boundary_map([[1, 0], [0, 2]], ignore=0), [[1, 0], [0, 0]])

    @pytest.mark.parametrize(
        "labels", [np.ones(3, int), np.ones((2, 2, 2), int), np.ones((0, 3), int)]
    )
    def test_other_shapes_are_refused(self, labels):
        with pytest.raises(ValueError, match="must be"):
            boundary_map(labels)


@pytest.mark.kernels
class TestThinning:
    @given(small_maps)
    @settings(max_examples=60, deadline=None)
    def test_equals_scikit_image_on_small_maps(self, boundaries):
        np.testing.assert_array_equal(thin_boundaries(boundaries), thin(boundaries))

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 1.0])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_equals_scikit_image_on_thick_maps(self, rng, share, order):
        boundaries = np.asarray(rng.random((40, 31)) < share, order=order)
        np.testing.assert_array_equal(thin_boundaries(boundaries), thin(boundaries))

    def test_input_is_untouched(self):
        boundaries = np.ones((5, 5), bool)
        boundaries.setflags(write=False)
        assert thin_boundaries(boundaries).sum() < 25


def cost_of(matching):
    return int(np.rint(100 * matching.distances).sum())


@pytest.mark.kernels
class TestMatching:
    @given(two_maps(), st.sampled_from([0.5, 1, 1.5, 2.3, 4]))
    @settings(max_examples=150, deadline=None)
    def test_least_cost_equals_scipy(self, maps, reach):
        truth, prediction = maps
        matching = match_boundaries(truth, prediction, tolerance=reach, tolerance_unit="pixel")
        pairs, cost = by_hand.match_boundaries(truth, prediction, reach)
        assert len(matching.distances) == pairs
        assert cost_of(matching) == cost

    @pytest.mark.parametrize("shares", [(0.1, 0.1), (0.05, 0.3), (0.3, 0.05), (0.3, 0.3)])
    def test_least_cost_equals_scipy_on_larger_maps(self, rng, shares):
        truth, prediction = (rng.random((24, 33)) < share for share in shares)
        matching = match_boundaries(truth, prediction, tolerance=0.09)
        pairs, cost = by_hand.match_boundaries(truth, prediction, 0.09 * np.hypot(24, 33))
        assert (len(matching.distances), cost_of(matching)) == (pairs, cost)

    @given(two_maps())
    @settings(max_examples=30, deadline=None)
    def test_pairs_are_one_to_one_and_near(self, maps):
        truth, prediction = maps
        matching = match_boundaries(truth, prediction, tolerance=2, tolerance_unit="pixel")
        for pixels, matched, given_map in (
            (matching.truth_pixels, matching.truth_matched, truth),
            (matching.prediction_pixels, matching.prediction_matched, prediction),
        ):
            assert len(np.unique(pixels, axis=0)) == len(pixels) == matched.sum()
            assert matched[tuple(pixels.T)].all()
            assert not (matched & ~given_map).any()
        assert (matching.distances <= 2).all()

    def test_more_pairs_beat_nearer_pairs(self):
        truth, prediction = np.zeros((2, 1, 6), bool)
        truth[0, [0, 3]] = True
        prediction[0, [2, 5]] = True
        matching = match_boundaries(truth, prediction, tolerance=2, tolerance_unit="pixel")
        np.testing.assert_array_equal(matching.prediction_pixels, [[0, 2], [0, 5]])
        np.testing.assert_array_equal(matching.distances, [2, 2])

    def test_tolerance_of_zero_matches_equal_pixels_alone(self, rng):
        truth, prediction = rng.random((2, 12, 12)) < 0.4
        matching = match_boundaries(truth, prediction, tolerance=0)
        np.testing.assert_array_equal(matching.truth_matched, truth & prediction)

    def test_tolerance_wider_than_the_image(self):
        truth, prediction = np.zeros((2, 3, 3), bool)
        truth[0, 0] = prediction[2, 2] = True
        matching = match_boundaries(truth, prediction, tolerance=100, tolerance_unit="pixel")
        assert matching.distances == pytest.approx(np.sqrt(8))

    def test_bad_input_is_refused(self):
        ones = np.ones((3, 4), bool)
        with pytest.raises(TypeError, match="truth has dtype int64"):
            match_boundaries(ones.astype(int), ones)
        with pytest.raises(ValueError, match="prediction has shape"):
            match_boundaries(ones, ones.T)
        with pytest.raises(ValueError, match="tolerance is -1"):
            match_boundaries(ones, ones, tolerance=-1)
        with pytest.raises(ValueError, match="tolerance_unit='pixel'"):
            match_boundaries(ones, ones, tolerance=3)
        with pytest.raises(ValueError, match="tolerance_unit is 'px'"):
            match_boundaries(ones, ones, tolerance_unit="px")


class TestScores:
    def test_a_boundary_drawn_twice_counts_once(self):
        truth = np.zeros((10, 20), bool)
        truth[:, 10] = True
        twice = np.zeros_like(truth)
        twice[:, [9, 11]] = True
        scores = boundary_scores(truth, twice, tolerance=3, tolerance_unit="pixel", thin=False)
        assert (scores.precision, scores.recall) == (0.5, 1)
        assert scores.f1 == pytest.approx(2 / 3)

    def test_any_annotator_makes_a_pixel_right_and_all_count_for_recall(self):
        left, right = np.zeros((2, 10, 40), bool)
        left[:, 5] = right[:, 30] = True
        scores = boundary_scores([left, right], left | right, thin=False)
        assert (scores.precision, scores.recall) == (1, 1)
        scores = boundary_scores(np.stack([left, right]), left, thin=False)
        assert (scores.precision, scores.recall) == (1, 0.5)
        assert (scores.n_truth, scores.n_truth_matched) == (20, 10)
        assert (scores.n_prediction, scores.n_prediction_matched) == (10, 10)

    def test_nothing_to_divide_by_gives_zero(self):
        line, nothing = np.eye(6, dtype=bool), np.zeros((6, 6), bool)
        for truth, prediction in ((line, nothing), (nothing, line), (nothing, nothing)):
            scores = boundary_scores(truth, prediction)
            assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)

    def test_labels_give_thinned_boundaries(self, rng):
        labels = np.kron(rng.integers(1, 4, (6, 6)), np.ones((5, 5), int))
        scores = boundary_scores(labels, labels)
        assert scores.f1 == 1
        assert scores.n_truth == thin(oracle.boundary_map(labels)).sum()

    def test_what_every_annotator_ignores_does_not_count(self):
        truth = np.repeat([[1, 1, 1, 2, 2, 2, 0, 0, 0, 0, 0, 0]], 12, axis=0)
        prediction = np.repeat([[1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3]], 12, axis=0)
        scores = boundary_scores(truth, prediction)
        assert (scores.precision, scores.recall) == (1, 1)
        # The second annotator speaks everywhere, and has no boundary where the prediction has one.
        assert boundary_scores([truth, truth + 1], prediction, ignore=0).precision == 0.5
        without = boundary_scores(truth + 1, prediction, ignore=0)
        assert without.n_prediction > scores.n_prediction
        two = boundary_scores(np.where(truth == 0, 7, truth), prediction, ignore=[7, 9])
        assert two == scores
        with pytest.raises(ValueError, match="no pixel to score"):
            boundary_scores(np.zeros_like(truth), prediction)
        with pytest.raises(TypeError, match="ignore is 'void'"):
            boundary_scores(truth, prediction, ignore="void")

    def test_other_shapes_are_refused(self):
        with pytest.raises(ValueError, match=r"truth has shape \(3, 3\) but prediction has shape"):
            boundary_scores([np.ones((4, 4), int), np.ones((3, 3), int)], np.ones((4, 4), int))
        with pytest.raises(ValueError, match="at least one annotator"):
            boundary_scores([], np.ones((4, 4), int))
        with pytest.raises(TypeError, match="prediction has dtype float64"):
            boundary_scores(np.ones((4, 4), int), np.ones((4, 4)))


class TestBenchmark:
    def test_each_threshold_is_a_boundary_score(self):
        image = coins()[60:160, 40:160]
        soft = sobel(image)
        soft /= soft.max()
        truths = [image > 110, image > 130]
        truths = [truth.astype(int) for truth in truths]
        curve = score_set(
            BoundaryAccumulator(thresholds=[0.1, 0.2, 0.20001, 0.6]), [truths], [soft]
        )
        for k, threshold in enumerate(curve.thresholds):
            scores = boundary_scores(truths, soft >= threshold)
            assert curve.recall[k] == scores.recall
            assert curve.precision[k] == scores.precision
            assert curve.f1[k] == scores.f1

    def test_set_pools_counts(self, rng):
        truths = np.kron(rng.integers(1, 3, (2, 4, 4)), np.ones((6, 6), int))
        softs = [boundary_map(truth) * rng.random(truth.shape) for truth in truths]
        single = [
            score_set(BoundaryAccumulator(thresholds=9), [t], [s])
            for t, s in zip(truths, softs, strict=True)
        ]
        both = score_set(BoundaryAccumulator(thresholds=9), truths, softs)
        counts = single[0].counts[0] + single[1].counts[0]
        np.testing.assert_array_equal(both.recall, counts[:, 0] / counts[:, 1])
        best = [np.argmax(one.f1) for one in single]
        pooled = sum(one.counts[0, k] for one, k in zip(single, best, strict=True))
        assert both.ois.recall == pooled[0] / pooled[1]
        assert both.ois.precision == pooled[2] / pooled[3]
        assert both.images == tuple(one.images[0] for one in single)

    def test_thresholds_are_evenly_spaced_and_inclusive(self):
        assert as_thresholds(5) == pytest.approx(np.arange(1, 6) / 6)
        truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
        soft = boundary_map(truth) * 0.5
        np.testing.assert_array_equal(
            score_set(BoundaryAccumulator(thresholds=3), [truth], [soft]).f1, [1, 1, 0]
        )

    def test_double_size_map_is_read_at_every_second_pixel(self, rng):
        truth = rng.integers(1, 3, (7, 9))
        soft = rng.random(truth.shape)
        double = np.zeros((15, 19))
        double[2::2, 2::2] = soft
        expected = score_set(BoundaryAccumulator(thresholds=4), [truth], [soft])
        got = score_set(BoundaryAccumulator(thresholds=4), [truth], [double])
        np.testing.assert_array_equal(got.counts, expected.counts)

    def test_ods_between_thresholds_equals_oracle(self, rng):
        recall, precision = np.sort(rng.random(7))[::-1], np.sort(rng.random(7))
        thresholds = as_thresholds(7)
        point = best_point(thresholds, recall, precision)
        expected = oracle.best_point(thresholds, recall, precision)
        assert (point.threshold, point.recall, point.precision, point.f1) == pytest.approx(
            expected, abs=1e-14
        )

    def test_average_precision_is_the_area_where_recall_was_measured(self):
        assert average_precision(np.array([0.0, 1.0]), np.array([1.0, 1.0])) == pytest.approx(1.01)
        assert average_precision(np.array([0.5, 0.0]), np.array([0.0, 1.0])) == pytest.approx(0.255)
        assert average_precision(np.array([0.3, 0.3]), np.array([0.0, 1.0])) == 0

    def test_bad_input_is_refused(self):
        truth, soft = np.ones((4, 4), int), np.zeros((4, 4))
        for thresholds in ([0.5, 0.4], [0.1, 0.1], [0.1, np.nan]):
            with pytest.raises(ValueError, match="must be finite and increase"):
                BoundaryAccumulator(thresholds)
        with pytest.raises(ValueError, match="thresholds is 0 but must be an integer of 1 or more"):
            BoundaryAccumulator(0)
        with pytest.raises(ValueError, match="list"):
            BoundaryAccumulator([])
        with pytest.raises(ValueError, match="call update"):
            BoundaryAccumulator().result()
        with pytest.raises(TypeError, match="divided by 255"):
            BoundaryAccumulator().update(truth, soft.astype(np.uint8))
        with pytest.raises(ValueError, match="prediction has shape"):
            BoundaryAccumulator().update(truth, np.zeros((5, 4)))
        with pytest.raises(ValueError, match="NaN"):
            BoundaryAccumulator().update(truth, soft * np.nan)
        with pytest.raises(ValueError, match="empty list"):
            BoundaryAccumulator().update(truth, [])
        with pytest.raises(ValueError, match="truth has shape"):
            BoundaryAccumulator().update(np.ones(4, int), soft)
        with pytest.raises(ValueError, match="as many segmentations"):
            BoundaryAccumulator().update(truth, [truth]).update(truth, [truth, truth])
        with pytest.raises(ValueError, match="shorter"):
            score_set(BoundaryAccumulator(), [truth, truth], [soft])


IMAGES = ("2018", "3063", "5096", "6046", "8068")


class TestBerkeley:
    """The five images of the original's own test, with what the original made of them."""

    @staticmethod
    def run(folder, test):
        benchmark = BoundaryAccumulator(5)
        for image in IMAGES:
            truth = np.load(folder / f"truth/{image}.npz")
            if test == 1:
                prediction = np.load(folder / f"ucm2/{image}.npz")["ucm2"]
            elif test == 2:
                prediction = imread(folder / f"png/{image}.png") / 255
            else:
                prediction = np.load(folder / f"segs/{image}.npz")["segs"]
            benchmark.update(
                truth["boundaries"] if test < 4 else truth["segmentations"], prediction
            )
        return benchmark.result()

    @pytest.mark.parametrize("test", [1, 2, 3, 4])
    def test_figures(self, shared, test):
        folder = shared / "reference/bsds_bench"
        curve = self.run(folder, test)
        expected = folder / f"expected/test_{test}"

        rows = np.loadtxt(expected / "eval_bdry_thr.txt")
        got = np.stack([curve.thresholds, curve.recall, curve.precision, curve.f1], axis=1)
        np.testing.assert_allclose(got, rows, atol=1e-3, rtol=0)

        ods, ois = curve.ods, curve.ois
        got = [ods.threshold, ods.recall, ods.precision, ods.f1]
        got += [ois.recall, ois.precision, ois.f1, curve.average_precision]
        np.testing.assert_allclose(got, np.loadtxt(expected / "eval_bdry.txt"), atol=1e-3, rtol=0)

        got = [
            [k + 1, p.threshold, p.recall, p.precision, p.f1] for k, p in enumerate(curve.images)
        ]
        rows = np.loadtxt(expected / "eval_bdry_img.txt")
        np.testing.assert_allclose(got, rows, atol=2e-3, rtol=0)

    def test_exact_counts(self, shared):
        folder = shared / "reference/bsds_bench"
        counts = self.run(folder, 1).counts
        with open(folder / "own_exact_counts.csv") as file:
            for row in csv.DictReader(file):
                got = counts[IMAGES.index(row["image"]), int(row["threshold_index"]) - 1]
                assert got[[0, 1, 3]].tolist() == [int(row[c]) for c in ("cntR", "sumR", "sumP")]
                # Pairings of equal cost differ in which pixels the annotators share.
                assert abs(got[2] - int(row["cntP"])) <= 3

    def test_stored_boundaries_are_thinned_boundaries_of_the_segmentations(self, shared):
        for image in IMAGES:
            truth = np.load(shared / f"reference/bsds_bench/truth/{image}.npz")
            for labels, boundaries in zip(truth["segmentations"], truth["boundaries"], strict=True):
                np.testing.assert_array_equal(thin_boundaries(boundary_map(labels)), boundaries)
