"""How the checks are made of the tables, and the inputs that they share."""

import numpy as np
import pytest

from .registry import EXCLUDED

Array = np.ndarray

#: Layouts and kinds of storage that hold the same pixels.
LAYOUTS = ("read-only", "strided", "Fortran order", "byte order", "mapped file")
#: Types that hold the same whole numbers.
DTYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")


def over(table):
    """Parametrise a check over the entries of a table, leaving out what is excluded."""

    def decorate(check):
        entries = [
            pytest.param(entry, id=entry.name)
            for entry in table
            if (check.__name__, entry.name) not in EXCLUDED
        ]
        return pytest.mark.parametrize("entry", entries)(check)

    return decorate


def scene(ndim: int = 2, seed: int = 0, shape: tuple[int, ...] | None = None):
    """An image of whole numbers below 256, sparse labels 1 and 2, and a mask with a hole."""
    shape = shape or ((88, 96) if ndim == 2 else (9, 22, 24))
    rng = np.random.default_rng(seed)
    index = np.indices(shape)
    truth = 1 + (index[-1] + 6 * np.sin(index[-2] / 9) > shape[-1] / 2).astype(np.uint8)
    image = np.clip(70 * truth + 14 * rng.standard_normal(shape), 0, 255).astype(np.uint8)
    labels = np.where(rng.random(shape) < 0.06, truth, 0)
    centre = np.reshape([size / 2 for size in shape], (-1,) + (1,) * len(shape))
    mask = ((index - centre) ** 2).sum(axis=0) > (min(shape) / 4) ** 2
    mask[..., :2] = False
    return image, labels, mask


def laid_out(array: Array, layout: str, folder) -> Array:
    """The same numbers in another layout."""
    if layout == "strided":
        wide = np.zeros(tuple(2 * size for size in array.shape), array.dtype)
        wide[(slice(None, None, 2),) * array.ndim] = array
        return wide[(slice(None, None, 2),) * array.ndim]
    if layout == "Fortran order":
        return np.asfortranarray(array)
    if layout == "byte order":
        return array.astype(array.dtype.newbyteorder())
    if layout == "mapped file":
        np.save(folder / "array.npy", array)
        return np.load(folder / "array.npy", mmap_mode="r")
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen
