"""The feature bank against scipy, and its promises: same bits in any box, nothing leaks in."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from pixelseg import FeatureBank
from pixelseg._core.boxes import box3d, slices_of
from pixelseg._core.image import as_image
from pixelseg._core.workspace import pool
from pixelseg.features import OPS, Op, compute_box, workspace_bytes
from tests.oracles.features import feature_maps, local_contrast

SIGMAS = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0)


def texture(shape, seed=0):
    """Smooth structure and noise, in [0, 255]."""
    rng = np.random.default_rng(seed)
    grid = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    waves = sum(np.sin(g / (5.0 + 3 * k)) for k, g in enumerate(grid))
    image = waves + rng.normal(0, 0.3, shape)
    return 255 * (image - image.min()) / np.ptp(image)


def named(features, names, suffix):
    """Features of one sigma by their name without the sigma."""
    return {
        name.replace(suffix, ""): features[..., k]
        for k, name in enumerate(names)
        if suffix in name + "_"
    }


def errors(image, sigma, spacing=None, channel_axis="auto"):
    """Largest error of each feature, over the range (smoothing) or its largest value (others)."""
    bank = FeatureBank(sigmas=(sigma,))
    features = bank.transform(image, spacing=spacing, channel_axis=channel_axis)
    names = [
        name.replace(f"_s{sigma:g}", "") for name in bank.get_feature_names_out(ndim=image.ndim)
    ]
    truth = feature_maps(image, sigma, spacing)
    found = {}
    for k, name in enumerate(names):
        smooth = name in ("gaussian", "difference_of_gaussians")
        scale = np.ptp(image.astype(float)) if smooth else np.abs(truth[name]).max()
        # Along an axis of one pixel, and in an image of one, there is no scale but the values.
        scale = max(scale, np.abs(image).max() / 100)
        found[name] = np.abs(features[..., k] - truth[name]).max() / scale
    return found


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_every_feature_is_the_truth(sigma, dtype):
    image = texture((110, 131))
    image = (image * 257 if dtype == np.uint16 else image).astype(dtype)
    for name, error in errors(image, sigma).items():
        smooth = name in ("gaussian", "difference_of_gaussians")
        assert error < (1e-6 if smooth else 5e-4), (name, error)


def test_the_whole_scale_space_is_the_truth_on_a_photograph():
    image = data.camera()[100:240, 150:310]
    bank = FeatureBank()
    features = bank.transform(image)
    names = bank.get_feature_names_out()
    for sigma in SIGMAS:
        truth = feature_maps(image, sigma)
        for k, name in enumerate(names):
            base, _, rest = name.partition(f"_s{sigma:g}")
            if rest and rest[0] != "_":
                continue
            key = base + rest
            if key not in truth or f"_s{sigma:g}" not in name:
                continue
            smooth = base in ("gaussian", "difference_of_gaussians")
            scale = 255 if smooth else np.abs(truth[key]).max()
            error = np.abs(features[..., k] - truth[key]).max() / scale
            assert error < (1e-6 if smooth else 5e-4), (name, error)


@pytest.mark.parametrize("sigma", [0.7, 1.6, 3.5, 10.0])
def test_volumes_are_the_truth(sigma):
    for name, error in errors(texture((18, 40, 35)), sigma, channel_axis=None).items():
        smooth = name in ("gaussian", "difference_of_gaussians")
        assert error < (1e-6 if smooth else 5e-4), (name, error)


def test_spacing_is_the_truth():
    image = texture((20, 40, 44))
    for name, error in errors(image, 2.0, (2.5, 1, 0.5), channel_axis=None).items():
        smooth = name in ("gaussian", "difference_of_gaussians")
        assert error < (1e-6 if smooth else 5e-4), (name, error)


def test_the_scale_space_of_thick_slices_is_the_truth():
    # Along z the scales are too fine to smooth one from another; along y and x they are not.
    image = texture((9, 60, 64))
    spacing = (5, 1, 1)
    bank = FeatureBank(sigmas=(3.5, 5.0, 10.0))
    features = bank.transform(image, channel_axis=None, spacing=spacing)
    names = list(bank.get_feature_names_out(ndim=3))
    for sigma in bank.sigmas:
        for name, truth in feature_maps(image, sigma, spacing).items():
            op, number = (name[:-2], name[-2:]) if name[-1].isdigit() else (name, "")
            key = f"{op}_s{sigma:g}{number}"
            smooth = op in ("gaussian", "difference_of_gaussians")
            scale = 255 if smooth else np.abs(truth).max()
            error = np.abs(features[..., names.index(key)] - truth).max() / scale
            assert error < (1e-6 if smooth else 5e-4), (key, error)


def test_spacing_only_scales():
    image = texture((40, 50))
    bank = FeatureBank(ops=["gaussian", "hessian"], sigmas=(2.0,))
    plain = bank.transform(image)
    scaled = FeatureBank(bank.ops, sigmas=(6.0,)).transform(image, spacing=3)
    np.testing.assert_allclose(scaled[..., 0], plain[..., 0], rtol=1e-6)
    np.testing.assert_allclose(scaled[..., 1:], plain[..., 1:] / 9, rtol=1e-4, atol=1e-5)


def test_narrow_axes_have_differences_that_make_sense():
    # Slices ten pixels apart: a ramp along z has its slope as gradient, at any sigma.
    volume = np.arange(12.0)[:, None, None] * np.ones((12, 20, 20)) * 30
    bank = FeatureBank(ops=["gradient_magnitude", "hessian"], sigmas=(1.0, 3.0))
    features = bank.transform(volume, channel_axis=None, spacing=(10, 1, 1))
    inner = features[5:7]
    np.testing.assert_allclose(inner[..., 0], 3, rtol=1e-3)
    np.testing.assert_allclose(inner[..., 1:4], 0, atol=1e-3)


@pytest.mark.parametrize(
    ("image", "spacing", "holes"),
    [
        (data.camera()[100:240, 150:310], 1.0, False),
        (data.camera()[100:240, 150:310], 1.0, True),
        (texture((90, 80)).astype(np.uint16) * 10 + 40_000, 1.0, False),
        (texture((90, 80)) - 100, (1.0, 2.0), False),
        (texture((12, 40, 44)), (5.0, 1.0, 1.0), True),
    ],
)
def test_local_contrast_is_the_truth(image, spacing, holes):
    mask = np.random.default_rng(0).random(image.shape) < 0.8 if holes else None
    bank = FeatureBank({"local_contrast": (1.0, 3.5, 10.0)})
    features = bank.transform(image, channel_axis=None, spacing=spacing, mask=mask)
    for k, sigma in enumerate((1.0, 3.5)):
        truth = local_contrast(image, sigma, 10.0, spacing, mask)
        assert np.abs(features[..., k] - truth).max() < 1e-3 * np.abs(truth).max()


def test_local_contrast_stays_in_other_light_and_where_nothing_is():
    image = texture((60, 50))
    bank = FeatureBank(["local_contrast"], sigmas=(1.0, 5.0))
    once, brighter = (bank.transform(times * image) for times in (1, 2**12))
    np.testing.assert_array_equal(once, brighter)
    assert (bank.transform(np.zeros((30, 20))) == 0).all()
    assert np.abs(bank.transform(np.full((30, 20), 7e4, np.float32))).max() < 1e-3


def test_local_contrast_needs_surroundings():
    with pytest.raises(ValueError, match=r"sigmas is \(3.0,\) for op 'local_contrast'"):
        FeatureBank(["local_contrast"], sigmas=(3.0,)).fit()
    names = FeatureBank(sigmas=(3.0,)).get_feature_names_out()
    assert not any("local_contrast" in name for name in names)


@pytest.fixture(scope="module")
def whole():
    image = as_image(texture((150, 163)).astype(np.float32))
    plan = FeatureBank(sigmas=(0.7, 1.6, 3.5, 6.0)).plan(image)
    return image, plan, compute_box(plan, image, image.whole)


@given(st.data())
def test_any_box_has_the_same_bits(whole, data):
    image, plan, features = whole
    box = []
    for size in image.spatial_shape:
        start = data.draw(st.integers(0, size - 1))
        box.append((start, data.draw(st.integers(start + 1, size))))
    part = compute_box(plan, image, tuple(box))
    expected = features[(slice(None), slice(None), *(slice(*edge) for edge in box))]
    np.testing.assert_array_equal(part, expected)


@st.composite
def boxes_of_images(draw):
    """A bank, an image of its own shape, spacing and mask, and a box of it."""
    ndim = draw(st.sampled_from([2, 3]))
    shape = draw(st.tuples(*[st.integers(1, 90 if ndim == 2 else 26)] * ndim))
    sigmas = draw(st.lists(st.floats(0.3, 12 if ndim == 2 else 5), min_size=1, max_size=3))
    ops = draw(st.sampled_from([None, *([name] for name in OPS)]))
    spacing = draw(st.tuples(*[st.floats(0.5, 3)] * ndim))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    mask = rng.random(shape) < 0.8 if draw(st.booleans()) else None
    box = []
    for size in shape:
        start = draw(st.integers(0, size - 1))
        box.append((start, draw(st.integers(start + 1, size))))
    image = rng.normal(0, 100, shape).astype(np.float32)
    return FeatureBank(ops, sigmas), image, spacing, mask, tuple(box)


@given(boxes_of_images())
def test_any_box_has_the_same_bits_at_any_sigma(drawn):
    bank, source, spacing, mask, box = drawn
    image = as_image(source, channel_axis=None, spacing=spacing, mask=mask)
    plan = bank.plan(image)
    part = compute_box(plan, image, box)
    expected = compute_box(plan, image, image.whole)[(slice(None), *slices_of(box3d(box)))]
    np.testing.assert_array_equal(part, expected)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(110, 163))
def test_any_crop_has_the_same_bits_beyond_the_halo(whole, top, left, right):
    image, plan, features = whole
    crop = as_image(image.source[top:, left:right])
    part = compute_box(plan, crop, crop.whole)
    _, halo, _ = plan.halo
    expected = features[:, :, top:, left:right]
    inner = (slice(None), slice(None), slice(halo, -halo), slice(halo, -halo))
    np.testing.assert_array_equal(part[inner], expected[inner])


def test_boxes_of_a_volume_have_the_same_bits():
    image = as_image(texture((14, 45, 50)), channel_axis=None, spacing=(2, 1, 1))
    plan = FeatureBank(sigmas=(1.0, 3.5)).plan(image)
    features = compute_box(plan, image, image.whole)
    for box in [
        ((0, 5), (3, 40), (7, 8)),
        ((13, 14), (0, 45), (0, 33)),
        ((4, 9), (20, 21), (0, 50)),
    ]:
        part = compute_box(plan, image, box)
        index = (slice(None), *(slice(*edge) for edge in box))
        np.testing.assert_array_equal(part, features[index])


@pytest.mark.parametrize(("shape", "axis"), [((300, 70), "auto"), ((40, 30, 20), None)])
def test_threads_do_not_matter(shape, axis):
    image = texture(shape)
    bank = FeatureBank(sigmas=(1.0, 3.5))
    one = bank.transform(image, channel_axis=axis)
    two = bank.transform(image, channel_axis=axis, n_jobs=2)
    np.testing.assert_array_equal(one, two)


def test_out_is_written():
    image = texture((20, 30))
    bank = FeatureBank(sigmas=(1.0,))
    expected = bank.transform(image)
    again = np.zeros_like(expected)
    planar = np.moveaxis(np.zeros((8, 20, 30), np.float32), 0, -1)
    for out in (planar, again, np.zeros(expected.shape, np.float32)):
        result = bank.transform(image, out=out)
        assert np.shares_memory(result, out)
        np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match="out has shape"):
        bank.transform(image, out=np.zeros((20, 30, 7), np.float32))


def test_the_halo_is_honest():
    image = texture((1, 260))
    bank = FeatureBank(sigmas=(1.0, 3.5))
    plan = bank.plan(as_image(image))
    halo = plan.halo[2]
    changed = image.copy()
    changed[0, 130] += 1000
    difference = (bank.transform(changed) != bank.transform(image)).any(axis=-1)[0]
    touched = np.flatnonzero(difference)
    assert 130 - halo <= touched.min() <= 130 - 0.6 * halo
    assert 130 + 0.6 * halo <= touched.max() <= 130 + halo


@pytest.mark.parametrize(("sigma", "halo"), [(1.0, 8), (3.5, 38), (10.0, 124)])
def test_a_halo_is_no_wider_than_its_filters(sigma, halo):
    plan = FeatureBank(sigmas=(sigma,)).plan(as_image(texture((9, 9))))
    assert 5 * sigma <= plan.halo[2] <= halo
    assert plan.halo == (0, plan.halo[2], plan.halo[2])


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 1), (2, 3), (5, 5)])
def test_images_smaller_than_the_filters(shape):
    image = texture((60, 60))[: shape[0], : shape[1]]
    for name, error in errors(image, 1.6).items():
        assert error < 2e-3, (name, error)
    assert np.isfinite(FeatureBank().transform(image)).all()
    assert np.isfinite(FeatureBank().transform(image[None], channel_axis=None)).all()


def test_colour_is_each_channel_alone():
    image = data.astronaut()[:60, :50]
    bank = FeatureBank(sigmas=(1.0, 3.5))
    features = bank.transform(image)
    names = bank.get_feature_names_out(n_channels=3)
    assert not any("local_contrast" in name for name in names)
    bank.set_params(ops=[name for name in OPS if name != "local_contrast"])
    for channel in range(3):
        alone = bank.transform(image[..., channel])
        width = alone.shape[-1]
        np.testing.assert_array_equal(features[..., channel * width : (channel + 1) * width], alone)
    assert len(names) == features.shape[-1]
    assert names[0] == "channel0_gaussian_s1"


def test_layouts_and_byte_orders():
    image = texture((50, 60)).astype(np.float32)
    expected = FeatureBank(sigmas=(1.0,)).transform(image)
    read_only = image.copy()
    read_only.flags.writeable = False
    for variant in (
        np.asfortranarray(image),
        image[::-1][::-1],
        np.repeat(image, 2, axis=1)[:, ::2],
        image.astype(">f4"),
        image.astype(np.float64),
        read_only,
    ):
        before = variant.copy()
        np.testing.assert_array_equal(FeatureBank(sigmas=(1.0,)).transform(variant), expected)
        np.testing.assert_array_equal(variant, before)


@pytest.mark.parametrize("shape", [(60, 70), (9, 30, 25)])
def test_a_full_mask_changes_nothing(shape):
    image = texture(shape)
    bank = FeatureBank(sigmas=(0.7, 1.6, 3.5))
    features = bank.transform(image, channel_axis=None)
    masked = bank.transform(image, channel_axis=None, mask=np.ones(shape, bool))
    largest = np.abs(features).max(axis=tuple(range(len(shape))))
    # The window of the structure tensor takes every sample, for the mask may end anywhere.
    assert (np.abs(masked - features) / largest).max() < 1e-4


def test_boxes_and_crops_of_a_masked_image_have_the_same_bits():
    image = texture((90, 100))
    mask = np.random.default_rng(1).random(image.shape) < 0.7
    mask[:, 60:] = True  # far from any hole a pixel must still take the same way
    checked = as_image(image, mask=mask)
    plan = FeatureBank(sigmas=(0.7, 3.5)).plan(checked)
    features = compute_box(plan, checked, checked.whole)
    for box in [((0, 90), (75, 100)), ((13, 14), (0, 99)), ((40, 77), (51, 53))]:
        index = (slice(None), slice(None), *(slice(*edge) for edge in box))
        np.testing.assert_array_equal(compute_box(plan, checked, box), features[index])
    crop = as_image(image[:, 30:], mask=mask[:, 30:])
    halo = plan.halo[2]
    np.testing.assert_array_equal(
        compute_box(plan, crop, crop.whole)[..., halo:], features[..., 30 + halo :]
    )


@pytest.mark.parametrize("shape", [(60, 70), (10, 40, 44)])
def test_nothing_outside_a_mask_leaks_in(shape):
    axis = "auto" if len(shape) == 2 else None
    image = texture(shape)
    mask = np.ones(shape, bool)
    mask[..., :20, 25:40] = False
    mask[..., 30, 5] = False
    bank = FeatureBank(sigmas=(0.7, 1.6, 3.5))
    features = bank.transform(image, mask=mask, channel_axis=axis)
    for value in (np.nan, np.inf, 1e6):
        other = np.where(mask, image, value)
        np.testing.assert_array_equal(bank.transform(other, mask=mask, channel_axis=axis), features)
    assert (features[~mask] == 0).all()
    assert np.isfinite(features).all()
    far = bank.transform(image, channel_axis=axis)
    corner = (..., slice(-2, None), slice(-2, None), slice(None))
    np.testing.assert_allclose(features[corner], far[corner], rtol=2e-3, atol=2e-3)


def test_a_constant_inside_a_mask_stays_constant():
    mask = np.random.default_rng(0).random((40, 40)) < 0.5
    bank = FeatureBank(ops=["gaussian", "gradient_magnitude"], sigmas=(1.0, 3.5))
    features = bank.transform(np.full((40, 40), 7.0), mask=mask)
    np.testing.assert_allclose(features[mask][:, [0, 2]], 7, rtol=1e-5)
    np.testing.assert_allclose(features[mask][:, [1, 3]], 0, atol=1e-4)


def local_range(plane, sigma, spacing):
    size = 2 * round(2 * sigma) + 1
    from scipy import ndimage

    return ndimage.maximum_filter(plane, size) - ndimage.minimum_filter(plane, size)


def test_an_op_of_ones_own():
    image = texture((60, 70)).astype(np.float32)
    bank = FeatureBank(ops=["gaussian", local_range], sigmas=(1.0, 2.0))
    features = bank.transform(image)
    assert list(bank.get_feature_names_out()) == [
        "gaussian_s1",
        "local_range_s1",
        "gaussian_s2",
        "local_range_s2",
    ]
    np.testing.assert_array_equal(features[..., 1], local_range(image, 1.0, (1, 1)))
    checked = as_image(image)
    plan = bank.plan(checked)
    np.testing.assert_array_equal(
        compute_box(plan, checked, ((10, 30), (5, 70)))[:, 0],
        np.moveaxis(features, -1, 0)[:, 10:30, 5:],
    )
    mask = image > image.mean()
    masked = bank.transform(np.where(mask, image, np.nan), mask=mask)
    assert (masked[~mask] == 0).all()
    zeros = local_range(np.where(mask, image, 0), 1.0, (1, 1))
    np.testing.assert_array_equal(masked[mask][:, 1], zeros[mask])


def test_an_op_with_two_features():
    op = Op("powers", lambda p, s, _: np.stack([p, p * p]), features=("_1", "_2"), reach=0)
    image = texture((9, 8)).astype(np.float32)
    bank = FeatureBank(ops=[op], sigmas=(1.0,))
    assert list(bank.get_feature_names_out()) == ["powers_s1_1", "powers_s1_2"]
    np.testing.assert_array_equal(bank.transform(image)[..., 1], image * image)
    wrong = FeatureBank(ops=[Op("wrong", lambda p, s, _: p[1:])], sigmas=(1.0,))
    with pytest.raises(ValueError, match="'wrong' returned shape"):
        wrong.transform(image)
    hole = Op("hole", lambda p, s, _: np.where(p > p.mean(), np.nan, p))
    with pytest.raises(ValueError, match="'hole' returned values at sigma 1 that are not finite"):
        FeatureBank(ops=[hole], sigmas=(1.0,)).transform(image)
    for op in (lambda p, s: p, Op("few", lambda p: p)):
        with pytest.raises(TypeError, match=r"function\(plane, sigma, spacing\)"):
            FeatureBank(ops=[op]).fit()
    FeatureBank(ops=[np.clip], sigmas=(1.0,)).fit()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", list(OPS))
def test_names_and_counts_follow_the_table(name, ndim):
    bank = FeatureBank(ops=[name], sigmas=(1.0, 2.0))
    image = texture((6, 20, 21)[-ndim:])
    features = bank.transform(image, channel_axis=None)
    suffixes = OPS[name].suffixes(ndim)
    # Surroundings are not compared with themselves.
    sigmas = (1,) if OPS[name].is_local else (1, 2)
    expected = [f"{name}_s{sigma}{suffix}" for sigma in sigmas for suffix in suffixes]
    assert list(bank.get_feature_names_out(ndim=ndim)) == expected
    assert features.shape[-1] == len(expected)
    # An op alone says what it says beside the others, whose sums it may share.
    everything = FeatureBank(sigmas=(1.0, 2.0))
    names = list(everything.get_feature_names_out(ndim=ndim))
    together = everything.transform(image, channel_axis=None)
    np.testing.assert_allclose(
        features, together[..., [names.index(n) for n in expected]], rtol=1e-5, atol=1e-4
    )
    assert name in FeatureBank.__doc__


def test_sigmas_per_op():
    bank = FeatureBank(ops={"gaussian": (1.0, 3.0), "hessian": 2.0})
    assert list(bank.get_feature_names_out()) == [
        "gaussian_s1",
        "hessian_s2_0",
        "hessian_s2_1",
        "gaussian_s3",
    ]


#: scikit-learn's checks that do not hold for filters of images, and why.
EXCLUDED = {
    "check_fit_score_takes_y": "labels are called labels here, and ignored",
    "check_estimator_sparse_tag": "fit looks at no data",
    "check_methods_sample_order_invariance": "a pixel's features depend on its neighbours",
    "check_methods_subset_invariance": "a pixel's features depend on its neighbours",
}


@parametrize_with_checks([FeatureBank(sigmas=(1.0,))], expected_failed_checks=lambda _: EXCLUDED)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def test_scikit_learn_manners():
    bank = FeatureBank(sigmas=(1.0,))
    assert clone(bank).get_params() == bank.get_params()
    assert bank.fit(None) is bank
    assert bank.set_params(sigmas=(2.0,)).sigmas == (2.0,)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((200, 210), ((0, 200), (0, 210))),
        ((12, 40, 50), ((0, 12), (0, 40), (0, 50))),
        ((340, 350), ((160, 180), (170, 180))),
        ((340, 350), ((0, 20), (100, 340))),
        ((30, 40, 300), ((2, 9), (0, 8), (100, 130))),
    ],
)
def test_workspace_bytes_bound_what_is_held(shape, box, masked, monkeypatch):
    image = as_image(
        texture(shape), channel_axis=None, mask=np.ones(shape, bool) if masked else None
    )
    plan = FeatureBank().plan(image)
    box_shape = (1, *(stop - start for start, stop in box))[-3:]
    out = np.empty((plan.n_features, *box_shape), np.float32)
    compute_box(plan, image, box, out)

    # Nothing is left from earlier calls.
    with monkeypatch.context() as patch:
        patch.setattr(pool, "KEPT", 0)
        compute_box(plan, image, box, out)
    assert pool.idle_bytes == 0
    tracemalloc.start()
    compute_box(plan, image, box, out)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    bound = workspace_bytes(plan, box_shape, image.shape3d)
    assert held < bound
    pixels_read = [
        min(n + 2 * h, size) for n, h, size in zip(box_shape, plan.halo, image.shape3d, strict=True)
    ]
    assert bound < 250 * np.prod(pixels_read)  # a bound that says something


def test_results_of_one_image_after_the_other_do_not_mix():
    images = [texture((50, 60), seed) for seed in range(3)]
    bank = FeatureBank(sigmas=(1.0, 3.5))
    expected = [bank.transform(image).copy() for image in images]
    held = [bank.transform(image) for image in images]
    for _ in range(3):
        for image, values, kept in zip(images, expected, held, strict=True):
            np.testing.assert_array_equal(bank.transform(image), values)
            np.testing.assert_array_equal(kept, values)


def test_a_mapped_file(tmp_path):
    image = texture((40, 50)).astype(np.float32)
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    bank = FeatureBank(sigmas=(1.0,))
    np.testing.assert_array_equal(bank.transform(mapped), bank.transform(image))


@pytest.mark.parametrize(
    ("params", "kind", "words"),
    [
        ({"ops": ["gausian"]}, ValueError, "'gausian'.*gaussian, gradient_magnitude"),
        ({"ops": "gaussian"}, TypeError, r"pass \['gaussian'\]"),
        ({"ops": [3]}, TypeError, "ops holds 3"),
        ({"ops": []}, ValueError, "empty"),
        ({"ops": ["gaussian", "gaussian"]}, ValueError, "twice"),
        ({"sigmas": ()}, ValueError, "sigmas is"),
        ({"sigmas": (1, -2)}, ValueError, "positive"),
        ({"sigmas": (np.nan,)}, ValueError, "positive"),
    ],
)
def test_bad_parameters(params, kind, words):
    with pytest.raises(kind, match=words):
        FeatureBank(**params).transform(np.zeros((5, 5)))


def test_a_sigma_of_next_to_no_pixels_leaves_the_image_as_it_is():
    image = np.random.default_rng(0).random((9, 9), np.float32)
    features = FeatureBank(sigmas=[1.0]).transform(image, spacing=1e12)
    np.testing.assert_array_equal(features[..., 0], image)
    assert np.isfinite(features).all()
