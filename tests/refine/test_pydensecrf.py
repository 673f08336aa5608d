"""Scripts of pydensecrf with their import lines changed, against what pydensecrf gave."""

import json

import numpy as np
import pytest

import pixelseg.refine.pydensecrf.densecrf as dcrf
from pixelseg.refine import pydensecrf
from pixelseg.refine.pydensecrf.utils import (
    compute_unary,
    create_pairwise_bilateral,
    create_pairwise_gaussian,
    softmax_to_unary,
    unary_from_labels,
    unary_from_softmax,
)

from ..oracles import dense_crf as oracle

NORMALIZATIONS = {
    "none": dcrf.NO_NORMALIZATION,
    "before": dcrf.NORMALIZE_BEFORE,
    "after": dcrf.NORMALIZE_AFTER,
    "symmetric": dcrf.NORMALIZE_SYMMETRIC,
}


@pytest.fixture(scope="module")
def stored(shared):
    """The folder of pydensecrf's results."""
    return shared / "reference" / "densecrf"


def assert_equal(found, expected):
    """Probabilities (n_labels, n) as pydensecrf's, and its labels where they are clear."""
    found = np.array(found)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    highest = np.sort(expected, axis=0)
    clear = highest[-1] - highest[-2] > 0.01
    np.testing.assert_array_equal(np.argmax(found, axis=0)[clear], expected.argmax(axis=0)[clear])
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("crop", range(10))
def test_an_image_and_its_energies(stored, crop):
    params = json.loads((stored / "params.json").read_text())["crops"][crop]
    case = np.load(stored / "crops" / f"crop{crop}.npz")
    height, width = case["rgb"].shape[:2]
    for n_labels in (2, 5):
        d = dcrf.DenseCRF2D(width, height, n_labels)
        d.setUnaryEnergy(case[f"U{n_labels}"])
        d.addPairwiseGaussian(sxy=params["gauss"]["sxy"], compat=params["gauss"]["compat"])
        bilateral = params["bilateral"]
        d.addPairwiseBilateral(
            bilateral["sxy"], bilateral["srgb"], case["rgb"], bilateral["compat"]
        )
        for n_iterations in (10, 1, 5):  # each begins anew
            expected = case[f"pydensecrf_L{n_labels}_it{n_iterations}"].astype(float)
            if n_labels == 2:
                expected = np.concatenate([1 - expected, expected])
            assert_equal(d.inference(n_iterations), expected)


@pytest.mark.parametrize(
    "mode",
    [
        "norm_before",
        "norm_after",
        "norm_none",
        "matrix_compat_3",
        "diagonal_compat_3",
        "anisotropic",
    ],
)
def test_modes(stored, mode):
    case = np.load(stored / "modes" / f"{mode}.npz")
    params = json.loads(str(case["params"]))
    height, width = case["rgb"].shape[:2]
    d = dcrf.DenseCRF2D(width, height, len(case["U"]))
    d.setUnary(dcrf.ConstUnary(case["U"]))
    how = NORMALIZATIONS[params.get("normalization", "symmetric")]
    options = {"kernel": dcrf.FULL_KERNEL, "normalization": how}
    for name, add in (("gauss", d.addPairwiseGaussian), ("bilateral", d.addPairwiseBilateral)):
        if name in params:
            given = params[name]
            image = {"srgb": given["srgb"], "rgbim": case["rgb"]} if name == "bilateral" else {}
            add(sxy=given["sxy"], compat=given["compat"], **image, **options)
    for n_iterations in (1, 5, 10):
        if f"pydensecrf_it{n_iterations}" in case:
            assert_equal(d.inference(n_iterations), case[f"pydensecrf_it{n_iterations}"])


def test_features_of_a_grey_image_step_by_step(stored):
    case = np.load(stored / "modes" / "gray_bilateral.npz")
    gray = case["gray"]
    d = dcrf.DenseCRF(gray.size, 2)
    d.setUnaryEnergy(case["U"])
    d.addPairwiseEnergy(create_pairwise_gaussian(sdims=(2, 3), shape=gray.shape), compat=3)
    feats = create_pairwise_bilateral(sdims=(20, 30), schan=10, img=gray)
    d.addPairwiseEnergy(feats, compat=10, kernel=dcrf.CONST_KERNEL)
    Q, tmp1, tmp2 = d.startInference()
    divergences = []
    for n_iterations in range(1, 11):
        divergences.append(d.klDivergence(Q))
        d.stepInference(Q, tmp1, tmp2)
        if f"pydensecrf_it{n_iterations}" in case:
            assert_equal(Q, case[f"pydensecrf_it{n_iterations}"])
    assert (np.diff(divergences) < 0).all()


def test_an_annotation_whose_zero_is_unknown(stored):
    """The example of pydensecrf's own repository, on an image of the stored set."""
    case = np.load(stored / "crops" / "crop0.npz")
    img = case["rgb"]
    rough = 1 + case["U5"].argmin(axis=0).reshape(img.shape[:2])
    rough[10:20, 10:20] = 0
    answers = []
    for use_2d in (True, False):
        U = unary_from_labels(rough, 5, gt_prob=0.7, zero_unsure=True)
        if use_2d:
            d = dcrf.DenseCRF2D(img.shape[1], img.shape[0], 5)
            d.addPairwiseGaussian((3, 3), 3, dcrf.DIAG_KERNEL, dcrf.NORMALIZE_SYMMETRIC)
            d.addPairwiseBilateral(sxy=(80, 80), srgb=(13, 13, 13), rgbim=img, compat=10)
        else:
            d = dcrf.DenseCRF(img.shape[1] * img.shape[0], 5)
            d.addPairwiseEnergy(create_pairwise_gaussian((3, 3), img.shape[:2]), compat=3)
            feats = create_pairwise_bilateral((80, 80), (13, 13, 13), img=img, chdim=2)
            d.addPairwiseEnergy(feats, compat=10)
        d.setUnaryEnergy(U)
        answers.append(np.argmax(d.inference(5), axis=0))
    assert (answers[0] == answers[1]).mean() > 0.98
    assert set(answers[0]) <= set(range(5))


@pytest.fixture
def small(rng):
    """Energies, an image and a model without its kernels."""
    U = rng.random((3, 30)).astype(np.float32)
    d = dcrf.DenseCRF2D(6, 5, 3)
    d.setUnaryEnergy(U)
    return U, rng.integers(0, 255, (5, 6, 3)).astype(np.uint8), d


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_the_divergence(small, how):
    U, img, d = small
    penalties = np.array([[0, 2, 1], [2, 0, 3], [1, 3, 0]])
    widths = {"sxy": (3, 2), "srgb": 60}
    d.addPairwiseBilateral(**widths, rgbim=img, compat=penalties, normalization=NORMALIZATIONS[how])
    rows = oracle.features((5, 6), (2, 3), img, 60)
    terms = [(oracle.normalized(oracle.lattice_filter(rows), 30, how), penalties.astype(float))]
    Q, *rest = d.startInference()
    for _ in range(3):
        expected = oracle.divergence(Q.T.astype(float), U.T, terms)
        assert d.klDivergence(Q) == pytest.approx(expected, rel=1e-5)
        d.stepInference(Q, *rest)


def test_without_kernels_or_energies(small):
    U, _, d = small
    expected = np.exp(-U) / np.exp(-U).sum(axis=0)
    np.testing.assert_allclose(d.inference(3), expected, rtol=1e-5)
    np.testing.assert_allclose(dcrf.DenseCRF(4, 2).inference(2), 0.5)


def test_any_dtype_and_layout(small):
    U, img, d = small
    d.addPairwiseGaussian(2, 3.0)
    d.addPairwiseBilateral(3, 60, img, np.float32(5))
    expected = d.inference(3)
    other = dcrf.DenseCRF2D(6, 5, 3)
    frozen = np.asfortranarray(U.astype(np.float64))
    frozen.flags.writeable = False
    other.setUnaryEnergy(frozen)
    other.addPairwiseGaussian((2, 2), -3 * np.ones(3))
    other.addPairwiseBilateral(
        3, 60, np.asfortranarray(img.astype(float)), (-5 * np.eye(3)).tolist()
    )
    np.testing.assert_allclose(other.inference(3), expected, atol=1e-5)
    grey = dcrf.DenseCRF2D(6, 5, 3)
    grey.setUnaryEnergy(U)
    grey.addPairwiseBilateral(3, 60, img[..., 0], 5)
    five = dcrf.DenseCRF(30, 3)
    five.setUnaryEnergy(U)
    rows = oracle.features((5, 6), (3, 3), img[..., 0], 60)
    five.addPairwiseEnergy(rows.T, 5)
    np.testing.assert_allclose(grey.inference(2), five.inference(2), atol=1e-5)


def test_infinite_energies_are_certain(small):
    U, img, d = small
    U[0, 3] = np.inf
    U[1:, 4] = np.inf
    d.setUnaryEnergy(U)
    d.addPairwiseBilateral(3, 60, img, 5)
    q = d.inference(3)
    assert q[0, 3] < 1e-6
    assert q[0, 4] == pytest.approx(1)


def test_answers_are_the_callers_own(small):
    _, img, d = small
    d.addPairwiseBilateral(3, 60, img, 5)
    first = d.inference(2)
    kept = first.copy()
    d.inference(4)
    np.testing.assert_array_equal(first, kept)
    first[:] = 0
    np.testing.assert_array_equal(d.inference(2), kept)


def test_energies_of_labels():
    labels = np.array([[0, 1], [2, 3]])
    U = unary_from_labels(labels, 3, 0.8)
    assert U.dtype == np.float32
    p = np.array([[1 / 3, 0.8, 0.1, 0.1], [1 / 3, 0.1, 0.8, 0.1], [1 / 3, 0.1, 0.1, 0.8]])
    np.testing.assert_allclose(np.exp(-U), p, rtol=1e-6)
    certain = unary_from_labels(labels, 4, 0.7, zero_unsure=False)
    np.testing.assert_array_equal(certain.argmin(axis=0), [0, 1, 2, 3])
    np.testing.assert_allclose(np.exp(-certain).sum(axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(compute_unary(labels, 3, 0.8), U)


def test_energies_of_probabilities():
    p = np.array([[[0.0, 0.25]], [[1.0, 0.75]]])
    clipped = np.exp(-unary_from_softmax(p))
    np.testing.assert_allclose(clipped, [[1e-5, 0.25], [1, 0.75]], rtol=1e-6)
    drawn = np.exp(-unary_from_softmax(p, scale=0.5))
    np.testing.assert_allclose(drawn, [[0.25, 0.375], [0.75, 0.625]], rtol=1e-6)
    assert softmax_to_unary(p)[0, 0] == np.inf
    np.testing.assert_allclose(np.exp(-softmax_to_unary(p, 0.5)), drawn)


def test_features_of_a_volume(rng):
    volume = rng.random((2, 3, 4, 2)) * 10
    feats = create_pairwise_bilateral((1, 2, 4), (5, 2), volume, chdim=3)
    expected = oracle.features(
        (3, 4)[:0] or (2, 3, 4), (1, 2, 4), volume, (5, 2), last_axis_first=False
    )
    np.testing.assert_allclose(feats.T, expected, rtol=1e-6)
    np.testing.assert_allclose(create_pairwise_gaussian((1, 2, 4), (2, 3, 4)), feats[:3])


PUBLIC = """
    CONST_KERNEL DIAG_KERNEL FULL_KERNEL NO_NORMALIZATION NORMALIZE_AFTER NORMALIZE_BEFORE
    NORMALIZE_SYMMETRIC ConstUnary DenseCRF DenseCRF2D KernelType NormalizationType
    compute_unary create_pairwise_bilateral create_pairwise_gaussian softmax_to_unary
    unary_from_labels unary_from_softmax
"""


def test_public_names():
    assert pydensecrf.__all__ == PUBLIC.split()
    assert all(hasattr(pydensecrf, name) for name in pydensecrf.__all__)
    assert (dcrf.CONST_KERNEL, dcrf.DIAG_KERNEL, dcrf.FULL_KERNEL) == (0, 1, 2)
    assert tuple(NORMALIZATIONS.values()) == (0, 1, 2, 3)


ODD = [
    None,
    "x",
    "",
    [],
    {},
    object(),
    -1,
    0,
    1.5,
    np.nan,
    np.inf,
    [1, [2, 3]],
    np.zeros((0, 3)),
    1j,
]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (dcrf.DenseCRF, {"nvar": 30, "nlabels": 3}),
        (dcrf.DenseCRF2D, {"w": 6, "h": 5, "nlabels": 3}),
        ("setUnaryEnergy", {"u": np.ones((3, 30))}),
        ("setUnary", {"u": dcrf.ConstUnary(np.ones((3, 30)))}),
        ("addPairwiseGaussian", {"sxy": 3, "compat": 2, "kernel": 0, "normalization": 3}),
        ("addPairwiseBilateral", {"sxy": 3, "srgb": 9, "rgbim": np.ones((5, 6, 3)), "compat": 2}),
        ("addPairwiseEnergy", {"features": np.ones((2, 30)), "compat": np.ones(3)}),
        ("inference", {"niter": 2}),
        ("klDivergence", {"Q": np.ones((3, 30))}),
        ("stepInference", {"Q": np.ones((3, 30))}),
        (unary_from_labels, {"labels": np.ones(4, int), "n_labels": 2, "gt_prob": 0.5}),
        (unary_from_softmax, {"sm": np.ones((2, 4)) / 2, "scale": 0.5, "clip": 1e-3}),
        (create_pairwise_gaussian, {"sdims": (1, 1), "shape": (3, 4)}),
        (
            create_pairwise_bilateral,
            {"sdims": (1, 1), "schan": 1, "img": np.ones((3, 4, 2)), "chdim": 2},
        ),
    ],
    ids=lambda value: getattr(value, "__name__", value if isinstance(value, str) else ""),
)
def test_odd_arguments_are_answered_by_their_names(small, function, arguments):
    def call(given):
        action = function if callable(function) else getattr(small[2], function)
        return action(**given)

    def answer(given):
        try:
            call(given)
        except (ValueError, TypeError) as error:
            return str(error)
        return ", ".join(arguments)

    call(arguments)
    for name in arguments:
        for odd in ODD:
            said = answer({**arguments, name: odd})
            assert any(other in said for other in arguments), f"{name}={odd!r}: {said}"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda U, img, d: d.setUnaryEnergy(U[:2]), r"u has shape \(2, 30\) but must have"),
        (lambda U, img, d: d.setUnaryEnergy(U * np.nan), "at point 0 but must hold no NaN"),
        (lambda U, img, d: d.setUnary(U), "u is an array of shape .* but must be a ConstUnary"),
        (lambda U, img, d: d.addPairwiseGaussian(0, 3), "sxy is 0 but must be .* above 0"),
        (
            lambda U, img, d: d.addPairwiseGaussian((1, 2, 3), 3),
            "sxy is .* or one for each of x and y",
        ),
        (lambda U, img, d: d.addPairwiseGaussian(3, [1, 2]), r"compat is .* shape \(3,\) or"),
        (lambda U, img, d: d.addPairwiseGaussian(3, np.eye(2)), r"compat is .* \(3, 3\)"),
        (lambda U, img, d: d.addPairwiseGaussian(3, np.nan), "compat is nan"),
        (lambda U, img, d: d.addPairwiseGaussian(3, 3, normalization=4), "normalization is 4"),
        (
            lambda U, img, d: d.addPairwiseBilateral(3, 9, img.transpose(1, 0, 2), 3),
            r"rgbim has shape \(6, 5, 3\) but must have shape \(5, 6, 3\)",
        ),
        (lambda U, img, d: d.addPairwiseBilateral(3, (9, 9), img, 3), r"srgb is .* channel \(3\)"),
        (lambda U, img, d: d.addPairwiseBilateral(3, 9, img / 0, 3), "rgbim is .* finite numbers"),
        (lambda U, img, d: d.addPairwiseEnergy(U[:, :5], 3), r"features has shape \(3, 5\)"),
        (lambda U, img, d: d.addPairwiseEnergy(U / 0, 3), "features holds NaN or infinity"),
        (lambda U, img, d: d.inference(-1), "niter is -1"),
        (lambda U, img, d: d.klDivergence(U[:, 1:]), "Q is an array"),
        (lambda U, img, d: dcrf.DenseCRF(0, 2), "nvar is 0"),
        (lambda U, img, d: unary_from_labels([[4]], 3, 0.5), "integers from 0 to 3"),
        (lambda U, img, d: unary_from_labels([[1]], 3, 1.0), "gt_prob is 1.0 but must be below"),
        (lambda U, img, d: unary_from_softmax(-U), "sm holds a negative"),
        (lambda U, img, d: unary_from_softmax(img), "sm is .* floats, labels first"),
        (lambda U, img, d: create_pairwise_gaussian((1,), (2, 3)), r"sdims is .* axis \(2\)"),
        (
            lambda U, img, d: create_pairwise_bilateral((1, 1), (1, 1), img, 2),
            r"schan is .* channel \(3\)",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_input_is_said(small, act, words):
    with pytest.raises((ValueError, TypeError), match=words):
        act(*small)
