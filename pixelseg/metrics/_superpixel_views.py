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
from .._core.image import as_image
from ._inputs import (
    Ignore,
    as_annotations,
    as_background,
    as_ignore,
    check_not_mask,
    check_pixels,
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
    def measures(self) -> tuple[Array, Array]:
        """Pixels of each segment, sides of pixels on its outline; both int64 (n_segments,)."""
        return measure_segments(self.labels, self.n_segments)

    @cached_property
    def marks(self) -> Array:
        """Both sides of each step between segments, bool."""
        return find_borders(self.labels, ignore=OUTSIDE)

    @cached_property
    def n_pixels(self) -> int:
        """How many pixels count."""
        return int(np.count_nonzero(self.labels))

    def boundary_density(self) -> float:
        """Share of pixels that are boundary."""
        return int(np.count_nonzero(self.marks)) / self.n_pixels

    def compactness(self) -> float:
        """How round segments are, each weighted by its size."""
        sizes, outlines = (values.astype(float) for values in self.measures)
        if self.labels.ndim == 2:
            roundness = 4 * math.pi * sizes / outlines**2
        else:
            roundness = 36 * math.pi * sizes**2 / outlines**3
        return float(roundness @ sizes / self.n_pixels)

    def explained_variation(self, image: Any, channel_axis: int | str | None) -> float:
        """Share of the image's variation that the means of the segments keep."""
        image = as_image(image, channel_axis=channel_axis)
        if image.spatial_shape != self.labels.shape:
            raise ValueError(
                f"segments has shape {self.labels.shape} but image has spatial shape "
                f"{image.spatial_shape}: pass the image that was segmented, and channel_axis if it "
                "has channels."
            )
        labels = self.labels.ravel()
        inside = slice(None) if self.n_pixels == labels.size else labels != OUTSIDE
        kept = total = 0.0
        for plane in image.read(dtype=None).reshape(image.n_channels, -1)[:, inside]:
            if plane.min() == plane.max():
                continue  # its mean is rounded, and would leave a trace of variation
            values = plane - plane.mean(dtype=np.float64)
            sums = np.bincount(labels[inside], values)[1:]
            kept += float((sums**2 / self.measures[0]).sum())
            total += float(values @ values)
        return kept / total if total > 0 else math.nan


def view_segments(segments: npt.ArrayLike, mask: Any, background: int | None) -> SegmentsView:
    """Check segments and split them into connected components."""
    label = as_background(background)
    array = as_labels(segments, name="segments")
    check_pixels("segments", array)
    outside = np.asarray(array == label)
    if mask is not None:
        mask = as_mask(mask, array.shape, of="segments")
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
