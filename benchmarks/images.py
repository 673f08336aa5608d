"""The images and labels of the benchmarks, all made from what comes with scikit-image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from skimage import data

Array = np.ndarray


def tile_to(image: Array, shape: tuple[int, ...]) -> Array:
    """An image cut, or grown by mirroring it, to `shape`, so that its texture keeps its scale."""
    widths = [(0, max(0, n - m)) for n, m in zip(shape, image.shape, strict=False)]
    widths += [(0, 0)] * (image.ndim - len(widths))
    grown = np.pad(image, widths, mode="symmetric")
    return np.ascontiguousarray(grown[tuple(slice(n) for n in shape)])


def scale_to(image: Array, shape: tuple[int, ...]) -> Array:
    """As `tile_to`, of every second or third pixel for a small shape: a corner may be all sky."""
    step = max(1, min(image.shape[0] // shape[0], image.shape[1] // shape[1]))
    return tile_to(image[::step, ::step], shape)


@cache
def grey(height: int, width: int) -> Array:
    """Grey uint8 image of natural texture."""
    return scale_to(data.camera(), (height, width))


@cache
def colour(height: int, width: int) -> Array:
    """RGB uint8 image of natural texture."""
    return scale_to(data.astronaut(), (height, width))


@cache
def volume(depth: int, height: int, width: int) -> Array:
    """A grey uint8 volume: a natural image that drifts and blurs from slice to slice."""
    image = grey(height, width).astype(np.float32)
    slices = [np.roll(image, 2 * z, axis=z % 2) for z in range(depth)]
    return ndimage.gaussian_filter1d(np.stack(slices), 1.0, axis=0).astype(np.uint8)


@cache
def strokes(height: int, width: int, n_marked: int, n_classes: int = 3, seed: int = 0) -> Array:
    """Labels of about `n_marked` pixels in dabs of 7x7, on classes that are hard to learn.

    The classes are grey levels of the blurred image plus a noise field that no feature sees, so
    that a forest grows about as many leaves as on labels that people draw of real classes.
    """
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(grey(height, width).astype(np.float32), 4)
    noise = ndimage.gaussian_filter(rng.normal(size=smooth.shape), 2)
    field = smooth / smooth.std() + 0.35 * noise / noise.std()
    edges = np.quantile(field, np.linspace(0, 1, n_classes + 1)[1:-1])
    truth = 1 + np.digitize(field, edges)
    marked = np.zeros((height, width), bool)
    for _ in range(max(1, n_marked // 49)):
        row, column = rng.integers(0, height - 6), rng.integers(0, width - 6)
        marked[row : row + 7, column : column + 7] = True
    return np.where(marked, truth, 0).astype(np.uint8)


@cache
def segments(height: int, width: int, side: int, seed: int = 0) -> Array:
    """Connected segments of about side x side pixels with wiggly borders, int32 from 1."""
    rng = np.random.default_rng(seed)
    index = []
    for axis in np.mgrid[:height, :width].astype(np.float32):
        noise = ndimage.gaussian_filter(rng.normal(size=axis.shape), 3)
        index.append(((axis + side / 6 * noise / noise.std()) // side).astype(int))
    # A chessboard of four colours: cells of one colour do not touch, and pieces count singly.
    colours = index[0] % 2 * 2 + index[1] % 2
    out = np.zeros((height, width), np.int32)
    n = 0
    for value in range(4):
        pieces, n_pieces = ndimage.label(colours == value)
        out[pieces > 0] = pieces[pieces > 0] + n
        n += n_pieces
    return out


def textures() -> list[Array]:
    """The three textures of scikit-image, uint8 512x512."""
    return [data.brick(), data.grass(), data.gravel()]


@cache
def mosaic(height: int, width: int, seed: int = 0) -> tuple[Array, Array]:
    """A grey image of textures in wiggly patches, with noise, and the truth, uint8 from 1."""
    rng = np.random.default_rng(seed)
    patches = segments(height, width, max(16, min(height, width) // 4), seed)
    classes = 1 + rng.integers(0, 3, patches.max() + 1)
    classes[1:4] = (1, 2, 3)
    truth = classes[patches].astype(np.uint8)
    image = np.zeros((height, width), np.float32)
    for value, texture in enumerate(textures(), start=1):
        flat = texture - texture.mean()
        placed = tile_to(np.roll(flat, rng.integers(0, 512, 2), (0, 1)), (height, width))
        image[truth == value] = placed[truth == value]
    image += rng.normal(0, 4, image.shape)
    return np.clip(image + 128, 0, 255).astype(np.uint8), truth


@dataclass(frozen=True)
class MosaicImages:
    """A re-iterable of `n` large mosaics, each made when it is asked for; `part` 0 image, 1 truth.

    A mosaic of 500x500 is mirrored to the size asked for, and every pixel gets noise of its own.
    All in uint8, so that making an image takes little memory beside what is measured.
    """

    n: int
    height: int
    width: int
    part: int

    def __iter__(self) -> Iterator[Array]:
        for seed in range(self.n):
            piece = mosaic.__wrapped__(500, 500, seed)[self.part]
            large = tile_to(piece, (self.height, self.width))
            if self.part == 0:
                noise = np.random.default_rng(seed).integers(0, 32, large.shape, np.uint8)
                large = large // 8 * 7 + noise
            yield large
