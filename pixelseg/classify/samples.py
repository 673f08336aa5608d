"""From images and labels to the rows that a classifier is trained on.

Features are computed only in boxes around labelled pixels, and only the rows that are kept stay
in memory, so that one image at a time passes through whatever its size. Beside the labelled
rows, a few rows of unlabelled pixels are kept: they tell how common a class is, which strokes
do not (see prior.py).

Nothing here depends on the order of the images: pixels are drawn by a generator that is seeded
with the labels themselves, and images are sorted by a digest of their rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._arrays import Array, Box, Image, as_image, as_labels, is_array_like
from ..features import FeatureBank, FeaturePlan

#: Side of the cells in which pixels are looked for and features are computed: small enough to
#: skip what bears no label, large enough that the halo does not rule.
_CELL = {2: 256, 3: 64}
#: Bytes of features of one cell; with many channels the cells become smaller.
_CELL_BYTES = 48 * 2**20
#: Cells in which unlabelled pixels are looked for, for each image.
_UNLABELLED_CELLS = 16


@dataclass(frozen=True)
class ImageSamples:
    """What one image contributes: rows of features with classes, and unlabelled rows."""

    X: Array  # float32 (n, n_features): rows of labelled pixels that are kept
    y: Array  # int64 (n,)
    positions: Array  # int64 (n,): flat index of each row's pixel
    unlabelled: Array  # float32 (m, n_features)
    classes: Array  # int64 (k,): classes that are marked in this image
    n_marked: Array  # int64 (k,): pixels marked as each, before any were left out
    n_unlabelled: int  # unlabelled pixels of the image, of which `unlabelled` is a sample
    digest: bytes  # of the rows kept
    label_digest: bytes  # of the whole label image


def iterate_pairs(images: Any, labels: Any, masks: Any = None) -> Iterator[tuple[Any, Any, Any]]:
    """Pair images, labels and masks: one image, or iterables of equal length."""
    if is_array_like(images) or isinstance(images, Image):
        yield images, labels, masks
        return
    if is_array_like(labels):
        raise ValueError(
            f"labels is one array of shape {tuple(labels.shape)} but images is a "
            f"{type(images).__name__}: pass one label image for each image."
        )
    if iter(images) is images or iter(labels) is labels:
        raise TypeError(
            "images or labels is an iterator, which can be read only once: pass a list, or an "
            "object whose __iter__ starts anew and loads one image at a time."
        )
    sources: list[Iterator[Any]] = [iter(images), iter(labels)]
    if masks is not None:
        sources.append(iter(masks))
    end = object()
    count = 0
    while True:
        row = [next(source, end) for source in sources]
        if all(item is end for item in row):
            break
        if any(item is end for item in row):
            raise ValueError(
                f"images and labels{'' if masks is None else ' and mask'} have different lengths "
                f"(one of them ends after {count}): pass one label image for each image."
            )
        count += 1
        yield row[0], row[1], row[2] if len(row) == 3 else None
    if count == 0:
        raise ValueError("images is empty: pass at least one image with labels.")


def check_pairs(images: Any, labels: Any, masks: Any, options: dict[str, Any]) -> None:
    """Check every pair of a list before any work starts; lazy iterables are checked on the way."""
    if isinstance(images, list | tuple) and isinstance(labels, list | tuple):
        for image, label, mask in iterate_pairs(images, labels, masks):
            checked = as_image(image, mask=mask, **options)
            as_labels(label, checked.spatial_shape)


def collect(
    image: Image,
    labels: Array,
    bank: FeatureBank,
    *,
    max_samples: int | None,
    max_unlabelled: int,
    random_state: int,
) -> ImageSamples:
    """Compute the rows of one image; memory is that of one cell, and the rows kept."""
    flat = labels.reshape(-1)
    marked = np.flatnonzero(flat)
    if image.mask is not None:
        marked = marked[image.mask.reshape(-1)[marked]]
    label_digest = _digest(np.ascontiguousarray(labels.shape), marked, flat[marked].astype("<i8"))
    rng = np.random.default_rng([random_state, int.from_bytes(label_digest[:8], "little")])
    classes, n_marked = np.unique(flat[marked], return_counts=True)
    kept = _draw(flat, marked, classes, max_samples, rng)

    plan = bank.plan(image)
    X = np.empty((len(kept), plan.n_features), np.float32)
    fill_rows(image, plan, kept, X)
    unlabelled, n_unlabelled = _collect_unlabelled(image, plan, flat, max_unlabelled, rng)
    y = flat[kept].astype(np.int64)
    return ImageSamples(
        X=X,
        y=y,
        positions=kept,
        unlabelled=unlabelled,
        classes=classes.astype(np.int64),
        n_marked=n_marked.astype(np.int64),
        n_unlabelled=n_unlabelled,
        digest=_digest(X, y, kept),
        label_digest=label_digest,
    )


def canonical_order(samples: Iterable[ImageSamples]) -> list[ImageSamples]:
    """The samples sorted by content, so that the order of the images does not matter."""
    return sorted(samples, key=lambda sample: (sample.label_digest, sample.digest))


def subset(sample: ImageSamples, keep: Array) -> ImageSamples:
    """The samples whose row is marked in `keep`; what is left out counts as never marked."""
    classes, n_marked = np.unique(sample.y[keep], return_counts=True)
    return replace(
        sample,
        X=sample.X[keep],
        y=sample.y[keep],
        positions=sample.positions[keep],
        classes=classes,
        n_marked=n_marked,
    )


def _draw(
    flat: Array,
    marked: Array,
    classes: Array,
    max_samples: int | None,
    rng: np.random.Generator,
) -> Array:
    """Flat indices of at most `max_samples` marked pixels of each class, ascending."""
    if max_samples is None:
        return marked
    kept = []
    for value in classes:
        of_class = marked[flat[marked] == value]
        if len(of_class) > max_samples:
            of_class = rng.choice(of_class, max_samples, replace=False)
        kept.append(of_class)
    return np.sort(np.concatenate(kept)) if kept else marked


def fill_rows(image: Image, plan: FeaturePlan, positions: Array, out: Array) -> None:
    """Features of single pixels: `out[k]` is the row of the pixel with flat index positions[k]."""
    if len(positions) == 0:
        return
    side = _CELL[image.ndim]
    while side > 8 and plan.n_features * 4 * side**image.ndim > _CELL_BYTES:
        side //= 2
    coordinates = np.array(np.unravel_index(positions, image.spatial_shape))
    grid = tuple(-(-size // side) for size in image.spatial_shape)
    cell = np.ravel_multi_index(tuple(coordinates // side), grid)
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        inside = coordinates[:, rows]
        low, high = inside.min(axis=1), inside.max(axis=1) + 1
        box: Box = tuple((int(a), int(b)) for a, b in zip(low, high, strict=True))
        features = plan.compute(image, box).reshape(plan.n_features, -1)
        local = np.ravel_multi_index(tuple(inside - low[:, np.newaxis]), tuple(high - low))
        out[rows] = features[:, local].T


def _collect_unlabelled(
    image: Image,
    plan: FeaturePlan,
    flat: Array,
    max_unlabelled: int,
    rng: np.random.Generator,
) -> tuple[Array, int]:
    """Rows of unlabelled pixels drawn from a few cells, and how many the whole image has."""
    free = flat == 0
    if image.mask is not None:
        free &= image.mask.reshape(-1)
    n_free = int(np.count_nonzero(free))
    side = _CELL[image.ndim]
    grid = tuple(-(-size // side) for size in image.spatial_shape)
    n_cells = int(np.prod(grid))
    chosen = np.sort(rng.permutation(n_cells)[:_UNLABELLED_CELLS])
    spatial = free.reshape(image.spatial_shape)
    found = []
    for index in chosen:
        corner = np.array(np.unravel_index(index, grid)) * side
        box = tuple(slice(start, start + side) for start in corner)
        inside = np.argwhere(spatial[box]) + corner
        found.append(np.ravel_multi_index(tuple(inside.T), image.spatial_shape))
    positions = np.concatenate(found) if found else np.empty(0, np.int64)
    if len(positions) > max_unlabelled:
        positions = np.sort(rng.choice(positions, max_unlabelled, replace=False))
    rows = np.empty((len(positions), plan.n_features), np.float32)
    fill_rows(image, plan, positions, rows)
    return rows, n_free


def _digest(*arrays: Array) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
