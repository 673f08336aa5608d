"""Tuning on strokes: what is chosen, from whose probabilities, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pixelseg._core.image import as_image
from pixelseg.refine import GraphCut, GuidedFilter, tune
from pixelseg.refine.out_of_fold import OutOfFoldImage
from pixelseg.refine.stroke_scores import StrokeScores

from ..oracles import tuning as oracle


class Blur:
    """A refiner of nothing but its own."""

    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return f"Blur({self.size})"

    def refine(self, probabilities, image):
        size = (self.size,) * image.ndim + (1,)
        return ndimage.uniform_filter(probabilities, size)


class Worse:
    """Says the opposite."""

    def refine(self, probabilities, image):
        return 1 - probabilities


def noisy(seed=0, shape=(80, 90), noise=0.6, n_marked=0.04):
    """An image of two halves, noisy probabilities of them, and small strokes."""
    rng = np.random.default_rng(seed)
    truth = np.ones(shape, int)
    truth[..., shape[-1] // 2 :] = 2
    p = np.clip(truth - 1.5 + noise * rng.standard_normal(shape), -0.5, 0.5) + 0.5
    starts = rng.random(shape) < n_marked / 9
    labels = np.where(ndimage.maximum_filter(starts, 3), truth, 0)
    image = rng.normal(100.0 * truth, 10)
    return np.stack([1 - p, p], axis=-1).astype(np.float32), image, labels, truth


@pytest.mark.parametrize("n_images", [1, 3])
def test_what_helps_is_chosen(n_images):
    p, images, labels, _ = zip(*(noisy(seed) for seed in range(n_images)), strict=True)
    tuning = tune([Blur(3), Blur(7), Worse()], p, images, labels)
    assert tuning.refiner.size == (3, 7)[tuning.chosen - 1]
    assert tuning.choices[:3] == ("no refinement", "Blur(3)", "Blur(7)")
    assert tuning.chosen in (1, 2)
    assert tuning.gain[0] == 0
    assert tuning.gain[3] < 0 < min(tuning.gain[1:3])
    assert tuning.classes == (1, 2)
    assert np.mean(tuning.iou_before) == pytest.approx(tuning.mean_iou[0])
    assert np.mean(tuning.iou_after) == pytest.approx(tuning.mean_iou[tuning.chosen])
    assert tuning.n_images == n_images
    assert tuning.n_pixels == sum(np.count_nonzero(own) for own in labels)
    assert tuning.complete


def test_nothing_is_chosen_where_nothing_helps():
    p, image, labels, _ = noisy(noise=0)
    for refiners in ([Blur(3), Worse()], [Worse()], []):
        tuning = tune(refiners, p, image, labels)
        assert tuning.refiner is None
        assert tuning.chosen == 0
        assert tuning.iou_before == tuning.iou_after == (1, 1)


def test_a_gain_on_one_stroke_is_no_gain():
    p, image, labels, _ = noisy(noise=0)
    labels[38:43, 18:23] = 1
    p[38:43, 18:23] = 0.0, 1.0  # one stroke of many, which the next refiner mends

    class Mends:
        def refine(self, probabilities, image):
            refined = probabilities.copy()
            refined[38:43, 18:23] = 1.0, 0.0
            return refined

    tuning = tune(Mends(), p, image, labels)
    assert tuning.gain[1] > 0.01
    assert tuning.refiner is None
    assert "within" in tuning.reason


def test_classes_give_their_own_settings_and_are_settled():
    p, image, labels, _ = noisy()
    tuning = tune(GuidedFilter, p, image, labels)
    assert len(tuning.choices) == 1 + len(GuidedFilter.candidates())
    assert tuning.refiner.value_range == pytest.approx(np.ptp(image))
    both = tune([GraphCut(2.0), GuidedFilter], p, image, labels)
    assert both.choices[2:] == tuning.choices[1:]
    assert both.mean_iou[2:] == pytest.approx(tuning.mean_iou[1:], abs=0.01, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 5), st.integers(1, 3))
def test_scores_are_those_of_the_definition(seed, n_classes, n_groups, n_images):
    rng = np.random.default_rng(seed)
    n = 60
    truth = rng.permutation(np.arange(n) % n_classes)
    choices = np.where(rng.random((3, n)) < 0.6, truth, rng.integers(0, n_classes, (3, n)))
    prior = rng.dirichlet(np.ones(n_classes) * 3)
    strokes = rng.permutation(np.arange(n) % n_groups)
    images = rng.permutation(np.arange(n) % n_images)
    counts = rng.integers(1, 100, (3, n_images, n_classes))
    scores = StrokeScores(truth, choices, strokes, images, counts, prior)
    args = truth.tolist(), choices, counts.sum(axis=1), prior
    expected = oracle.mean_iou(*args)
    np.testing.assert_allclose(np.nanmean(scores.iou(), axis=-1), expected)
    gain, error = scores.gains()
    np.testing.assert_allclose(gain, expected - expected[0], atol=1e-12)
    by_stroke = oracle.jackknife_error(truth, choices, counts, prior, strokes)
    by_image = oracle.jackknife_error(truth, choices, counts, prior, images, range(n_images))
    by_hand = 1.5 * by_stroke if n_images == 1 else np.maximum(by_stroke, by_image)
    np.testing.assert_allclose(error, by_hand, atol=1e-9)


def test_false_alarms_where_nobody_painted_are_counted():
    truth = np.array([0, 0, 0, 1, 1, 1])
    choices = np.array([truth, truth])  # of the strokes, both get all
    counts = np.array([[[60, 40]], [[80, 20]]])  # but one gives more of the image to class 1
    strokes, images = np.arange(6), np.zeros(6, int)
    scores = StrokeScores(truth, choices, strokes, images, counts, np.array([0.5, 0.5]))
    # Class 0 cannot be more than 0.6, class 1 not more than 0.2; together they are all.
    np.testing.assert_allclose(scores.iou(), [[0.6 / 0.75, 0.25 / 0.4], [0.75 / 0.8, 0.2 / 0.25]])


def test_labels_of_a_network_that_knows_other_classes():
    p, image, labels, _ = noisy()
    three = np.concatenate([p * 0.999, np.full((*image.shape, 1), 0.001, np.float32)], axis=-1)
    tuning = tune(Blur(5), three, image, labels)
    assert tuning.classes == (1, 2, 3)
    assert np.isnan(tuning.iou_after[2])
    other = tune(Blur(5), three, image, np.where(labels == 2, 9, labels), classes=[1, 9, 4])
    assert other.classes == (1, 9, 4)
    assert other.mean_iou == tuning.mean_iou


def test_what_is_outside_the_mask_does_not_matter():
    p, image, labels, _ = noisy()
    mask = np.ones(image.shape, bool)
    mask[:30] = False
    expected = tune(Blur(5), np.where(mask[..., None], p, 0), image, labels * mask, mask=mask)
    image[~mask] = np.nan
    got = tune(Blur(5), np.where(mask[..., None], p, 0), image, labels, mask=mask)
    assert got.mean_iou == expected.mean_iou
    assert got.standard_error == expected.standard_error
    assert got.n_pixels == np.count_nonzero(labels[mask])


@pytest.mark.parametrize("shape", [(500, 700), (40, 60, 70)])
def test_large_images_are_seen_through_windows(shape):
    p, image, labels, _ = noisy(shape=shape, n_marked=0.002)
    axes = {"channel_axis": None}
    whole = tune([Blur(3)], p, image, labels, max_pixels=10**6, **axes)
    assert whole.n_pixels == np.count_nonzero(labels)
    part = tune([Blur(3)], p, image, labels, max_pixels=100_000, **axes)
    assert 0 < part.n_pixels < whole.n_pixels
    again = tune([Blur(3)], p, image, labels, max_pixels=100_000, **axes)
    assert again.mean_iou == part.mean_iou
    assert abs(part.mean_iou[1] - whole.mean_iou[1]) < 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.integers(1, 10**6), st.integers(0, 20))
def test_windows_hold_their_pixels_once(seed, ndim, n_pixels, margin):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 300 if ndim == 2 else 60, ndim).tolist())
    n = int(rng.integers(1, 50))
    positions = np.unique(rng.integers(0, np.prod(shape), n))
    zeros = np.zeros(len(positions), np.intp)
    image = as_image(np.zeros(shape, np.uint8), channel_axis=None)
    source = OutOfFoldImage(image, positions, zeros, zeros, zeros, lambda box: [])
    windows = list(source.windows((margin,) * ndim, n_pixels))
    members = np.concatenate([window.members for window in windows])
    assert len(np.unique(members)) == len(members) > 0
    flat = np.arange(np.prod(shape)).reshape(shape)
    for window in windows:
        inside = flat[tuple(slice(*span) for span in window.box)].reshape(-1)
        np.testing.assert_array_equal(inside[window.positions], positions[window.members])
    if n_pixels >= np.prod(shape):
        assert len(members) == len(positions)


def test_a_time_budget_ends_it(monkeypatch):
    p, image, labels, _ = noisy()
    now = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    tuning = tune([Blur(7)] * 5, [p] * 3, [image] * 3, [labels] * 3, time_budget=10)
    assert not tuning.complete
    assert tuning.n_images == 1
    assert tuning.refiner is not None
    nothing = tune([Blur(7)] * 50, p, image, labels, time_budget=3)
    assert (nothing.refiner, nothing.n_pixels, nothing.complete) == (None, 0, False)
    assert "time budget" in nothing.reason


def test_progress_counts_images():
    p, image, labels, _ = noisy()
    seen = []
    tune(Blur(3), [p] * 3, [image] * 3, [labels] * 3, progress=lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"refiners": "crf"}, TypeError, r"must have a method refine\(probabilities, image\)"),
        ({"refiners": Blur}, TypeError, r"Blur has no candidates\(\)"),
        ({"labels": np.zeros((80, 90), int)}, ValueError, "labels has no labelled pixel"),
        ({"labels": np.zeros((80, 91), int)}, ValueError, "labels has shape"),
        ({"images": np.zeros((81, 90))}, ValueError, "probabilities has shape"),
        ({"classes": [1, 2, 3]}, ValueError, "must name the labels of the 2 classes"),
        ({"classes": [1, 3]}, ValueError, r"labels has \[2\], which is none of the classes"),
        ({"class_prior": [1]}, ValueError, "one share for each of the 2 classes"),
        ({"max_pixels": 0}, ValueError, "max_pixels is 0"),
        ({"time_budget": 0}, ValueError, "time_budget is 0"),
    ],
)
def test_bad_input_is_refused(change, kind, words):
    p, image, labels, _ = noisy()
    arguments = {"refiners": Blur(3), "model": p, "images": image, "labels": labels} | change
    with pytest.raises(kind, match=words):
        tune(**arguments)


def test_lists_of_different_lengths_are_refused():
    p, image, labels, _ = noisy()
    with pytest.raises(ValueError, match="have 2, 1, 1 entries"):
        tune(Blur(3), [p, p], [image], [labels])
    with pytest.raises(ValueError, match="have 2 and 3 classes"):
        tune(Blur(3), [p, np.dstack([p, p[..., :1]])], [image] * 2, [labels] * 2)
    with pytest.raises(ValueError, match="pass classes"):
        tune(Blur(3), p, image, np.where(labels == 1, 7, 0))


class Mends:
    """Puts right the first rows of a wrong answer, or makes wrong what was right."""

    def __init__(self, right, n_rows):
        self.right, self.n_rows = right, n_rows

    def refine(self, probabilities, image):
        refined = probabilities.copy()
        refined[: self.n_rows] = self.right[: self.n_rows]
        return refined


class Windowed(Mends):
    """The same, over windows of which it says how wide they are."""

    def __init__(self, right, n_rows, window_width):
        super().__init__(right, n_rows)
        self.window_width = window_width


def test_the_mildest_of_settings_that_gain_much_is_taken():
    p, image, labels, _ = noisy(noise=0)
    worse = np.where(np.arange(80)[:, None, None] < 40, 1 - p, p)
    rows = (5, 15, 32, 40)
    tuning = tune([Mends(p, n) for n in rows], worse, image, labels)
    gains = np.array(tuning.gain[1:])
    assert tuning.refiner.n_rows == rows[int(np.flatnonzero(gains >= gains.max() / 2)[0])] < 40


def test_the_widest_window_that_fits_between_borders_is_taken():
    p, image, labels, _ = noisy(noise=0)
    distance = 80 * 90 / 80  # one border down the middle
    most = 1.5 * (distance - 12)
    settings = [Windowed(p, 0, width) for width in (3, 0.99 * most, 20, 1.01 * most)]
    tuning = tune(settings, p, image, labels)
    assert tuning.border_distance == pytest.approx(distance)
    assert tuning.refiner.window_width == 0.99 * most
    assert "fits between borders 90 apart" in tuning.reason
    finer = tune(settings, p, image, labels, spacing=0.1)
    assert finer.border_distance == pytest.approx(distance / 10)
    assert finer.refiner.window_width == 3
    striped = np.where(np.arange(80)[:, None, None] // 8 % 2, p, 1 - p)
    assert tune(settings, striped, image, labels).refiner is None


def test_strokes_speak_against_a_window_that_fits():
    p, image, labels, _ = noisy(noise=0)
    harms, is_mild = Windowed(1 - p, 30, 20), Windowed(p, 0, 10)
    tuning = tune([is_mild, harms], p, image, labels)
    assert tuning.gain[2] < -tuning.standard_error[2] < 0
    assert tuning.refiner.window_width == 10
    tuning = tune(harms, p, image, labels)
    assert tuning.refiner is None
    assert "the window that fits loses" in tuning.reason


def test_where_a_gain_is_shown_the_widest_that_keeps_half_of_it_is_taken():
    p, image, labels, _ = noisy(noise=0, n_marked=0.5)
    worse = np.where(np.arange(80)[:, None, None] < 10, 1 - p, p)
    settings = [Windowed(p, n, width) for n, width in ((10, 2), (7, 4), (2, 8), (0, 12))]
    tuning = tune(settings, worse, image, labels)
    assert tuning.gain[1] > tuning.standard_error[1] * 1.5
    assert tuning.gain[3] < tuning.gain[1] / 2 < tuning.gain[2]
    assert tuning.refiner.window_width == 4


def test_what_misses_half_of_a_class_is_hardly_trusted():
    p, image, labels, _ = noisy(noise=0)
    missed = p.copy()
    missed[:65, 45:] = p[0, 0]  # most of class 2
    distance = tune([], missed, image, labels).border_distance
    most = 1.5 * (distance - 12) / 4
    settings = [Windowed(missed, 0, width) for width in (3, 0.99 * most, 1.01 * most, 100)]
    tuning = tune(settings, missed, image, labels)
    assert tuning.refiner.window_width == 0.99 * most
    assert "less than half of a class is found; a window of" in tuning.reason
    assert tune(settings, p, image, labels).refiner.window_width == 100


def test_a_window_that_does_not_fit_must_gain_three_times_its_error():
    p, image, labels, _ = noisy(noise=0, n_marked=0.3)
    worse = np.where(np.arange(80)[:, None, None] < 30, 1 - p, p)
    ratios = []
    for n_rows in range(1, 30):
        plain = tune(Mends(p, n_rows), worse, image, labels)
        wide = tune(Windowed(p, n_rows, 10**6), worse, image, labels)
        assert wide.gain == plain.gain
        ratio = plain.gain[1] / plain.standard_error[1] if plain.gain[1] else 0
        assert (plain.refiner is None) == (ratio <= 1)
        assert (wide.refiner is None) == (ratio <= 3 / 1.5)  # half again is in it for one image
        ratios.append(ratio)
    assert min(ratios) < 1 < max(ratios)
    assert any(1 < ratio < 3 / 1.5 for ratio in ratios)


def test_strokes_that_cannot_tell_leave_a_narrow_window():
    p, image, labels, _ = noisy(noise=0)
    worse = np.where(np.arange(80)[:, None, None] < 30, 1 - p, p)
    distance = tune([], worse, image, labels).border_distance
    most = 1.5 * (distance - 12)
    settings = [Windowed(p, 0, 0.24 * most), Windowed(p, 0, 0.26 * most), Windowed(p, 15, most)]
    tuning = tune(settings, worse, image, labels)
    assert tuning.standard_error[3] > 0.05
    assert tuning.chosen == 1
    assert "strokes are too few to tell; a window of" in tuning.reason
    _, _, many, _ = noisy(noise=0, n_marked=0.5)
    settings[-1].n_rows = 6
    tuning = tune(settings, worse, image, many)
    assert 0 < tuning.standard_error[3] < 0.05
    assert tuning.chosen == 3


def test_among_specks_no_window_need_fit():
    p, image, labels, _ = noisy(noise=0)
    specks = np.random.default_rng(0).random(image.shape) < 0.15
    speckled = np.where(specks[..., np.newaxis], 1 - p, p)
    for n_rows in range(1, 80, 3):
        plain = tune(Mends(p, n_rows), speckled, image, labels)
        wide = tune(Windowed(p, n_rows, 10**6), speckled, image, labels)
        assert (wide.refiner is None) == (plain.refiner is None)
    assert wide.refiner is not None


def test_a_gain_that_is_shown_goes_beyond_what_fits():
    p, image, labels, _ = noisy(noise=0, n_marked=0.3)
    worse = np.where(np.arange(80)[:, None, None] < 30, 1 - p, p)
    fits, wide, other = Windowed(p, 2, 5), Windowed(p, 30, 10**6), Mends(p, 30)
    assert tune([fits, wide], worse, image, labels).chosen == 2
    assert tune([fits, other], worse, image, labels).chosen == 2
    assert tune([Windowed(p, 28, 5), wide], worse, image, labels).chosen == 1


@pytest.mark.parametrize("n_fitting", range(9))
def test_of_many_windows_four_are_measured(n_fitting):
    p, image, labels, _ = noisy(noise=0)
    widths = np.where(np.arange(8) < n_fitting, 2.0, 1000.0) + np.arange(8)
    tuning = tune([Mends(p, 0), *(Windowed(p, 0, w) for w in widths)], p, image, labels)
    measured = np.flatnonzero(np.isfinite(tuning.gain[2:]))
    assert np.isfinite(tuning.gain[:2]).all()
    assert 0 < len(measured) <= 4
    assert tuning.chosen == (n_fitting + 1 if n_fitting else 0)
    if n_fitting:
        assert n_fitting - 1 in measured
    if n_fitting < 7:
        assert measured[-1] > n_fitting - 1  # something wider


def test_the_order_of_images_does_not_matter():
    p, images, labels, _ = zip(*(noisy(seed) for seed in range(3)), strict=True)
    forward = tune(GuidedFilter, p, images, labels)
    backward = tune(GuidedFilter, p[::-1], images[::-1], labels[::-1])
    assert forward.border_distance == backward.border_distance
    assert forward.chosen == backward.chosen
    assert forward.gain == pytest.approx(backward.gain, nan_ok=True)
