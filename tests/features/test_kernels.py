"""The compiled sums against plain NumPy, on small rows."""

import numpy as np
import pytest

from pixelseg.features import _column_kernels as column
from pixelseg.features import _gaussian_kernels as gaussian
from pixelseg.features.cascade import plan_cascade
from pixelseg.features.plane import as_plane, reflect, smooth
from pixelseg.features.weights import difference_orders, gaussian_orders

pytestmark = pytest.mark.kernels
N = gaussian.LANES


def rows(radius, rng):
    flat = rng.normal(size=(2 * radius + 1) * N + 7).astype(np.float32)
    offsets = np.arange(2 * radius + 1) * N + 3
    return flat, offsets, np.array([flat[o : o + N] for o in offsets], np.float64)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13])
def test_sums(radius, rng):
    flat, offsets, table = rows(radius, rng)
    w = rng.normal(size=(3, radius + 1)).astype(np.float32)
    k = np.arange(1, radius + 1)
    pairs = table[radius + k] + table[radius - k]
    odds = table[radius + k] - table[radius - k]
    even = w[:, :1] * table[radius] + w[:, 1:] @ pairs
    out = np.full((3, N + 9), 5, np.float32)
    gaussian.sum_even(flat, offsets, w[0], N, out[0], 4)
    np.testing.assert_allclose(out[0, 4 : 4 + N], even[0], atol=1e-5)
    gaussian.sum_odd(flat, offsets, w[1], N, out[1], 4)
    np.testing.assert_allclose(out[1, 4 : 4 + N], w[1, 1:] @ odds, atol=1e-5)
    gaussian.sum_orders(flat, offsets, w[0], w[1], w[2], N, out[0], 0, out[1], 1, out[2], 2)
    np.testing.assert_allclose(out[0, :N], even[0], atol=1e-5)
    np.testing.assert_allclose(out[1, 1 : 1 + N], w[1, 1:] @ odds, atol=1e-5)
    np.testing.assert_allclose(out[2, 2 : 2 + N], even[2], atol=1e-5)
    assert (out[:, N + 4 :] == 5).all()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_reflection_is_numpys(size):
    x = np.arange(size)
    padded = np.pad(x, 17, mode="symmetric")
    np.testing.assert_array_equal(reflect(np.arange(-17, size + 17), size), padded)


def test_eigenvalues(rng):
    for ndim, compute in ((2, column.eigenvalues_2), (3, column.eigenvalues_3)):
        matrix = rng.normal(size=(N, ndim, ndim))
        matrix = matrix + matrix.swapaxes(1, 2)
        matrix[0] = np.eye(ndim)
        matrix[1] = 0
        matrix[2] = np.diag(np.arange(ndim))
        matrix[3] = np.ones((ndim, ndim))
        upper = np.triu_indices(ndim)
        fields = np.zeros((len(upper[0]), 2 * N), np.float32)
        fields[:, :N] = matrix[:, upper[0], upper[1]].T
        outs = [np.empty((1, N - 5), np.float32) for _ in range(ndim)]
        scratch = np.zeros((3, 2 * N), np.float32)
        compute(fields, np.arange(len(fields)), 0, N, *outs, scratch)
        expected = np.linalg.eigvalsh(matrix)[: N - 5, ::-1].T
        np.testing.assert_allclose(np.array(outs)[:, 0], expected, atol=3e-6)


def test_columns(rng):
    fields = rng.normal(size=(3, 4 * N)).astype(np.float32)
    view = fields[:, : 3 * N].reshape(3, 3, N)[:, :, 2:42].astype(np.float64)
    out = np.empty((3, 40), np.float32)
    scratch = np.zeros((3, 2 * N), np.float32)
    for n in (2, 3):
        terms = np.arange(n)
        column.magnitude(fields, terms, 2, N, out, scratch)
        np.testing.assert_allclose(out, np.sqrt((view[:n] ** 2).sum(axis=0)), rtol=1e-6)
        column.trace(fields, terms, 2, N, out)
        np.testing.assert_allclose(out, view[:n].sum(axis=0), atol=1e-6)
    column.copy_columns(fields[1], 2, N, out)
    np.testing.assert_array_equal(out, view[1])
    column.difference(fields[0], 2, N, fields[2], 2, N, out)
    np.testing.assert_allclose(out, view[0] - view[2], atol=1e-6)
    products = np.zeros((6, 3 * N), np.float32)
    column.products(fields, np.arange(3), 0, N, products, 0, 2)
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    for k, (i, j) in enumerate(pairs):
        np.testing.assert_array_equal(products[k, : 2 * N], fields[i, : 2 * N] * fields[j, : 2 * N])


def test_smooth_is_scipys(rng):
    from scipy import ndimage

    image = rng.normal(size=(3, 30, 33)).astype(np.float32)
    whole = tuple((0, n) for n in image.shape)
    for stage in plan_cascade({1.0, 2.0}, (1.0, 1.0, 1.0), 3):
        if stage.base is None:
            result = smooth(as_plane(image, whole, image.shape), stage.filters, whole).view()
            expected = ndimage.gaussian_filter(image.astype(float), stage.sigma, truncate=5)
            np.testing.assert_allclose(result, expected, atol=1e-6)


def test_the_cascade_prefers_what_needs_fewer_taps():
    stages = {s.sigma: s for s in plan_cascade({0.7, 1.6, 2.31, 3.5, 5.0, 10.0}, (1, 1, 1), 2)}
    assert stages[0.7].base is None
    assert stages[1.6].base is None
    assert stages[10.0].base == 5.0
    assert stages[10.0].filters[2].step == 5
    assert len(stages[10.0].filters[2].weights) < 12


def test_weights_measure_what_they_say():
    x = np.arange(-60, 61.0)
    for orders, step in (
        (gaussian_orders(1.6), 1),
        (gaussian_orders(0.2, spacing=1.0), 1),
        difference_orders(3.5),
        difference_orders(10.0),
    ):
        k = np.arange(orders.shape[1]) * step
        for values, first, second in ((x, 1, 0), (x**2 / 2, 0, 1)):
            middle = len(x) // 2
            pair, odd = (
                values[middle + k] + values[middle - k],
                values[middle + k] - values[middle - k],
            )
            assert (orders[1, 1:] * odd[1:]).sum() == pytest.approx(first, abs=2e-4)
            even = orders[2, 0] * values[middle] + (orders[2, 1:] * pair[1:]).sum()
            assert even == pytest.approx(second, abs=2e-3)
