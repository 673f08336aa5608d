"""The dense CRF against plain oracles, stored answers of pydensecrf, and itself."""

import json

import numpy as np
import pytest

import pixelseg
from pixelseg import io
from pixelseg.refine import FeatureKernel, dense_crf
from pixelseg.refine.dense_crf import DenseCRF
from pixelseg.refine.mean_field import MeanField
from pixelseg.refine.pairwise import PairwiseKernel

from ..oracles import dense_crf as oracle


def scene(shape=(9, 11), n_classes=2, n_channels=3, seed=0):
    """Regions of two colours, and probabilities that are often wrong."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(shape, int)
    truth[..., shape[-1] // 2 :] = n_classes - 1
    image = truth[..., None] * 60 + rng.normal(60, 8, (*shape, n_channels))
    p = rng.random((*shape, n_classes)) + 0.2
    p[np.arange(n_classes) == truth[..., None]] += 0.8
    return (p / p.sum(axis=-1, keepdims=True)).astype(np.float32), image, truth


def expected(p, image, n_iterations, *, bilateral=10.0, gaussian=3.0, spacing=1.0, **how):
    """The plain mean field with the widths 20, 13 and 3."""
    shape, n_classes = p.shape[:-1], p.shape[-1]
    spacing = np.broadcast_to(spacing, len(shape))
    terms = []
    for weight, width, values in ((gaussian, 3, None), (bilateral, 20, image)):
        rows = oracle.features(shape, width / spacing, values, 13)
        filtered = oracle.lattice_filter(rows, both_orders=how.get("both_orders", False))
        sums = oracle.normalized(filtered, len(rows), how.get("normalization", "symmetric"))
        terms.append((sums, oracle.compatibility(weight, n_classes)))
    energies = -np.log(np.maximum(p, 1e-5)).reshape(-1, n_classes).astype(float)
    return oracle.mean_field(energies, terms, n_iterations).reshape(p.shape)


def refined(p, image, n_iterations=5, **params):
    return dense_crf(
        p, image, sigma_spatial=20, channel_axis=-1, n_iterations=n_iterations, **params
    )


@pytest.mark.kernels
@pytest.mark.parametrize("n_classes", [2, 3, 9])
@pytest.mark.parametrize("shape", [(8, 9), (3, 4, 5)])
def test_it_is_the_plain_mean_field(n_classes, shape):
    p, image, _ = scene(shape, n_classes)
    for n_iterations in (0, 1, 3):
        got = refined(p, image, n_iterations)
        np.testing.assert_allclose(got, expected(p, image, n_iterations), atol=1e-4)
        np.testing.assert_allclose(got.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.kernels
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("normalization", ["before", "after", "none"])
def test_normalizations(n_classes, normalization):
    p, image, _ = scene((7, 8), n_classes)
    weights = (0.2, 0.3) if normalization == "none" else (3.0, 10.0)
    got = refined(
        p, image, normalization=normalization, gaussian_weight=weights[0],
        bilateral_weight=weights[1],
    )  # fmt: skip
    wanted = expected(
        p, image, 5, gaussian=weights[0], bilateral=weights[1], normalization=normalization
    )
    np.testing.assert_allclose(got, wanted, atol=2e-4)


def test_both_ways():
    p, image, _ = scene((12, 14), 3)
    got = refined(p, image, both_ways=True)
    np.testing.assert_allclose(got, expected(p, image, 5, both_orders=True), atol=1e-4)
    assert abs(got - refined(p, image)).max() > 1e-4


@pytest.mark.kernels
@pytest.mark.parametrize("n_classes", [2, 4])
def test_compatibilities(n_classes):
    p, image, _ = scene((7, 8), n_classes)
    matrix = np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes))) * 3.0
    for bilateral in (matrix, -np.arange(1.0, n_classes + 1)):
        got = refined(p, image, bilateral_weight=bilateral)
        np.testing.assert_allclose(got, expected(p, image, 5, bilateral=bilateral), atol=1e-4)
    # A number is the matrix of rewards, and a reward shifted for every pair changes nothing.
    as_matrix = refined(p, image, bilateral_weight=-10 * np.eye(n_classes))
    np.testing.assert_allclose(as_matrix, refined(p, image), atol=1e-4)


@pytest.mark.kernels
def test_strong_weights_do_not_overflow():
    for n_classes in (2, 3):
        p, image, truth = scene((12, 14), n_classes)
        got = refined(p, image, bilateral_weight=300.0)
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, expected(p, image, 5, bilateral=300.0), atol=1e-3)
        assert (got.argmax(axis=-1) == truth).mean() > 0.9


@pytest.mark.parametrize("n_classes", [2, 7])
def test_it_repairs_probabilities(n_classes):
    p, image, truth = scene((40, 50), n_classes)
    before, after = ((q.argmax(axis=-1) == truth).mean() for q in (p, refined(p, image)))
    assert before < 0.99
    assert after > 0.99


@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_threads_strides_and_dtypes_change_no_bit(n_classes):
    p, image, _ = scene((150, 160), n_classes)
    image = image.clip(0, 255).astype(np.uint8)
    once = refined(p, image)
    np.testing.assert_array_equal(refined(p, image, n_jobs=2), once)
    np.testing.assert_array_equal(refined(p[::-1][::-1], np.asfortranarray(image)), once)
    for dtype in (np.int32, np.float64, np.uint16):
        np.testing.assert_array_equal(refined(p, image.astype(dtype)), once)
    p.setflags(write=False)
    image.setflags(write=False)
    np.testing.assert_array_equal(refined(p, image), once)
    tight = refined(p, image, tolerance=0.0)
    np.testing.assert_allclose(tight, once, atol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_mask_is_a_smaller_image(n_classes):
    p, image, _ = scene((14, 16), n_classes)
    mask = np.zeros((14, 16), bool)
    mask[2:11, 3:14] = True
    cut = refined(p[2:11, 3:14], image[2:11, 3:14])
    noise = p.copy()
    noise[~mask] = np.nan
    outside = np.where(mask[..., None], image, np.nan)
    got = refined(noise, outside, mask=mask)
    np.testing.assert_allclose(got[2:11, 3:14], cut, atol=2e-3)
    assert not got[~mask].any()
    # Probabilities of zeros alone say that there is no data.
    empty = np.where(mask[..., None], p, 0)
    np.testing.assert_array_equal(refined(empty, image), got)
    np.testing.assert_array_equal(refined(empty, outside, mask=mask), got)
    assert not refined(p, image, mask=np.zeros((14, 16), bool)).any()


def test_widths_are_in_units_of_spacing():
    p, image, _ = scene((4, 6, 7), 2)
    for spacing in (0.5, (3.0, 1.0, 0.5)):
        got = refined(p, image, spacing=spacing)
        np.testing.assert_allclose(got, expected(p, image, 5, spacing=spacing), atol=1e-4)
    wide = dense_crf(
        p, image, sigma_spatial=(60, 20, 10), gaussian_sigma=(9, 3, 1.5), channel_axis=-1
    )
    narrow = dense_crf(p, image, sigma_spatial=20, spacing=(1 / 3, 1, 2), channel_axis=-1)
    np.testing.assert_allclose(wide, narrow, atol=1e-5)


def test_further_kernels():
    p, image, _ = scene((9, 10), 3)
    depth = image[..., 0]
    colour = FeatureKernel(image, 13.0, sigma_spatial=20.0)
    alone = refined(p, image, bilateral_weight=0, kernels=[colour])
    np.testing.assert_allclose(alone, refined(p, image), atol=1e-5)
    once = refined(p, image, bilateral_weight=0, kernels=[FeatureKernel(depth, 5.0)])
    grey = dense_crf(p, depth, sigma_spatial=1e9, sigma_values=5.0)
    np.testing.assert_allclose(once, grey, atol=1e-3)
    with pytest.raises(ValueError, match=r"values has shape \(9, 9\)"):
        refined(p, image, kernels=[FeatureKernel(depth[:, 1:], 5.0)])
    with pytest.raises(ValueError, match="sigma_values is"):
        refined(p, image, kernels=[FeatureKernel(image, (5.0, 5.0))])


def test_without_kernels_nothing_changes():
    p, image, _ = scene()
    for n_classes in (2, 3):
        p, image, _ = scene(n_classes=n_classes)
        got = refined(p, image, bilateral_weight=0, gaussian_weight=0)
        np.testing.assert_allclose(got, p, atol=1e-5)
    one = refined(p[..., :1] * 0 + 1, image)
    np.testing.assert_allclose(one, np.ones((9, 11, 1)), rtol=1e-6)


def test_it_ends_at_the_tolerance_and_says_how_far_it_is():
    p, image, _ = scene((20, 20), 3)
    seen = []
    got = refined(
        p, image, 200, tolerance=1e-3, progress=lambda done, total: seen.append((done, total))
    )
    assert 2 < seen[-1][0] < 200
    assert seen[0] == (1, 200)
    again = refined(p, image, seen[-1][0])
    np.testing.assert_allclose(got, again, atol=1e-4)
    assert abs(refined(p, image, seen[-1][0] + 1) - got).max() <= 2e-3


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (1, 1, 1), (2, 1, 1)])
def test_tiny_images(shape):
    p, image, _ = scene(shape, 2)
    np.testing.assert_allclose(refined(p, image), expected(p, image, 5), atol=1e-4)


def test_certain_probabilities():
    _, image, truth = scene((20, 30))
    certain = (np.arange(2) == truth[..., None]).astype(np.float64)
    got = refined(certain, image)
    assert np.isfinite(got).all()
    assert (got.argmax(axis=-1) == truth).all()


@pytest.mark.parametrize("widths", [{"sigma_values": 1e-3}, {"sigma_spatial": 1e-3}])
def test_tiny_widths(widths):
    """pydensecrf's keys wrap around there; no pixel hears another one."""
    p, image, _ = scene((20, 30))
    got = dense_crf(p, image, gaussian_weight=0, **widths)
    energies = -np.log(p).reshape(-1, 2).astype(float)
    alone = oracle.mean_field(energies, [(lambda q: q, oracle.compatibility(10.0, 2))], 5)
    np.testing.assert_allclose(got.reshape(-1, 2), alone, atol=1e-4)
    with pytest.raises(ValueError, match="too far for the lattice: pass larger widths"):
        dense_crf(p, image, sigma_values=1e-9)


@pytest.mark.kernels
def test_steps_and_divergence(rng):
    energies = rng.random((3, 40)).astype(np.float32) * 3
    features = rng.random((2, 40)) * 3
    matrix = np.array([[0, 1, 2], [1, 0, 0.5], [2, 0.5, -1]])
    for compatibility in (2.0, matrix):
        field = MeanField(energies, [PairwiseKernel(features, compatibility)])
        sums = oracle.normalized(oracle.lattice_filter(features.T), 40)
        terms = [(sums, oracle.compatibility(compatibility, 3))]
        for n_iterations in (1, 2, 3):
            field.step()
            q = oracle.mean_field(energies.T.astype(float), terms, n_iterations)
            np.testing.assert_allclose(field.q, q, atol=1e-5)
        wanted = oracle.divergence(q, energies.T, terms)
        assert field.kl_divergence() == pytest.approx(wanted, rel=1e-4)
        field.q = np.full((40, 3), 1 / 3)
        field.step()
        flat = oracle.pairwise(np.full((40, 3), 1 / 3), terms)
        np.testing.assert_allclose(field.q, oracle.softmax(-energies.T - flat), atol=1e-5)
    with pytest.raises(ValueError, match="features are of 39 pixels"):
        MeanField(energies, [PairwiseKernel(features[:, 1:], 1.0)])


def bad(p, place, values):
    p = p.copy()
    p[place] = values
    return p


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0.5, 0.6), r"pixel \(3, 4\) are \(0.5, 0.6\).* must sum to 1"),
        ((-0.2, 1.2), r"pixel \(3, 4\) are \(-0.2, 1.2\).* must not be negative"),
        ((np.nan, 0.5), r"pixel \(3, 4\) are \(nan, 0.5\)"),
        ((np.inf, 0.5), r"pixel \(3, 4\) are \(inf, 0.5\)"),
        ((1e-9, 0), r"pixel \(3, 4\) are"),
    ],
)
@pytest.mark.parametrize("n_classes", [2, 12])
def test_bad_probabilities(values, message, n_classes):
    p, image, _ = scene(n_classes=n_classes)
    row = np.zeros(n_classes)
    row[:2] = values
    with pytest.raises(ValueError, match=message.replace(r"\).*", r".*").replace(r"5\)", "5")):
        refined(bad(p, (3, 4), row), image)
    with pytest.raises(ValueError, match=r"pixel \(3, 4\)"):
        refined(bad(p, (3, 4), row), image, mask=np.arange(99).reshape(9, 11) > 5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"probabilities": np.zeros((9, 10, 2))}, "probabilities has shape"),
        ({"probabilities": np.zeros((9, 11, 0))}, "probabilities has shape"),
        ({"sigma_spatial": 0}, "sigma_spatial is 0"),
        ({"sigma_spatial": (1, 2, 3)}, "sigma_spatial is"),
        ({"sigma_values": -1}, "sigma_values is -1"),
        ({"sigma_values": (1, 2)}, "sigma_values is"),
        ({"gaussian_sigma": np.nan}, "gaussian_sigma is nan"),
        ({"bilateral_weight": np.zeros((3, 3))}, r"bilateral_weight has shape \(3, 3\)"),
        ({"gaussian_weight": [1, 2, 3]}, r"gaussian_weight has shape \(3,\)"),
        ({"bilateral_weight": [[0, 1], [2, 0]]}, "bilateral_weight is not symmetric"),
        ({"bilateral_weight": np.inf}, "bilateral_weight is inf"),
        ({"n_iterations": -1}, "n_iterations is -1"),
        ({"tolerance": -1}, "tolerance is -1"),
        ({"normalization": "sum"}, "normalization is 'sum'"),
        ({"max_memory": 0}, "max_memory is 0"),
        ({"mask": np.ones((3, 3), bool)}, "mask has shape"),
        ({"image": np.full((9, 11, 3), np.nan)}, "image holds nan"),
    ],
)
def test_bad_input(params, message):
    p, image, _ = scene()
    given = {"probabilities": p, "image": image, **params}
    with pytest.raises(ValueError, match=message):
        dense_crf(given.pop("probabilities"), given.pop("image"), **given)


def test_what_is_too_large_is_refused_before_anything_is_done():
    p = np.broadcast_to(np.float32(0.5), (30_000, 30_000, 2))
    image = np.broadcast_to(np.uint8(0), (30_000, 30_000, 3))
    with pytest.raises(ValueError, match=r"max_memory is 20 GB but dense_crf needs about \d+ GB"):
        dense_crf(p, image, max_memory="20GB")
    p, image, _ = scene((100, 100))
    with pytest.raises(ValueError, match="max_memory is 500 kB"):
        dense_crf(p, image, max_memory="500kB")
    dense_crf(p, image, max_memory="3MB")


def test_the_machines_memory_is_the_limit(monkeypatch):
    monkeypatch.setattr("pixelseg._core.memory.physical_memory", lambda: 10**5)
    p, image, _ = scene((100, 100))
    with pytest.raises(MemoryError, match="the machine has 100 kB"):
        dense_crf(p, image)
    monkeypatch.setattr("pixelseg._core.memory.physical_memory", lambda: None)
    dense_crf(p, image)


# The refiner


def test_the_refiner_counts_widths_in_grey_levels():
    p, image, _ = scene((12, 14))
    image = image.clip(0, 255).astype(np.uint8)
    wanted = dense_crf(p, image)
    np.testing.assert_array_equal(DenseCRF().refine(p, image), wanted)
    shares = (image / 255).astype(np.float32)
    np.testing.assert_allclose(DenseCRF().refine(p, shares), wanted, atol=2e-3)
    wide = image.astype(np.uint16) * 257
    np.testing.assert_allclose(DenseCRF().refine(p, wide), wanted, atol=2e-3)
    settled = DenseCRF(gaussian_sigma=2.0).settled(100.0)
    assert settled.get_params()["value_range"] == 100.0
    assert settled.gaussian_sigma == 2.0
    assert settled.settled(7.0).value_range == 100.0
    assert all(isinstance(one, DenseCRF) for one in DenseCRF.candidates())
    with pytest.raises(ValueError, match="value_range is 0"):
        DenseCRF(value_range=0).refine(p, image)


def test_saved_with_a_model(tmp_path):
    _, image, truth = scene((24, 30), n_channels=1)
    image = image[..., 0]
    refiner = DenseCRF([[0, 4.0], [4.0, 0]], 9.0, gaussian_sigma=2.0)
    model = pixelseg.PixelClassifier(features=pixelseg.FeatureBank(sigmas=(0.7,)), refine=refiner)
    model.fit(image, truth + 1).save(tmp_path / "model.pixelseg")
    loaded = pixelseg.load(tmp_path / "model.pixelseg")
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))
    assert model.set_params(refine__sigma_spatial=5.0).refine.sigma_spatial == 5.0


# What is stored


@pytest.fixture(scope="module")
def stored(shared):
    """The folder of stored results."""
    return shared / "reference" / "densecrf"


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "motorcycle"])
def test_pydensecrf_on_whole_images(stored, name):
    image = np.asarray(io.read_image(stored / "full" / f"{name}.png"))
    p1 = np.load(stored / "full" / f"{name}_unary.npz")["p2"].astype(np.float32)
    p1 = p1.reshape(image.shape[:2])
    kept = np.load(stored / "full" / f"{name}_ref.npz")
    for n_iterations in (1, 5, 10):
        q = dense_crf(np.stack([1 - p1, p1], axis=-1), image, n_iterations=n_iterations)
        wanted = kept[f"pydensecrf_L2_it{n_iterations}_s9"]
        np.testing.assert_allclose(q[::9, ::9, 1], wanted.reshape(36, 54), atol=1e-3)
        labels = io.read_labels(stored / "full" / f"{name}_L2_it{n_iterations}_pydensecrf.png")
        sure = abs(q[..., 1] - q[..., 0]) > 0.01
        np.testing.assert_array_equal(q.argmax(axis=-1)[sure], labels[sure])


def crop_errors(stored, crop, n_labels, n_iterations):
    """Mean distances to the exact sums: ours, ours in both ways, pydensecrf's; ours to its."""
    params = json.loads((stored / "params.json").read_text())["crops"][crop]
    case = np.load(stored / "crops" / f"crop{crop}.npz")
    shape = case["rgb"].shape[:2]
    p = np.exp(-case[f"U{n_labels}"].astype(float)).T.reshape(*shape, n_labels)
    p /= p.sum(axis=-1, keepdims=True)
    gauss, bilateral = params["gauss"], params["bilateral"]
    answers = []
    for both_ways in (False, True):
        q = dense_crf(
            p,
            case["rgb"],
            gaussian_sigma=gauss["sxy"],
            gaussian_weight=gauss["compat"],
            sigma_spatial=bilateral["sxy"],
            sigma_values=bilateral["srgb"],
            bilateral_weight=bilateral["compat"],
            n_iterations=n_iterations,
            both_ways=both_ways,
        ).reshape(-1, n_labels)
        answers.append(q.T if n_labels > 2 else q.T[1:])
    exact, theirs = (
        case[f"{who}_L{n_labels}_it{n_iterations}"].astype(float).reshape(answers[0].shape)
        for who in ("exact", "pydensecrf")
    )
    assert abs(answers[0] - theirs).max() < 1e-3
    return [abs(q - exact).mean() for q in (*answers, theirs)]


@pytest.mark.parametrize(
    ("n_labels", "n_iterations", "share"), [(2, 5, 0.6), (2, 10, 0.5), (5, 5, 1.0), (5, 10, 1.0)]
)
def test_crops(stored, n_labels, n_iterations, share):
    """Crop 8 is left out of the means: it is as close to one answer as to another."""
    errors = [crop_errors(stored, crop, n_labels, n_iterations) for crop in range(10)]
    ours, closer, theirs = np.delete(errors, 8, axis=0).mean(axis=0)
    assert ours <= theirs + 1e-4
    assert closer <= share * theirs


def test_a_model_tunes_it_at_fit():
    _, image, truth = scene((24, 30), n_channels=1)
    strokes = np.where(np.indices(truth.shape).sum(axis=0) % 5 == 0, truth + 1, 0)
    bank = pixelseg.FeatureBank(sigmas=(0.7,))
    model = pixelseg.PixelClassifier(features=bank, refine="dense_crf").fit(image[..., 0], strokes)
    assert model.predict(image[..., 0]).shape == truth.shape
