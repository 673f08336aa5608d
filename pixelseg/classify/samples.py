"""From images and labels to the rows that a classifier is trained on.

Features are computed only in boxes around labelled pixels, and only the rows that are kept stay
in memory, so that one image at a time passes through whatever its size. Beside the labelled rows,
places near them are looked at: they tell how common a class is, which strokes do not (prior.py).

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
from ..features import FeatureBank, FeaturePlan, workspace

#: Side of the cells in which pixels are looked for and features are computed: small enough to
#: skip what bears no label, large enough that the halo does not rule.
_CELL = {2: 256, 3: 64}
#: Bytes of features of one cell; with many channels the cells become smaller.
_CELL_BYTES = 48 * 2**20
#: Labels that are looked at in one piece.
_LABELS_AT_ONCE = 2**18
#: Places that tell how common the classes are, in all, and how far they lie from a labelled
#: pixel. 1000 places do for two classes; eleven want 5000.
N_PLACES = 5000
_STEP = 32


@dataclass(frozen=True)
class ImageSamples:
    """What one image contributes: rows of features with classes, and places near them."""

    X: Array  # float32 (n, n_features): rows of labelled pixels that are kept
    y: Array  # int64 (n,)
    positions: Array  # int64 (n,): flat index of each row's pixel
    classes: Array  # int64 (k,): classes that are marked in this image
    n_marked: Array  # int64 (k,): pixels marked as each, before any were left out
    place_labels: Array  # int64 (m,): label of each place, 0 where there is none
    place_positions: Array  # int64 (m,)
    near: Array  # float32 (number of zeros in place_labels, n_features)
    digest: bytes  # of the rows kept
    label_digest: bytes  # of the whole label image

    @property
    def n_labelled(self) -> int:
        """Labelled pixels of the image."""
        return int(self.n_marked.sum())

    def limit_places(self, n_labelled_in_all: int) -> ImageSamples:
        """Keep the image's share of the places, which shrinks as images come in."""
        quota = _quota(self.n_labelled, n_labelled_in_all)
        labels = self.place_labels[:quota]
        n_near = int(np.count_nonzero(labels == 0))
        return replace(
            self,
            place_labels=labels,
            place_positions=self.place_positions[:quota],
            near=self.near[:n_near].copy(),
        )


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
    random_state: int,
    n_labelled_before: int = 0,
) -> ImageSamples:
    """Compute the rows of one image; memory is that of one cell, and the rows kept.

    `n_labelled_before` counts the labelled pixels of earlier images, which share the places.
    """
    flat = labels.reshape(-1)
    inside = None if image.mask is None else image.mask.reshape(-1)
    label_digest = _digest_labels(labels, image.mask)
    seed = [random_state, int.from_bytes(label_digest[:8], "little")]
    marked = _count_marked(flat, inside)
    n_labelled = sum(marked.values())
    wanted: dict[int, Array] = {}
    rng = np.random.default_rng([*seed, 0])
    for value in sorted(marked):
        n = marked[value]
        thin = max_samples is not None and n > max_samples
        wanted[value] = rng.choice(n, max_samples, replace=False) if thin else np.arange(n)
    rng = np.random.default_rng([*seed, 1])
    starts = rng.integers(n_labelled, size=N_PLACES) if n_labelled else np.empty(0, np.int64)
    kept, starts = _find_marked(flat, inside, wanted, starts)
    quota = _quota(n_labelled, n_labelled_before + n_labelled)
    places = _step_aside(image, starts, rng)[:quota]
    free = places[flat[places] == 0]

    plan = bank.plan(image)
    rows = np.empty((len(kept) + len(free), plan.n_features), np.float32)
    fill_rows(image, plan, np.concatenate([kept, free]), rows)
    X, near = rows[: len(kept)], rows[len(kept) :]
    y = flat[kept].astype(np.int64)
    return ImageSamples(
        X=X,
        y=y,
        positions=kept,
        classes=np.array(sorted(marked), np.int64),
        n_marked=np.array([marked[value] for value in sorted(marked)], np.int64),
        place_labels=flat[places].astype(np.int64),
        place_positions=places,
        near=near,
        digest=_digest(X, y, kept),
        label_digest=label_digest,
    )


def canonical_order(samples: Iterable[ImageSamples]) -> list[ImageSamples]:
    """The samples sorted by content, so that the order of the images does not matter."""
    return sorted(samples, key=lambda sample: (sample.label_digest, sample.digest))


def subset(sample: ImageSamples, rows: Array, places: Array) -> ImageSamples:
    """The chosen rows and places; what is left out counts as never labelled, nor looked at."""
    classes, n_marked = np.unique(sample.y[rows], return_counts=True)
    return replace(
        sample,
        X=sample.X[rows],
        y=sample.y[rows],
        positions=sample.positions[rows],
        classes=classes,
        n_marked=n_marked,
        place_labels=sample.place_labels[places],
        place_positions=sample.place_positions[places],
        near=sample.near[places[sample.place_labels == 0]],
    )


def _chunks(flat: Array, inside: Array | None) -> Iterator[tuple[int, Array]]:
    """Pieces of a flat label image, 0 outside the mask, with the place where each begins.

    Arrays as long as the image would leave holes in memory that no later image fills.
    """
    for start in range(0, len(flat), _LABELS_AT_ONCE):
        chunk = flat[start : start + _LABELS_AT_ONCE]
        yield start, chunk if inside is None else chunk * inside[start : start + len(chunk)]


def _count_marked(flat: Array, inside: Array | None) -> dict[int, int]:
    """Marked pixels of each class."""
    counts: dict[int, int] = {}
    for _, chunk in _chunks(flat, inside):
        for value, count in zip(*np.unique(chunk[chunk > 0], return_counts=True), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + int(count)
    return counts


def _find_marked(
    flat: Array, inside: Array | None, wanted: dict[int, Array], starts: Array
) -> tuple[Array, Array]:
    """Flat indices of the k-th marked pixels: of each class (ascending), and of all classes.

    `wanted` names the ranks of each class, `starts` ranks among all marked pixels, whose order
    is kept.
    """
    wanted = {value: np.sort(ranks) for value, ranks in wanted.items()}
    seen = dict.fromkeys(wanted, 0)
    n_seen = 0
    kept = []
    found = np.empty_like(starts)
    for offset, chunk in _chunks(flat, inside):
        marked = np.flatnonzero(chunk)
        here = (starts >= n_seen) & (starts < n_seen + len(marked))
        found[here] = marked[starts[here] - n_seen] + offset
        n_seen += len(marked)
        for value, ranks in wanted.items():
            of_class = marked[chunk[marked] == value]
            first, last = np.searchsorted(ranks, [seen[value], seen[value] + len(of_class)])
            kept.append(of_class[ranks[first:last] - seen[value]] + offset)
            seen[value] += len(of_class)
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, np.int64), found


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
        local = np.ravel_multi_index(tuple(inside - low[:, np.newaxis]), tuple(high - low))
        mark = workspace.mark()
        try:
            flat = workspace.take(plan.n_features * int(np.prod(high - low)))
            depth, height, width = (1, *(high - low))[-3:]
            plan.compute(image, box, flat.reshape(plan.n_features, depth, height, width))
            out[rows] = flat.reshape(plan.n_features, -1)[:, local].T
        finally:
            workspace.release(mark)


def _quota(n_labelled: int, n_in_all: int) -> int:
    """An image's share of the places."""
    return -(-N_PLACES * n_labelled // n_in_all) if n_in_all else 0


def _step_aside(image: Image, starts: Array, rng: np.random.Generator) -> Array:
    """Flat indices of places: each labelled pixel of `starts` and a random step along y and x.

    What falls outside the image or its mask is dropped. The first places are the same however
    many are used.
    """
    at = np.array(np.unravel_index(starts, image.spatial_shape))
    at[-2:] += rng.integers(-_STEP, _STEP + 1, (2, len(starts)))
    sizes = np.array(image.spatial_shape)[:, np.newaxis]
    at = at[:, ((at >= 0) & (at < sizes)).all(axis=0)]
    places = np.ravel_multi_index(tuple(at), image.spatial_shape)
    return places if image.mask is None else places[image.mask.reshape(-1)[places]]


def _digest_labels(labels: Array, mask: Array | None) -> bytes:
    """A digest of a label image inside its mask, the same for every integer dtype."""
    digest = hashlib.blake2b(np.array(labels.shape, "<i8").tobytes(), digest_size=16)
    for k, row in enumerate(labels):
        digest.update((row if mask is None else row * mask[k]).astype("<i8").tobytes())
    return digest.digest()


def _digest(*arrays: Array) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
