"""Vectors of eight float32 inside kernels."""

import numpy as np
import pytest

from pixelseg._core import vectors
from pixelseg._core.jit import kernel
from pixelseg._core.vectors import LANES, add_up, fill, largest, load, multiply_add, store
from pixelseg.refine import lattice


@kernel
def combine(a, b, scale, out):
    total = fill(np.float32(0))
    for c in range(0, a.size, LANES):
        row = multiply_add(fill(scale), load(a, c), load(b, c))
        row = largest(row, fill(np.float32(0)))
        store(out, c, row)
        total = multiply_add(row, fill(np.float32(1)), total)
    return add_up(total)


@pytest.mark.kernels
def test_they_calculate(rng):
    a, b = rng.normal(size=(2, 3, 16)).astype(np.float32)
    out = np.zeros_like(a)
    total = combine(a, b, np.float32(2), out)
    np.testing.assert_allclose(out, np.maximum(2 * a + b, 0), rtol=1e-6)
    assert total == pytest.approx(out.sum(), rel=1e-5)


def test_rows_are_padded_to_them():
    assert lattice.LANES == vectors.LANES
