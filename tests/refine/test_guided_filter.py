"""The guided filter beside its definition, window by window."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

import pixelseg
from pixelseg._core.image import as_image
from pixelseg._core.workspace import pool
from pixelseg.refine import guided_filter as module

from ..oracles.refine import guided_filter

same = np.testing.assert_array_equal


def make(shape, channels=None, n_classes=2, masked=False, seed=0, spacing=None):
    """An image of floats, probabilities and a mask."""
    rng = np.random.default_rng(seed)
    guide = rng.random(shape if channels is None else (*shape, channels)).astype(np.float32)
    p = rng.random((*shape, n_classes)) ** 3
    p = (p / p.sum(axis=-1, keepdims=True)).astype(np.float32)
    mask = rng.random(shape) > 0.3 if masked else None
    axis = None if channels is None else -1
    return as_image(guide, channel_axis=axis, spacing=spacing, mask=mask), p


def by_hand(image, p, sigma, epsilon, value_range=1.0):
    mask = np.ones(image.spatial_shape, bool) if image.mask is None else image.mask
    guide = image.pixels().astype(np.float64) / value_range
    return guided_filter(p, guide, sigma, epsilon, image.spacing, mask)


@pytest.mark.kernels
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("shape", "channels", "n_classes", "spacing", "sigma"),
    [
        ((9, 7), None, 2, None, 1.7),
        ((3, 22), 3, 3, (2, 1), 2.6),
        ((4, 6, 5), 2, 2, (2, 1, 1), 1.5),
        ((6, 18), 5, 2, None, 0.3),
    ],
)
def test_equal_to_its_definition(shape, channels, n_classes, spacing, sigma, masked):
    image, p = make(shape, channels, n_classes, masked, spacing=spacing)
    refined = pixelseg.GuidedFilter(sigma, 1e-3).refine(p, image)
    assert refined.dtype == np.float32
    np.testing.assert_allclose(refined, by_hand(image, p, sigma, 1e-3), atol=1e-6)


@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from([None, 1, 2, 4]),
    st.floats(0.05, 6),
    st.sampled_from([1e-6, 1e-4, 1e-2]),
    st.booleans(),
    st.integers(0, 99),
)
def test_equal_to_its_definition_whatever_the_settings(
    shape, channels, sigma, epsilon, masked, seed
):
    image, p = make(shape, channels, 3, masked, seed, spacing=(1.5, 1))
    refined = pixelseg.GuidedFilter(sigma, epsilon).refine(p, image)
    np.testing.assert_allclose(refined, by_hand(image, p, sigma, epsilon), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_epsilon_means_the_same_in_any_dtype(dtype):
    image, p = make((20, 24))
    limits = np.iinfo(dtype)
    span = limits.max - limits.min
    whole = (np.asarray(image) * span + limits.min).astype(dtype)
    expected = pixelseg.GuidedFilter().refine(p, (whole.astype(np.float64) - limits.min) / span)
    refined = pixelseg.GuidedFilter().refine(p, whole)
    np.testing.assert_allclose(refined, expected, atol=1e-5)
    same(pixelseg.GuidedFilter(value_range=span).refine(p, whole), refined)


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("shape", "channels"), [((24, 17), None), ((14, 18), 3), ((12, 14), 6), ((5, 9, 8), None)]
)
@pytest.mark.parametrize("place", ["dark", "bright", "anywhere"])
def test_float32_suffices_where_it_is_used(shape, channels, place):
    """Whole numbers that hardly vary, far from the middle; channels that hardly differ."""
    rng = np.random.default_rng(0)
    image, p = make(shape, channels)
    p = np.round(p)
    base = rng.integers(0, 9 if place != "anywhere" else 256, shape)
    values = base if channels is None else base[..., np.newaxis] + rng.integers(0, 2, channels)
    values = (np.minimum(255 - values if place == "bright" else values, 255)).astype(np.uint8)
    image = as_image(values, channel_axis=None if channels is None else -1)
    # Boxes of radius 1 and 4: weights of others are not exact in a volume, which is float64 then.
    for sigma in ((2 / 3) ** 0.5, (20 / 3) ** 0.5):
        least = module._LEAST_SINGLE * (channels or 1) / 4
        refiner = pixelseg.GuidedFilter(sigma, least)
        assert refiner._settings(image).is_single
        assert not pixelseg.GuidedFilter(sigma, 0.9 * least)._settings(image).is_single
        expected = by_hand(image, p, sigma, least, 255)
        np.testing.assert_allclose(refiner.refine(p, image), expected, atol=1e-5)


def test_a_bright_image_of_little_contrast_loses_no_digits():
    image, p = make((16, 16))
    far = np.asarray(image, np.float64) + 1000
    np.testing.assert_allclose(
        pixelseg.GuidedFilter().refine(p, far), pixelseg.GuidedFilter().refine(p, image), atol=1e-4
    )


def test_what_is_flat_stays_and_what_is_certain_stays():
    image, p = make((16, 16))
    flat = np.broadcast_to(p[0, 0], p.shape)
    np.testing.assert_allclose(pixelseg.GuidedFilter().refine(flat, image), flat, atol=1e-6)
    certain = np.zeros_like(p)
    certain[..., 1] = 1
    same(pixelseg.GuidedFilter().refine(certain, image), certain)


def test_edges_stay_and_noise_goes(rng):
    truth = np.zeros((40, 40), int)
    truth[:, 20:] = 1
    image = np.where(truth == 1, 180, 60).astype(np.uint8)
    noisy = np.clip(0.5 + 0.2 * (2 * truth - 1) + rng.normal(0, 0.3, truth.shape), 0, 1)
    p = np.stack([1 - noisy, noisy], axis=-1)
    refined = pixelseg.GuidedFilter(4, 1e-3).refine(p, image)
    assert (p.argmax(axis=-1) != truth).mean() > 0.15
    assert (refined.argmax(axis=-1) == truth).all()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize(
    ("shape", "channels", "spacing"),
    [((90, 80), None, None), ((70, 64), 3, (1, 2)), ((18, 40, 36), None, (2.5, 1, 1))],
)
def test_a_crop_that_holds_the_reach_has_the_same_bits(shape, channels, spacing, dtype, masked):
    image, p = make(shape, channels, 3, masked, spacing=spacing)
    if dtype == np.uint8:
        image = replace(image, source=(255 * image.source).astype(dtype), dtype=np.dtype(dtype))
    for sigma in (0.4, 1.3, 2.6):
        refiner = pixelseg.GuidedFilter(sigma, 2e-3)
        refined = refiner.refine(p, image)
        reach = refiner.reach(image)
        box = tuple((3, size - 2) for size in shape)
        index = tuple(slice(start, stop) for start, stop in box)
        crop = refiner.refine(p[index], image.crop(box))
        inner = tuple(
            slice(border, size - 5 - border) for border, size in zip(reach, shape, strict=True)
        )
        assert crop[inner].size
        same(crop[inner], refined[index][inner])


def test_parts_have_the_same_bits(monkeypatch):
    image, p = make((150, 140), masked=True)
    refined = pixelseg.GuidedFilter(3.3).refine(p, image)
    monkeypatch.setattr(module, "_PART_BYTES", 2**18)
    module._plan_parts.cache_clear()
    same(pixelseg.GuidedFilter(3.3).refine(p, image), refined)
    module._plan_parts.cache_clear()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(20, 30), (60, 50), (9, 12, 10)])
def test_a_mask_that_is_true_everywhere_is_none(shape, dtype):
    image, p = make(shape)
    values = (255 * np.asarray(image)).astype(dtype)
    masked = as_image(values, channel_axis=None, mask=np.ones(shape, bool))
    image = as_image(values, channel_axis=None)
    for sigma in (0.4, 1.3, 2.6, 4.4, 7.3):
        refiner = pixelseg.GuidedFilter(sigma, 1e-2)
        same(refiner.refine(p, masked), refiner.refine(p, image))


@pytest.mark.kernels
def test_what_is_outside_never_matters_and_is_0():
    image, p = make((12, 14), masked=True)
    refined = pixelseg.GuidedFilter().refine(p, image)
    inside = image.mask[..., np.newaxis]
    other = as_image(np.where(image.mask, np.asarray(image), np.nan), mask=image.mask)
    same(pixelseg.GuidedFilter().refine(np.where(inside, p, 1 - p), other), refined)
    assert not refined[~image.mask].any()
    # A pixel that was given no probability counts as outside.
    silent = np.where(inside, p, 0)
    same(pixelseg.GuidedFilter().refine(silent, np.asarray(image)), refined)


def test_settling_makes_a_copy():
    refiner = pixelseg.GuidedFilter(2, 1e-2)
    settled = refiner.settled(80.0)
    assert (refiner.value_range, settled.value_range) == (None, 80.0)
    assert settled.settled(20.0).value_range == 80.0
    assert clone(settled).get_params() == {"sigma": 2, "epsilon": 1e-2, "value_range": 80.0}


def test_candidates_differ():
    settings = [tuple(c.get_params().values()) for c in pixelseg.GuidedFilter.candidates()]
    assert len(set(settings)) == len(settings) > 2


@pytest.mark.parametrize(
    "params", [{"sigma": 0}, {"epsilon": 0}, {"epsilon": "x"}, {"value_range": -1}]
)
def test_bad_settings(params):
    image, p = make((8, 8))
    with pytest.raises(ValueError, match=f"{next(iter(params))} is"):
        pixelseg.GuidedFilter(**params).refine(p, image)


@pytest.mark.parametrize(
    ("shape", "channels"), [((300, 280), None), ((150, 170), 3), ((20, 60, 50), None)]
)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_working_bytes_bound_what_is_held(shape, channels, n_classes, masked, monkeypatch):
    image, p = make(shape, channels, n_classes, masked)
    refiner = pixelseg.GuidedFilter(2.6)
    take, taken = pool.take, []

    def watched(size):
        array = take(size)
        taken.append(pool.taken_bytes)
        return array

    monkeypatch.setattr(pool, "take", watched)
    refiner.refine(p, image)
    bound = refiner.working_bytes(image, image.shape3d, n_classes)
    assert 0.5 * bound < max(taken) < bound
