"""The compiled functions against plain NumPy, on small arrays."""

import numpy as np
import pytest

from pixelseg._core.workspace import workspace
from pixelseg.features import _feature_kernels as kinds
from pixelseg.features import _filter_kernels as filters
from pixelseg.features import _mask_kernels as masks
from pixelseg.features import _scale_kernels as scales
from pixelseg.features.crop import Crop, CropFilters, empty_crop, reflect, smooth
from pixelseg.features.filters import (
    Filter,
    derivative_index,
    differences,
    gaussian_derivatives,
    smoothing,
)
from pixelseg.features.kernel_args import Slice, SliceJob, Source

pytestmark = pytest.mark.kernels
WIDTH = 21


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("is_identity", [False, True])
@pytest.mark.parametrize("pairs", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13])
def test_a_row_is_the_weighted_sum_of_its_pairs(pairs, is_identity, order, rng):
    if is_identity and pairs not in (1, 4):
        pairs = 4  # differences have one pair or four
    weights = rng.normal(size=(3, pairs + 1)).astype(np.float32)
    if is_identity:
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
        source, starts[pairs], before, after, weights, is_identity, order, out, 1, 42, 83, WIDTH
    )
    for number in range(order + 1):
        start = 1 + 41 * number
        np.testing.assert_allclose(out[start : start + WIDTH], expected[number], atol=1e-5)
        assert (out[[start - 1, start + WIDTH]] == 5).all()


@pytest.mark.parametrize("is_identity", [False, True])
@pytest.mark.parametrize("pairs", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
def test_an_order_has_the_same_bits_whichever_others_are_made(pairs, is_identity, rng):
    pairs = 4 if is_identity and pairs != 1 else pairs
    weights = rng.normal(size=(3, pairs + 1)).astype(np.float32)
    if is_identity:
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
            is_identity,
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


def as_crop(values, box, shape):
    crop = empty_crop(box, shape)
    crop.view[...] = values
    return crop


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
        crop = as_crop(image, whole, shape)
        prepared = CropFilters((along if ndim == 3 else alone, along, along), whole, shape, whole)
        memory = prepared.empty_slices(3)
        out = np.zeros((10, *shape), np.float32)
        index = derivative_index(ndim)
        stride = int(np.prod(shape))
        flat, width = out.reshape(-1), shape[2]
        for z in range(shape[0]):
            for k, plane in enumerate(prepared.slices(crop.values, z, memory)):
                at = z * shape[1] * shape[2]
                to = (flat, stride, at, width, width)
                filters.derive_rows(plane, 0, shape[1], prepared.plane, 2 - k, index[k], *to)
    for i, j, k in np.ndindex(3, 3, 3):
        if i + j + k <= 2 and (ndim == 3 or i == 0):
            kernels = [(along.weights[order], order == 1) for order in (i, j, k)]
            if ndim == 2:
                kernels[0] = (np.ones(1), False)
            expected = convolved(image, kernels, step)
            np.testing.assert_allclose(out[index[i, j, k]], expected, atol=2e-4)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_features_of_a_slice(ndim, masked, rng):
    """Derivatives of a 7 x 9 slice, of which rows 2 to 5 and columns 3 to 7 are wanted."""
    n_rows, n_columns, pitch = 7, 9, 16
    n_derivatives = 6 if ndim == 2 else 10
    planes = rng.normal(size=(1 if ndim == 2 else 3, n_rows, pitch)).astype(np.float32)
    weights = rng.uniform(1, 2, planes.shape).astype(np.float32)
    inside = (rng.random((n_rows, pitch)) < 0.7).astype(np.float32)
    base, base_weights = rng.normal(size=(n_rows, pitch)), rng.uniform(1, 2, (n_rows, pitch))
    base, base_weights = base.astype(np.float32), base_weights.astype(np.float32)
    none = Slice(np.empty((0, 0), np.float32), 0, 0)
    one = np.array([[1.0, 0], [0, 0.5], [-2, 1]], np.float32)  # central differences
    whole = ((0, 1), (0, n_rows), (0, n_columns))
    identity, along = Filter(one[:, :1]), Filter(one)
    made = CropFilters((identity, along, along), whole, (1, n_rows, n_columns), whole)
    job = SliceJob(2, n_rows, n_columns, pitch, 2, 5, 3, 4, 1, 0)
    ops = np.array([[kinds.VALUE, 0, 1, 0, 0], [kinds.DIFFERENCE, 0, 1, 1, 1]])
    features = np.zeros((2, 2, 3, 4), np.float32)
    products = np.zeros((3 if ndim == 2 else 6, 1, n_rows, pitch), np.float32)
    block = np.zeros((n_derivatives * (1 + masked), 2 * pitch), np.float32)
    scales.fill_slice(
        Source(planes, Slice(base, 2, 3)),
        Source(weights, Slice(base_weights, 2, 3)) if masked else Source(planes[:1, :0], none),
        Slice(inside, 0, 0) if masked else none,
        np.zeros(6, np.float32),
        made.plane,
        derivative_index(ndim),
        job,
        ops,
        features,
        products,
        block,
    )
    u, w = planes[0], weights[0] if masked else 1
    keep = inside if masked else np.ones_like(inside)
    value = u / w * keep
    subtracted = base / base_weights * keep if masked else base
    part = (slice(2, 5), slice(3, 7))
    np.testing.assert_allclose(features[0, 1], value[part], rtol=1e-5)
    np.testing.assert_allclose(features[1, 1], (value - subtracted)[part], rtol=1e-4, atol=1e-5)
    assert (features[:, 0] == 0).all()

    def derivative(of, axis):
        of = of[:, :n_columns].astype(float)
        ahead, behind = (
            np.take(np.pad(of, 1, "symmetric"), np.arange(k, k + of.shape[axis]), axis)
            for k in (2, 0)
        )
        crop = [slice(1, -1), slice(1, -1)]
        crop[axis] = slice(None)
        return 0.5 * (ahead - behind)[tuple(crop)]

    # The last of the products is the square of the derivative along W.
    slope = derivative(u, 1)
    if masked:
        n = u[:, :n_columns] / w[:, :n_columns]
        slope = (slope - n * derivative(w, 1)) / w[:, :n_columns] * keep[:, :n_columns]
    np.testing.assert_allclose(products[-1, 0, :, :n_columns], slope**2, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("masked", [False, True])
def test_the_eigenvalues_of_smoothed_products(masked, rng):
    """Both filters double what they read, so that products become four times what they were."""
    shape = (1, 5, 6)
    whole = tuple((0, size) for size in shape)
    double = Filter(np.array([[2.0], [0], [0]], np.float32))
    sparse = CropFilters((double, double, double), whole, shape, whole)
    products = rng.normal(size=(3 + masked, 1, 5, 16)).astype(np.float32)
    mask = np.ones((5, 16), np.float32)
    mask[2, 3] = 0
    if masked:
        products[3] = 0.5
    features = np.zeros((2, 1, 5, 6), np.float32)
    scales.fill_tensor_slice(
        products,
        np.zeros((3 + masked, 2), bool),
        sparse.plane,
        sparse.plane,
        Slice(mask, 0, 0) if masked else Slice(mask[:0, :0], 0, 0),
        SliceJob(0, 5, 6, 16, 0, 5, 0, 6, 0, 0),
        np.array([[kinds.EIGENVALUES, 0, 3, 0, 0]]),
        features,
        np.zeros((3 + masked, 3 * 16), np.float32),
    )
    xx, xy, yy = (4 * products[:3, 0, :, :6]).astype(float) / (2 if masked else 1)
    matrices = np.stack([xx, xy, xy, yy], axis=-1).reshape(5, 6, 2, 2)
    expected = np.linalg.eigvalsh(matrices)[..., ::-1]
    if masked:
        expected[2, 3] = 0
    np.testing.assert_allclose(np.moveaxis(features[:, 0], 0, -1), expected, atol=1e-4)


@pytest.mark.parametrize("masked", [False, True])
def test_standard_deviations_from_the_mean(masked, rng):
    shape = (2, 3, 5)
    weights = rng.uniform(0.5, 1, shape).astype(np.float32) if masked else np.ones(shape, "f4")
    mask = (rng.random(shape) < 0.7).astype(np.float32) if masked else np.ones(shape, "f4")
    mean = rng.normal(size=shape).astype(np.float32)
    square = mean**2 + rng.uniform(-0.1, 1, shape).astype(np.float32)
    mean[0, 0, 0] = square[0, 0, 0] = 0
    features = rng.normal(size=(3, *shape)).astype(np.float32)
    before = features.copy()
    none = np.empty((1, 0, 0), np.float32)
    given = (weights, mask) if masked else (none, none)
    scales.standardise(mean * weights, square * weights, *given, np.array([0, 2]), features)
    spread = np.sqrt(np.maximum(square - mean**2, 0)) + 0.02 * np.abs(mean)
    scale = np.divide(mask, spread, out=np.zeros_like(spread), where=spread > 0)
    np.testing.assert_allclose(features[::2], (before[::2] - mean) * scale, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(features[1], before[1])


def test_smoothing_of_parts_and_in_place(rng):
    image = rng.normal(size=(6, 9, 8)).astype(np.float32)
    shape, whole = image.shape, ((0, 6), (0, 9), (0, 8))
    gauss = smoothing(1.2)
    half = gauss.weights[0].astype(float)
    expected = convolved(image, [(half, False)] * 3, 1)
    part = ((2, 5), (0, 3), (4, 8))
    with workspace.scope():
        crop = as_crop(image, whole, shape)
        np.testing.assert_allclose(
            smooth(crop, (gauss, gauss, gauss), part).view, expected[2:5, :3, 4:], atol=1e-5
        )
        prepared = CropFilters((gauss, gauss, gauss), whole, shape, part, whole)
        prepared.smooth_depth(crop.values)
        along = convolved(image, [(half, False), (np.ones(1), False), (np.ones(1), False)], 1)
        np.testing.assert_allclose(crop.view[:3], along[2:5], atol=1e-5)


@pytest.mark.parametrize("ndim", [2, 3])
def test_eigenvalues(ndim, rng):
    n = 13
    matrix = rng.normal(size=(n, ndim, ndim))
    matrix = matrix + matrix.swapaxes(1, 2)
    matrix[0], matrix[1] = np.eye(ndim), 0
    matrix[2], matrix[3] = np.diag(np.arange(ndim)), np.ones((ndim, ndim))
    upper = np.triu_indices(ndim)
    derivatives = np.zeros((1 + len(upper[0]), n + 3), np.float32)
    derivatives[1:, 3:] = matrix[:, upper[0], upper[1]].T
    features = np.zeros((ndim + 1, 2, 2, n), np.float32)
    op = np.array([kinds.EIGENVALUES, 1, len(upper[0]), 1, 0])
    kinds.fill_features(op, derivatives, 3, derivatives[0], features, 1, 0, n)
    expected = np.linalg.eigvalsh(matrix)[:, ::-1].T
    np.testing.assert_allclose(features[1:, 1, 0], expected, atol=3e-6)
    assert (features[1:, 1, 0, 1] == 0).all()
    assert (features[0] == 0).all()
    assert (features[:, 0] == 0).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_lengths_traces_and_differences(ndim, rng):
    n = 13
    derivatives = rng.normal(size=(7, n)).astype(np.float32)
    features = np.zeros((1, 1, 1, n), np.float32)

    def made(kind, first, count):
        op = np.array([kind, first, count, 0, 0])
        kinds.fill_features(op, derivatives, 0, derivatives[6], features, 0, 0, n)
        return features[0, 0, 0].copy()

    length = np.sqrt((derivatives[1 : 1 + ndim].astype(float) ** 2).sum(axis=0))
    np.testing.assert_allclose(made(kinds.LENGTH, 1, ndim), length, rtol=1e-6)
    diagonal = {2: [0, 2], 3: [0, 3, 5]}[ndim]
    trace = derivatives[diagonal].sum(axis=0)
    count = {2: 3, 3: 6}[ndim]
    np.testing.assert_allclose(made(kinds.TRACE, 0, count), trace, atol=1e-6)
    np.testing.assert_array_equal(made(kinds.VALUE, 2, 1), derivatives[2])
    np.testing.assert_array_equal(made(kinds.DIFFERENCE, 2, 1), derivatives[2] - derivatives[6])
    product = np.empty(n, np.float32)
    kinds.multiply(derivatives[0], derivatives[1], product)
    np.testing.assert_array_equal(product, derivatives[0] * derivatives[1])


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


def test_a_crop_finds_a_part_of_itself():
    with workspace.scope():
        crop = as_crop(np.arange(24.0).reshape(2, 3, 4), ((5, 7), (1, 4), (0, 4)), (9, 9, 9))
        assert isinstance(crop, Crop)
        assert crop.values[crop.offset(((6, 7), (2, 4), (3, 4)))] == 12 + 4 + 3
