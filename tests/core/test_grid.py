"""The grid against scipy.ndimage and plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.spatial.distance import cdist

from pixelseg._core import grid

CASES = [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
LABELS = hnp.array_shapes(min_dims=2, max_dims=3, max_side=7).flatmap(
    lambda shape: hnp.arrays(np.int32, shape, elements=st.integers(0, 2))
)


@pytest.mark.parametrize(("ndim", "connectivity"), CASES)
def test_offsets_are_those_of_scipys_structure(ndim, connectivity):
    structure = ndimage.generate_binary_structure(ndim, connectivity)
    structure[(1,) * ndim] = False
    expected = np.argwhere(structure) - 1
    offsets = grid.neighbour_offsets(ndim, connectivity)
    np.testing.assert_array_equal(offsets, expected)
    forward = grid.forward_offsets(ndim, connectivity)
    both = {tuple(row) for row in np.concatenate([forward, -forward])}
    assert both == {tuple(row) for row in expected}
    assert len(forward) * 2 == len(expected)


@pytest.mark.parametrize(("ndim", "connectivity"), CASES)
def test_distances_and_flat_steps(ndim, connectivity):
    offsets = grid.neighbour_offsets(ndim, connectivity)
    spacing, shape = (2.0, 0.5, 3.0)[:ndim], (4, 5, 6)[:ndim]
    expected = cdist(np.zeros((1, ndim)), offsets * spacing)[0]
    np.testing.assert_allclose(grid.offset_distances(offsets, spacing), expected)
    numbers = np.arange(np.prod(shape)).reshape(shape)
    for offset, flat in zip(offsets, grid.flat_offsets(offsets, shape), strict=True):
        here, there = grid.neighbour_slices(offset)
        assert (numbers[there] - numbers[here] == flat).all()
        assert numbers[here].shape == tuple(n - abs(k) for n, k in zip(shape, offset, strict=True))


@pytest.mark.parametrize("connectivity", [0, 3, True, 1.0, "full"])
def test_bad_connectivity(connectivity):
    with pytest.raises(ValueError, match=r"connectivity is .* must be an integer from 1"):
        grid.neighbour_offsets(2, connectivity)


def components_by_scipy(labels, connectivity):
    """Components of each label by scipy, numbered by their first pixels."""
    structure = ndimage.generate_binary_structure(labels.ndim, connectivity)
    pieces = np.zeros(labels.shape, int)
    for value in np.unique(labels[labels != 0]):
        own, _ = ndimage.label(labels == value, structure)
        pieces[own > 0] = own[own > 0] + pieces.max()
    ids, first = np.unique(pieces, return_index=True)
    order = np.zeros(pieces.max() + 1, int)
    inside = ids > 0
    order[ids[inside][np.argsort(first[inside])]] = np.arange(1, inside.sum() + 1)
    return order[pieces]


@pytest.mark.kernels
@given(LABELS, st.integers(1, 3))
def test_components(labels, connectivity):
    connectivity = min(connectivity, labels.ndim)
    components, n = grid.label_components(labels, connectivity)
    np.testing.assert_array_equal(components, components_by_scipy(labels, connectivity))
    assert n == components.max()
    assert components.dtype == np.int32


@pytest.mark.parametrize("connectivity", [1, 2])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_components_of_a_larger_image(share, connectivity):
    mask = np.random.default_rng(3).random((210, 173)) < share
    structure = ndimage.generate_binary_structure(2, connectivity)
    expected, n_expected = ndimage.label(mask, structure)
    components, n = grid.label_components(mask, connectivity)
    assert n == n_expected
    np.testing.assert_array_equal(components, expected)


def test_components_of_other_dtypes_and_strides():
    labels = np.random.default_rng(0).integers(0, 3, (20, 30))
    expected = components_by_scipy(labels[::2, ::-1], 1)
    for dtype in (np.uint8, np.int16, np.uint64, np.int64):
        np.testing.assert_array_equal(
            grid.label_components(labels.astype(dtype)[::2, ::-1])[0], expected
        )
    huge = np.where(labels == 0, 0, labels + 2**40)
    np.testing.assert_array_equal(grid.label_components(huge[::2, ::-1])[0], expected)
    assert grid.label_components(np.zeros((0, 3), int))[1] == 0


@given(LABELS, st.integers(1, 3), st.sampled_from([None, 0]))
def test_borders(labels, connectivity, ignore):
    connectivity = min(connectivity, labels.ndim)
    marks = grid.find_borders(labels, connectivity, ignore=ignore)
    offsets = grid.neighbour_offsets(labels.ndim, connectivity)
    for pixel in np.ndindex(labels.shape):
        others = [tuple(np.add(pixel, offset)) for offset in offsets]
        others = [
            other
            for other in others
            if all(0 <= k < n for k, n in zip(other, labels.shape, strict=True))
        ]
        expected = any(
            labels[other] != labels[pixel] and ignore not in (labels[other], labels[pixel])
            for other in others
        )
        assert marks[pixel] == expected


@pytest.mark.kernels
@given(LABELS)
def test_sizes_and_outlines(labels):
    n = int(labels.max())
    sizes, outlines = grid.measure_segments(labels, n)
    padded = np.pad(labels, 1)
    for segment in range(1, n + 1):
        assert sizes[segment - 1] == (labels == segment).sum()
        own = padded == segment
        steps = sum(np.count_nonzero(np.diff(own, axis=axis)) for axis in range(labels.ndim))
        assert outlines[segment - 1] == steps


@given(LABELS, st.sampled_from([1, 7, 10**6, 10**12]))
def test_relabelling(labels, factor):
    sparse = labels.astype(np.int64) * factor
    segments, ids = grid.relabel_sequential(sparse)
    assert segments.dtype == np.int32
    np.testing.assert_array_equal(np.concatenate([[0], ids])[segments], sparse)
    np.testing.assert_array_equal(np.unique(segments[segments > 0]), np.arange(1, len(ids) + 1))


def test_segments_at_the_door():
    segments = np.array([[0, 3], [7, 7]], np.uint16)
    checked = grid.as_segments(segments, (2, 2), mask=np.array([[True, True], [False, True]]))
    assert checked.dtype == np.int32
    assert checked.tolist() == [[0, 3], [0, 7]]
    with pytest.raises(ValueError, match="prediction holds -1"):
        grid.as_segments([[-1, 2]], name="prediction")
    with pytest.raises(ValueError, match=r"segments has shape \(1, 2\) but image has spatial"):
        grid.as_segments([[1, 2]], (2, 2))
    with pytest.raises(TypeError, match="segments has dtype float64"):
        grid.as_segments([[1.0, 2.0]])
