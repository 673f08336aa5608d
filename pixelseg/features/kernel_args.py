"""What the compiled functions of this package are told, as named tuples of arrays and numbers."""

from __future__ import annotations

from typing import NamedTuple

from .._core.arrays import Array


class YFilter(NamedTuple):
    """A filter along H: which rows it reads, with which weights.

    `places`: from the filter's reach before the first wanted row to its reach after the last
    one, where to find it in the plane, borders reflected; `weights`: float32 (3, pairs + 1), a
    row for each order, the centre first; `step`: distance of the pairs; `is_identity`: whether
    order 0 leaves the image as it is.
    """

    places: Array
    weights: Array
    step: int
    is_identity: bool


class XFilter(NamedTuple):
    """A filter along W: how a row is read and its ends are mirrored, and the weights as above.

    The filter reads a buffer that is longer than the wanted row by its reach on both sides:
    `n_inside` values from column `first_column` of the plane on, put at `first_inside`; places
    beyond the image, mirrored[:, 0], are copied from mirrored[:, 1].
    """

    first_column: int
    first_inside: int
    n_inside: int
    mirrored: Array
    weights: Array
    step: int
    is_identity: bool


class PlaneFilters(NamedTuple):
    """The filters along H and W."""

    y: YFilter
    x: XFilter


class Slice(NamedTuple):
    """One slice of a crop, float32 (h, w); what is read of it begins at row y, column x."""

    values: Array
    y: int
    x: int


class Source(NamedTuple):
    """What derivatives of a slice are made of: the image, or the mask that normalises it.

    `planes`: float32 (order + 1, h, w), the slice filtered along D with each order (2-D: as it
    is); `dog_base`: the less smoothed slice that a difference of Gaussians subtracts. Both are of
    no size where there are none.
    """

    planes: Array
    dog_base: Slice


class SliceJob(NamedTuple):
    """Which rows and columns of a slice are worked on, and where the features go.

    Derivatives are made for `n_rows` x `n_columns` pixels, up to `order` where rows `top` to
    `bottom` are wanted, and up to order 1 around them; in memory, rows begin `pitch` values
    apart. Of a wanted row, `width` pixels from `first` on go to slice `z` of the features; slice
    `source_z` of the products is the one that is written or read.
    """

    order: int
    n_rows: int
    n_columns: int
    pitch: int
    top: int
    bottom: int
    first: int
    width: int
    z: int
    source_z: int
