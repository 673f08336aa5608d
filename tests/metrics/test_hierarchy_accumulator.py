"""The region benchmark against Berkeley's own files, to every printed digit, and by hand."""

import numpy as np
import pytest

from pixelseg.metrics import BoundaryAccumulator, HierarchyAccumulator, covering, rand_index

from .sets import score_set

IMAGES = (2018, 3063, 5096, 6046, 8068)
STRIPES = np.repeat([[1, 1, 2, 2]], 4, axis=0)
FINE = np.repeat([[1, 2, 3, 4]], 4, axis=0)


def printed(*values):
    return [f"{value:.6g}" for value in values]


def file_of(folder, name):
    return [line.split() for line in (folder / f"eval_{name}.txt").read_text().splitlines()]


def check_files(curve, folder):
    cover, rand, voi = curve.covering, curve.rand_index, curve.variation_of_information
    assert file_of(folder, "cover") == [
        printed(cover.threshold, cover.ods, cover.ois, curve.covering_best)
    ]
    assert file_of(folder, "cover_th") == [
        printed(*row) for row in zip(curve.thresholds, cover.curve, strict=True)
    ]
    assert file_of(folder, "cover_img") == [
        printed(k, image.threshold, image.covering.of_truth, image.covering.of_prediction)
        for k, image in enumerate(curve.images, 1)
    ]
    assert file_of(folder, "RI_VOI") == [
        printed(rand.threshold, rand.ods, rand.ois, voi.threshold, voi.ods, voi.ois)
    ]
    assert file_of(folder, "RI_VOI_thr") == [
        printed(*row) for row in zip(curve.thresholds, rand.curve, voi.curve, strict=True)
    ]


@pytest.mark.parametrize(("test", "kind"), [(1, "ucm2"), (4, "segs"), (5, "segs")])
def test_every_digit_of_berkeleys_files(shared, test, kind):
    folder = shared / "reference" / "bsds_bench"

    def read(name, key):
        for image in IMAGES:
            with np.load(folder / name / f"{image}.npz") as arrays:
                yield arrays[key]

    scores = HierarchyAccumulator(5, printed_digits=6)
    curve = score_set(scores, read("truth", "segmentations"), read(kind, kind))
    check_files(curve, folder / "expected" / f"test_{test}")


def test_a_hierarchy_by_hand():
    one = np.ones_like(STRIPES)
    curve = score_set(HierarchyAccumulator(), [STRIPES, [one, STRIPES]], [[FINE, STRIPES, one]] * 2)
    # Pixels covered, of 16 and of 32: 8 16 8, and (4 + 8) (8 + 16) (16 + 8).
    np.testing.assert_allclose(curve.covering.curve, [20 / 48, 40 / 48, 32 / 48])
    assert (curve.covering.threshold, curve.covering.ods) == (2, 40 / 48)
    assert curve.covering.ois == 40 / 48
    assert curve.covering_best == 1
    # Of equals an image takes the first threshold.
    assert [image.threshold for image in curve.images] == [2, 2]
    assert [image.covering.of_prediction for image in curve.images] == [1, 1]
    np.testing.assert_allclose(curve.variation_of_information.curve, [1.25, 0.25, 0.75])
    assert curve.variation_of_information.ois == 0.25
    assert curve.rand_index.threshold == 2


def test_one_cut_is_the_scores_of_its_segments(rng):
    truths, segments = rng.integers(1, 4, (3, 8, 9)), rng.integers(1, 6, (8, 9))
    curve = score_set(HierarchyAccumulator(), [truths], [[segments]])
    assert curve.images[0].covering.of_truth == covering(truths, segments).of_truth
    assert curve.images[0].covering.of_prediction == pytest.approx(
        covering(truths, segments).of_prediction
    )
    assert curve.rand_index.ods == rand_index(truths, segments)
    assert curve.covering.ods == curve.covering.ois == curve.covering_best


def test_a_hierarchy_is_scored_at_its_own_thresholds():
    one = np.ones_like(STRIPES)
    curve = HierarchyAccumulator([0.1, 0.4, 0.7]).update(STRIPES, [FINE, STRIPES, one]).result()
    assert curve.thresholds.tolist() == [0.1, 0.4, 0.7]
    assert curve.covering.threshold == curve.images[0].threshold == 0.4
    boundaries = BoundaryAccumulator([0.1, 0.4, 0.7]).update(STRIPES, [FINE, STRIPES, one]).result()
    assert boundaries.ods.threshold == pytest.approx(0.4, abs=0.01)
    for make in (HierarchyAccumulator, BoundaryAccumulator):
        # A number of thresholds names none of them.
        numbered = make(3).update(STRIPES, [FINE, STRIPES]).result()
        assert numbered.thresholds.tolist() == [1, 2]
        with pytest.raises(ValueError, match="list of 2 but there are 3 thresholds: pass a seg"):
            make([0.1, 0.4, 0.7]).update(STRIPES, [FINE, STRIPES])
        numbered, other = make().update(STRIPES, [FINE, STRIPES]), make().update(STRIPES, [FINE])
        with pytest.raises(ValueError, match=r"has 1 thresholds, up to 1\.0, but"):
            numbered.merge(other)


def test_an_image_that_was_refused_leaves_no_trace():
    for make in (HierarchyAccumulator, BoundaryAccumulator):
        scores = make()
        with pytest.raises(ValueError, match="has shape"):
            scores.update(STRIPES, [STRIPES, FINE[:, :3]])
        assert scores.update(STRIPES, [STRIPES]).result().thresholds.tolist() == [1]


def test_the_background_of_a_segmentation_is_no_segment():
    holed = np.where(STRIPES == 2, 0, 1)
    left_out = HierarchyAccumulator().update(STRIPES, [holed]).result()
    scored = HierarchyAccumulator(background=None).update(STRIPES, [holed]).result()
    assert (left_out.covering.ods, scored.covering.ods) == (0.5, 1)
    assert left_out.images[0].covering.of_prediction == 1
    assert left_out.rand_index.ods == rand_index(STRIPES, holed) < 1 == scored.rand_index.ods


def test_contours_are_cut_into_eight_connected_components():
    contours = np.zeros((9, 9))
    contours[:, 4] = 0.5
    contours[4, 5:] = 0.2
    truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
    curve = score_set(HierarchyAccumulator(thresholds=[0.1, 0.3, 0.4, 0.5]), [truth], [contours])
    np.testing.assert_array_equal(curve.covering.curve, [0.75, 1, 1, 0.5])


def test_merging_is_the_same_as_one_after_the_other(rng):
    truths = rng.integers(0, 4, (3, 2, 8, 9))
    predictions = [list(rng.integers(1, 6, (2, 8, 9))) for _ in truths]
    whole = score_set(HierarchyAccumulator(), truths, predictions)
    first, second = HierarchyAccumulator(), HierarchyAccumulator()
    first.update(truths[0], predictions[0])
    second.update(truths[1], predictions[1]).update(truths[2], predictions[2])
    merged = HierarchyAccumulator().merge(first).merge(second).result()
    np.testing.assert_array_equal(merged.covering.curve, whole.covering.curve)
    assert merged.images == whole.images
    with pytest.raises(ValueError, match="made alike"):
        first.merge(HierarchyAccumulator(ignore=None))


def test_bad_input():
    with pytest.raises(ValueError, match="there is nothing to score"):
        HierarchyAccumulator().result()
    with pytest.raises(ValueError, match="must be finite and increase"):
        HierarchyAccumulator([0.5, 0.2])
    with pytest.raises(ValueError, match="printed_digits is 0"):
        HierarchyAccumulator(printed_digits=0)
    with pytest.raises(ValueError, match=r"shape \(4, 4\) and dtype float64, but an ultrametric"):
        HierarchyAccumulator().update(STRIPES, STRIPES * 1.0)
    with pytest.raises(ValueError, match=r"shape \(4, 4\), which is one segmentation"):
        HierarchyAccumulator().update(STRIPES, STRIPES)
    with pytest.raises(ValueError, match="prediction is an empty list"):
        HierarchyAccumulator().update(STRIPES, [])
    with pytest.raises(ValueError, match="NaN or infinity"):
        HierarchyAccumulator().update(STRIPES, np.full((9, 9), np.nan))
    with pytest.raises(ValueError, match=r"has 2 thresholds, up to 2.0, but"):
        HierarchyAccumulator().update(STRIPES, [STRIPES]).update(STRIPES, [STRIPES, FINE])
    with pytest.raises(ValueError, match="but truth has shape"):
        HierarchyAccumulator().update(STRIPES, [STRIPES[:2]])
