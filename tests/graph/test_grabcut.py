"""GrabCut and weights by contrast: made-up scenes, hard cases, and real images with truth."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from skimage import data

from pixelseg import graph, io
from pixelseg._core.grid import neighbour_slices
from pixelseg.graph.mixtures import fit_mixture


def scene(shape=(30, 40), n_channels=3, seed=0):
    """A bright ellipse of two colours on a dark ground, with noise."""
    rng = np.random.default_rng(seed)
    places = [
        (index - (size - 1) / 2) / size
        for index, size in zip(np.indices(shape), shape, strict=True)
    ]
    truth = sum(place**2 for place in places) < 0.09
    image = np.where(truth, np.where(places[-1] > 0, 200, 150), 60)
    image = image[..., np.newaxis] + rng.normal(0, 8, (*shape, n_channels))
    return image, truth


def box_of(truth, margin=3):
    """A box with room around the object."""
    where = np.argwhere(truth)
    return (*(where.min(axis=0) - margin), *(where.max(axis=0) + 1 + margin))


def wrong(found, truth):
    return (found.mask != truth).mean()


@pytest.mark.kernels
def test_a_box_is_enough():
    image, truth = scene((20, 26))
    found = graph.grabcut(image, box=box_of(truth, 2))
    assert wrong(found, truth) < 0.01
    again = graph.grabcut(image, box=box_of(truth, 2))
    np.testing.assert_array_equal(again.mask, found.mask)
    assert again.energies == found.energies


@pytest.mark.parametrize("n_channels", [1, 2, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_any_channels_and_dtype(n_channels, dtype):
    image, truth = scene(n_channels=n_channels)
    image = image.clip(0, 255).round().astype(dtype)
    found = graph.grabcut(image, box=box_of(truth), channel_axis=-1)
    assert wrong(found, truth) < 0.01
    if dtype == np.float64:
        scaled = graph.grabcut(image * 1e-3 - 7, box=box_of(truth), channel_axis=-1)
        assert (scaled.mask != found.mask).mean() < 0.005


def test_seeds_alone_and_with_a_box():
    image, truth = scene()
    seeds = np.zeros(truth.shape, np.uint8)
    seeds[14:16, 12:28] = 1
    seeds[:2] = 2
    for box in (None, box_of(truth)):
        found = graph.grabcut(image, seeds=seeds, box=box)
        assert wrong(found, truth) < 0.01
        assert found.mask[seeds == 1].all()
        assert not found.mask[seeds == 2].any()


def test_volumes():
    image, truth = scene((14, 20, 22), 1)
    found = graph.grabcut(image[..., 0], box=box_of(truth, 1), channel_axis=None)
    assert wrong(found, truth) < 0.02


def test_large_images_start_on_a_coarser_one():
    image, truth = scene((420, 300))
    found = graph.grabcut(image, box=box_of(truth, 20))
    assert wrong(found, truth) < 0.002


def test_outside_a_mask_nothing_counts():
    image, truth = scene()
    mask = np.random.default_rng(0).random(truth.shape) < 0.9
    found = graph.grabcut(image, box=box_of(truth), mask=mask)
    assert not found.mask[~mask].any()
    assert (found.mask != truth)[mask].mean() < 0.01
    other = np.where(mask[..., np.newaxis], image, 1e5)
    np.testing.assert_array_equal(
        graph.grabcut(other, box=box_of(truth), mask=mask).mask, found.mask
    )


@pytest.mark.parametrize("shape", [(12, 15), (1, 30), (40, 1), (3, 4, 5)])
def test_one_flat_colour(shape):
    """Nothing tells the sides apart: any answer, but no error."""
    box = [size // 3 for size in shape] + [size // 3 + max(1, size // 3) for size in shape]
    found = graph.grabcut(np.full(shape, 7), box=box, channel_axis=None)
    assert found.mask.shape == shape
    assert np.isfinite(found.energies).all()


def test_two_flat_colours():
    image = np.zeros((20, 20), np.uint8)
    image[5:12, 6:13] = 9
    np.testing.assert_array_equal(graph.grabcut(image, box=(2, 2, 18, 18)).mask, image == 9)


def test_densities_are_scipys():
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(300, 3)) * [1, 2, 0.3] + rng.integers(0, 3, (300, 1)) * 4
    mixture = fit_mixture(pixels, 4)
    expected = np.log(
        sum(
            weight * stats.multivariate_normal(mean, covariance).pdf(pixels)
            for weight, mean, covariance in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        )
    )
    scores = mixture.score(np.ascontiguousarray(pixels.T, np.float32))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)
    better = mixture.improve(pixels, 20).score(np.ascontiguousarray(pixels.T, np.float32))
    assert better.mean() >= scores.mean() - 1e-4


@given(st.integers(0, 10**6), st.sampled_from([((5, 6), 1), ((5, 6), 2), ((3, 4, 5), 3)]))
def test_weights_by_contrast(seed, case):
    shape, connectivity = case
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 255, (*shape, 3))
    mask = rng.random(shape) < 0.8
    spacing = (2.0, 1.0, 1.5)[: len(shape)]
    weights = graph.contrast_weights(
        image,
        weight=3.0,
        sharpness=0.5,
        connectivity=connectivity,
        spacing=spacing,
        mask=mask,
        channel_axis=-1,
    )
    squares, inside = {}, {}
    for offset in weights:
        here, there = neighbour_slices(offset)
        squares[offset] = ((image[here] - image[there]) ** 2).sum(axis=-1)
        inside[offset] = mask[here] & mask[there]
    mean = np.concatenate([squares[key][inside[key]] for key in weights]).mean()
    lengths = {key: np.linalg.norm(np.multiply(key, spacing)) for key in weights}
    shortest = min(lengths.values())
    for offset, value in weights.items():
        here, _ = neighbour_slices(offset)
        expected = 3 * np.exp(-0.5 * squares[offset] / (2 * mean)) * shortest / lengths[offset]
        np.testing.assert_allclose(value[here], expected * inside[offset], rtol=1e-4, atol=1e-7)
        assert value.sum() == pytest.approx(value[here].sum(), rel=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e34])
def test_contrast_at_any_scale(scale):
    """Squares of what float32 just holds do not overflow, nor vanish."""
    image, truth = scene(n_channels=1)
    expected = graph.contrast_weights(image, channel_axis=-1)
    weights = graph.contrast_weights(image * scale, channel_axis=-1)
    for offset, value in weights.items():
        np.testing.assert_allclose(value, expected[offset], rtol=1e-4, atol=1e-6)
    found = graph.grabcut(image * scale, box=box_of(truth), channel_axis=-1)
    assert wrong(found, truth) < 0.02


def test_a_photograph():
    image = data.astronaut()
    found = graph.grabcut(image, box=(5, 60, 512, 420))
    assert not found.mask[:, :60].any()
    assert found.mask[300:400, 200:260].mean() > 0.8, "her suit"
    assert found.mask.mean() < 0.5


def test_real_images(shared):
    folder = shared / "data" / "grabcut"
    known = json.loads((folder / "set.json").read_text())
    errors, lasso_errors = [], []
    for name in known["dev"]:
        item = known["items"][name]
        image, truth, lasso = (
            np.asarray(io.read_image(folder / item[key])) for key in ("image", "truth", "lasso")
        )
        truth, lasso = (part[..., 0] if part.ndim == 3 else part for part in (truth, lasso))
        left, top, right, bottom = item["box_xyxy"]
        found = graph.grabcut(image[..., :3], box=(top, left, bottom, right))
        scored = np.zeros(truth.shape, bool)
        scored[top:bottom, left:right] = True
        scored &= truth != 128
        errors.append((found.mask != (truth == 255))[scored].mean())
        seeds = np.select([lasso == 255, lasso == 128], [1, 0], 2)
        found = graph.grabcut(image[..., :3], seeds=seeds)
        scored = (lasso == 128) & (truth != 128)
        lasso_errors.append((found.mask != (truth == 255))[scored].mean())
    assert np.mean(errors) < 0.08
    assert np.mean(lasso_errors) < 0.065


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "box and seeds are both None"),
        ({"box": (0, 0, 8, 9)}, "box covers the whole image"),
        ({"box": (2, 2, 9, 5)}, r"box is \(2, 2, 9, 5\) but must be \(row0, col0, row1, col1\)"),
        ({"box": (4, 4, 4, 6)}, "at least one pixel"),
        ({"box": (1, 2, 3)}, r"box is \(1, 2, 3\)"),
        ({"seeds": np.zeros((8, 8), int)}, r"seeds has shape \(8, 8\)"),
        ({"seeds": np.full((8, 9), 3)}, "seeds holds 3 but must be 0"),
        ({"seeds": np.eye(8, 9, dtype=int)}, "seeds holds no 2"),
        ({"seeds": 2 * np.eye(8, 9, dtype=int)}, "seeds holds no 1"),
        ({"seeds": np.eye(8, 9, dtype=int), "box": (1, 1, 8, 8)}, r"object at \(0, 0\), outside"),
        ({"box": (1, 1, 5, 5), "weight": -1}, "weight is -1"),
        ({"box": (1, 1, 5, 5), "n_components": 0}, "n_components is 0"),
    ],
)
def test_bad_input(change, words):
    with pytest.raises(ValueError, match=words):
        graph.grabcut(np.arange(72).reshape(8, 9), **change)
