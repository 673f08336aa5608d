"""Rows of labelled pixels: the right ones, drawn the same way in any order of images."""

import numpy as np
import pytest

from pixelseg import FeatureBank
from pixelseg._core.image import as_image
from pixelseg._core.memory import DEFAULT_MEMORY
from pixelseg.classify.sampling import (
    N_PRIOR_PIXELS,
    canonical_order,
    cell_bytes,
    collect,
    fill_rows,
)
from pixelseg.classify.training_images import summarise

BANK = FeatureBank(ops=["gaussian", "hessian"], sigmas=(1.0, 2.0))


def sample(image, labels, **options):
    image = as_image(image, **options.pop("axes", {}))
    summary = summarise(labels, image.mask)
    options = {
        "samples_per_class": None,
        "seed": 0,
        "n_labelled_in_all": summary.n_labelled,
        "budget": DEFAULT_MEMORY[2],
        **options,
    }
    return collect(image, labels, BANK.plan(image), summary, **options)


def test_rows_are_the_features_of_the_labelled_pixels(rng):
    image = rng.normal(size=(300, 310))
    labels = np.zeros(image.shape, int)
    labels[5, 7], labels[299, 309], labels[255:258, 255:258], labels[100:120, 30] = 1, 2, 2, 1
    rows = sample(image, labels)
    features = BANK.transform(image).reshape(-1, rows.X.shape[1])
    np.testing.assert_array_equal(rows.X, features[labels.reshape(-1) > 0])
    np.testing.assert_array_equal(rows.y, labels[labels > 0])
    np.testing.assert_array_equal(rows.prior_labels, labels.reshape(-1)[rows.prior_positions])
    np.testing.assert_array_equal(
        rows.prior_features, features[rows.prior_positions[rows.prior_labels == 0]]
    )


def test_volumes(rng):
    volume = rng.normal(size=(5, 70, 66)).astype(np.float32)
    labels = np.zeros(volume.shape, np.uint8)
    labels[0, :3, :3], labels[4, 65:, 60:] = 4, 9
    rows = sample(volume, labels, axes={"channel_axis": None, "spacing": (4, 1, 1)})
    features = BANK.transform(volume, channel_axis=None, spacing=(4, 1, 1))
    np.testing.assert_array_equal(rows.X, features[labels > 0])


def test_samples_per_class_caps_each_class_and_counts_all(rng):
    image = rng.normal(size=(60, 60))
    labels = np.zeros(image.shape, int)
    labels[:30], labels[30, :5] = 3, 8
    rows = sample(image, labels, samples_per_class=40)
    assert np.unique(rows.y, return_counts=True)[1].tolist() == [40, 5]
    assert rows.marked.n_marked == {3: 1800, 8: 5}
    again = sample(image, labels, samples_per_class=40)
    other = sample(image, labels, samples_per_class=40, seed=1)
    np.testing.assert_array_equal(rows.positions, again.positions)
    assert (rows.positions != other.positions).any()


def test_mask_takes_pixels_out(rng):
    image = rng.normal(size=(40, 40))
    image[:, 20:] = np.nan
    labels = np.ones(image.shape, int)
    labels[10:20] = 0
    rows = sample(image, labels, axes={"mask": np.isfinite(image)})
    assert len(rows.y) == 30 * 20
    assert (rows.prior_positions % 40 < 20).all()
    assert np.isfinite(rows.X).all()
    assert np.isfinite(rows.prior_features).all()


def test_no_label_is_an_empty_sample(rng):
    rows = sample(rng.normal(size=(20, 20)), np.zeros((20, 20), int))
    assert rows.X.shape[0] == 0
    assert len(rows.prior_labels) == 0


def test_order_of_images_does_not_matter(rng):
    images = rng.normal(size=(4, 32, 32))
    labels = rng.integers(0, 3, (4, 32, 32))
    labels[1] = labels[0]
    rows = [sample(i, k, samples_per_class=20) for i, k in zip(images, labels, strict=True)]
    forward = [rows[k] for k in canonical_order(rows)]
    backward = [rows[::-1][k] for k in canonical_order(rows[::-1])]
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(a.X, b.X)


def test_subset_forgets_what_is_left_out(rng):
    rows = sample(rng.normal(size=(8, 8)), rng.integers(0, 3, (8, 8)))
    part = rows.subset(rows.y == 2, rows.prior_labels != 1)
    assert part.marked.n_marked == {2: (rows.y == 2).sum()}
    assert set(part.prior_labels) == {0, 2}
    assert len(part.prior_features) == (part.prior_labels == 0).sum()


def test_prior_pixels_lie_near_labels_and_are_shared_out_by_them(rng):
    image = rng.normal(size=(300, 300))
    labels = np.zeros(image.shape, int)
    labels[100:102, 100:110] = 1
    rows = sample(image, labels)
    y, x = np.unravel_index(rows.prior_positions, image.shape)
    assert y.min() >= 68
    assert y.max() <= 133
    assert x.min() >= 68
    assert x.max() <= 141
    assert len(rows.prior_labels) == N_PRIOR_PIXELS
    later = sample(image, labels, n_labelled_in_all=80)
    shrunk = rows.limit_prior_pixels(80)
    assert len(later.prior_labels) == N_PRIOR_PIXELS // 4
    np.testing.assert_array_equal(later.prior_features, shrunk.prior_features)
    np.testing.assert_array_equal(later.prior_positions, shrunk.prior_positions)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_are_the_same_with_any_budget_and_threads(rng, n_jobs):
    image = as_image(rng.normal(size=(300, 310)))
    plan = BANK.plan(image)
    positions = rng.integers(0, 300 * 310, 500)
    expected = np.empty((500, plan.n_features), np.float32)
    fill_rows(image, plan, positions, expected, budget=DEFAULT_MEMORY[2])
    rows = np.empty_like(expected)
    fill_rows(image, plan, positions, rows, budget=cell_bytes(plan, image, 32), n_jobs=n_jobs)
    np.testing.assert_array_equal(rows, expected)


def test_labels_that_change_between_two_looks_are_refused(rng):
    image, labels = as_image(rng.normal(size=(20, 20))), rng.integers(0, 3, (20, 20))
    summary = summarise(labels, None)
    for other in (labels[::-1] * 0, np.where(labels == 1, 2, labels), labels + 1):
        with pytest.raises(ValueError, match="labels has changed"):
            collect(
                image,
                other,
                BANK.plan(image),
                summary,
                samples_per_class=None,
                seed=0,
                n_labelled_in_all=400,
                budget=DEFAULT_MEMORY[2],
            )
