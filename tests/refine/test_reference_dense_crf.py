"""The oracles of the dense CRF against stored results of pydensecrf and of exact sums."""

import json

import numpy as np
import pytest

from pixelseg import io

from ..oracles import dense_crf as oracle


@pytest.fixture(scope="module")
def stored(shared):
    """The folder of stored results."""
    return shared / "reference" / "densecrf"


def terms_of(filter_of, shape, image, params, n_labels):
    """Both terms with the parameters of a stored case; a pair of widths is (x, y)."""
    terms = []
    how = params.get("normalization", "symmetric")
    for name in ("gauss", "bilateral"):
        if name not in params:
            continue
        given = params[name]
        by_axes = "sdims_rows_cols" in given
        widths = given["sdims_rows_cols"] if by_axes else np.broadcast_to(given["sxy"], 2)[::-1]
        values = image if name == "bilateral" else None
        value_widths = given.get("srgb", given.get("schan", 1))
        rows = oracle.features(shape, widths, values, value_widths, last_axis_first=not by_axes)
        sums = oracle.normalized(filter_of(rows), len(rows), how)
        terms.append((sums, oracle.compatibility(given["compat"], n_labels)))
    return terms


@pytest.mark.parametrize("crop", range(10))
def test_crops(stored, crop):
    params = json.loads((stored / "params.json").read_text())["crops"][crop]
    case = np.load(stored / "crops" / f"crop{crop}.npz")
    shape = case["rgb"].shape[:2]
    # Stored in 16 bits; crop 8 has pixels where either answer is nearly stable.
    for name, filter_of, tolerance in (
        ("exact", oracle.exact_filter, 1e-6),
        ("pydensecrf", oracle.lattice_filter, 6e-4 if crop == 8 else 3e-4),
    ):
        terms = terms_of(filter_of, shape, case["rgb"], params, 2)
        for term, (sums, _) in zip(("gauss", "bilateral"), terms, strict=True):
            once = sums(np.exp(-case["U2"][1, :, None].astype(float)))[:, 0]
            np.testing.assert_allclose(once, case[f"filter_{name}_{term}"], rtol=1e-4)
        for n_labels in (2, 5):
            terms = [(sums, oracle.compatibility(-m[0, 0], n_labels)) for sums, m in terms]
            energies = case[f"U{n_labels}"].T.astype(float)
            for n_iterations in (1, 5, 10):
                q = oracle.mean_field(energies, terms, n_iterations)
                expected = case[f"{name}_L{n_labels}_it{n_iterations}"].T
                if n_labels == 2:
                    q = q[:, 1:]
                np.testing.assert_allclose(q, expected, atol=tolerance)


MODES = (
    "norm_before",
    "norm_after",
    "norm_none",
    "matrix_compat_3",
    "diagonal_compat_3",
    "gray_bilateral",
    "anisotropic",
)


@pytest.mark.parametrize("mode", MODES)
def test_modes(stored, mode):
    case = np.load(stored / "modes" / f"{mode}.npz")
    image = case["gray"] if "gray" in case else case["rgb"]
    params = json.loads(str(case["params"]))
    energies = case["U"].T.astype(float)
    for name, filter_of in (("exact", oracle.exact_filter), ("pydensecrf", oracle.lattice_filter)):
        terms = terms_of(filter_of, image.shape[:2], image, params, energies.shape[1])
        for n_iterations in (1, 5, 10):
            if f"{name}_it{n_iterations}" in case:
                q = oracle.mean_field(energies, terms, n_iterations)
                np.testing.assert_allclose(q.T, case[f"{name}_it{n_iterations}"], atol=2e-4)


def test_a_whole_image(stored):
    params = json.loads((stored / "params.json").read_text())["full"]
    image = np.asarray(io.read_image(stored / "full" / "rocket.png"))
    p1 = np.load(stored / "full" / "rocket_unary.npz")["p2"].astype(float).reshape(-1, 1)
    energies = -np.log(np.maximum(np.concatenate([1 - p1, p1], axis=1), 1e-5))
    terms = terms_of(oracle.lattice_filter, image.shape[:2], image, params, 2)
    q = oracle.mean_field(energies, terms, 5)
    expected = np.load(stored / "full" / "rocket_ref.npz")["pydensecrf_q1_L2_it5"]
    np.testing.assert_allclose(q[:, 1].reshape(expected.shape), expected, atol=3e-4)
    labels = io.read_labels(stored / "full" / "rocket_L2_it5_pydensecrf.png")
    np.testing.assert_array_equal(q.argmax(axis=1).reshape(labels.shape), labels)


def test_the_lattice_is_close_to_all_pairs(rng):
    rows = rng.random((300, 3)) * 2
    values = rng.random((300, 2))
    exact = oracle.normalized(oracle.exact_filter(rows), 300)(values)
    for both in (False, True):
        near = oracle.normalized(oracle.lattice_filter(rows, both_orders=both), 300)(values)
        assert abs(near / exact - 1).mean() < 0.05


def test_both_orders_of_blurs_make_it_symmetric(rng):
    rows = rng.random((60, 4)) * 3
    matrix = oracle.lattice_filter(rows, both_orders=True)(np.eye(60))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    one_way = oracle.lattice_filter(rows)(np.eye(60))
    assert abs(one_way - one_way.T).max() > 1e-3
