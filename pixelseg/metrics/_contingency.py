"""The contingency table of two label images: how many pixels each pair of labels shares.

Every metric of classes, regions and instances is arithmetic on this one table, so that it is
counted once, exactly, in one pass over the pixels. Only cells that are not empty are kept. Images
are read block by block: a mapped file of any size needs a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, as_source, check_same_shape, to_array
from ._inputs import (
    Ignore,
    as_background,
    as_ignore,
    check_not_mask,
    check_something_left,
    split_truths,
)

#: Pixels that are widened to int64 and counted at a time: two blocks stay in a core's own cache.
BLOCK = 1 << 15
#: Labels below these bounds are counted in a plain table of so many cells (128 kB); above them a
#: hash table is both smaller and, as it is read run by run, hardly slower.
DENSE_CELLS = 1 << 14
#: First size of the hash table; it doubles when it is half full.
FIRST_HASH_CELLS = 1 << 12


@dataclass(frozen=True)
class ContingencyTable:
    """How many pixels each pair (truth label, prediction label) shares, empty cells left out.

    `truth_labels` (n_truth,) and `prediction_labels` (n_prediction,) are the labels that occur in
    scored pixels, sorted. Cell k says that `counts[k]` pixels have the truth label number
    `rows[k]` and the prediction label number `columns[k]`; cells are sorted by row, then column.
    All int64, except that labels beyond its range stay uint64. `n_ignored` pixels were left out.
    """

    truth_labels: Array
    prediction_labels: Array
    rows: Array
    columns: Array
    counts: Array
    n_ignored: int = 0

    @cached_property
    def n_pixels(self) -> int:
        """Scored pixels."""
        return int(self.counts.sum())

    @cached_property
    def truth_sizes(self) -> Array:
        """Pixels of each truth label, int64 (n_truth,)."""
        return np.bincount(self.rows, self.counts).astype(np.int64)

    @cached_property
    def prediction_sizes(self) -> Array:
        """Scored pixels of each prediction label, int64 (n_prediction,)."""
        return np.bincount(self.columns, self.counts).astype(np.int64)

    @cached_property
    def iou(self) -> Array:
        """Intersection over union of each cell's two labels, float64."""
        sizes = self.truth_sizes[self.rows] + self.prediction_sizes[self.columns]
        return self.counts / (sizes - self.counts)

    def toarray(self) -> Array:
        """The whole table, int64 (n_truth, n_prediction)."""
        table = np.zeros((len(self.truth_labels), len(self.prediction_labels)), np.int64)
        table[self.rows, self.columns] = self.counts
        return table


def contingency_table(truth: Any, prediction: Any, *, ignore: Ignore = 0) -> ContingencyTable:
    """Count how many pixels each pair of labels shares.

    Parameters
    ----------
    truth, prediction : arrays of int of one shape, any number of axes
        Label images. Anything with shape, dtype and slicing will do (a mapped file, zarr, HDF5):
        it is read block by block.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth whose pixels are left out; 0 is what pixelseg takes for
        unlabelled. None counts every pixel. Labels of the prediction are never left out.

    Returns
    -------
    table : ContingencyTable

    Raises
    ------
    TypeError
        If an array does not hold integers, or the truth is bool while 0 is ignored.
    ValueError
        If the shapes differ, a label is negative, or no pixel is left to score.

    Notes
    -----
    `sklearn.metrics.cluster.contingency_matrix` and `skimage.metrics.contingency_table` count the
    same; the former sorts both images first, the latter makes a sparse matrix as wide as the
    largest label. Time: some nanoseconds a pixel. Memory: 48 bytes a cell that is not empty, and
    1 MB.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import contingency_table
    >>> table = contingency_table(np.array([1, 1, 1, 2, 0]), np.array([1, 1, 7, 7, 7]))
    >>> table.prediction_labels
    array([1, 7])
    >>> table.toarray()
    array([[2, 1],
           [0, 1]])
    """
    truth, prediction = as_source("truth", truth), as_source("prediction", prediction)
    check_same_shape(truth, prediction)
    ignored = as_ignore(ignore)
    check_not_mask(truth, ignored)
    counter = _PairCounter()
    for box in _boxes(truth.shape):
        counter.add(_read("truth", truth, box), _read("prediction", prediction, box))
    return counter.table(ignored)


def _read(name: str, source: Any, box: tuple[slice, ...]) -> Array:
    """Read a block; the kernels walk two of them abreast, so that its shape must be as due."""
    block = to_array(name, source[box])
    due = (*(part.stop - part.start for part in box), *source.shape[len(box) :])
    if block.shape != due:
        raise ValueError(
            f"{name} has shape {source.shape}, but a part of it reads as an array of shape "
            f"{block.shape} where {due} was due: pass an array whose slices are as its shape says."
        )
    return as_labels(block, name=name)


@dataclass(frozen=True)
class PartitionTable(ContingencyTable):
    """A contingency table of partitions, whose prediction may have a background.

    `background` is the label that is no segment, -1 for none: each of its pixels stands alone.
    """

    background: int = -1

    @cached_property
    def is_segment(self) -> Array:
        """Which labels of the prediction are segments, bool (n_prediction,)."""
        return np.asarray(self.prediction_labels != self.background)

    @cached_property
    def in_segment(self) -> Array:
        """Which cells are part of a segment of the prediction, bool (n_cells,)."""
        return self.is_segment[self.columns]

    @cached_property
    def n_alone(self) -> int:
        """Scored pixels on the background of the prediction."""
        return self.n_pixels - int(self.segment_sizes.sum())

    @cached_property
    def segment_counts(self) -> Array:
        """Pixels of each cell in a segment of the prediction, int64."""
        return self.counts[self.in_segment]

    @cached_property
    def segment_sizes(self) -> Array:
        """Pixels of each segment of the prediction, int64."""
        return self.prediction_sizes[self.is_segment]


def partition_tables(
    truth: Any, prediction: Any, ignore: Ignore, background: int | None
) -> list[PartitionTable]:
    """One table for each annotator: `truth` is one array, a list of arrays, or a stack of them."""
    label = as_background(background)
    prediction = as_source("prediction", prediction)
    tables = [
        contingency_table(one, prediction, ignore=ignore)
        for one in split_truths(truth, len(prediction.shape))
    ]
    return [PartitionTable(**vars(table), background=label) for table in tables]


def _boxes(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Cut a shape into boxes of at most `BLOCK` pixels, as whole along the last axes as can be."""
    if len(shape) == 0 or 0 in shape:
        return
    below = int(np.prod(shape[1:], dtype=np.int64))
    step = max(1, BLOCK // below)
    for start in range(0, shape[0], step):
        here = slice(start, min(start + step, shape[0]))
        if below <= BLOCK:
            yield (here,)
        else:
            yield from ((here, *rest) for rest in _boxes(shape[1:]))


class _PairCounter:
    """Counts pairs of labels block by block: in a plain table while labels are small."""

    def __init__(self) -> None:
        from . import _contingency_kernels

        self._kernels = _contingency_kernels
        self._dense: Array | None = np.zeros((16, 16), np.int64)
        #: The hash table: truth label, prediction label and count of each cell, 0 if it is free.
        self._hashed = np.zeros((3, 1), np.int64)
        self._n_cells = np.zeros(1, np.int64)
        self._buffers = np.empty((2, BLOCK), np.int64)
        self._ones = np.ones(BLOCK, np.int64)
        #: What the labels of each side are read back as.
        self._dtypes: list[np.dtype] = [np.dtype(np.int64)] * 2

    def add(self, truth: Array, prediction: Array) -> None:
        """Count the pairs of two blocks of labels of one shape, of at most `BLOCK` pixels."""
        bounds = int(truth.max()) + 1, int(prediction.max()) + 1
        t, p = self._widen(0, truth), self._widen(1, prediction)
        if self._dense is not None and self._fit_dense(bounds):
            self._kernels.count_dense(t, p, self._dense)
        else:
            self._hash(t, p, self._ones)

    def table(self, ignored: tuple[int, ...]) -> ContingencyTable:
        """The table so far, without the rows of ignored truth labels."""
        rows, columns, counts = self._cells()
        truth, prediction = rows.view(self._dtypes[0]), columns.view(self._dtypes[1])
        keep = np.ones(len(counts), bool)
        for label in ignored:
            keep &= truth != label
        check_something_left(bool(keep.any()), ignored)
        n_ignored = int(counts[~keep].sum())
        truth_labels, rows = np.unique(truth[keep], return_inverse=True)
        prediction_labels, columns = np.unique(prediction[keep], return_inverse=True)
        order = np.argsort(rows * len(prediction_labels) + columns, kind="stable")
        cells = rows[order], columns[order], counts[keep][order]
        return ContingencyTable(truth_labels, prediction_labels, *cells, n_ignored)

    def _widen(self, side: int, labels: Array) -> Array:
        buffer = self._buffers[side, : labels.size]
        # A uint64 beyond int64 turns negative, which the hash table does not mind.
        if labels.dtype == np.uint64:
            self._dtypes[side] = np.dtype(np.uint64)
        np.copyto(buffer.reshape(labels.shape), labels, casting="unsafe")
        return buffer

    def _fit_dense(self, bounds: tuple[int, int]) -> bool:
        """Make the plain table large enough, or move what it counted to the hash table."""
        assert self._dense is not None
        have = self._dense.shape
        if bounds[0] <= have[0] and bounds[1] <= have[1]:
            return True
        need = max(bounds[0], have[0]), max(bounds[1], have[1])
        if need[0] * need[1] <= DENSE_CELLS:
            grown = np.zeros(need, np.int64)
            grown[: have[0], : have[1]] = self._dense
            self._dense = grown
            return True
        cells = self._cells()
        self._dense = None
        self._hash(*cells)
        return False

    def _cells(self) -> Array:
        """Labels and counts of the cells that are not empty, int64 (3, n_cells)."""
        if self._dense is None:
            return self._hashed.compress(self._hashed[2] > 0, axis=1)
        cells = np.empty((3, np.count_nonzero(self._dense)), np.int64)
        self._kernels.list_cells(self._dense, *cells)
        return cells

    def _hash(self, truth: Array, prediction: Array, amounts: Array) -> None:
        pairs, done = (truth, prediction, amounts), 0
        while done < len(truth):
            done = self._kernels.count_hashed(*pairs, done, self._n_cells, *self._hashed)
            if done < len(truth):
                cells, n_before = self._cells(), len(self._hashed[2])
                self._hashed = np.zeros((3, max(FIRST_HASH_CELLS, 2 * n_before)), np.int64)
                self._n_cells[0] = 0
                self._hash(*cells)
