"""SLIC against plain loops, and what it promises."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data

from pixelseg._core.grid import find_borders
from pixelseg.superpixels import slic
from pixelseg.superpixels.colour import STEPS
from tests.oracles import clusters
from tests.superpixels.checks import check_promises

# The function bears its file's name.
module = sys.modules[slic.__module__]

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=12)


def textured(shape, seed=0):
    """A smooth random field, so that nearest centres are seldom in doubt."""
    noise = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(noise, [1.5] * (len(shape) - 1) + [0]).astype(np.float32)


@pytest.mark.kernels
@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 21, 40), (7, 9, 20)])
@pytest.mark.parametrize("sampling", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_clusters_are_those_of_plain_loops(n_channels, shape, sampling, masked):
    image = textured((*shape, n_channels))
    mask = np.ones(shape, bool)
    if masked:
        mask = textured((*shape, 1), seed=1)[..., 0] > -0.05
    request = module.as_request(
        image, 9, channel_axis=3, spacing=(2, 1, 1), mask=mask if masked else None
    )
    planes = module.read_colours(request.image, None)
    found = np.empty(shape, np.int32)
    ours = module.Clustering(request, planes, 10.0, sampling, None)
    grid = ours.grid
    for iteration in range(3):
        ours.assign(found, iteration)
        ours.update(found, iteration)
    ours.finish(found)
    side, sizes = module.interval(request), np.array([2.0, 1, 1])
    cells = (grid.boxes[:, 1::2] - grid.boxes[:, ::2]).max(axis=0)
    reach = np.maximum(side / sizes, 0.75 * cells).astype(np.float32)
    weights = ((10 * STEPS / side * sizes) ** 2).astype(np.float32)
    sampling = min(sampling, max(1, int(cells[1]) // 2))
    expected, clear, _ = clusters.cluster(
        planes, mask, grid.boxes, grid.limits, weights, reach, sampling, 3
    )
    clear = ~ndimage.binary_dilation(~clear, np.ones((1, 5, 5)))
    assert clear.mean() > 0.8
    np.testing.assert_array_equal(found[clear], clusters.despeckle(expected)[clear])


@given(
    SHAPES,
    st.floats(0, 1),
    st.sampled_from([0, 1, 10, 1e300]),
    st.integers(1, 5),
    st.sampled_from(["u1", "u2", "f4", "f8", "?"]),
    st.integers(0, 3),
    st.booleans(),
)
def test_promises(shape, share, compactness, sampling, dtype, n_channels, masked):
    rng = np.random.default_rng(0)
    whole = (*shape, n_channels) if n_channels else shape
    image = (rng.random(whole) * (1 if dtype[0] in "f?" else 200)).astype(dtype)
    mask = rng.random(shape) < 0.7 if masked else None
    if masked:
        mask.flat[0] = True
    n_pixels = int(np.prod(shape)) if mask is None else int(mask.sum())
    segments = slic(
        image,
        max(1, round(share * n_pixels)),
        compactness=compactness,
        sampling=sampling,
        channel_axis=-1 if n_channels else None,
        mask=mask,
    )
    check_promises(segments, shape, mask)


VOLUME = textured((20, 64, 64, 1))[..., 0]
IMAGES = {
    "photograph": (data.astronaut()[::2, ::2], {}),
    "grey": (data.camera()[::2, ::2], {}),
    "noise": (np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8), {}),
    "constant": (np.full((150, 220), 7), {}),
    "volume": (VOLUME, {"channel_axis": None, "spacing": (2, 1, 1)}),
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("sampling", [1, 4])
@pytest.mark.parametrize("n", [1, 7, 60, 101, 700])
def test_the_number_asked_for_comes_back(name, sampling, n):
    image, how = IMAGES[name]
    shape = image.shape[:2] if name == "photograph" else image.shape
    segments = slic(image, n, sampling=sampling, **how)
    found = check_promises(segments, shape)
    assert abs(found - n) <= 0.1 * n


@pytest.mark.parametrize("name", ["photograph", "volume"])
def test_threads_change_nothing(name, monkeypatch):
    image, how = IMAGES[name]
    monkeypatch.setattr(module, "_BAND", 10_000)
    monkeypatch.setattr(module, "_CLUSTERS", 30)
    expected = slic(image, 300, sampling=2, **how)
    for n_jobs in (2, 3):
        np.testing.assert_array_equal(slic(image, 300, sampling=2, n_jobs=n_jobs, **how), expected)


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 50), (50, 1), (2, 2), (1, 1, 1), (1, 1, 40), (9, 1, 1)]
)
def test_thin_images(shape, rng):
    image = rng.random(shape)
    n_pixels = int(np.prod(shape))
    for n in {1, max(1, n_pixels // 3), n_pixels}:
        found = check_promises(slic(image, n, channel_axis=None), shape)
        assert abs(found - n) <= 0.1 * n + 1


def test_constant_images_give_cells_of_the_grid():
    segments = slic(np.zeros((60, 90)), 24)
    sizes = np.bincount(segments.ravel())[1:]
    assert len(sizes) == 24
    assert sizes.min() > 150
    assert sizes.max() < 320


@pytest.mark.kernels
def test_wide_images():
    # Sums of such a row pass 32 bits, those of colours and those of places.
    image = np.where(np.arange(80_000) < 35_000, 0, 255).astype(np.uint8)[None]
    segments = slic(image, 2, compactness=1, n_iterations=2)
    assert np.flatnonzero(np.diff(segments[0])).tolist() == [34_999]


def test_more_segments_than_16_bits_number(rng):
    image = rng.integers(0, 256, (500, 400), dtype=np.uint8)
    segments = slic(image, 70_000, n_iterations=2)
    assert segments.max() >= 63_000
    assert check_promises(segments, image.shape) == segments.max()


def test_islands():
    mask = np.zeros((80, 100), bool)
    mask[::4, ::4] = True
    mask[30:60, 20:70] = True
    image = textured((80, 100, 1))[..., 0]
    check_promises(slic(image, 20, mask=mask), mask.shape, mask)


def test_outside_the_mask_does_no_harm():
    image = textured((40, 60, 1))[..., 0]
    mask = np.zeros(image.shape, bool)
    mask[5:30, 10:50] = True
    expected = slic(image, 12, mask=mask)
    for junk in (np.nan, 1e30, -5):
        other = np.where(mask, image, junk)
        np.testing.assert_array_equal(slic(other, 12, mask=mask), expected)
    np.testing.assert_array_equal(slic(np.ma.array(image, mask=~mask), 12), expected)
    other = image.copy()
    other[10, 20] = np.nan
    with pytest.raises(ValueError, match=r"image holds nan at pixel \(10, 20\)"):
        slic(other, 12, mask=mask)


def test_any_strides_dtype_and_axis():
    image = data.astronaut()[:120, :150]
    expected = slic(image, 50)
    frozen = image.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(slic(frozen, 50), expected)
    np.testing.assert_array_equal(slic(np.asfortranarray(image), 50), expected)
    np.testing.assert_array_equal(slic(np.moveaxis(image, -1, 0), 50, channel_axis=0), expected)
    big_endian = image.astype(">u2")
    np.testing.assert_array_equal(slic(big_endian, 50), slic(image.astype(np.uint16), 50))
    assert (frozen == image).all()


def test_compactness_means_the_same_for_every_dtype():
    image = data.camera()[::4, ::4]
    expected = slic(image, 60)
    for version in (image.astype(np.uint16) * 257, image / 255, image.astype(np.int32) * 7 - 300):
        assert (slic(version, 60) != expected).mean() < 0.03
    hot = image.astype(np.float32)
    hot[17, 80] = 1e6
    # Only outlines around it change (and numbers, which go by first pixels).
    changed = find_borders(slic(hot, 60)) != find_borders(expected)
    assert changed.mean() < 0.05


def test_compactness_and_spacing_shape_segments():
    image = data.camera()[::4, ::4]
    outlines = [(np.diff(slic(image, 60, compactness=m)) != 0).sum() for m in (1, 10, 100)]
    assert outlines == sorted(outlines, reverse=True)
    flat = slic(np.zeros((100, 100)), 20, spacing=(5, 1))
    places = ndimage.find_objects(flat)
    heights, widths = np.array([[axis.stop - axis.start for axis in place] for place in places]).T
    assert 3 < np.mean(widths) / np.mean(heights) < 7


def test_boundaries_are_followed():
    y, x = np.mgrid[:90, :120]
    image = ((y - 45) ** 2 + (x - 60) ** 2 < 30**2).astype(float)
    for sampling in (1, 4):
        segments = slic(image, 40, sampling=sampling)
        inside = np.bincount(segments.ravel(), weights=image.ravel())[1:]
        sizes = np.bincount(segments.ravel())[1:]
        assert np.minimum(inside, sizes - inside).sum() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_segments": 0}, "n_segments is 0 but must be an integer of 1 or more"),
        ({"n_segments": 2.5}, "n_segments is 2.5"),
        ({"n_segments": 21}, "n_segments is 21 but the image has 20 pixels"),
        ({"compactness": -1}, "compactness is -1 but must be a finite number of at least 0"),
        ({"compactness": np.nan}, "compactness is nan"),
        ({"sampling": 0}, "sampling is 0"),
        ({"n_iterations": 0}, "n_iterations is 0"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"mask": np.zeros((4, 5), bool)}, "mask is False at every pixel"),
        ({"n_segments": 2, "mask": np.eye(4, 5) == 1, "spacing": 0}, "spacing is 0"),
        ({"n_segments": 5, "mask": np.eye(4, 5) == 1}, "n_segments is 5 but the mask has 4 pixels"),
        ({"color": "rgb"}, "color is 'rgb'"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        slic(np.zeros((4, 5)), **{"n_segments": 4, **arguments})
