"""What the compiled functions of this package are told, as named tuples of arrays and numbers."""

from __future__ import annotations

from typing import NamedTuple

from .._core.arrays import Array


class Rows(NamedTuple):
    """A filter along H: which rows it reads, with which weights.

    `places`: from the filter's reach before the first wanted row to its reach after the last
    one, where to find it in the plane, borders reflected; `weights`: float32 (3, pairs + 1), a
    row for each order, the centre first; `step`: distance of the pairs; `copies`: whether order
    0 leaves the image as it is.
    """

    places: Array
    weights: Array
    step: int
    copies: bool


class Row(NamedTuple):
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
    copies: bool


class Part(NamedTuple):
    """Which rows and columns of a slice are worked on, and which of them have columns.

    Derivatives are made for `n_rows` x `n_columns` pixels, up to `order` where rows `top` to
    `bottom` are wanted, and up to order 1 around them; in memory, rows begin `pitch` values
    apart. Of a wanted row, `width` pixels from `first` on go to slice `z` of the columns.
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


class Slice(NamedTuple):
    """One slice of a field, float32 (h, w); what is read of it begins at row y, column x."""

    values: Array
    y: int
    x: int
