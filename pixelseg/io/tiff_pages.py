"""Compressed TIFF as an array-like: only the strips or tiles that a slice touches are decoded."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box, shape_of, slices_of
from .paths import ImageFileError, check_size, naming_damage

#: Bytes of decoded pieces that are kept: neighbouring tiles of a prediction share strips.
_KEPT_BYTES = 64 * 2**20

#: Most bytes that a compression makes of one, by the codes of TIFF: none, LZW, JPEG, deflate,
#: PackBits. Others, of which some know no such bound, are believed.
_EXPANSIONS = {1: 1, 5: 2600, 7: 1100, 8: 1100, 32946: 1100, 32773: 64}


def open_pages(series: Any, shape: tuple[int, ...]) -> SlicedPages:
    """The pixels of a series, decoded by tifffile or, where it lacks the codec, by Pillow.

    One piece is decoded at once, so that what cannot be read is known before long work.
    """
    pieces: TiffPieces | PillowPieces
    try:
        pieces = TiffPieces(series)
        pieces.load(0, 0)
    except ValueError as error:
        # Older versions of tifffile do not name the package that they lack.
        if not any(words in str(error) for words in ("imagecodecs", "not supported")):
            raise
        pieces = PillowPieces(series)
        pieces.load(0, 0)
    page_axes = page_axes_of(pieces.page_shape)
    n_leading = len(shape) - len(page_axes)
    page_shape = tuple(pieces.page_shape[k] for k in page_axes)
    if page_shape != shape[n_leading:] or math.prod(shape[:n_leading]) != pieces.n_pages:
        raise ValueError(f"its {pieces.n_pages} pages do not make an array of shape {shape}")
    return SlicedPages(PieceCache(pieces), shape)


class TiffPieces:
    """Strips or tiles of pages of one layout, decoded by tifffile.

    A page is (separate samples, depth, rows, columns, samples of a pixel); `starts` and `stops`
    (n_pieces, 5) say where each piece lies in it.
    """

    def __init__(self, series: Any):
        self.page = series.keyframe
        self.page_shape = tuple(self.page.shaped)
        self.dtype = self.page.dtype
        self._places = [
            (_file_of(page), page.dataoffsets, page.databytecounts) for page in _all_pages(series)
        ]
        self.n_pages = len(self._places)
        n_pieces = math.prod(self.page.chunked)
        if any(len(offsets) < n_pieces for _, offsets, _ in self._places):
            raise ValueError(f"it lacks some of its {n_pieces} strips or tiles")
        layout = [self.page.decode(None, k)[1:] for k in range(n_pieces)]
        self.starts = np.array([start for start, _ in layout])
        self.stops = self.starts + np.array([(1, *shape) for _, shape in layout])

    def load(self, page: int, piece: int) -> Array | None:
        """Decode a piece as a 5-D array (it may be padded); None where the file has a hole."""
        path, offsets, counts = self._places[page]
        if counts[piece] == 0:
            return None
        if (expansion := _EXPANSIONS.get(int(self.page.compression))) is not None:
            shape = self.stops[piece] - self.starts[piece]
            bits = math.prod(shape.tolist()) * self.page.bitspersample
            check_size(path, bits / 8, counts[piece], expansion)
        with path.open("rb") as file:
            file.seek(offsets[piece])
            data = file.read(counts[piece])
        if len(data) < counts[piece]:
            raise ImageFileError(f"{path} is truncated: page {page} lacks some pixels.")
        with naming_damage(path):
            return self.page.decode(data, piece)[0][np.newaxis]


class PillowPieces:
    """Whole pages, decoded by Pillow: it knows LZW and JPEG, which tifffile alone does not."""

    def __init__(self, series: Any):
        self.page_shape = tuple(series.keyframe.shaped)
        self.dtype = series.keyframe.dtype
        self._places = [(_file_of(page), page.index) for page in _all_pages(series)]
        self.n_pages = len(self._places)
        self._compression = series.keyframe.compression.name
        self.starts = np.zeros((1, 5), int)
        self.stops = np.array([self.page_shape])

    def load(self, page: int, piece: int) -> Array:
        """Decode a page as a 5-D array."""
        from PIL import UnidentifiedImageError

        from .pillow import opened, stored_values

        path, number = self._places[page]
        try:
            with naming_damage(path), opened(path, number) as image:
                pixels = stored_values(image)
        except ImageFileError as error:
            if not isinstance(error.__cause__, UnidentifiedImageError):
                raise
            pixels = np.empty(0)
        separate, _, rows, columns, samples = self.page_shape
        if pixels.dtype.newbyteorder("=") != self.dtype.newbyteorder("=") or (
            pixels.shape != (rows, columns, separate * samples)[: max(2, pixels.ndim)]
        ):
            raise ImageFileError(
                f"{path} has {self._compression} compression of {self.dtype} samples, which "
                "only the package imagecodecs reads: install it, or save without compression."
            )
        pixels = pixels.reshape(rows, columns, separate, samples)
        return np.moveaxis(pixels, 2, 0)[:, np.newaxis]


def _file_of(page: Any) -> Path:
    """Planes of one image may lie in several files (OME)."""
    return Path(page.parent.filehandle.path)


def _all_pages(series: Any) -> Iterator[Any]:
    for page in series.pages:
        if page is None:
            raise ValueError("some of its pages are missing")
        yield page


class PieceCache:
    """The pieces of a file, of which those that were decoded last are kept."""

    def __init__(self, pieces: TiffPieces | PillowPieces):
        self.pieces = pieces
        self._kept: OrderedDict[tuple[int, int], Array | None] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def load(self, page: int, piece: int) -> Array | None:
        """As `load` of the pieces, kept for the next slices that touch it."""
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


class SlicedPages:
    """Pages as one array; slicing and transposing it are views, and `numpy.asarray` decodes.

    The first axes of the stored array of `shape` count pages, the others are those of a page. A
    view knows the place or places along each stored axis (an int or a range), and the order in
    which the stored axes that it still has are its own.
    """

    def __init__(
        self,
        cache: PieceCache,
        shape: tuple[int, ...],
        places: tuple[int | range, ...] | None = None,
        order: tuple[int, ...] | None = None,
    ):
        self.cache = cache
        self.dtype = cache.pieces.dtype
        self._stored_shape = shape
        self._places = tuple(map(range, shape)) if places is None else places
        self._order = tuple(range(len(shape))) if order is None else order
        self.shape = tuple(len(self._along(axis)) for axis in self._order)
        self.ndim = len(self.shape)

    def _along(self, axis: int) -> range:
        """The places along a stored axis."""
        place = self._places[axis]
        return place if isinstance(place, range) else range(place, place + 1)

    def __repr__(self) -> str:
        return f"SlicedPages(shape={self.shape}, dtype={self.dtype})"

    def transpose(self, axes: Sequence[int]) -> SlicedPages:
        """A view with these axes; `numpy.moveaxis` calls it."""
        order = tuple(self._order[axis] for axis in axes)
        return SlicedPages(self.cache, self._stored_shape, self._places, order)

    def __getitem__(self, index: Any) -> SlicedPages:
        index = index if isinstance(index, tuple) else (index,)
        if Ellipsis not in index:
            index += (Ellipsis,)
        at = index.index(Ellipsis)
        fill = (slice(None),) * (self.ndim - len(index) + 1)
        places = list(self._places)
        for axis, item in zip(self._order, index[:at] + fill + index[at + 1 :], strict=True):
            places[axis] = self._along(axis)[item]
        order = tuple(axis for axis in self._order if isinstance(places[axis], range))
        return SlicedPages(self.cache, self._stored_shape, tuple(places), order)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        spans = [self._along(axis) for axis in range(len(self._places))]
        block = self._read(tuple((min(span), max(span) + 1) if span else (0, 0) for span in spans))
        for axis, span in enumerate(spans):
            if span.step != 1:
                block = block.take([place - min(span) for place in span], axis)
        rest = [axis for axis in range(len(spans)) if axis not in self._order]
        block = block.transpose(*self._order, *rest).reshape(self.shape)
        return np.asarray(block, dtype)

    def _read(self, box: Box) -> Array:
        """A box along the stored axes."""
        pieces = self.cache.pieces
        out = np.zeros(shape_of(box), self.dtype)
        if out.size == 0:
            return out
        page_axes = page_axes_of(pieces.page_shape)
        n_leading = len(box) - len(page_axes)
        page_box = [(0, 1)] * 5
        for axis, edges in zip(page_axes, box[n_leading:], strict=True):
            page_box[axis] = edges
        low = np.array([start for start, _ in page_box])
        high = np.array([stop for _, stop in page_box])
        first = np.maximum(pieces.starts, low)
        last = np.minimum(pieces.stops, high)
        touched = np.flatnonzero((first < last).all(axis=1)).tolist()

        pages_shape = self._stored_shape[:n_leading]
        out_pages = out.reshape(-1, *(high - low))
        for row, position in enumerate(product(*(range(*edges) for edges in box[:n_leading]))):
            page = int(np.ravel_multi_index(position, pages_shape)) if position else 0
            for piece in touched:
                block = self.cache.load(page, piece)
                if block is None:
                    continue
                start = pieces.starts[piece]
                source = _slices(first[piece] - start, last[piece] - start)
                target = _slices(first[piece] - low, last[piece] - low)
                out_pages[row][target] = block[source]
        return out


def page_axes_of(page_shape: tuple[int, ...]) -> list[int]:
    """The 5-D axes of a page that are axes of the array; rows and columns always are."""
    return [k for k, n in enumerate(page_shape) if n != 1 or k in (2, 3)]


def _slices(start: Array, stop: Array) -> tuple[slice, ...]:
    return slices_of(zip(start.tolist(), stop.tolist(), strict=True))
