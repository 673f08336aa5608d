"""Training images: pairs of images and labels, and what the labels alone tell.

Labels are passed through once before the first image is worked on, so that one wrong label does
not show after the features of a hundred images.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from os import PathLike
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, is_array_like
from .._core.checks import shown
from .._core.image import Image
from .input_spec import EARLIER, check_input

#: Labels that are looked at in one piece.
_LABELS_AT_ONCE = 2**18
#: Labels below this are counted in a table.
_SMALL = 2**16
_END = object()
_EMPTY = "images is empty: pass at least one image with labels."

#: How an estimator reads an image and its mask.
OpenImage = Callable[[Any, Any], Image]


@dataclass(frozen=True)
class LabelSummary:
    """What the labels of one image say: marked pixels of each class, and a digest of all."""

    n_marked: dict[int, int]  # by class, ascending
    digest: bytes

    @property
    def n_labelled(self) -> int:
        """Labelled pixels of the image."""
        return sum(self.n_marked.values())

    def n_kept(self, samples_per_class: int | None) -> int:
        """Labelled pixels to train on."""
        return sum(min(n, samples_per_class or n) for n in self.n_marked.values())


def iterate_pairs(images: Any, labels: Any, masks: Any = None) -> Iterator[tuple[Any, Any, Any]]:
    """Pair images, labels and masks: one image, or iterables of equal length."""
    if is_array_like(images) or isinstance(images, Image):
        yield images, labels, masks
        return
    _check_iterables(images, labels)
    if masks is not None and (isinstance(masks, str | bytes) or not _is_iterable(masks)):
        raise TypeError(f"mask is {shown(masks)} but must be a list of masks, or None.")
    sources = [images, labels] if masks is None else [images, labels, masks]
    count = 0
    for row in zip_longest(*sources, fillvalue=_END):
        if any(item is _END for item in row):
            raise ValueError(
                f"images and labels{'' if masks is None else ' and mask'} have different lengths "
                f"(one of them ends after {count}): pass one label image for each image."
            )
        count += 1
        image, own, mask = (*row, None)[:3]
        yield image, own, mask
    if count == 0:
        raise ValueError(_EMPTY)


def _is_iterable(value: Any) -> bool:
    """Whether a value is a list of its parts; a sparse array says so, but is not."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Iterable) and not hasattr(value, "toarray")


def _check_iterables(images: Any, labels: Any) -> None:
    for name, items in (("images", images), ("labels", labels)):
        if not _is_iterable(items) or isinstance(items, str | bytes | PathLike):
            raise TypeError(
                f"{name} is {shown(items)} but must be an array, a list of arrays or what loads "
                "them one at a time: read a file with pixelseg.io.read_image or read_labels first."
            )
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
    sizes = [len(items) for items in (images, labels) if hasattr(items, "__len__")]
    if len(set(sizes)) > 1:
        raise ValueError(
            f"images and labels have different lengths ({sizes[0]} and {sizes[1]}): pass one label "
            "image for each image."
        )


def check_pairs(images: Any, labels: Any, masks: Any, open_image: OpenImage) -> None:
    """Check every pair of a list before any work starts; lazy iterables are checked on the way."""
    if isinstance(images, list | tuple):
        for _ in _checked_pairs(images, labels, masks, open_image):
            pass


def survey_labels(
    images: Any, labels: Any, masks: Any, open_image: OpenImage
) -> tuple[list[LabelSummary], bool]:
    """Check all pairs and summarise what is labelled; say whether that is final.

    Lazy iterables give their labels once more, but no image: masks are not known yet, and the
    counts are then the most that there can be.
    """
    if is_array_like(images) or isinstance(images, Image | list | tuple):
        pairs = _checked_pairs(images, labels, masks, open_image)
        return [summarise(own, mask) for own, mask in pairs], True
    _check_iterables(images, labels)
    summaries = [summarise(as_labels(own), None) for own in labels]
    if not summaries:
        raise ValueError(_EMPTY)
    return summaries, False


def _checked_pairs(
    images: Any, labels: Any, masks: Any, open_image: OpenImage
) -> Iterator[tuple[Array, Array | None]]:
    """Labels and masks of images of one kind."""
    first = None
    for source, own, mask in iterate_pairs(images, labels, masks):
        image = open_image(source, mask)
        first = image if first is None else first
        check_input(image, first, EARLIER)
        yield as_labels(own, image.spatial_shape), image.mask


def label_chunks(labels: Array, mask: Array | None) -> Iterator[tuple[int, Array]]:
    """Flat pieces of a label image, 0 outside the mask, with the place where each begins.

    Arrays as long as the image would leave holes in memory that no later image fills.
    """
    flat = labels.reshape(-1)
    inside = None if mask is None else mask.reshape(-1)
    for start in range(0, len(flat), _LABELS_AT_ONCE):
        chunk = flat[start : start + _LABELS_AT_ONCE]
        yield start, chunk if inside is None else chunk * inside[start : start + len(chunk)]


def summarise(labels: Array, mask: Array | None) -> LabelSummary:
    """Count the labelled pixels inside the mask, class by class, and make a digest of them.

    The digest is that of the shape and the values, whatever their integer dtype.
    """
    n_marked: Counter[int] = Counter()
    digest = hashlib.blake2b(np.array(labels.shape, "<i8").tobytes(), digest_size=16)
    for _, chunk in label_chunks(labels, mask):
        digest.update(chunk.astype("<i8").tobytes())
        if chunk.max() < _SMALL:
            counts = np.bincount(chunk.astype(np.intp, copy=False))
            values = np.flatnonzero(counts)
            counts = counts[values]
        else:
            values, counts = np.unique(chunk, return_counts=True)
        n_marked.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
    del n_marked[0]
    return LabelSummary(dict(sorted(n_marked.items())), digest.digest())
