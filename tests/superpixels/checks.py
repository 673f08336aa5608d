"""What every method promises, checked on any result."""

import numpy as np
from scipy import ndimage


def check_promises(segments, shape, mask=None):
    """Int32 of that shape, ids 1..n without gaps, 0 only outside the mask, connected by faces."""
    assert segments.dtype == np.int32
    assert segments.shape == tuple(shape)
    n = int(segments.max())
    counts = np.bincount(segments.ravel(), minlength=n + 1)
    assert (counts[1:] > 0).all()
    outside = np.zeros(shape, bool) if mask is None else ~mask
    np.testing.assert_array_equal(segments == 0, outside)
    for k, place in enumerate(ndimage.find_objects(segments), start=1):
        assert ndimage.label(segments[place] == k)[1] == 1
    return n
