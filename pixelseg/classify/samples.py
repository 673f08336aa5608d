"""From images and labels to the rows that a classifier is trained on.

Features are computed only in boxes around labelled pixels, and only the rows that are kept stay
in memory, so that one image at a time passes through whatever its size. Beside the labelled rows,
places near them are looked at: they tell how common a class is, which strokes do not (prior.py).

Nothing here depends on the order of the images: pixels are drawn by a generator that is seeded
with the labels themselves, and images are sorted by a digest of their rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box
from .._core.image import Image
from .._core.memory import parse_memory
from .._core.threads import effective_n_jobs, run_chunks
from ..features import FeatureBank, FeaturePlan, compute_box, workspace, workspace_bytes
from .pairs import count_marked, label_chunks

#: Side of the cells in which pixels are looked for and features are computed: small enough to
#: skip what bears no label, large enough that the halo does not rule.
_CELL = {2: 256, 3: 64}
_LEAST_CELL = 8
#: Bytes of features of one cell; with many channels the cells become smaller.
_CELL_BYTES = 48 * 2**20
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


def collect(
    image: Image,
    labels: Array,
    bank: FeatureBank,
    *,
    max_samples: int | None,
    random_state: int,
    n_labelled_before: int = 0,
    budget: int | None = None,
    n_jobs: int | None = None,
) -> ImageSamples:
    """Compute the rows of one image; memory is that of its cells at work, and the rows kept.

    `n_labelled_before` counts the labelled pixels of earlier images, which share the places;
    `budget` is what cells may take, in bytes.
    """
    flat = labels.reshape(-1)
    inside = None if image.mask is None else image.mask.reshape(-1)
    label_digest = _digest_labels(labels, image.mask)
    seed = [random_state, int.from_bytes(label_digest[:8], "little")]
    marked = count_marked(flat, inside)
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
    positions = np.concatenate([kept, free])
    fill_rows(image, plan, positions, rows, budget=budget, n_jobs=n_jobs)
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
    for offset, chunk in label_chunks(flat, inside):
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


def fill_rows(
    image: Image,
    plan: FeaturePlan,
    positions: Array,
    out: Array,
    *,
    budget: int | None = None,
    n_jobs: int | None = None,
) -> None:
    """Features of single pixels: `out[k]` is the row of the pixel with flat index positions[k].

    Holds at most `budget` bytes beside the result, by smaller cells and fewer threads.
    """
    if len(positions) == 0:
        return
    budget = parse_memory(budget, image.ndim)
    side = _CELL[image.ndim]
    while side > _LEAST_CELL and (
        plan.n_features * 4 * side**image.ndim > _CELL_BYTES
        or cell_bytes(plan, image, side) > budget
    ):
        side //= 2
    needed = cell_bytes(plan, image, side)
    coordinates = np.array(np.unravel_index(positions, image.spatial_shape))
    grid = tuple(-(-size // side) for size in image.spatial_shape)
    cell = np.ravel_multi_index(tuple(coordinates // side), grid)
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))

    def fill_cell(rows: Array) -> None:
        inside = coordinates[:, rows]
        low, high = inside.min(axis=1), inside.max(axis=1) + 1
        box: Box = tuple((int(a), int(b)) for a, b in zip(low, high, strict=True))
        local = np.ravel_multi_index(tuple(inside - low[:, np.newaxis]), tuple(high - low))
        with workspace.within(needed):
            flat = workspace.take(plan.n_features * int(np.prod(high - low)))
            depth, height, width = (1, *(high - low))[-3:]
            compute_box(plan, image, box, flat.reshape(plan.n_features, depth, height, width))
            out[rows] = flat.reshape(plan.n_features, -1)[:, local].T

    n_parallel = min(effective_n_jobs(n_jobs), max(1, budget // needed))
    run_chunks(fill_cell, np.split(order, starts[1:]), n_parallel)


def cell_bytes(plan: FeaturePlan, image: Image, side: int = _LEAST_CELL) -> int:
    """Bytes that the features of a cell need, of the smallest one where no side is given."""
    shape = (1 if image.ndim == 2 else side, side, side)
    n_pixels = side**image.ndim
    return workspace_bytes(plan, shape, image.shape3d) + 4 * plan.n_features * n_pixels


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
