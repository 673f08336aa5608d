"""Metrics of superpixels, of one segmentation and over a range of segment numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.data import astronaut
from skimage.measure import label
from skimage.segmentation import find_boundaries, slic

from benchmarks import metric_peers as by_hand
from pixelseg.metrics import (
    SuperpixelAccumulator,
    average_over_k,
    boundary_density,
    compactness,
    explained_variation,
    superpixel_averages,
    superpixel_scores,
)
from tests.oracles import superpixels as oracle


def two_label_images(min_dims=2):
    shapes = array_shapes(min_dims=min_dims, max_dims=3, max_side=5)
    labels = st.integers(0, 3)
    return shapes.flatmap(
        lambda shape: st.tuples(
            arrays(np.uint8, shape, elements=labels), arrays(np.int64, shape, elements=labels)
        )
    )


class TestHandChecked:
    """Cases A, B, C and D of the definitions, computed by hand."""

    def test_case_a(self):
        truth, segments = [[1, 1, 1, 2]], [[1, 1, 2, 2]]
        scores = superpixel_scores(truth, segments)
        assert scores.undersegmentation_error == 0.5
        assert scores.undersegmentation_error_bergh == 0.25
        levin = scores.undersegmentation_error_levin
        assert levin == pytest.approx(2 / 3)
        # The benchmark's program divides by the largest label plus one, not by two regions.
        assert levin * 2 / 3 == pytest.approx(0.444444, abs=1e-6)
        assert scores.achievable_segmentation_accuracy == 0.75

    def test_case_b(self):
        scores = superpixel_scores([[1, 1, 1, 1]], [[1, 1, 2, 2]])
        assert scores.undersegmentation_error == 0

    def test_case_c(self):
        assert boundary_density([[1, 2], [1, 2]]) == 1

    def test_case_d(self):
        assert compactness([[1, 1], [1, 1]]) == pytest.approx(0.785398, abs=1e-6)
        assert compactness(np.ones((3, 3, 3), int)) == pytest.approx(math.pi / 6)


@pytest.mark.kernels
@given(two_label_images(), st.sampled_from([0, 1, 2]))
@settings(max_examples=60, deadline=None)
def test_all_equal_oracle(label_images, radius):
    truth, segments = label_images
    pieces = oracle.components(segments)
    image = np.random.default_rng(0).integers(0, 255, (*truth.shape, 2)).astype(np.uint8)
    scores = superpixel_scores(
        truth,
        segments,
        image,
        tolerance=radius,
        tolerance_unit="pixel",
        ignore=None,
        background=None,
        channel_axis=-1,
    )
    found, missed, alone = oracle.boundary_hits(truth, pieces, radius, np.ones(truth.shape, bool))
    errors = oracle.overlap_scores(truth, pieces)
    expected = {
        "n_segments": pieces.max() + 1,
        "boundary_recall": found / (found + missed) if found + missed else math.nan,
        "boundary_precision": found / (found + alone) if found + alone else math.nan,
        "undersegmentation_error": errors[0],
        "undersegmentation_error_levin": errors[1],
        "undersegmentation_error_bergh": errors[2],
        "achievable_segmentation_accuracy": errors[3],
        "compactness": by_hand.compactness(pieces),
        "boundary_density": oracle.boundary(pieces, np.ones(truth.shape, bool)).mean(),
    }
    for name, value in expected.items():
        assert getattr(scores, name) == pytest.approx(value, nan_ok=True), name
    if (image != image[(0,) * truth.ndim]).any():
        assert scores.explained_variation == pytest.approx(
            by_hand.explained_variation(pieces, image), abs=1e-12
        )


@given(two_label_images(), st.sampled_from([0, 1, 2]))
@settings(max_examples=40, deadline=None)
def test_ignored_pixels_equal_oracle(label_images, radius):
    truth, segments = label_images
    kept = truth != 0
    if not kept.any():
        return
    pieces = oracle.components(segments)
    scores = superpixel_scores(
        truth, segments, tolerance=radius, tolerance_unit="pixel", ignore=[0, 9], background=None
    )
    found, missed, alone = oracle.boundary_hits(truth, pieces, radius, kept)
    errors = oracle.overlap_scores(truth[kept], pieces[kept])
    assert scores.boundary_recall == pytest.approx(
        found / (found + missed) if found + missed else math.nan, nan_ok=True
    )
    assert scores.boundary_precision == pytest.approx(
        found / (found + alone) if found + alone else math.nan, nan_ok=True
    )
    assert scores.undersegmentation_error == pytest.approx(errors[0])
    assert scores.undersegmentation_error_levin == pytest.approx(errors[1])
    assert scores.achievable_segmentation_accuracy == pytest.approx(errors[3])


@pytest.fixture(scope="module")
def case():
    """A real image, superpixels of it, and two coarser segmentations in place of truths."""
    image = astronaut()[100:220, 150:300]
    truths = [slic(image, n, start_label=1) for n in (5, 12)]
    return image, slic(image, 80, start_label=1), truths


def test_single_functions_equal_scores(case):
    image, segments, truths = case
    scores = superpixel_scores(truths, segments, image)
    assert explained_variation(segments, image) == scores.explained_variation
    assert compactness(segments) == scores.compactness
    assert boundary_density(segments) == scores.boundary_density


def test_worst_and_mean_of_annotators(case):
    _, segments, truths = case
    each = [superpixel_scores(truth, segments) for truth in truths]
    worst = superpixel_scores(np.stack(truths), segments)
    mean = superpixel_scores(truths, segments, annotators="mean")
    for name, extreme in (
        ("boundary_recall", min),
        ("boundary_precision", min),
        ("undersegmentation_error", max),
        ("undersegmentation_error_levin", max),
        ("undersegmentation_error_bergh", max),
        ("achievable_segmentation_accuracy", min),
    ):
        values = [getattr(one, name) for one in each]
        assert getattr(worst, name) == extreme(values), name
        assert getattr(mean, name) == pytest.approx(np.mean(values)), name
    # An annotator without any boundary has no recall, and does not decide the worst.
    blank = np.ones_like(segments)
    assert math.isnan(superpixel_scores(blank, segments).boundary_recall)
    assert superpixel_scores([*truths, blank], segments).boundary_recall == worst.boundary_recall


def test_zero_is_outside_like_what_is_outside_the_mask(case):
    image, segments, truths = case
    mask = segments % 5 > 0
    holed = np.where(mask, segments, 0)
    masked = superpixel_scores(truths, segments, image, mask=mask)
    assert superpixel_scores(truths, holed, image) == masked
    assert superpixel_scores(truths, np.where(mask, segments, 999), image, background=999) == masked
    scored = superpixel_scores(truths, holed, image, background=None)
    assert scored == superpixel_scores(truths, np.where(mask, segments, 999), image)
    assert scored.n_segments > masked.n_segments
    for alone, how in ((compactness, {}), (boundary_density, {})):
        assert alone(holed, **how) == alone(segments, mask=mask)
    assert explained_variation(holed, image) == masked.explained_variation


def test_agreement_with_scikit_image(case):
    _, segments, _ = case
    assert boundary_density(segments) == find_boundaries(segments).mean()
    shuffled = segments % 7
    for background in (-1, 0, 3):
        expected = label(shuffled, background=background, connectivity=1).max()
        scores = superpixel_scores(segments, shuffled, background=background)
        assert scores.n_segments == expected


def test_perfect_segments(case):
    image, segments, _ = case
    scores = superpixel_scores(segments, segments, image)
    assert scores.boundary_recall == scores.boundary_precision == 1
    assert scores.undersegmentation_error == scores.undersegmentation_error_levin == 0
    assert scores.achievable_segmentation_accuracy == 1
    every_pixel = np.arange(segments.size).reshape(segments.shape)
    assert explained_variation(every_pixel, image, background=None) == pytest.approx(1)


def test_numbering_does_not_matter(case, rng):
    image, segments, truths = case
    new = rng.permutation(np.arange(2**40, 2**40 + segments.max() + 1))
    assert superpixel_scores(truths, new[segments], image) == superpixel_scores(
        truths, segments, image
    )


def test_any_strides_dtype_and_read_only(case):
    image, segments, truths = case
    expected = superpixel_scores(truths, segments, image)
    wide = np.zeros((segments.shape[0] * 2, segments.shape[1]), ">i2")
    wide[::2] = segments
    wide.setflags(write=False)
    truths = [np.asfortranarray(truth).astype(np.uint16) for truth in truths]
    assert superpixel_scores(truths, wide[::2], image) == expected


def test_what_is_outside_the_mask_does_not_matter(case):
    image, segments, truths = case
    mask = np.zeros(segments.shape, bool)
    mask[20:100, 30:140] = True
    inside = (slice(20, 100), slice(30, 140))
    crop = superpixel_scores(
        [truth[inside] for truth in truths],
        segments[inside],
        image[inside],
        tolerance=1,
        tolerance_unit="pixel",
    )
    noise = np.where(mask, 0, np.arange(segments.size).reshape(segments.shape) % 9)
    masked = superpixel_scores(
        [truth + noise for truth in truths],
        segments + noise,
        image + noise[..., np.newaxis],
        tolerance=1,
        tolerance_unit="pixel",
        mask=mask,
    )
    assert masked.explained_variation == pytest.approx(crop.explained_variation)
    for name in ("n_segments", "boundary_recall", "boundary_precision", "compactness"):
        assert getattr(masked, name) == pytest.approx(getattr(crop, name)), name
    assert masked.undersegmentation_error == crop.undersegmentation_error
    assert masked.boundary_density == crop.boundary_density


def test_undefined_values_are_nan():
    ones = np.ones((4, 4), int)
    scores = superpixel_scores(ones, ones, np.full((4, 4, 3), 0.1))
    assert math.isnan(scores.boundary_recall)
    assert math.isnan(scores.boundary_precision)
    assert math.isnan(scores.explained_variation)
    assert scores.undersegmentation_error == 0
    assert math.isnan(superpixel_scores(ones, ones).explained_variation)


def test_window_is_rounded_half_up():
    truth = np.repeat([[1] * 10 + [2] * 10], 20, axis=0)
    segments = np.roll(truth, 3, axis=1)
    for tolerance, recall in ((0.49, 0), (0.5, 0), (1.49, 0), (1.5, 0.5), (2.5, 1)):
        got = superpixel_scores(
            truth, segments, tolerance=tolerance, tolerance_unit="pixel"
        ).boundary_recall
        assert got == recall


def test_average_over_k_is_the_mean_height_between_the_ends():
    assert average_over_k([200, 5200], [1, 0]) == 0.5
    # Ends are held when the runs do not reach them, and cut where they go past them.
    assert average_over_k([1200, 4200], [1, 0]) == pytest.approx((1000 + 1500) / 5000)
    assert average_over_k([0, 10000], [10000, 0], k_min=1000, k_max=2000) == 8500
    assert average_over_k([700], [0.25]) == 0.25
    assert average_over_k([4200, 1200], [0, 1]) == pytest.approx((1000 + 1500) / 5000)


def test_averages_are_per_cent_and_lower_is_better():
    def run(n_segments, recall, error, variation):
        return replace(
            superpixel_scores(np.eye(3, dtype=int), np.eye(3, dtype=int)),
            n_segments=n_segments,
            boundary_recall=recall,
            undersegmentation_error=error,
            explained_variation=variation,
        )

    runs = [run(200, 0.5, 0.2, 0.9), run(5200, 1.0, 0.0, 1.0)]
    averages = superpixel_averages(runs)
    assert averages.average_miss_rate == pytest.approx(25)
    assert averages.average_undersegmentation_error == pytest.approx(10)
    assert averages.average_unexplained_variation == pytest.approx(5)
    without_image = [replace(runs[0], explained_variation=math.nan), runs[1]]
    averages = superpixel_averages(without_image)
    assert math.isnan(averages.average_unexplained_variation)
    assert averages.average_miss_rate == pytest.approx(25)


def test_benchmark_averages_images(case):
    image, segments, truths = case
    benchmark = SuperpixelAccumulator(annotators="mean")
    benchmark.update(truths, segments, image).update(truths, truths[1], image)
    summary = benchmark.result()
    each = [
        superpixel_scores(truths, one, image, annotators="mean") for one in (segments, truths[1])
    ]
    assert list(summary.images) == each
    assert summary.mean.n_segments == np.mean([one.n_segments for one in each])
    assert summary.mean.boundary_recall == pytest.approx(
        np.mean([one.boundary_recall for one in each])
    )
    with pytest.raises(ValueError, match="call update"):
        SuperpixelAccumulator().result()


def test_bad_input_is_refused():
    ones = np.ones((4, 5), int)
    with pytest.raises(ValueError, match=r"truth has shape \(5, 4\) but segments has shape"):
        superpixel_scores(ones.T, ones)
    with pytest.raises(ValueError, match="segments holds -1"):
        superpixel_scores(ones, -ones)
    with pytest.raises(ValueError, match="truth holds -1"):
        superpixel_scores(-ones, ones)
    with pytest.raises(TypeError, match="segments has dtype float64"):
        compactness(ones * 1.0)
    with pytest.raises(ValueError, match="segments has shape"):
        compactness(ones[0])
    with pytest.raises(ValueError, match="no pixel to score"):
        superpixel_scores(ones, ones, ignore=1)
    with pytest.raises(TypeError, match="truth has dtype bool"):
        superpixel_scores(ones > 0, ones)
    with pytest.raises(ValueError, match="mask is False everywhere"):
        compactness(ones, mask=np.zeros((4, 5), bool))
    with pytest.raises(ValueError, match="no pixel to score"):
        superpixel_scores(np.where(np.eye(4, 5), 1, 2), ones, ignore=1, mask=np.eye(4, 5) > 0)
    with pytest.raises(ValueError, match="image has spatial shape"):
        explained_variation(ones, np.ones((5, 4)))
    with pytest.raises(ValueError, match="segments is 0, the background, wherever it counts"):
        superpixel_scores(ones, 0 * ones)
    with pytest.raises(ValueError, match="background is 'sky' but must be None or a label"):
        compactness(ones, background="sky")
    with pytest.raises(ValueError, match="annotators is 'best'"):
        superpixel_scores(ones, ones, annotators="best")
    with pytest.raises(ValueError, match="as many"):
        average_over_k([1, 2], [1])
    with pytest.raises(ValueError, match="k_min is 5"):
        average_over_k([1, 2], [1, 2], k_min=5, k_max=5)
    with pytest.raises(ValueError, match="finite"):
        average_over_k([1, 2], [1, math.nan])
    with pytest.raises(ValueError, match="twice"):
        average_over_k([2, 2], [1, 3])
