"""`OutOfFold`: labelled images, and what models say of them that did not learn from these labels.

It is what refiners are tuned on. Models are asked for boxes around labelled pixels alone, one box
after the other, so that neither the images nor their probabilities are ever held together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .._core.arrays import (
    PROBABILITY_DTYPE,
    Array,
    as_labels,
    as_numbers,
    as_probabilities,
    to_array,
)
from .._core.boxes import Box, cover, grow, shape_of, slices_of
from .._core.checks import shown
from .._core.grid import label_components
from .._core.image import Image, as_image, look_at_range

#: Sides of the windows that large images are seen through.
_SIDES = {2: (96, 192, 384), 3: (24, 48, 96)}


@dataclass(frozen=True)
class OutOfFoldImage:
    """One image with labelled pixels, and models that did not learn from them.

    Attributes
    ----------
    image : Image
    positions : array of int64, shape (n,)
        Flat index of each labelled pixel.
    truth : array of intp, shape (n,)
        Its class, as a place in `OutOfFold.classes`.
    strokes : array of int, shape (n,)
        The stroke that it belongs to, numbered within the image.
    models : array of intp, shape (n,)
        Which of the answers of `predict` is that of a model that did not learn from it.
    predict : callable
        Gives, for a box, probabilities float32 (*box_shape, n_classes) of each model.
    """

    image: Image
    positions: Array
    truth: Array
    strokes: Array
    models: Array
    predict: Callable[[Box], Sequence[Array]]

    def windows(self, margin: tuple[int, ...], n_pixels: int) -> Iterator[Window]:
        """Boxes around labelled pixels, with a margin about them, of about `n_pixels` together.

        They have the side with which most labelled pixels are seen; which of them are left out,
        where not all can be seen, is drawn by a fixed seed.
        """
        shape = self.image.spatial_shape
        coordinates = np.array(np.unravel_index(self.positions, shape))
        best: list[tuple[Box, Array]] = []
        most = (-1, 0)
        for side in (*_SIDES[len(shape)], max(shape)):
            chosen: list[tuple[Box, Array]] = []
            n_seen = cost = 0
            for box, members in _occupied(coordinates, shape, side):
                outer = grow(box, margin, shape)
                too_much = cost + prod(shape_of(outer)) > n_pixels
                if too_much and (chosen or side > _SIDES[len(shape)][0]):
                    break
                chosen.append((outer, members))
                n_seen += len(members)
                cost += prod(shape_of(outer))
            if (n_seen, -cost) > most:
                best, most = chosen, (n_seen, -cost)
        for box, members in best:
            starts = np.array([start for start, _ in box])[:, np.newaxis]
            local = np.ravel_multi_index(tuple(coordinates[:, members] - starts), shape_of(box))
            yield Window(self, box, members, local)


@dataclass(frozen=True)
class Window:
    """A box of an image, which of the image's labelled pixels count in it, and where they are."""

    source: OutOfFoldImage
    box: Box
    members: Array
    positions: Array

    @property
    def image(self) -> Image:
        """The part of the image."""
        image = self.source.image
        return image if self.box == image.whole else image.crop(self.box)


@dataclass(frozen=True)
class OutOfFold:
    """Labelled images and models that did not learn from their labels, to be gone through once.

    `class_prior` (n_classes,) is how common the classes are in the images, whatever the labels
    say; `value_range` how far the images' values range; `n_images` counts those that are labelled.
    """

    classes: Array
    class_prior: Array
    value_range: float
    n_images: int
    images: Iterable[OutOfFoldImage]


def number_strokes(labels: Array) -> Array:
    """Strokes numbered from 1: connected pieces of one class, touching by a corner; 0 elsewhere."""
    return label_components(labels, connectivity=labels.ndim)[0]


def _occupied(coordinates: Array, shape: tuple[int, ...], side: int) -> Iterator[tuple[Box, Array]]:
    """The boxes of a grid that hold labelled pixels, shuffled, and which pixels each holds."""
    boxes = cover(shape, (side,) * len(shape))
    counts = tuple(-(-size // side) for size in shape)
    cell = np.ravel_multi_index(tuple(coordinates // side), counts)
    order = np.argsort(cell, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(cell[order])) + 1)
    for k in np.random.default_rng(0).permutation(len(groups)):
        yield boxes[cell[groups[k][0]]], groups[k]


def from_probabilities(
    probabilities: Any,
    images: Any,
    labels: Any,
    *,
    mask: Any = None,
    classes: Any = None,
    class_prior: Any = None,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
) -> OutOfFold:
    """Take probabilities as they are: from a model that has not seen the labels.

    `probabilities` is an array (..., n_classes) for one image, or a sequence of them; parameters
    as in `tune`.
    """
    rows = _as_rows(probabilities, images, labels, mask)
    opened = []
    shares: list[Array] = []
    seen: set[int] = set()
    for given, image, own, own_mask in rows:
        pixels = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=own_mask)
        p = as_probabilities(given, pixels.spatial_shape, name="model: probabilities")
        strokes = as_labels(own, pixels.spatial_shape)
        if pixels.mask is not None:
            strokes = strokes * pixels.mask
        seen |= set(np.unique(strokes).tolist()) - {0}
        inside = p.reshape(-1, p.shape[-1]) if pixels.mask is None else p[pixels.mask]
        shares.append(inside.mean(axis=0))
        opened.append((p, pixels, strokes))
    n_classes = {len(share) for share in shares}
    if len(n_classes) > 1:
        raise ValueError(
            f"probabilities have {' and '.join(map(str, sorted(n_classes)))} classes: pass those "
            "of one model."
        )
    known = _as_classes(classes, sorted(seen), n_classes.pop())
    rule = f"one share for each of the {len(known)} classes"
    wanted = np.mean(shares, axis=0) if class_prior is None else class_prior
    prior = as_numbers("class_prior", wanted, rule)
    if prior.shape != known.shape or not (prior >= 0).all() or not 0 < prior.sum() < np.inf:
        raise ValueError(f"class_prior is {shown(class_prior)} but must be {rule}.")
    ranges = [look_at_range(pixels) for _, pixels, _ in opened]
    value_range = max(high for _, high in ranges) - min(low for low, _ in ranges) or 1.0
    labelled = [
        _as_given(p, pixels, strokes, known) for p, pixels, strokes in opened if strokes.any()
    ]
    return OutOfFold(known, prior / prior.sum(), value_range, len(labelled), labelled)


def _as_rows(*columns: Any) -> list[tuple[Any, ...]]:
    """One row for each image; a single array each is one image."""
    probabilities, images, labels, mask = columns
    if isinstance(probabilities, np.ndarray):
        return [(probabilities, images, labels, mask)]
    is_text = isinstance(probabilities, str | bytes)
    if is_text or hasattr(probabilities, "toarray") or not isinstance(probabilities, Iterable):
        raise TypeError(
            f"model is {shown(probabilities)} but must be a PixelClassifier, an array of class "
            "probabilities, or one for each image."
        )
    lists = [list(column) for column in (probabilities, images, labels)]
    masks = [None] * len(lists[0]) if mask is None else list(mask)
    lengths = {len(column) for column in (*lists, masks)}
    if len(lengths) > 1 or not lists[0]:
        raise ValueError(
            f"model: probabilities, images and labels have {', '.join(str(len(c)) for c in lists)} "
            "entries: pass one array of each for every image."
        )
    return list(zip(*lists, masks, strict=True))


def _as_classes(classes: Any, seen: list[int], n_classes: int) -> Array:
    """The label of each column of the probabilities."""
    if classes is None:
        if not seen:
            raise ValueError("labels has no labelled pixel: there is nothing to tune on.")
        if len(seen) == n_classes:
            classes = seen
        elif seen[-1] <= n_classes:
            classes = range(1, n_classes + 1)
        else:
            raise ValueError(
                f"probabilities have {n_classes} classes but labels has {seen}: pass classes, the "
                "label of each."
            )
    found = to_array("classes", classes)
    are_labels = found.dtype.kind in "iu" and found.shape == (n_classes,)
    if not are_labels or len(np.unique(found)) < n_classes:
        raise ValueError(
            f"classes is {shown(classes)} but must name the labels of the {n_classes} classes of "
            "probabilities."
        )
    if missing := sorted(set(seen) - set(found.tolist())):
        raise ValueError(
            f"labels has {missing}, which is none of the classes {found.tolist()} of probabilities."
        )
    return found


def _as_given(p: Array, image: Image, labels: Array, classes: Array) -> OutOfFoldImage:
    positions = np.flatnonzero(labels)
    order = np.argsort(classes)
    places = order[np.searchsorted(classes[order], labels.reshape(-1)[positions])]
    return OutOfFoldImage(
        image=image,
        positions=positions,
        truth=places,
        strokes=number_strokes(labels).reshape(-1)[positions],
        models=np.zeros(len(positions), np.intp),
        predict=lambda box: [p[slices_of(box)].astype(PROBABILITY_DTYPE, copy=False)],
    )
