"""Boundary moves: what they promise on any image, and each of their parts against plain loops."""

from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data as pictures

from pixelseg.metrics import adjusted_rand_index
from pixelseg.superpixels import etps
from pixelseg.superpixels.merge import merge_segments
from pixelseg.superpixels.moves import Moves
from pixelseg.superpixels.pyramid import labels_of, make_levels, shape_of
from tests.oracles import boundary_moves as oracle
from tests.oracles.superpixels import components, neighbours

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9)


def check_promises(segments, spatial_shape, mask=None):
    """Connected, 1..n without gaps by first pixels, 0 outside the mask alone; returns n."""
    assert segments.dtype == np.int32
    assert segments.shape == spatial_shape
    assert (segments > 0)[slice(None) if mask is None else mask].all()
    assert mask is None or not segments[~mask].any()
    ids, first = np.unique(segments[segments > 0], return_index=True)
    np.testing.assert_array_equal(ids, np.arange(1, len(ids) + 1))
    assert (np.diff(first) > 0).all()
    pieces = components(segments)
    assert len(np.unique(pieces[segments > 0])) == len(ids)
    return len(ids)


@settings(max_examples=60)
@given(
    st.data(),
    SHAPES,
    st.sampled_from([np.uint8, np.uint16, np.float32, bool, np.int64]),
    st.sampled_from([0.0, 1.5, 20.0]),
    st.sampled_from([0.0, 8.0]),
    st.sampled_from([1.0, 1.5, 3.0]),
)
def test_promises_hold_on_any_image(data, shape, dtype, compactness, smoothness, oversegmentation):
    values = st.integers(0, 1) if dtype is bool else st.integers(0, 100)
    image = data.draw(hnp.arrays(dtype, shape, elements=values.map(dtype)))
    mask = data.draw(st.none() | hnp.arrays(bool, shape))
    if mask is not None and not mask.any():
        mask = None
    n_pixels = image.size if mask is None else int(mask.sum())
    n_segments = data.draw(st.integers(1, n_pixels))
    options = {
        "compactness": compactness,
        "smoothness": smoothness,
        "oversegmentation": oversegmentation,
        "channel_axis": None,
        "spacing": data.draw(st.sampled_from([None, (2.5,) + (1.0,) * (len(shape) - 1)])),
    }
    segments = etps(image, n_segments, mask=mask, **options)
    n = check_promises(segments, shape, mask)
    islands = 1 if mask is None else len(np.unique(components(mask)[mask]))
    assert n == max(n_segments, islands)
    if mask is not None and dtype is not bool:
        other = np.where(mask, image, 77).astype(dtype)
        np.testing.assert_array_equal(etps(other, n_segments, mask=mask, **options), segments)


@pytest.mark.kernels
@pytest.mark.parametrize("masked", [False, True])
def test_a_small_image_enters_every_kernel(masked):
    image = np.random.default_rng(0).integers(0, 255, (14, 16, 3), np.uint8)
    mask = image[..., 0] > 40 if masked else None
    segments = etps(image, 5, smoothness=3, mask=mask)
    islands = len(np.unique(components(mask)[mask])) if masked else 1
    assert check_promises(segments, (14, 16), mask) == max(5, islands)


@pytest.mark.kernels
@given(st.data(), st.sampled_from([2, 3]))
def test_a_segment_stays_in_one_piece(data, ndim):
    around = data.draw(hnp.arrays(bool, (3,) * ndim))
    pixel = make_moves(np.zeros((1,) * ndim + (1,)), None)
    neighbours, _ = pixel._neighbours(pixel.levels[0])
    kernels = import_module("pixelseg.superpixels._etps_kernels")
    bits = np.delete(around.ravel(), around.size // 2)
    code = np.int64(sum(int(bit) << k for k, bit in enumerate(bits)))
    expected = oracle.stays_in_one_piece(around)
    assert kernels.stays_connected(code, neighbours.faces, neighbours.adjacent) == expected
    if ndim == 2:
        within = code & neighbours.faces == neighbours.faces
        assert neighbours.removable[code] == (expected and not within)


class Begun(Moves):
    """Moves with levels, for tests."""

    levels: list


def make_moves(image, mask, spacing=(1.0, 1.0, 1.0), n_segments=1, compactness=2.0):
    """Moves over an image (..., C) of colours as they are."""
    ndim = image.ndim - 1
    shape = (1,) * (3 - ndim) + image.shape[:-1]
    inside = None if mask is None else mask.reshape(shape)
    n_pixels = int(np.prod(shape)) if mask is None else int(mask.sum())
    moves = Begun(ndim, spacing, inside, n_pixels, 1)
    colours = np.ascontiguousarray(image.reshape(-1, image.shape[-1]), np.float32)
    levels = moves.make_levels(colours, shape, n_segments, compactness / moves.side(n_segments))
    object.__setattr__(moves, "levels", levels)
    return moves


IMAGES = st.tuples(
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=8), st.integers(1, 3)
)


def places_of(moves, shape):
    """The places of pixels as the moves compare them, (D, H, W, 3)."""
    pixels = moves.levels[0]
    return np.stack(np.meshgrid(pixels.z, pixels.y, pixels.x, indexing="ij"), axis=-1)


@pytest.mark.kernels
@settings(max_examples=25)
@given(IMAGES, st.integers(1, 6), st.integers(0, 99), st.sampled_from([0.0, 3.0]), st.booleans())
def test_energy_never_rises_and_ends_where_no_move_lowers_it(
    form, n_segments, seed, smoothness, masked
):
    (shape, n_channels), rng = form, np.random.default_rng(seed)
    image = rng.integers(0, 30, (*shape, n_channels)).astype(float)
    mask = rng.random(shape) < 0.8 if masked else None
    if mask is not None and not mask.any():
        mask = None
    n_pixels = image[..., 0].size if mask is None else int(mask.sum())
    n_segments = min(n_segments, n_pixels)
    moves = make_moves(image, mask, n_segments=n_segments)
    segments, levels = moves.begin(moves.levels, n_segments)
    pixels = moves.weigh_edges(levels[0], smoothness)
    shape3d = shape_of(pixels)
    colours, places = image.reshape(*shape3d, -1), places_of(moves, shape3d)
    edges = pixels.edges.reshape(shape3d) if smoothness else None

    def energy(edges=None):
        for k in range(len(levels) - 1, 0, -1):
            moves.spread(levels[k], levels[k - 1])
        return oracle.energy(labels_of(pixels, moves.ndim), colours, places, edges, np.ones(3))

    before = energy()
    for level in levels[:0:-1]:
        for _ in range(3):
            moves.sweep(level, segments)
            after = energy()
            assert after <= before + 1e-6 * (1 + before)
            before = after
        del levels[-1]
    before = energy(edges)
    for _ in range(100):
        old = labels_of(pixels, moves.ndim).copy()
        moves.sweep(pixels, segments)
        after = energy(edges)
        assert after <= before + 1e-6 * (1 + before)
        before = after
        if (old == labels_of(pixels, moves.ndim)).all():
            break
    labels = labels_of(pixels, moves.ndim).copy()
    padded = np.pad(labels, 1)
    sizes = np.bincount(labels.ravel())
    for pixel in zip(*np.nonzero(labels), strict=True):
        own = labels[pixel]
        around = padded[tuple(slice(i, i + 3) for i in pixel)] == own
        around = around if moves.ndim == 3 else around[1]
        if not oracle.stays_in_one_piece(around) or sizes[own] < 2:
            continue
        for other in neighbours(pixel, labels.shape):
            if labels[other] not in (0, own):
                moved = labels.copy()
                moved[pixel] = labels[other]
                after = oracle.energy(moved, colours, places, edges, np.ones(3))
                assert after >= before - 1e-5 * (1 + before)


@pytest.mark.kernels
@given(IMAGES, st.integers(1, 5), st.integers(0, 99))
def test_merging(form, n_segments, seed):
    (shape, n_channels), rng = form, np.random.default_rng(seed)
    image = rng.random((*shape, n_channels))
    labels = components(rng.integers(0, 3, shape)) + 1
    n_before = int(labels.max())
    moves = make_moves(image, None)
    pixels = moves.levels[0]
    mine = labels_of(pixels, moves.ndim)
    mine[...] = labels.reshape(mine.shape)
    segments = merge_segments(pixels, moves.ndim, moves._count(pixels, n_before), n_segments)
    places = places_of(moves, mine.shape).reshape(*shape, 3)
    expected = oracle.merge(labels, np.concatenate([image, places], axis=-1), n_segments)
    assert len(segments.counts) - 1 == min(n_before, n_segments)
    pairs = np.unique(np.stack([mine.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == min(n_before, n_segments)
    np.testing.assert_array_equal(segments.counts[1:], np.bincount(mine.ravel())[1:])


@pytest.mark.kernels
@example((3, 10, 17), (4.0, 1.0, 1.0))
@given(
    hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=17),
    st.sampled_from([(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (1.0, 3.0, 2.0)]),
)
def test_a_level_holds_means_and_common_labels(shape, spacing):
    rng = np.random.default_rng(0)
    kernels = import_module("pixelseg.superpixels._pyramid_kernels")
    colours = rng.random((int(np.prod(shape)), 2)).astype(np.float32)
    levels = make_levels(colours, shape, 3, spacing, 8.0)
    labels = labels_of(levels[0], 3)
    labels[...] = rng.integers(0, 2, shape) if shape[0] % 2 else 1
    for fine, coarse in pairwise(levels):
        kernels.carry_labels(fine, coarse, 1, True)
    for level in levels:
        ends = [np.cumsum(each).astype(int) for each in (level.depths, level.heights, level.widths)]
        assert tuple(end[-1] for end in ends) == shape
        found = labels_of(level, 3)
        for block in np.ndindex(found.shape):
            part = tuple(
                slice(int(end[k - 1]) if k else 0, int(end[k]))
                for k, end in zip(block, ends, strict=True)
            )
            ids = np.unique(labels[part])
            assert found[block] == (ids[0] if len(ids) == 1 else kernels.MIXED)
            mean = colours.reshape(*shape, 2)[part].reshape(-1, 2).mean(axis=0)
            row = np.ravel_multi_index(block, found.shape)
            np.testing.assert_allclose(level.colours[row], mean, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"oversegmentation": 1}, {"smoothness": 8, "sigma": 0.8}])
def test_a_photograph(options):
    image = pictures.coffee()[:200:2, :300:2]
    segments = etps(image, 211, **options)
    assert check_promises(segments, image.shape[:2]) == 211
    image.flags.writeable = False
    np.testing.assert_array_equal(etps(image, 211, n_jobs=2, **options), segments)
    strided = np.asfortranarray(image.transpose(2, 1, 0)).transpose(2, 1, 0)
    np.testing.assert_array_equal(etps(strided, 211, **options), segments)
    first = etps(np.moveaxis(image, 2, 0), 211, channel_axis=0, **options)
    np.testing.assert_array_equal(first, segments)


def test_edges_are_found():
    image = np.zeros((60, 80), np.uint8)
    image[13:37, 21:50] = 90
    segments = etps(image, 12, sigma=0)
    astray = sum(min(np.bincount(image[segments == s] > 0, minlength=2)) for s in range(1, 13))
    # A segment of the smallest size may be caught on both sides.
    assert astray < 10


def test_depth_of_values_means_nothing():
    image = pictures.camera()[::4, ::4]
    segments = etps(image, 60)
    for other in (image.astype(np.uint16) * 256, image / 255, image.astype(np.float32) * 9 - 5):
        assert (etps(other, 60) == segments).mean() > 0.99
    hot = image.astype(np.uint16)
    hot[50, 50] = 60000
    assert adjusted_rand_index(segments, etps(hot, 60)) > 0.9


def test_a_mask_with_islands():
    image = pictures.coffee()[:120, :160]
    y, x = np.mgrid[:120, :160]
    mask = ((y // 20 + x // 20) % 3 > 0) & ((y % 20 > 2) & (x % 20 > 2))
    mask[100:, :40] = True
    for n in (3, 100, 900):
        segments = etps(image, n, mask=mask)
        islands = len(np.unique(components(mask)[mask]))
        assert check_promises(segments, (120, 160), mask) == max(n, islands)
    holes = image.astype(float) / 255
    holes[~mask] = np.nan
    assert (etps(holes, 100, mask=mask) > 0).sum() == mask.sum()


def test_a_volume_of_flat_voxels():
    rng = np.random.default_rng(0)
    volume = rng.normal(0, 3, (6, 40, 50)).astype(np.float32)
    volume[:, 10:30, 12:33] += 100
    segments = etps(volume, 40, channel_axis=None, spacing=(4, 1, 1))
    assert check_promises(segments, volume.shape) == 40
    inside = volume > 50
    main = [np.bincount(inside[segments == s]).max() for s in range(1, 41)]
    assert sum(main) > 0.99 * inside.size


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (1, 1, 40), (5, 1, 7)])
def test_thin_and_constant_images(shape):
    image = np.full(shape, 7, np.uint8)
    for n in {1, min(4, image.size), image.size}:
        assert check_promises(etps(image, n, channel_axis=None), shape) == n


def test_more_segments_than_16_bits_hold():
    image = np.random.default_rng(0).integers(0, 255, (400, 400), np.uint8)
    segments = etps(image, 70_000)
    assert len(np.unique(segments)) == segments.max() == 70_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_segments": 0}, "n_segments is 0"),
        ({"n_segments": 61}, "n_segments is 61 but the image has 60 pixels"),
        ({"compactness": -1}, "compactness is -1"),
        ({"smoothness": -1}, "smoothness is -1"),
        ({"sigma": -1}, "sigma is -1"),
        ({"oversegmentation": 0.5}, "oversegmentation is 0.5"),
        ({"n_iterations": 0}, "n_iterations is 0"),
        ({"mask": np.zeros((6, 10), bool)}, "mask is False"),
        ({"color": "hsv"}, "color is 'hsv'"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        etps(np.zeros((6, 10)), **{"n_segments": 4, **arguments})


def test_nan_inside_the_mask():
    image = np.zeros((6, 10))
    image[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"nan at pixel \(2, 3\)"):
        etps(image, 4)
