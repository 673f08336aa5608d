"""Pairs of images and labels, and what the labels alone tell before any feature is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, is_array_like
from .._core.image import Image, as_image
from .traits import EARLIER, check_kind

#: Labels that are looked at in one piece.
_LABELS_AT_ONCE = 2**18
#: Labels below this are counted in a table.
_SMALL = 2**16
_EMPTY = "images is empty: pass at least one image with labels."


@dataclass(frozen=True)
class Survey:
    """The labelled pixels of all images: of each class in all, and those to train on."""

    n_images: int
    marked: dict[int, int]
    n_kept: int


def iterate_pairs(images: Any, labels: Any, masks: Any = None) -> Iterator[tuple[Any, Any, Any]]:
    """Pair images, labels and masks: one image, or iterables of equal length."""
    if is_array_like(images) or isinstance(images, Image):
        yield images, labels, masks
        return
    _check_iterables(images, labels)
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
        raise ValueError(_EMPTY)


def _check_iterables(images: Any, labels: Any) -> None:
    for name, items in (("images", images), ("labels", labels)):
        if items is None or isinstance(items, str | bytes | PathLike):
            raise TypeError(
                f"{name} is {items!r} but must be an array, a list of arrays or what loads them "
                "one at a time: read a file with pixelseg.io.read_image or read_labels first."
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
    if 0 in sizes:
        raise ValueError(_EMPTY)


def check_pairs(images: Any, labels: Any, masks: Any, options: dict[str, Any]) -> None:
    """Check every pair of a list before any work starts; lazy iterables are checked on the way."""
    if isinstance(images, list | tuple):
        for _ in _checked_pairs(images, labels, masks, options):
            pass


def survey_labels(
    images: Any, labels: Any, masks: Any, options: dict[str, Any], max_samples: int | None
) -> Survey:
    """Check all pairs and count what is labelled.

    Lazy iterables give their labels once more, but no image: masks that are an image's own are
    not known yet, and the counts are then the most that there can be.
    """
    if is_array_like(images) or isinstance(images, Image | list | tuple):
        found = _checked_pairs(images, labels, masks, options)
    else:
        _check_iterables(images, labels)
        found = ((as_labels(own), None) for own in labels)
    marked: Counter[int] = Counter()
    n_images = n_kept = 0
    for own, mask in found:
        counts = count_marked(own.reshape(-1), None if mask is None else mask.reshape(-1))
        marked.update(counts)
        n_images += 1
        n_kept += sum(min(n, max_samples or n) for n in counts.values())
    if n_images == 0:
        raise ValueError(_EMPTY)
    return Survey(n_images, dict(marked), n_kept)


def _checked_pairs(
    images: Any, labels: Any, masks: Any, options: dict[str, Any]
) -> Iterator[tuple[Array, Array | None]]:
    """Labels and masks of images of one kind."""
    first = None
    for source, own, mask in iterate_pairs(images, labels, masks):
        image = as_image(source, mask=mask, **options)
        first = image if first is None else first
        check_kind(image, first, EARLIER)
        yield as_labels(own, image.spatial_shape), image.mask


def label_chunks(flat: Array, inside: Array | None) -> Iterator[tuple[int, Array]]:
    """Pieces of a flat label image, 0 outside the mask, with the place where each begins.

    Arrays as long as the image would leave holes in memory that no later image fills.
    """
    for start in range(0, len(flat), _LABELS_AT_ONCE):
        chunk = flat[start : start + _LABELS_AT_ONCE]
        yield start, chunk if inside is None else chunk * inside[start : start + len(chunk)]


def count_marked(flat: Array, inside: Array | None) -> dict[int, int]:
    """Marked pixels of each class of a flat label image, inside the mask."""
    marked: Counter[int] = Counter()
    for _, chunk in label_chunks(flat, inside):
        if chunk.max() < _SMALL:
            counts = np.bincount(chunk.astype(np.intp, copy=False))
            values = np.flatnonzero(counts)
            marked.update(dict(zip(values.tolist(), counts[values].tolist(), strict=True)))
        else:
            found, counts = np.unique(chunk, return_counts=True)
            marked.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
    del marked[0]
    return dict(sorted(marked.items()))
