"""Boundary moves: what they promise on any image, and each of their parts against plain loops."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.superpixels import etps
from tests.oracles.superpixels import components

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9)


def check_promises(segments, image_shape, mask=None):
    """Connected, 1..n without gaps, 0 outside the mask alone; returns n."""
    assert segments.dtype == np.int32
    assert segments.shape == image_shape
    np.testing.assert_array_equal(
        segments > 0, np.ones(image_shape, bool) if mask is None else mask
    )
    ids = np.unique(segments[segments > 0])
    np.testing.assert_array_equal(ids, np.arange(1, len(ids) + 1))
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
    spacing = data.draw(st.sampled_from([None, (2.5,) + (1.0,) * (len(shape) - 1)]))
    segments = etps(
        image,
        n_segments,
        compactness=compactness,
        smoothness=smoothness,
        oversegmentation=oversegmentation,
        channel_axis=None,
        spacing=spacing,
        mask=mask,
    )
    n = check_promises(segments, shape, mask)
    islands = 1 if mask is None else len(np.unique(components(mask)[mask]))
    assert n == max(n_segments, islands)
