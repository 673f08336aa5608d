"""The permutohedral lattice, against the plain one and against all pairs."""

import numpy as np
import pytest

from pixelseg.refine import lattice_filter
from pixelseg.refine.lattice import build_lattice
from pixelseg.refine.pixel_features import FeatureArray, PixelFeatures

from ..oracles import dense_crf as oracle


def points(rng, n, d, reach=6.0):
    """Features (n, d) and values (n,), a few points apart from the others."""
    rows = rng.normal(size=(n, d)) * reach / 2
    rows[:2] *= 9
    return rows, rng.random(n).astype(np.float32)


@pytest.mark.kernels
@pytest.mark.parametrize("d", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("both_ways", [False, True])
def test_it_is_the_plain_lattice(rng, d, both_ways):
    rows, values = points(rng, 60, d)
    wanted = oracle.lattice_filter(rows, both_orders=both_ways)(values[:, None])[:, 0]
    got = lattice_filter(values, rows, normalization="none", both_ways=both_ways)
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-6)


@pytest.mark.kernels
@pytest.mark.parametrize("normalization", ["symmetric", "before", "after"])
def test_normalizations(rng, normalization):
    rows, _ = points(rng, 50, 3)
    values = rng.random((50, 2)).astype(np.float32)
    sums = oracle.lattice_filter(rows, both_orders=True)
    wanted = oracle.normalized(sums, 50, normalization)(values)
    got = lattice_filter(values, rows, normalization=normalization)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("d", "tolerance"), [(2, 0.02), (5, 0.06)])
def test_it_is_near_the_sums_of_all_pairs(rng, d, tolerance):
    rows = rng.random((2000, d)) * 3
    values = rng.random(2000).astype(np.float32)
    wanted = oracle.normalized(oracle.exact_filter(rows), 2000, "after")(values[:, None])[:, 0]
    got = lattice_filter(values, rows)
    assert np.median(abs(got / wanted - 1)) < tolerance


def test_a_width_is_a_unit_of_features(rng):
    rows, values = points(rng, 300, 3)
    widths = (0.5, 2.0, 7.0)
    np.testing.assert_allclose(
        lattice_filter(values, rows * widths, sigma=widths),
        lattice_filter(values, rows),
        rtol=1e-4,
        atol=1e-6,
    )
    same = lattice_filter(values, rows.reshape(3, 100, 3).reshape(300, 3))
    np.testing.assert_array_equal(
        lattice_filter(values.reshape(20, 15), rows.reshape(20, 15, 3)).ravel(), same
    )


def test_many_values_are_each_filtered(rng):
    rows, _ = points(rng, 200, 4)
    values = rng.random((200, 35)).astype(np.float32)
    whole = lattice_filter(values, rows)
    for k in (0, 33):
        np.testing.assert_allclose(whole[:, k], lattice_filter(values[:, k], rows), rtol=1e-5)


def test_threads_and_order_of_memory_change_no_bit(rng):
    rows, values = points(rng, 40_000, 3, reach=20.0)
    once = lattice_filter(values, rows)
    np.testing.assert_array_equal(lattice_filter(values, rows, n_jobs=2), once)
    np.testing.assert_array_equal(lattice_filter(values, np.asfortranarray(rows)), once)


def test_coordinates_that_need_two_words(rng):
    """Many features, and few that reach far: keys are wider than one word."""
    for d, reach in ((15, 0.2), (10, 8.0), (5, 2e4)):
        rows, values = points(rng, 40, d, reach)
        wanted = oracle.normalized(oracle.lattice_filter(rows, both_orders=True), 40, "after")
        np.testing.assert_allclose(
            lattice_filter(values, rows), wanted(values[:, None])[:, 0], rtol=1e-4, atol=1e-5
        )


@pytest.mark.kernels
def test_a_larger_table_holds_what_the_smaller_held(rng):
    from pixelseg.refine import _lattice_build_kernels as kernels

    keys = rng.integers(0, 9, (3, 40)) << 20
    hashes = np.empty(40, np.int64)
    kernels.hash_keys(0, 40, keys, hashes)
    known, ids = np.empty((40, 3), np.int64), np.empty((2, 40), np.uint32)
    n = kernels.number_simplices(keys, hashes, np.zeros(64, np.uint32), known, 0, ids[0])
    larger = np.zeros(256, np.uint32)
    kernels.enter_simplices(known, n, larger)
    assert kernels.number_simplices(keys, hashes, larger, known, n, ids[1]) == n
    np.testing.assert_array_equal(ids[0], ids[1])
    np.testing.assert_array_equal(known[ids[0]], keys.T)


def test_far_narrower_than_the_steps_it_changes_nothing(rng):
    rows = np.indices((20, 30)).reshape(2, -1).T * 1e5
    values = rng.random(600).astype(np.float32)
    np.testing.assert_allclose(lattice_filter(values, rows), values, rtol=1e-5)


def test_chunks_depend_on_the_number_of_points_alone(rng):
    rows, _ = points(rng, 40_000, 2, reach=30.0)
    for n_jobs in (1, 2):
        lattice = build_lattice(FeatureArray(rows.T), n_jobs=n_jobs)
        assert [chunk.start for chunk in lattice.chunks] == [0, 10_000, 20_000, 30_000]


@pytest.mark.kernels
@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 4, 5), (1, 1, 1), (2, 1, 3)])
def test_features_of_pixels(rng, shape):
    n = int(np.prod(shape))
    values = rng.random((2, n)).astype(np.float32)
    scales, widths = np.array([3.0, 2.0, 0.5]), np.array([0.25, 4.0])
    inside = np.flatnonzero(rng.random(n) < 0.7)
    every = PixelFeatures(shape, scales, values, widths)
    some = PixelFeatures(shape, scales, values[:, inside], widths, inside)
    flat = shape[0] == 1
    positions = (np.indices(shape).reshape(3, -1) * scales[:, None])[: 0 if flat else None : -1]
    wanted = np.concatenate([positions, values * widths[:, None]])
    for source, rows in ((every, wanted), (some, wanted[:, inside])):
        out = np.empty(rows.shape)
        for start in range(0, rows.shape[1], 3):
            stop = min(start + 3, rows.shape[1])
            source.fill(start, stop, out[:, start:stop])
        np.testing.assert_allclose(out, rows, rtol=1e-6)
        if rows.size:
            low, high = source.bounds()
            assert (low <= rows.min(axis=1) + 1e-9).all()
            assert (high >= rows.max(axis=1) - 1e-9).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"values": np.zeros(4)}, "values has shape"),
        ({"features": np.zeros(5)}, "values has shape"),
        ({"features": np.zeros((5, 16))}, "there may be 15"),
        (
            {"features": np.full((5, 2), np.nan)},
            "features holds NaN or an infinite value, in feature 0",
        ),
        ({"features": np.array([[0, 0], [1, np.inf]] * 2 + [[0, 0]])}, "in feature 1"),
        ({"features": np.full((5, 2), 1e300)}, "too far"),
        ({"features": np.indices((5, 1))[0] * 1e12}, "too far"),
        ({"features": np.linspace(0, 1e7, 75).reshape(5, 15)}, "pass larger widths"),
        ({"values": np.full(5, np.inf)}, "values holds NaN"),
        ({"sigma": 0}, "sigma is 0"),
        ({"sigma": (1, 2, 3)}, "sigma is"),
        ({"normalization": "sum"}, "normalization is 'sum'"),
        ({"values": np.zeros((5, 0))}, "at least one point"),
    ],
)
def test_bad_input(params, message):
    given = {"values": np.zeros(5), "features": np.zeros((5, 2)), **params}
    with pytest.raises(ValueError, match=message):
        lattice_filter(given.pop("values"), given.pop("features"), **given)


def test_memory_is_refused_before_it_is_taken():
    features = np.broadcast_to(np.zeros(()), (1000, 1000, 5))
    with pytest.raises(ValueError, match=r"max_memory is .* needs about"):
        lattice_filter(np.zeros((1000, 1000), np.float32), features, max_memory="1MB")
