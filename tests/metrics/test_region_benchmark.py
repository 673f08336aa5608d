"""The region benchmark against Berkeley's own files, to every printed digit, and by hand."""

import numpy as np
import pytest

from pixelseg.metrics import RegionBenchmark, covering, rand_index, region_benchmark

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

    curve = region_benchmark(
        read("truth", "segmentations"), read(kind, kind), thresholds=5, printed_digits=6
    )
    check_files(curve, folder / "expected" / f"test_{test}")


def test_a_hierarchy_by_hand():
    one = np.ones_like(STRIPES)
    curve = region_benchmark([STRIPES, [one, STRIPES]], [[FINE, STRIPES, one]] * 2)
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
    curve = region_benchmark([truths], [[segments]])
    assert curve.images[0].covering.of_truth == covering(truths, segments).of_truth
    assert curve.images[0].covering.of_prediction == pytest.approx(
        covering(truths, segments).of_prediction
    )
    assert curve.rand_index.ods == rand_index(truths, segments)
    assert curve.covering.ods == curve.covering.ois == curve.covering_best


def test_contours_are_cut_into_eight_connected_components():
    contours = np.zeros((9, 9))
    contours[:, 4] = 0.5
    contours[4, 5:] = 0.2
    truth = np.repeat([[1, 1, 2, 2]], 4, axis=0)
    curve = region_benchmark([truth], [contours], thresholds=[0.1, 0.3, 0.4, 0.5])
    np.testing.assert_array_equal(curve.covering.curve, [0.75, 1, 1, 0.5])


def test_merging_is_the_same_as_one_after_the_other(rng):
    truths = rng.integers(0, 4, (3, 2, 8, 9))
    predictions = [list(rng.integers(1, 6, (2, 8, 9))) for _ in truths]
    whole = region_benchmark(truths, predictions)
    first, second = RegionBenchmark(), RegionBenchmark()
    first.update(truths[0], predictions[0])
    second.update(truths[1], predictions[1]).update(truths[2], predictions[2])
    merged = RegionBenchmark().merge(first).merge(second).result()
    np.testing.assert_array_equal(merged.covering.curve, whole.covering.curve)
    assert merged.images == whole.images
    with pytest.raises(ValueError, match="made alike"):
        first.merge(RegionBenchmark(ignore=None))


def test_bad_input():
    with pytest.raises(ValueError, match="there is nothing to sum up"):
        RegionBenchmark().result()
    with pytest.raises(ValueError, match="must be finite and increase"):
        RegionBenchmark([0.5, 0.2])
    with pytest.raises(ValueError, match="printed_digits is 0"):
        RegionBenchmark(printed_digits=0)
    with pytest.raises(ValueError, match=r"shape \(4, 4\) and dtype float64, but an ultrametric"):
        RegionBenchmark().update(STRIPES, STRIPES * 1.0)
    with pytest.raises(ValueError, match=r"shape \(4, 4\), which is one segmentation"):
        RegionBenchmark().update(STRIPES, STRIPES)
    with pytest.raises(ValueError, match="prediction is an empty list"):
        RegionBenchmark().update(STRIPES, [])
    with pytest.raises(ValueError, match="NaN or infinity"):
        RegionBenchmark().update(STRIPES, np.full((9, 9), np.nan))
    with pytest.raises(ValueError, match=r"has 2 thresholds, up to 2.0, but"):
        RegionBenchmark().update(STRIPES, [STRIPES]).update(STRIPES, [STRIPES, FINE])
    with pytest.raises(ValueError, match="but truth has shape"):
        RegionBenchmark().update(STRIPES, [STRIPES[:2]])
