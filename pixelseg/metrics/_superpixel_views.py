"""What the metrics of superpixels look at: connected segments, boundary marks, overlaps.

Label images are int32 (D, H, W) here, D = 1 in 2-D, and 0 where a pixel does not count: outside
the mask, or ignored by an annotator. So the labels that were given are moved up by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelseg._core.arrays import SEGMENT_DTYPE, as_labels, as_mask

from ._annotations import as_annotations, ignored_pixels
from ._contingency import Ignore, as_ignore
from .matching import as_reach

Array = npt.NDArray[Any]
OUTSIDE = 0


@dataclass(frozen=True)
class SegmentsView:
    """A segmentation as the metrics see it.

    `labels` int32 (D, H, W) numbers the connected pieces from 1, 0 outside the mask; `sizes` and
    `outlines` int64 (n_segments,) count their pixels and the sides of pixels on their outlines;
    `marks` bool (D, H, W) is True on both sides of each step; `shape` is the shape that was given.
    """

    labels: Array
    sizes: Array
    outlines: Array
    marks: Array
    shape: tuple[int, ...]

    @property
    def n_segments(self) -> int:
        """How many connected pieces there are."""
        return len(self.sizes)

    @property
    def n_pixels(self) -> int:
        """How many pixels count."""
        return int(self.sizes.sum())


def view_segments(segments: npt.ArrayLike, mask: Any = None) -> SegmentsView:
    """Check segments, split them into connected pieces, and measure those."""
    from ._superpixels_kernels import label_components, measure_segments

    array = as_labels(segments, name="segments")
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            f"segments has shape {array.shape} but must be (H, W) or (D, H, W) with at least one "
            "pixel."
        )
    outside = None if mask is None else ~as_mask(mask, array.shape)
    if outside is not None and outside.all():
        raise ValueError("mask is False everywhere: pass one that is True where a pixel counts.")
    given = as_planes(array, outside)
    labels = np.empty_like(given)
    parents = np.empty(given.size, np.int64)
    n_segments = label_components(given, parents, labels)
    sizes, outlines = np.zeros((2, n_segments), np.int64)
    measure_segments(labels, array.ndim == 3, sizes, outlines)
    return SegmentsView(labels, sizes, outlines, mark(labels), array.shape)


def view_truths(truth: Any, view: SegmentsView, ignore: Ignore) -> list[Array]:
    """Check the truth; a label image for each annotator, 0 where a pixel does not count."""
    truths = as_annotations(truth, view.shape, name="segments")
    ignored = as_ignore(ignore)
    masked = (view.labels == OUTSIDE).reshape(view.shape)
    views = []
    for one in truths:
        if one.dtype == bool and 0 in ignored:
            raise TypeError(
                "truth has dtype bool, and ignore=0 would leave all of its background out: pass "
                "ignore=None to score both sides, or truth.astype(int) if False means unlabelled."
            )
        array = as_labels(one, name="truth")
        views.append(as_planes(array, masked | ignored_pixels(array, ignored)))
    # Who speaks of no pixel is no annotator of this image.
    views = [one for one in views if one.any()]
    if not views:
        raise ValueError(
            f"truth has no pixel to score inside the mask and outside ignore={list(ignored)}: pass "
            "a truth with other labels, or leave the image out."
        )
    return views


def as_planes(labels: Array, outside: Array | None) -> Array:
    """Labels plus one as contiguous int32 (D, H, W), 0 outside."""
    if labels.dtype.itemsize >= 4 and labels.max() >= np.iinfo(SEGMENT_DTYPE).max:
        labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    planes = labels.astype(SEGMENT_DTYPE, order="C")
    planes += 1
    if outside is not None:
        planes[outside] = OUTSIDE
    return planes.reshape((1,) * (3 - planes.ndim) + planes.shape)


def mark(labels: Array) -> Array:
    """Mark both sides of each step between two labels, none at a step to the outside."""
    marks = np.zeros(labels.shape, bool)
    all_inside = labels.all()
    for axis in range(labels.ndim):
        here: list[slice] = [slice(None)] * labels.ndim
        there = here.copy()
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        one, other = labels[tuple(here)], labels[tuple(there)]
        step = one != other
        if not all_inside:
            step &= (one != 0) & (other != 0)
        marks[tuple(here)] |= step
        marks[tuple(there)] |= step
    return marks


def widen(marks: Array, radius: int) -> Array:
    """Mark whatever has a mark within a square (a cube) of half-width `radius`."""
    for axis, size in enumerate(marks.shape):
        reach = min(radius, size - 1)
        frame = [(reach, reach) if k == axis else (0, 0) for k in range(marks.ndim)]
        marks = np.moveaxis(np.pad(marks, frame), axis, 0)
        width = 1
        while width < 2 * reach + 1:  # each pass doubles the width that a mark has seen
            step = min(width, 2 * reach + 1 - width)
            marks = marks[:-step] | marks[step:]
            width += step
        marks = np.moveaxis(marks, 0, axis)
    return marks


def as_radius(tolerance: float, unit: str, view: SegmentsView) -> int:
    """The half-width of the window of boundary recall in pixels; a half is rounded up."""
    return math.floor(as_reach(tolerance, unit, view.shape) + 0.5)


@dataclass(frozen=True)
class Hits:
    """How boundary pixels of the truth and of the segments find each other within a window."""

    n_truth: int
    n_truth_found: int
    n_segment_alone: int

    @property
    def recall(self) -> float:
        """Share of true boundary pixels that were found; NaN if there are none."""
        return self.n_truth_found / self.n_truth if self.n_truth else math.nan

    @property
    def precision(self) -> float:
        """Share of what was found in what was found or stands alone; NaN if there is neither."""
        claimed = self.n_truth_found + self.n_segment_alone
        return self.n_truth_found / claimed if claimed else math.nan


def count_hits(truths: list[Array], view: SegmentsView, radius: int) -> list[Hits]:
    """Look for the boundaries of each annotator in those of the segments, and the reverse."""
    near_segments = widen(view.marks, radius)
    hits = []
    for truth in truths:
        marks = mark(truth)
        alone = (view.marks > widen(marks, radius)) & (truth != 0)
        hits.append(
            Hits(
                n_truth=int(np.count_nonzero(marks)),
                n_truth_found=int(np.count_nonzero(marks & near_segments)),
                n_segment_alone=int(np.count_nonzero(alone)),
            )
        )
    return hits
