"""What the metrics of superpixels look at: connected segments, boundary marks, overlaps.

Label images are int32 here, and 0 where a pixel does not count: outside the mask, on the background
of the segments, or ignored by an annotator. So the labels that were given are moved up by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import SEGMENT_DTYPE, Array, as_labels, as_mask
from .._core.grid import find_borders, label_components, measure_segments, relabel_sequential
from ._averages import ratio
from ._inputs import (
    Ignore,
    as_annotations,
    as_background,
    as_ignore,
    as_reach,
    check_not_mask,
    check_something_left,
    ignored_pixels,
)

OUTSIDE = 0


@dataclass(frozen=True)
class SegmentsView:
    """A segmentation as the metrics see it, measured as far as it is asked.

    `labels` int32 numbers the connected components from 1, 0 where a pixel does not count.
    """

    labels: Array
    n_segments: int

    @cached_property
    def _measures(self) -> tuple[Array, Array]:
        return measure_segments(self.labels, self.n_segments)

    @property
    def sizes(self) -> Array:
        """Pixels of each segment, int64 (n_segments,)."""
        return self._measures[0]

    @property
    def outlines(self) -> Array:
        """Sides of pixels on the outline of each segment, int64 (n_segments,)."""
        return self._measures[1]

    @cached_property
    def marks(self) -> Array:
        """Both sides of each step between segments, bool."""
        return find_borders(self.labels, ignore=OUTSIDE)

    @cached_property
    def n_pixels(self) -> int:
        """How many pixels count."""
        return int(np.count_nonzero(self.labels))


def view_segments(segments: npt.ArrayLike, mask: Any, background: int | None) -> SegmentsView:
    """Check segments and split them into connected components."""
    label = as_background(background)
    array = as_labels(segments, name="segments")
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            f"segments has shape {array.shape} but must be (H, W) or (D, H, W) with at least one "
            "pixel."
        )
    outside = np.asarray(array == label)
    if mask is not None:
        mask = as_mask(mask, array.shape)
        if not mask.any():
            raise ValueError(
                "mask is False everywhere: pass one that is True where a pixel counts."
            )
        outside |= ~mask
    if outside.all():
        raise ValueError(
            f"segments is {label}, the background, wherever it counts: pass background=None "
            "to score that label as a superpixel."
        )
    return SegmentsView(*label_components(_as_positive(array, outside)))


def view_truths(truth: Any, view: SegmentsView, ignore: Ignore) -> list[Array]:
    """Check the truth; a label image for each annotator, 0 where a pixel does not count."""
    truths = as_annotations(truth, view.labels.shape, name="segments")
    ignored = as_ignore(ignore)
    outside = view.labels == OUTSIDE
    views = []
    for one in truths:
        check_not_mask(one, ignored)
        array = as_labels(one, name="truth")
        views.append(_as_positive(array, outside | ignored_pixels(array, ignored)))
    # An annotator without a pixel that counts is none of this image.
    views = [one for one in views if one.any()]
    check_something_left(len(views) > 0, ignored, "inside the mask and the segments, and ")
    return views


def _as_positive(labels: Array, outside: Array) -> Array:
    """Labels plus one as contiguous int32, 0 outside."""
    if labels.dtype.itemsize >= 4 and labels.max() >= np.iinfo(SEGMENT_DTYPE).max:
        labels = relabel_sequential(labels)[0]
    planes = labels.astype(SEGMENT_DTYPE, order="C")
    planes += 1
    np.copyto(planes, OUTSIDE, where=outside)
    return planes


def _widen(marks: Array, radius: int) -> Array:
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
    return math.floor(as_reach(tolerance, unit, view.labels.shape) + 0.5)


@dataclass(frozen=True)
class Hits:
    """How boundary pixels of the truth and of the segments find each other within a window."""

    n_truth: int
    n_truth_found: int
    n_segment_alone: int

    @property
    def recall(self) -> float:
        """Share of true boundary pixels that were found; NaN if there are none."""
        return float(ratio(self.n_truth_found, self.n_truth))

    @property
    def precision(self) -> float:
        """Share of what was found in what was found or stands alone; NaN if there is neither."""
        return float(ratio(self.n_truth_found, self.n_truth_found + self.n_segment_alone))


def count_hits(truths: list[Array], view: SegmentsView, radius: int) -> list[Hits]:
    """Look for the boundaries of each annotator in those of the segments, and the reverse."""
    near_segments = _widen(view.marks, radius)
    hits = []
    for truth in truths:
        marks = find_borders(truth, ignore=OUTSIDE)
        alone = (view.marks > _widen(marks, radius)) & (truth != 0)
        hits.append(
            Hits(
                n_truth=int(np.count_nonzero(marks)),
                n_truth_found=int(np.count_nonzero(marks & near_segments)),
                n_segment_alone=int(np.count_nonzero(alone)),
            )
        )
    return hits
