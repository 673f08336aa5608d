"""The compiled functions against plain NumPy, on small arrays."""

import numpy as np
import pytest

from pixelseg._core.workspace import workspace
from pixelseg.features import _column_kernels as column
from pixelseg.features import _filter_kernels as filters
from pixelseg.features import _mask_kernels as masks
from pixelseg.features.derivatives import derivative_slots
from pixelseg.features.field import Field, Filtering, as_field, reflect, smooth
from pixelseg.features.weights import Filter, differences, gaussian_derivatives, smoothing

pytestmark = pytest.mark.kernels
WIDTH = 21


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("copies", [False, True])
@pytest.mark.parametrize("pairs", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13])
def test_a_row_is_the_weighted_sum_of_its_pairs(pairs, copies, order, rng):
    if copies and pairs not in (1, 4):
        pairs = 4  # differences have one pair or four
    weights = rng.normal(size=(3, pairs + 1)).astype(np.float32)
    if copies:
        weights[0] = np.eye(pairs + 1)[0]
    source = rng.normal(size=(2 * pairs + 1) * 30 + 5).astype(np.float32)
    starts = 3 + 30 * np.arange(2 * pairs + 1)
    table = np.array([source[start : start + WIDTH] for start in starts], np.float64)
    before = starts[:pairs][::-1].astype(np.uint64)
    after = starts[pairs + 1 :].astype(np.uint64)
    k = np.arange(1, pairs + 1)
    total, difference = table[pairs + k] + table[pairs - k], table[pairs + k] - table[pairs - k]
    expected = [
        weights[0, 0] * table[pairs] + weights[0, 1:] @ total,
        weights[1, 1:] @ difference,
        weights[2, 0] * table[pairs] + weights[2, 1:] @ total,
    ]
    out = np.full(3 * 40, 5, np.float32)
    filters.filter_row(
        source, starts[pairs], before, after, weights, copies, order, out, 1, 42, 83, WIDTH
    )
    for number in range(order + 1):
        start = 1 + 41 * number
        np.testing.assert_allclose(out[start : start + WIDTH], expected[number], atol=1e-5)
        assert (out[[start - 1, start + WIDTH]] == 5).all()


@pytest.mark.parametrize("copies", [False, True])
@pytest.mark.parametrize("pairs", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
def test_an_order_has_the_same_bits_whichever_others_are_made(pairs, copies, rng):
    pairs = 4 if copies and pairs != 1 else pairs
    weights = rng.normal(size=(3, pairs + 1)).astype(np.float32)
    if copies:
        weights[0] = np.eye(pairs + 1)[0]
    source = rng.normal(size=(2 * pairs + 1) * WIDTH).astype(np.float32)
    starts = WIDTH * np.arange(2 * pairs + 1)
    before = starts[:pairs][::-1].astype(np.uint64)
    after = starts[pairs + 1 :].astype(np.uint64)
    out = np.zeros((3, 3, WIDTH), np.float32)
    for order in range(3):
        at = [(3 * order + k) * WIDTH for k in range(3)]
        filters.filter_row(
            source,
            starts[pairs],
            before,
            after,
            weights,
            copies,
            order,
            out.reshape(-1),
            *at,
            WIDTH,
        )
    np.testing.assert_array_equal(out[1:, 0], out[[0, 0], 0])
    np.testing.assert_array_equal(out[2, 1], out[1, 1])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_reflection_is_numpys(size):
    padded = np.pad(np.arange(size), 17, mode="symmetric")
    np.testing.assert_array_equal(reflect(np.arange(-17, size + 17), size), padded)


def convolved(image, kernels, step):
    """Separable filters with reflecting borders, one axis after the other."""
    result = image.astype(np.float64)
    for axis, (half, odd) in enumerate(kernels):
        reach = (len(half) - 1) * step
        border = [(reach, reach) if k == axis else (0, 0) for k in range(image.ndim)]
        padded = np.pad(result, border, mode="symmetric")
        size = result.shape[axis]

        def part(k, padded=padded, axis=axis, reach=reach, size=size):
            return padded.take(np.arange(reach + k * step, reach + k * step + size), axis)

        sign = -1 if odd else 1
        result = half[0] * part(0) * (not odd) + sum(
            half[k] * (part(k) + sign * part(-k)) for k in range(1, len(half))
        )
    return result


def some_filter(step, rng):
    weights = rng.normal(size=(3, 4)).astype(np.float32)
    return Filter(weights, step)


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("shape", [(1, 9, 11), (1, 1, 2), (4, 7, 6)])
def test_derivatives_of_all_orders(shape, step, rng):
    image = rng.normal(size=shape).astype(np.float32)
    ndim = 2 if shape[0] == 1 else 3
    along = some_filter(step, rng)
    alone = Filter(np.array([[1.0], [0], [0]], np.float32))
    whole = tuple((0, size) for size in shape)
    with workspace.scope():
        field = as_field(image, whole, shape)
        filtering = Filtering((along if ndim == 3 else alone, along, along), whole, shape, whole)
        memory = filtering.empty_slices(3)
        out = np.zeros((10, *shape), np.float32)
        slots = derivative_slots(ndim)
        for z in range(shape[0]):
            for k, plane in enumerate(filtering.slices(field.values, z, memory)):
                filters.derive_rows(
                    plane,
                    0,
                    shape[1],
                    filtering.rows,
                    filtering.row,
                    2 - k,
                    slots[k],
                    out.reshape(-1),
                    int(np.prod(shape)),
                    z * shape[1] * shape[2],
                    shape[2],
                    shape[2],
                )
    for i, j, k in np.ndindex(3, 3, 3):
        if i + j + k <= 2 and (ndim == 3 or i == 0):
            kernels = [(along.weights[order], order == 1) for order in (i, j, k)]
            if ndim == 2:
                kernels[0] = (np.ones(1), False)
            expected = convolved(image, kernels, step)
            np.testing.assert_allclose(out[slots[i, j, k]], expected, atol=2e-4)


def test_smoothing_of_parts_and_in_place(rng):
    image = rng.normal(size=(6, 9, 8)).astype(np.float32)
    shape, whole = image.shape, ((0, 6), (0, 9), (0, 8))
    gauss = smoothing(1.2)
    half = gauss.weights[0].astype(float)
    expected = convolved(image, [(half, False)] * 3, 1)
    part = ((2, 5), (0, 3), (4, 8))
    with workspace.scope():
        field = as_field(image, whole, shape)
        np.testing.assert_allclose(
            smooth(field, (gauss, gauss, gauss), part).view, expected[2:5, :3, 4:], atol=1e-5
        )
        filtering = Filtering((gauss, gauss, gauss), whole, shape, part, whole)
        filtering.smooth_depth(field.values)
        along = convolved(image, [(half, False), (np.ones(1), False), (np.ones(1), False)], 1)
        np.testing.assert_allclose(field.view[:3], along[2:5], atol=1e-5)


@pytest.mark.parametrize("ndim", [2, 3])
def test_eigenvalues(ndim, rng):
    n = 13
    matrix = rng.normal(size=(n, ndim, ndim))
    matrix = matrix + matrix.swapaxes(1, 2)
    matrix[0], matrix[1] = np.eye(ndim), 0
    matrix[2], matrix[3] = np.diag(np.arange(ndim)), np.ones((ndim, ndim))
    upper = np.triu_indices(ndim)
    fields = np.zeros((1 + len(upper[0]), n + 3), np.float32)
    fields[1:, 3:] = matrix[:, upper[0], upper[1]].T
    columns = np.zeros((ndim + 1, 2, 2, n), np.float32)
    kind = column.EIGENVALUES
    column.fill_columns(kind, fields, 1, len(upper[0]), 3, fields[0], columns, 1, 1, 0, n)
    expected = np.linalg.eigvalsh(matrix)[:, ::-1].T
    np.testing.assert_allclose(columns[1:, 1, 0], expected, atol=3e-6)
    assert (columns[1:, 1, 0, 1] == 0).all()
    assert (columns[0] == 0).all()
    assert (columns[:, 0] == 0).all()


@pytest.mark.parametrize("n_fields", [2, 3])
def test_lengths_traces_and_differences(n_fields, rng):
    n = 13
    fields = rng.normal(size=(7, n)).astype(np.float32)
    columns = np.zeros((1, 1, 1, n), np.float32)

    def made(kind, field, count):
        column.fill_columns(kind, fields, field, count, 0, fields[6], columns, 0, 0, 0, n)
        return columns[0, 0, 0].copy()

    length = np.sqrt((fields[1 : 1 + n_fields].astype(float) ** 2).sum(axis=0))
    np.testing.assert_allclose(made(column.LENGTH, 1, n_fields), length, rtol=1e-6)
    diagonal = {2: [0, 2], 3: [0, 3, 5]}[n_fields]
    trace = fields[diagonal].sum(axis=0)
    count = {2: 3, 3: 6}[n_fields]
    np.testing.assert_allclose(made(column.TRACE, 0, count), trace, atol=1e-6)
    np.testing.assert_array_equal(made(column.VALUE, 2, 1), fields[2])
    np.testing.assert_array_equal(made(column.DIFFERENCE, 2, 1), fields[2] - fields[6])
    product = np.empty(n, np.float32)
    column.multiply(fields[0], fields[1], product)
    np.testing.assert_array_equal(product, fields[0] * fields[1])


def test_the_quotient_rule(rng):
    # Polynomials u, w of x, y, z around a point: derivatives of u / w by small differences.
    ndim, n = 3, 5
    u, w = rng.normal(size=(10, n)), rng.normal(size=(10, n))
    w[0] += 5
    pairs = [(i, j) for i in range(ndim) for j in range(i, ndim)]

    def value(of, at):
        linear = sum(of[1 + i] * at[i] for i in range(ndim))
        square = sum(
            of[4 + p] * at[i] * at[j] * (0.5 if i == j else 1) for p, (i, j) in enumerate(pairs)
        )
        return of[0] + linear + square

    def quotient(*at):
        return value(u, at) / value(w, at)

    h = 1e-4
    unit = h * np.eye(ndim)
    expected = [quotient(0, 0, 0)]
    expected += [(quotient(*e) - quotient(*-e)) / (2 * h) for e in unit]
    for i, j in pairs:
        a, b = unit[i], unit[j]
        corners = quotient(*(a + b)) - quotient(*(a - b)) - quotient(*(b - a)) + quotient(*(-a - b))
        expected.append(corners / (4 * h * h))
    result = u.astype(np.float32)
    inside = np.ones(n, np.float32)
    inside[2] = 0
    masks.quotient_rule(result, w.astype(np.float32), ndim, np.zeros(6, np.float32), inside)
    np.testing.assert_allclose(result[:, inside > 0], np.array(expected)[:, inside > 0], atol=1e-4)
    assert (result[:, 2] == 0).all()
    halves = np.full((2, n), 3, np.float32)
    masks.divide(halves, np.full(n, 2, np.float32), inside)
    np.testing.assert_array_equal(halves, 1.5 * np.stack([inside, inside]))


@pytest.mark.parametrize(
    "made", [gaussian_derivatives(1.6, 1.0), differences(0.2, 1.0), differences(10.0, 1.0)]
)
def test_derivatives_of_a_line_and_a_parabola(made):
    k = np.arange(made.weights.shape[1]) * made.step
    x = np.arange(-60, 61.0)
    for values, first, second in ((x, 1, 0), (x**2 / 2, 0, 1)):
        total, difference = values[60 + k] + values[60 - k], values[60 + k] - values[60 - k]
        assert (made.weights[1] * difference).sum() == pytest.approx(first, abs=2e-4)
        even = made.weights[2, 0] * values[60] + (made.weights[2, 1:] * total[1:]).sum()
        assert even == pytest.approx(second, abs=2e-3)


@pytest.mark.parametrize("sigma", [0.3, 0.7, 1.6, 5.0, 30.0])
def test_smoothing_keeps_a_constant(sigma):
    weights = smoothing(sigma).weights[0].astype(np.float64)
    assert weights[0] + 2 * weights[1:].sum() == pytest.approx(1, abs=1e-7)
    assert (np.diff(weights) <= 0).all()


def test_a_field_finds_its_place():
    with workspace.scope():
        field = as_field(np.arange(24.0).reshape(2, 3, 4), ((5, 7), (1, 4), (0, 4)), (9, 9, 9))
        assert isinstance(field, Field)
        z, y, x = field.place(((6, 7), (2, 4), (3, 4)))
        assert field.values[z, y, x] == 12 + 4 + 3
