"""SNIC against a heap, and what it promises."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data

from pixelseg.superpixels import snic
from tests.oracles import clusters
from tests.superpixels.checks import check_promises
from tests.superpixels.test_slic import IMAGES, textured

# The function bears its file's name.
module = sys.modules[snic.__module__]
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=12)


@pytest.mark.kernels
@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 17, 22), (5, 7, 8)])
@pytest.mark.parametrize("masked", [False, True])
def test_growing_is_that_of_a_heap(n_channels, shape, masked):
    from pixelseg.superpixels import _snic_kernels as kernels

    mask = textured((*shape, 1), seed=1)[..., 0] > (-0.05 if masked else -9)
    request = module.as_request(
        textured((*shape, n_channels)), 9, channel_axis=3, spacing=(2, 1, 1), mask=mask
    )
    planes = module.read_colours(request.image, None)
    seeds = module._seeds(request)
    weights = module.weights_of(request, 10.0)
    labels = np.where(mask, 0, -1).astype(np.int32)
    colours = np.ascontiguousarray(planes.reshape(n_channels, -1).T)
    flat = np.ravel_multi_index(tuple(seeds.T), shape)
    kernels.grow(colours, shape, flat, weights, labels.reshape(-1))
    expected = clusters.snic(planes.astype(float), mask, seeds, weights)
    np.testing.assert_array_equal(np.maximum(labels, 0), expected)
    np.testing.assert_array_equal(labels == -1, ~mask)


@given(
    SHAPES,
    st.floats(0, 1),
    st.sampled_from([0, 1, 10, 1e300]),
    st.sampled_from(["u1", "u2", "f4", "f8", "?"]),
    st.integers(0, 3),
    st.booleans(),
)
def test_promises(shape, share, compactness, dtype, n_channels, masked):
    rng = np.random.default_rng(0)
    whole = (*shape, n_channels) if n_channels else shape
    image = (rng.random(whole) * (1 if dtype[0] in "f?" else 200)).astype(dtype)
    mask = rng.random(shape) < 0.7 if masked else None
    if masked:
        mask.flat[0] = True
    n_pixels = int(np.prod(shape)) if mask is None else int(mask.sum())
    n = max(1, round(share * n_pixels))
    segments = snic(
        image,
        n,
        compactness=compactness,
        channel_axis=-1 if n_channels else None,
        mask=mask,
    )
    found = check_promises(segments, shape, mask)
    assert masked or found == n


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("n", [1, 7, 101, 700])
def test_exactly_the_number_asked_for_comes_back(name, n):
    image, how = IMAGES[name]
    shape = image.shape[:2] if name == "photograph" else image.shape
    assert check_promises(snic(image, n, **how), shape) == n


def test_islands():
    mask = np.zeros((80, 100), bool)
    mask[::4, ::4] = True
    mask[30:60, 20:70] = True
    image = textured((80, 100, 1))[..., 0]
    check_promises(snic(image, 20, mask=mask), mask.shape, mask)


def test_edges_are_followed():
    image = data.astronaut()[:200, :300]
    shades = image.astype(float).reshape(-1, 3)

    def unexplained(segments):
        sizes = np.bincount(segments.ravel())
        means = [np.bincount(segments.ravel(), shades[:, c]) for c in range(3)]
        means = np.stack(means, axis=1)[1:] / sizes[1:, None]
        return ((shades - means[segments.ravel() - 1]) ** 2).mean()

    squares = snic(image, 200, compactness=1e6)
    assert unexplained(snic(image, 200)) < 0.6 * unexplained(squares)


def test_bad_input():
    with pytest.raises(ValueError, match="compactness is -1"):
        snic(np.zeros((4, 5)), 3, compactness=-1)
    with pytest.raises(ValueError, match="n_segments is 21 but the image has 20 pixels"):
        snic(np.zeros((4, 5)), 21)
