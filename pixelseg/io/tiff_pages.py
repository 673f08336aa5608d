"""Compressed TIFF as an array-like: only the strips or tiles that a slice touches are decoded."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box
from .paths import ImageFileError

#: Bytes of decoded pieces that are kept: neighbouring tiles of a prediction share strips.
_KEPT_BYTES = 64 * 2**20


def open_pages(path: Path, series: Any, shape: tuple[int, ...]) -> SlicedPages:
    """The pixels of a series, decoded by tifffile or, where it lacks the codec, by Pillow.

    One piece is decoded at once, so that what cannot be read is known before long work.
    """
    pieces: TiffPieces | PillowPieces
    try:
        pieces = TiffPieces(path, series)
        pieces.load(0, 0)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        pieces = PillowPieces(path, series)
        pieces.load(0, 0)
    return SlicedPages(pieces, shape)


class TiffPieces:
    """Strips or tiles of pages of one layout, decoded by tifffile.

    A page is (separate samples, depth, rows, columns, samples of a pixel); `starts` and `stops`
    (n_pieces, 5) say where each piece lies in it.
    """

    def __init__(self, path: Path, series: Any):
        self.path = path
        self.page = series.keyframe
        self.page_shape = tuple(self.page.shaped)
        self.dtype = self.page.dtype
        self._places = [(page.dataoffsets, page.databytecounts) for page in _all_pages(series)]
        self.n_pages = len(self._places)
        layout = [self.page.decode(None, k)[1:] for k in range(math.prod(self.page.chunked))]
        self.starts = np.array([start for start, _ in layout])
        self.stops = self.starts + np.array([(1, *shape) for _, shape in layout])

    def load(self, page: int, piece: int) -> Array | None:
        """Decode a piece as a 5-D array (it may be padded); None where the file has a hole."""
        offsets, counts = self._places[page]
        if counts[piece] == 0:
            return None
        with self.path.open("rb") as file:
            file.seek(offsets[piece])
            data = file.read(counts[piece])
        if len(data) < counts[piece]:
            raise ImageFileError(f"{self.path} is truncated: page {page} lacks some pixels.")
        return self.page.decode(data, piece)[0][np.newaxis]


class PillowPieces:
    """Whole pages, decoded by Pillow: it knows LZW and JPEG, which tifffile alone does not."""

    def __init__(self, path: Path, series: Any):
        self.path = path
        self.page_shape = tuple(series.keyframe.shaped)
        self.dtype = series.keyframe.dtype
        self._numbers = [page.index for page in _all_pages(series)]
        self.n_pages = len(self._numbers)
        self._compression = series.keyframe.compression.name
        self.starts = np.zeros((1, 5), int)
        self.stops = np.array([self.page_shape])

    def load(self, page: int, piece: int) -> Array:
        """Decode a page as a 5-D array."""
        from .pillow import opened

        with opened(self.path) as image:
            image.seek(self._numbers[page])
            pixels = np.array(image)
        separate, _, rows, columns, samples = self.page_shape
        if pixels.dtype.newbyteorder("=") != self.dtype.newbyteorder("=") or (
            pixels.shape != (rows, columns, separate * samples)[: pixels.ndim]
        ):
            raise ImageFileError(
                f"{self.path} has {self._compression} compression of {self.dtype} samples, which "
                "only the package imagecodecs reads: install it, or save without compression."
            )
        pixels = pixels.reshape(rows, columns, separate, samples)
        return np.moveaxis(pixels, 2, 0)[:, np.newaxis]


def _all_pages(series: Any) -> Iterator[Any]:
    for page in series.pages:
        if page is None:
            raise ValueError("some of its pages are missing")
        yield page


class SlicedPages:
    """Pages as one array of `shape`: its first axes count pages, the others are those of a page.

    `order` tells which stored axis each axis of this view is; the last may be cut short by one.
    """

    def __init__(
        self,
        pieces: TiffPieces | PillowPieces,
        shape: tuple[int, ...],
        order: tuple[int, ...] | None = None,
        n_cut: int = 0,
    ):
        self.pieces = pieces
        self.dtype = pieces.dtype
        self.ndim = len(shape)
        self._stored_shape = shape
        self._order = order or tuple(range(len(shape)))
        sizes = [shape[axis] for axis in self._order]
        sizes[-1] -= n_cut
        self.shape = tuple(sizes)
        # The 5-D axes of a page that are axes of the array; rows and columns always are.
        self._page_axes = [k for k, n in enumerate(pieces.page_shape) if n != 1 or k in (2, 3)]
        self._n_leading = len(shape) - len(self._page_axes)
        if (
            tuple(pieces.page_shape[k] for k in self._page_axes) != shape[self._n_leading :]
            or math.prod(shape[: self._n_leading]) != pieces.n_pages
        ):
            raise ValueError(f"its {pieces.n_pages} pages do not make an array of shape {shape}")
        self._kept: OrderedDict[tuple[int, int], Array | None] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"SlicedPages(shape={self.shape}, dtype={self.dtype})"

    def moved(self, axis: int) -> SlicedPages:
        """A view whose last axis is this one's `axis`."""
        order = list(self._order)
        order.append(order.pop(axis))
        return SlicedPages(self.pieces, self._stored_shape, tuple(order))

    def without_last(self) -> SlicedPages:
        """A view without the last entry of the last axis."""
        return SlicedPages(self.pieces, self._stored_shape, self._order, n_cut=1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[...], dtype)

    def __getitem__(self, index: Any) -> Array:
        index = index if isinstance(index, tuple) else (index,)
        if Ellipsis in index:
            at = index.index(Ellipsis)
            fill = (slice(None),) * (self.ndim - len(index) + 1)
            index = index[:at] + fill + index[at + 1 :]
        index += (slice(None),) * (self.ndim - len(index))
        box: list[tuple[int, int]] = [(0, 0)] * self.ndim
        rest: list[Any] = []
        for axis, item, size in zip(self._order, index, self.shape, strict=True):
            if isinstance(item, slice):
                places = range(*item.indices(size))
                low, high = (min(places), max(places) + 1) if places else (0, 0)
                box[axis] = (low, high)
                rest.append(slice(None) if item.step in (None, 1) else [k - low for k in places])
            else:
                place = range(size)[item]
                box[axis] = (place, place + 1)
                rest.append(0)
        block = self._read(tuple(box)).transpose(self._order)
        for axis in range(self.ndim - 1, -1, -1):
            if not isinstance(rest[axis], slice):
                block = block.take(rest[axis], axis)
        return block

    def _read(self, box: Box) -> Array:
        """A box along the stored axes."""
        sizes = [stop - start for start, stop in box]
        out = np.zeros(sizes, self.dtype)
        if out.size == 0:
            return out
        page_box = [(0, 1)] * 5
        for axis, edges in zip(self._page_axes, box[self._n_leading :], strict=True):
            page_box[axis] = edges
        low = np.array([start for start, _ in page_box])
        high = np.array([stop for _, stop in page_box])
        first = np.maximum(self.pieces.starts, low)
        last = np.minimum(self.pieces.stops, high)
        touched = np.flatnonzero((first < last).all(axis=1)).tolist()

        leading = [range(*edges) for edges in box[: self._n_leading]]
        pages_shape = self._stored_shape[: self._n_leading]
        out_pages = out.reshape(-1, *(high - low))
        for row, position in enumerate(product(*leading)):
            page = int(np.ravel_multi_index(position, pages_shape)) if position else 0
            for piece in touched:
                block = self._piece(page, piece)
                if block is None:
                    continue
                start = self.pieces.starts[piece]
                source = _slices(first[piece] - start, last[piece] - start)
                target = _slices(first[piece] - low, last[piece] - low)
                out_pages[row][target] = block[source]
        return out

    def _piece(self, page: int, piece: int) -> Array | None:
        """A decoded piece, kept for the next slices that touch it."""
        key = (page, piece)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        block = self.pieces.load(page, piece)
        n_bytes = 0 if block is None else block.nbytes
        with self._lock:
            if key not in self._kept:
                self._kept[key] = block
                self._kept_bytes += n_bytes
            while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._kept_bytes -= 0 if old is None else old.nbytes
        return block


def _slices(start: Array, stop: Array) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
