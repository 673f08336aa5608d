"""Rows of labelled pixels: the right ones, drawn the same way in any order of images."""

import numpy as np
import pytest

from pixelseg import FeatureBank
from pixelseg._core.image import as_image
from pixelseg.classify.pairs import check_pairs, count_marked, iterate_pairs, survey_labels
from pixelseg.classify.samples import (
    N_PLACES,
    canonical_order,
    cell_bytes,
    collect,
    fill_rows,
    subset,
)

BANK = FeatureBank(ops=["gaussian", "hessian"], sigmas=(1.0, 2.0))


def sample(image, labels, **options):
    options = {"max_samples": None, "random_state": 0, **options}
    return collect(as_image(image, **options.pop("axes", {})), labels, BANK, **options)


def test_rows_are_the_features_of_the_labelled_pixels(rng):
    image = rng.normal(size=(300, 310))
    labels = np.zeros(image.shape, int)
    labels[5, 7], labels[299, 309], labels[255:258, 255:258], labels[100:120, 30] = 1, 2, 2, 1
    rows = sample(image, labels)
    features = BANK.transform(image).reshape(-1, rows.X.shape[1])
    np.testing.assert_array_equal(rows.X, features[labels.reshape(-1) > 0])
    np.testing.assert_array_equal(rows.y, labels[labels > 0])
    np.testing.assert_array_equal(rows.place_labels, labels.reshape(-1)[rows.place_positions])
    np.testing.assert_array_equal(rows.near, features[rows.place_positions[rows.place_labels == 0]])


def test_volumes(rng):
    volume = rng.normal(size=(5, 70, 66)).astype(np.float32)
    labels = np.zeros(volume.shape, np.uint8)
    labels[0, :3, :3], labels[4, 65:, 60:] = 4, 9
    rows = sample(volume, labels, axes={"channel_axis": None, "spacing": (4, 1, 1)})
    features = BANK.transform(volume, channel_axis=None, spacing=(4, 1, 1))
    np.testing.assert_array_equal(rows.X, features[labels > 0])


def test_max_samples_caps_each_class_and_counts_all(rng):
    image = rng.normal(size=(60, 60))
    labels = np.zeros(image.shape, int)
    labels[:30], labels[30, :5] = 3, 8
    rows = sample(image, labels, max_samples=40)
    assert np.unique(rows.y, return_counts=True)[1].tolist() == [40, 5]
    assert rows.classes.tolist() == [3, 8]
    assert rows.n_marked.tolist() == [1800, 5]
    again = sample(image, labels, max_samples=40)
    other = sample(image, labels, max_samples=40, random_state=1)
    np.testing.assert_array_equal(rows.positions, again.positions)
    assert (rows.positions != other.positions).any()


def test_mask_takes_pixels_out(rng):
    image = rng.normal(size=(40, 40))
    image[:, 20:] = np.nan
    labels = np.ones(image.shape, int)
    labels[10:20] = 0
    rows = sample(image, labels, axes={"mask": np.isfinite(image)})
    assert len(rows.y) == 30 * 20
    assert (rows.place_positions % 40 < 20).all()
    assert np.isfinite(rows.X).all()
    assert np.isfinite(rows.near).all()


def test_no_label_is_an_empty_sample(rng):
    rows = sample(rng.normal(size=(20, 20)), np.zeros((20, 20), int))
    assert rows.X.shape[0] == 0
    assert len(rows.place_labels) == 0


def test_order_of_images_does_not_matter(rng):
    images = rng.normal(size=(4, 32, 32))
    labels = rng.integers(0, 3, (4, 32, 32))
    labels[1] = labels[0]
    rows = [sample(i, k, max_samples=20) for i, k in zip(images, labels, strict=True)]
    forward = canonical_order(rows)
    backward = canonical_order(rows[::-1])
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(a.X, b.X)


def test_subset_forgets_what_is_left_out(rng):
    rows = sample(rng.normal(size=(8, 8)), rng.integers(0, 3, (8, 8)))
    part = subset(rows, rows.y == 2, rows.place_labels != 1)
    assert part.classes.tolist() == [2]
    assert part.n_marked.tolist() == [(rows.y == 2).sum()]
    assert set(part.place_labels) == {0, 2}
    assert len(part.near) == (part.place_labels == 0).sum()


def test_places_lie_near_labels_and_are_shared_out_by_them(rng):
    image = rng.normal(size=(300, 300))
    labels = np.zeros(image.shape, int)
    labels[100:102, 100:110] = 1
    rows = sample(image, labels)
    y, x = np.unravel_index(rows.place_positions, image.shape)
    assert y.min() >= 68
    assert y.max() <= 133
    assert x.min() >= 68
    assert x.max() <= 141
    assert len(rows.place_labels) == N_PLACES
    later = sample(image, labels, n_labelled_before=60)
    shrunk = rows.limit_places(80)
    assert len(later.place_labels) == N_PLACES // 4
    np.testing.assert_array_equal(later.near, shrunk.near)
    np.testing.assert_array_equal(later.place_positions, shrunk.place_positions)


class Loader:
    """A re-iterable that loads one array at a time."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __iter__(self):
        return iter(self.arrays)


def test_pairs():
    a, b = np.zeros((2, 2)), np.zeros((3, 3))
    assert len(list(iterate_pairs(a, a))) == 1
    assert len(list(iterate_pairs([a, b], (a, b)))) == 2
    assert len(list(iterate_pairs(Loader([a, b]), Loader([a, b]), [None, None]))) == 2


@pytest.mark.parametrize(
    ("images", "labels", "kind", "words"),
    [
        ([np.zeros((2, 2))] * 2, [np.zeros((2, 2), int)], ValueError, "different lengths"),
        ([], [], ValueError, "empty"),
        ([np.zeros((2, 2))], np.zeros((2, 2), int), ValueError, "one label image for each"),
        (iter([np.zeros((2, 2))]), [np.zeros((2, 2), int)], TypeError, "only once"),
    ],
)
def test_bad_pairs(images, labels, kind, words):
    with pytest.raises(kind, match=words):
        list(iterate_pairs(images, labels))


def test_lists_are_checked_before_work():
    good, bad = np.zeros((3, 3)), np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(4, 3\)"):
        check_pairs([good, bad], [np.zeros((3, 3), int)] * 2, None, {})


@pytest.mark.parametrize("dtype", ["u1", "u2", ">i4", "i8", "u8"])
@pytest.mark.parametrize("largest", [3, 100, 70_000])
def test_marked_pixels_are_counted(rng, dtype, largest):
    if largest > np.iinfo(dtype).max:
        pytest.skip(f"{dtype} does not hold {largest}")
    labels = rng.choice([0, 1, 2, largest], 300_000).astype(dtype)
    inside = rng.random(len(labels)) < 0.5
    for mask in (None, inside):
        seen = labels if mask is None else labels[mask]
        expected = {v: int((seen == v).sum()) for v in (1, 2, largest)}
        assert count_marked(labels, mask) == expected
    assert count_marked(labels * 0, None) == {}


def test_survey_counts_what_training_will_see(rng):
    images = [rng.normal(size=(20, 30)) for _ in range(3)]
    labels = [rng.integers(0, 3, (20, 30)) for _ in images]
    masks = [rng.random((20, 30)) < 0.5 for _ in images]
    survey = survey_labels(images, labels, masks, {}, 50)
    collected = [
        sample(image, own, axes={"mask": mask}, max_samples=50)
        for image, own, mask in zip(images, labels, masks, strict=True)
    ]
    assert survey.n_images == 3
    assert survey.n_kept == sum(len(rows.y) for rows in collected)
    for place, value in enumerate((1, 2)):
        assert survey.marked[value] == sum(int(rows.n_marked[place]) for rows in collected)
    lazy = survey_labels(Loader(images), Loader(labels), Loader(masks), {}, 50)
    assert lazy.n_kept == 300


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_are_the_same_with_any_budget_and_threads(rng, n_jobs):
    image = as_image(rng.normal(size=(300, 310)))
    plan = BANK.plan(image)
    positions = rng.integers(0, 300 * 310, 500)
    expected = np.empty((500, plan.n_features), np.float32)
    fill_rows(image, plan, positions, expected)
    rows = np.empty_like(expected)
    fill_rows(image, plan, positions, rows, budget=cell_bytes(plan, image, 32), n_jobs=n_jobs)
    np.testing.assert_array_equal(rows, expected)
