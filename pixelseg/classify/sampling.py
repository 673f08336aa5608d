"""From an image and labels to the rows that a classifier is trained on.

Features are computed only in boxes around labelled pixels, and only the rows that are kept stay
in memory, so that one image at a time passes through whatever its size. In addition to the
labelled rows, pixels near them are looked at, the prior pixels: they tell how common a class is,
which sparse labels do not (prior.py).

Nothing here depends on the order of the images: pixels are drawn by a generator that is seeded
with the labels themselves, and images are sorted by a digest of their rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box, shape3d
from .._core.image import Image
from .._core.threads import effective_n_jobs, run_chunks
from .._core.workspace import workspace
from ..features import FeaturePlan, compute_box, workspace_bytes
from .training_images import LabelSummary, label_chunks

#: Side of the cells in which pixels are looked for and features are computed: small enough to
#: skip what bears no label, large enough that the halo does not rule.
_CELL = {2: 256, 3: 64}
_LEAST_CELL = 8
#: Bytes of features of one cell; with many channels the cells become smaller.
_CELL_BYTES = 48 * 2**20
#: Prior pixels of all images together, and how far they lie from a labelled pixel along y and x.
#: 1000 do for two classes; eleven want 5000.
N_PRIOR_PIXELS = 5000
_JITTER = 32


@dataclass(frozen=True)
class ImageSamples:
    """What one image contributes: rows of features with classes, and the pixels near them."""

    X: Array  # float32 (n, n_features): rows of labelled pixels that are kept
    y: Array  # int64 (n,)
    positions: Array  # int64 (n,): flat index of each row's pixel
    marked: LabelSummary  # of the whole label image, before any pixels were left out
    prior_labels: Array  # int64 (m,): label of each prior pixel, 0 where there is none
    prior_positions: Array  # int64 (m,)
    prior_features: Array  # float32 (number of zeros in prior_labels, n_features)
    digest: bytes  # of the rows kept

    def limit_prior_pixels(self, n_labelled_in_all: int) -> ImageSamples:
        """Keep the image's share of the prior pixels, where more were taken."""
        share = _prior_share(self.marked.n_labelled, n_labelled_in_all)
        n_near = len(self.prior_labels)
        return self if share >= n_near else self._with_prior_pixels(np.arange(n_near) < share)

    def subset(self, rows: Array, prior_pixels: Array) -> ImageSamples:
        """The chosen rows and prior pixels; what is left out was never labelled, nor looked at."""
        classes, counts = np.unique(self.y[rows], return_counts=True)
        n_marked = dict(zip(classes.tolist(), counts.tolist(), strict=True))
        return replace(
            self._with_prior_pixels(prior_pixels),
            X=self.X[rows],
            y=self.y[rows],
            positions=self.positions[rows],
            marked=replace(self.marked, n_marked=n_marked),
        )

    def _with_prior_pixels(self, chosen: Array) -> ImageSamples:
        return replace(
            self,
            prior_labels=self.prior_labels[chosen],
            prior_positions=self.prior_positions[chosen],
            prior_features=self.prior_features[chosen[self.prior_labels == 0]],
        )


def collect(
    image: Image,
    labels: Array,
    plan: FeaturePlan,
    summary: LabelSummary,
    *,
    samples_per_class: int | None,
    seed: int,
    n_labelled_in_all: int,
    budget: int,
    n_jobs: int | None = None,
) -> ImageSamples:
    """Compute the rows of one image; memory is that of its cells at work, and the rows kept.

    `n_labelled_in_all` counts the labelled pixels of all images that share the prior pixels;
    `budget` is what cells may take, in bytes.
    """
    seeds = [seed, int.from_bytes(summary.digest[:8], "little")]
    rng = np.random.default_rng([*seeds, 0])
    wanted: dict[int, Array] = {}
    for value, n in summary.n_marked.items():
        thin = samples_per_class is not None and n > samples_per_class
        ranks = rng.choice(n, samples_per_class, replace=False) if thin else np.arange(n)
        wanted[value] = np.sort(ranks)
    n_labelled = summary.n_labelled
    rng = np.random.default_rng([*seeds, 1])
    starts = rng.integers(n_labelled, size=N_PRIOR_PIXELS) if n_labelled else np.empty(0, np.int64)
    kept, starts = _find_marked(labels, image.mask, summary, wanted, starts)
    near = _jitter(image, starts, rng)[: _prior_share(n_labelled, n_labelled_in_all)]

    flat = labels.reshape(-1)
    prior_labels = flat[near].astype(np.int64)
    positions = np.concatenate([kept, near[prior_labels == 0]])
    rows = np.empty((len(positions), plan.n_features), np.float32)
    fill_rows(image, plan, positions, rows, budget=budget, n_jobs=n_jobs)
    X, y = rows[: len(kept)], flat[kept].astype(np.int64)
    digest = hashlib.blake2b(digest_size=16)
    for array in (X, y, kept):
        digest.update(array.tobytes())
    return ImageSamples(
        X=X,
        y=y,
        positions=kept,
        marked=summary,
        prior_labels=prior_labels,
        prior_positions=near,
        prior_features=rows[len(kept) :],
        digest=digest.digest(),
    )


def canonical_order(samples: Sequence[ImageSamples]) -> list[int]:
    """Places of the samples sorted by content, so that the order of the images does not matter."""
    return sorted(
        range(len(samples)), key=lambda place: (samples[place].marked.digest, samples[place].digest)
    )


def _find_marked(
    labels: Array,
    mask: Array | None,
    summary: LabelSummary,
    wanted: dict[int, Array],
    starts: Array,
) -> tuple[Array, Array]:
    """Flat indices of the k-th marked pixels: of each class (ascending), and of all classes.

    `wanted` names the ranks of each class, ascending, `starts` ranks among all marked pixels,
    whose order is kept.
    """
    seen = dict.fromkeys(wanted, 0)
    n_seen = 0
    kept = []
    found = np.empty_like(starts)
    for offset, chunk in label_chunks(labels, mask):
        marked = np.flatnonzero(chunk)
        here = (starts >= n_seen) & (starts < n_seen + len(marked))
        found[here] = marked[starts[here] - n_seen] + offset
        n_seen += len(marked)
        for value, ranks in wanted.items():
            of_class = marked[chunk[marked] == value]
            first, last = np.searchsorted(ranks, [seen[value], seen[value] + len(of_class)])
            kept.append(of_class[ranks[first:last] - seen[value]] + offset)
            seen[value] += len(of_class)
    if seen != summary.n_marked or n_seen != summary.n_labelled:
        raise ValueError(
            "labels has changed since it was first looked at: pass a list, or an object whose "
            "__iter__ gives the same label images in the same order each time."
        )
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, np.int64), found


def fill_rows(
    image: Image,
    plan: FeaturePlan,
    positions: Array,
    out: Array,
    *,
    budget: int,
    n_jobs: int | None = None,
) -> None:
    """Features of single pixels: `out[k]` is the row of the pixel with flat index positions[k].

    Holds at most `budget` bytes beyond the result, by smaller cells and fewer threads, or what
    the smallest cell takes.
    """
    if len(positions) == 0:
        return
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
            stack = workspace.take((plan.n_features, *shape3d((high - low).tolist())))
            compute_box(plan, image, box, stack)
            out[rows] = stack.reshape(plan.n_features, -1)[:, local].T

    n_parallel = min(effective_n_jobs(n_jobs), max(1, budget // needed))
    run_chunks(fill_cell, np.split(order, starts[1:]), n_parallel)


def cell_bytes(plan: FeaturePlan, image: Image, side: int = _LEAST_CELL) -> int:
    """Bytes that the features of a cell need, of the smallest one where no side is given."""
    shape = (1 if image.ndim == 2 else side, side, side)
    n_pixels = side**image.ndim
    return workspace_bytes(plan, shape, image.shape3d) + 4 * plan.n_features * n_pixels


def _prior_share(n_labelled: int, n_in_all: int) -> int:
    """How many of the prior pixels an image gets."""
    return -(-N_PRIOR_PIXELS * n_labelled // n_in_all) if n_in_all else 0


def _jitter(image: Image, starts: Array, rng: np.random.Generator) -> Array:
    """Flat indices of the labelled pixels `starts`, each after a random step along y and x.

    What falls outside the image or its mask is dropped. The first are the same however many are
    used.
    """
    at = np.array(np.unravel_index(starts, image.spatial_shape))
    at[-2:] += rng.integers(-_JITTER, _JITTER + 1, (2, len(starts)))
    sizes = np.array(image.spatial_shape)[:, np.newaxis]
    at = at[:, ((at >= 0) & (at < sizes)).all(axis=0)]
    near = np.ravel_multi_index(tuple(at), image.spatial_shape)
    return near if image.mask is None else near[image.mask.reshape(-1)[near]]
