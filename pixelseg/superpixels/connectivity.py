"""Enforced connectivity: every segment in one piece.

Clustering leaves stray pieces. Each segment keeps its largest; the others go, piece by piece, to
the neighbouring segment whose mean colour is nearest. (The SLIC paper gives a stray piece to
whatever lies before it in the image, whose colour may be anything.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import cover
from .._core.checks import as_count
from .._core.grid import as_segments, relabel_sequential
from .._core.image import as_image
from .._core.threads import run_chunks
from .colour import read_colours

#: Pixels of the rows that a thread looks at in one go.
_CHUNK = 2**19


def enforce_connectivity(
    segments: Any,
    image: Any,
    *,
    min_size: int = 1,
    channel_axis: int | str | None = "auto",
    mask: Any = None,
    color: str | None = "auto",
    n_jobs: int | None = None,
) -> Array:
    """Make every segment connected by faces, giving small pieces to their most similar neighbours.

    Parameters
    ----------
    segments : array of int, (H, W) or (D, H, W)
        Any ids; 0 is outside and stays so.
    image : array-like
        What similarity means: mean colours are compared.
    min_size : int, default 1
        A segment whose largest piece has fewer pixels is given away too.
    channel_axis, mask, color, n_jobs
        As in `slic`.

    Returns
    -------
    segments : ndarray of int32, of that shape
        Numbered 1..n by their first pixels. There are as many as there were, less the small ones,
        and one more for each part of the mask that would have none.

    Notes
    -----
    Memory: 4 bytes a pixel and 2 for each channel, and 24 bytes a run of equal pixels along a row.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import enforce_connectivity
    >>> segments = np.array([[1, 1, 2, 2, 1]])
    >>> enforce_connectivity(segments, np.array([[0, 0, 9, 9, 9]]))
    array([[1, 1, 2, 2, 2]], dtype=int32)
    """
    source = as_image(image, channel_axis=channel_axis, mask=mask)
    labels, _ = relabel_sequential(as_segments(segments, source.spatial_shape, mask=source.mask))
    min_size = as_count("min_size", min_size)
    planes = read_colours(source, color, n_jobs=n_jobs)
    out = np.array(labels, SEGMENT_DTYPE, order="C").reshape(source.shape3d)
    connect(out, planes, min_size, n_jobs=n_jobs)
    return out.reshape(source.spatial_shape)


def connect(
    labels: Array,
    planes: Array,
    min_size: int = 1,
    *,
    colours: Array | None = None,
    n_owners: int | None = None,
    n_jobs: int | None = None,
) -> int:
    """Connect labels, int32 (D, H, W) from 0 to n, in place; return the number of segments.

    planes : int16 (C, D, H, W), what similarity means
    colours : float32, the colour of each label, (n + 1, C); None takes the mean of its pixels
    n_owners : labels above it keep no piece, None if there are none
    """
    from . import _connectivity_kernels as kernels

    height = labels.shape[1]
    rows = labels.reshape(-1, labels.shape[2])
    values = planes.reshape(len(planes), *rows.shape)
    spans = _spans(labels.shape)
    if colours is None:
        colours = np.zeros((int(labels.max()) + 1, len(planes)), np.float32)
        kernels.average_labels(rows, values, colours)
    first_run, starts, pieces = _join_runs(rows, height, spans, n_jobs)
    n_pieces = kernels.number_pieces(rows, first_run, starts, pieces)
    if n_pieces == 0:
        return 0
    sizes, names = np.zeros(n_pieces, np.int64), np.empty(n_pieces, np.int32)
    kernels.measure_pieces(rows, first_run, starts, pieces, sizes, names)
    owners, n_strays = np.empty(n_pieces, np.int32), np.zeros(1, np.int64)
    n_owners = len(colours) - 1 if n_owners is None else n_owners
    kernels.keep_largest(sizes, names, n_owners, min_size, owners, n_strays)
    if n_strays[0]:
        strays = np.empty(n_strays[0], np.int32)
        first_part = np.zeros(n_strays[0] + 1, np.int64)
        n_parts = kernels.list_strays(first_run, pieces, owners, strays, first_part)
        parts = np.empty((n_parts, 5), np.int32)
        means = colours[names]
        kernels.list_parts(
            values, height, first_run, starts, pieces, strays, first_part, parts, means
        )
        kernels.give_strays(starts, pieces, strays, first_part, parts, means, owners)
    n_segments = kernels.number_segments(owners)

    def write(span: tuple[int, int]) -> None:
        first, stop = span
        kernels.write_segments(
            first_run[first : stop + 1], starts, pieces, owners, rows[first:stop]
        )

    run_chunks(write, spans, n_jobs)
    return int(n_segments)


def _spans(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Chunks of rows, in a volume of whole layers."""
    depth, height, width = shape
    unit = 1 if depth == 1 else height
    side = max(1, _CHUNK // (unit * width)) * unit
    return [span for (span,) in cover((depth * height,), (side,))]


def _join_runs(
    rows: Array, height: int, spans: list[tuple[int, int]], n_jobs: int | None
) -> tuple[Array, Array, Array]:
    """Find runs of equal labels and join those that touch by faces, chunk by chunk.

    Returns first_run, starts and parents, as _core._grid_kernels has them.
    """
    from .._core import _grid_kernels as kernels

    is_volume = height < len(rows)
    faces = np.array([(0, -1, 0), (-1, 0, 0)][: 1 + is_volume], np.int64)
    layers = height if is_volume else 1

    def count(span: tuple[int, int]) -> Array:
        own = np.empty(span[1] - span[0] + 1, np.int64)
        kernels.count_runs(rows[slice(*span)], own)
        return own

    first_run = np.zeros(len(rows) + 1, np.int64)
    for (first, stop), own in zip(spans, run_chunks(count, spans, n_jobs), strict=True):
        first_run[first : stop + 1] = own + first_run[first]
    starts = np.empty(first_run[-1], np.int32)
    parents = np.empty(first_run[-1], np.int32)

    def join(first: int, stop: int, neighbours: Array) -> None:
        kernels.join_runs(
            rows[first:stop], height, first_run[first : stop + 1], starts, neighbours, parents
        )

    def find(span: tuple[int, int]) -> None:
        first, stop = span
        kernels.find_runs(rows[first:stop], first_run[first : stop + 1], starts, parents)
        join(first, stop, faces)

    run_chunks(find, spans, n_jobs)
    for first, _ in spans[1:]:
        join(first - layers, first + layers, faces[-1:])
    return first_run, starts, parents
