"""The permutohedral lattice: Gaussian filtering of any values among points of many features.

Adams, Baek and Davis, "Fast high-dimensional filtering using the permutohedral lattice", Computer
Graphics Forum 29 (2010). Each point gives its values to the d + 1 vertices of the simplex it lies
in, the vertices are blurred along the d + 1 axes of the lattice, and each point takes from its
vertices: the cost grows with d squared, not exponentially. Only vertices that a point touches
exist; a neighbour that does not counts as 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array, as_numbers
from .._core.checks import as_number, shown
from .._core.memory import Allowance
from .._core.threads import run_chunks
from .pixel_features import Features

#: How filtered values may be divided by the sums D of the kernel at each point.
NORMALIZATIONS = ("symmetric", "before", "after", "none")
#: The most features: ranks of remainders are packed into 4 bits, 16 of them into a word.
MOST_FEATURES = 15
#: Points whose simplices are sought in one call: their features stay in the second cache.
_PIECE = 8192
#: Bits of a word that hold coordinates, so that no sum overflows.
_WORD_BITS = 61
#: Rows of values are padded to a multiple of this, see `_core.vectors`.
LANES = 8
#: An image of more points than this is cut into more chunks.
_LARGE = 2**20
#: Blurring more numbers than this is shared among threads.
_SHARED = 2**18
#: Added to sums before they divide, as pydensecrf does.
_LEAST = 1e-20


def as_widths(name: str, widths: Any, n: int, what: str) -> Array:
    """One finite width above 0 for each of n, or one for all."""
    if n == 0:
        return np.empty(0)
    if isinstance(widths, Real):
        return np.full(n, as_number(name, widths, above=0))
    rule = f"one number above 0, or one for each {what} ({n})"
    array = as_numbers(name, widths, rule)
    if array.shape != (n,):
        raise ValueError(f"{name} is {shown(widths)} but must be {rule}.")
    return np.array([as_number(name, width, above=0) for width in array])


class Packing(NamedTuple):
    """How coordinates lie in two words: see the build kernels."""

    lows: Array
    words: Array
    shifts: Array
    units: Array


class Chunk(NamedTuple):
    """Points that one thread works on, and the vertices of their simplices, uint32 (S, d + 1)."""

    start: int
    stop: int
    vertices: Array

    def pieces(self, size: int) -> Iterator[tuple[int, int]]:
        """The chunk in pieces of at most `size` points."""
        for start in range(self.start, self.stop, size):
            yield start, min(start + size, self.stop)


@dataclass(frozen=True)
class Lattice:
    """A permutohedral lattice of N points: `chunks` of them, `simplex` and weights of each.

    `given` and `taken` are the weights, float32 (N, d + 1), by which a point gives to its vertices
    and takes from them; normalisation is part of them. `neighbours`: uint32 (d + 1, M, 2). With
    `both_ways` the axes are also blurred in the reverse order, and the mean is taken: the order
    matters where vertices are missing, and the mean makes the filter symmetric.
    """

    chunks: tuple[Chunk, ...]
    simplex: Array
    given: Array
    taken: Array
    neighbours: Array
    both_ways: bool

    @property
    def n_points(self) -> int:
        """N, the number of points."""
        return len(self.simplex)

    @property
    def n_vertices(self) -> int:
        """M, the number of vertices that points touch."""
        return self.neighbours.shape[1]

    @property
    def n_buffers(self) -> int:
        """How many arrays of vertices `blur` needs."""
        return 3 if self.both_ways else 2

    def empty_values(self, n_channels: int | None) -> Array:
        """Room for values at the vertices: float32 zeros (M + 1,) or (M + 1, n_channels)."""
        shape = (self.n_vertices + 1,) if n_channels is None else (self.n_vertices + 1, n_channels)
        return np.zeros(shape, np.float32)

    def splat(self, chunk: Chunk, start: int, stop: int, values: Array, out: Array) -> None:
        """Add values of the points from `start` to `stop` of a chunk to the vertices' values."""
        from . import _lattice_kernels as kernels

        splat = kernels.splat_scalars if values.ndim == 1 else kernels.splat_rows
        splat(self.simplex[start:stop], self.given[start:stop], chunk.vertices, values, out)

    def slice(self, chunk: Chunk, start: int, stop: int, values: Array, out: Array) -> None:
        """Add the vertices' values at the points from `start` to `stop` of a chunk to `out`."""
        from . import _lattice_kernels as kernels

        take = kernels.slice_scalars if out.ndim == 1 else kernels.slice_rows
        take(self.simplex[start:stop], self.taken[start:stop], chunk.vertices, values, out)

    def blur(self, buffers: Sequence[Array], n_jobs: int | None = None) -> list[Array]:
        """Blur the values in the first of some buffers; the buffers, the result as the first."""
        n_axes = len(self.neighbours)
        total, *spares = buffers
        if not self.both_ways:
            result, other = self._blur_axes(total, spares[0], total, range(n_axes), n_jobs)
            return [result, other, *spares[1:]]
        result, other = self._blur_axes(total, spares[0], spares[1], range(n_axes), n_jobs)
        back, free = self._blur_axes(total, other, total, range(n_axes)[::-1], n_jobs)
        result += back
        result *= np.float32(0.5)
        return [result, back, free, *spares[2:]]

    def _blur_axes(
        self, values: Array, target: Array, spare: Array, axes: range, n_jobs: int | None
    ) -> tuple[Array, Array]:
        """Blur along some axes, from one buffer to another; the last written and the other one."""
        from . import _lattice_kernels as kernels

        blur = kernels.blur_scalars if values.ndim == 1 else kernels.blur_rows
        n_parts = max(1, min(8, values.size // _SHARED))
        edges = [self.n_vertices * part // n_parts for part in range(n_parts + 1)]
        for axis in axes:
            links = self.neighbours[axis]

            def work(part: int, source: Array = values, out: Array = target, links=links) -> None:
                first, stop = edges[part], edges[part + 1]
                blur(source, first, links[first:stop], out)

            run_chunks(work, range(n_parts), n_jobs)
            values, target, spare = target, spare, target
        return values, target

    def filter(self, values: Array, n_jobs: int | None = None) -> Array:
        """Filter values (N,) or (N, C), float32."""
        if values.ndim == 2:
            padded = np.zeros((len(values), -(-values.shape[1] // LANES) * LANES), np.float32)
            padded[:, : values.shape[1]] = values
            return self._filter(padded, n_jobs)[:, : values.shape[1]]
        return self._filter(np.ascontiguousarray(values), n_jobs)

    def _filter(self, values: Array, n_jobs: int | None) -> Array:
        """The same, of rows whose width is a multiple of LANES."""
        blurred = self.sums_of(values, n_jobs)
        out = np.zeros_like(values)

        def take(chunk: Chunk) -> None:
            part = out[chunk.start : chunk.stop]
            self.slice(chunk, chunk.start, chunk.stop, blurred, part)

        run_chunks(take, self.chunks, n_jobs)
        return out

    def sums_of(self, values: Array, n_jobs: int | None) -> Array:
        """What values of all points, splatted and blurred, are at the vertices."""
        n_channels = None if values.ndim == 1 else values.shape[1]
        buffers = [self.empty_values(n_channels) for _ in range(self.n_buffers)]
        for chunk in self.chunks:
            self.splat(chunk, chunk.start, chunk.stop, values[chunk.start : chunk.stop], buffers[0])
        return self.blur(buffers, n_jobs)[0]


def build_lattice(
    features: Features,
    *,
    normalization: str = "symmetric",
    both_ways: bool = False,
    n_jobs: int | None = None,
    allowance: Allowance | None = None,
) -> Lattice:
    """Make the lattice of some points, with a normalisation of `NORMALIZATIONS`.

    Chunks depend on the number of points alone, so that results do not depend on threads. Memory:
    4 (d + 2) bytes a point, 4 (d + 1) a simplex, 8 (d + 1) + 16 a vertex.
    """
    n, d = features.n_points, features.n_features
    packing = _pack(features.name, *features.bounds())
    allowance = allowance or Allowance("the lattice", None)
    allowance.take(4 * n * (d + 2) * (1 if normalization in ("symmetric", "none") else 2))
    simplex = np.empty(n, np.uint32)
    weights = np.empty((n, d + 1), np.float32)
    n_chunks = max(1, min(4 if n <= _LARGE else 8, n // _PIECE))
    edges = [n * k // n_chunks for k in range(n_chunks + 1)]
    spans = list(pairwise(edges))
    found = run_chunks(
        lambda span: _find_simplices(features, packing, span, simplex, weights), spans, n_jobs
    )
    vertices, neighbours = _link(found, packing, n_jobs, allowance)
    chunks = tuple(Chunk(*span, part) for span, part in zip(spans, vertices, strict=True))
    lattice = Lattice(chunks, simplex, weights, weights, neighbours, both_ways)
    return _normalize(lattice, normalization, n_jobs)


def _pack(name: str, low: Array, high: Array) -> Packing:
    """Give every coordinate the bits that its range wants; ValueError where there are too few."""
    d = len(low)
    if d > MOST_FEATURES:
        raise ValueError(
            f"{name} has {d} features a point but there may be {MOST_FEATURES}: leave some out, "
            "or reduce them, for example by principal components."
        )
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        bad = int(np.argmin(np.isfinite(low) & np.isfinite(high)))
        raise ValueError(f"{name} holds NaN or an infinite value, in feature {bad}: replace it.")
    scales = _scales(d)
    low, high = np.minimum(low * scales, high * scales), np.maximum(low * scales, high * scales)
    # Coordinate j is (sum of those from j on) - j times the one before j.
    least = np.array([low[j:].sum() - (j * high[j - 1] if j else 0) for j in range(d)])
    most = np.array([high[j:].sum() - (j * low[j - 1] if j else 0) for j in range(d)])
    if max(np.abs(least).max(), np.abs(most).max()) > 2**30:
        raise ValueError(
            f"{name} reaches {np.abs([low, high]).max():.3g} in units of the kernel's widths, too "
            "far for the lattice: pass larger widths (a kernel far narrower than the step from one "
            "point to the next changes nothing)."
        )
    # The vertices of a simplex lie within d + 1 of its points, their neighbours d further.
    margin = 2 * (d + 1) + 1
    lows = np.floor(least).astype(np.int64) - margin
    highs = np.ceil(most).astype(np.int64) + margin
    bits = [int(span).bit_length() for span in highs - lows]
    words, shifts, used = np.zeros(d, np.int64), np.zeros(d, np.int64), [0, 0]
    for j in np.argsort(bits)[::-1]:
        word = int(sum(bits) > _WORD_BITS and used[0] > used[1])
        words[j], shifts[j] = word, used[word]
        used[word] += bits[j]
    if max(used) > _WORD_BITS:
        raise ValueError(
            f"{name} reaches too far for the lattice, up to {np.abs([low, high]).max():.3g} in "
            f"units of the kernel's widths with {d} features: pass larger widths or fewer features."
        )
    units = np.zeros((d + 1, 2), np.int64)
    units[np.arange(d), words] = np.int64(1) << shifts
    return Packing(lows, words, shifts, units)


def _scales(d: int) -> Array:
    """What features are multiplied by, so that splat, blur and slice have unit variance."""
    i = np.arange(d)
    return np.sqrt(2 / 3) * (d + 1) / np.sqrt((i + 1) * (i + 2))


def _find_simplices(
    features: Features, packing: Packing, span: tuple[int, int], simplex: Array, weights: Array
) -> Array:
    """Fill `simplex` and `weights` of a chunk; the words of its simplices, int64 (S, 3)."""
    from . import _lattice_build_kernels as kernels

    d = features.n_features
    scales = _scales(d)
    block = np.empty((d, _PIECE))
    keys, hashes = np.empty((3, _PIECE), np.int64), np.empty(_PIECE, np.int64)
    table, known, n_known = np.zeros(4 * _PIECE, np.uint32), np.empty((2 * _PIECE, 3), np.int64), 0
    for start in range(span[0], span[1], _PIECE):
        stop = min(start + _PIECE, span[1])
        n = stop - start
        features.fill(start, stop, block[:, :n])
        kernels.find_simplices(
            block[:, :n], scales, *packing[:3], weights[start:stop], keys[:, :n], hashes[:n]
        )
        if 2 * (n_known + n) > len(table):
            table, known = np.zeros(2 * len(table), np.uint32), _longer(known, len(table))
            kernels.enter_simplices(known, n_known, table)
        n_known = kernels.number_simplices(
            keys[:, :n], hashes[:n], table, known, n_known, simplex[start:stop]
        )
    return known[:n_known].copy()


def _link(
    found: list[Array], packing: Packing, n_jobs: int | None, allowance: Allowance
) -> tuple[list[Array], Array]:
    """The vertices of each chunk's simplices, and the neighbours of every vertex."""
    from . import _lattice_build_kernels as kernels

    size = len(packing.units)
    allowance.take(sum(map(len, found)) * 4 * size)
    table, known, n_known = np.zeros(2**12, np.uint32), np.empty((2**11, 2), np.int64), 0
    vertices = [np.empty((len(simplices), size), np.uint32) for simplices in found]
    for simplices, out in zip(found, vertices, strict=True):
        for start in range(0, len(simplices), _PIECE // size):
            some = slice(start, start + _PIECE // size)
            if 2 * (n_known + _PIECE) > len(table):
                table = np.zeros(4 * len(table), np.uint32)
                known = _longer(known, len(table) // 2)
                kernels.enter_vertices(known, n_known, table)
            n_known = kernels.number_vertices(
                simplices[some], packing.units, table, known, n_known, out[some]
            )
    allowance.take(8 * n_known * size)
    known = known[:n_known]
    neighbours = np.empty((size, n_known, 2), np.uint32)
    run_chunks(
        lambda axis: kernels.link_neighbours(known, packing.units, table, axis, neighbours[axis]),
        range(size),
        n_jobs,
    )
    return vertices, neighbours


def _longer(known: Array, capacity: int) -> Array:
    """A table of words with more room."""
    longer = np.empty((capacity, known.shape[1]), np.int64)
    longer[: len(known)] = known
    return longer


def _normalize(lattice: Lattice, normalization: str, n_jobs: int | None) -> Lattice:
    """Make the gain of the lattice and a normalisation part of its weights."""
    d = lattice.given.shape[1] - 1
    gain = np.float32(1 / (1 + 2.0**-d))
    weights = lattice.given
    if normalization == "none":
        weights *= np.sqrt(gain)
        return lattice
    if normalization == "symmetric":
        from ._lattice_kernels import normalize_weights

        values = lattice.sums_of(np.ones(lattice.n_points, np.float32), n_jobs)

        def scale(chunk: Chunk) -> None:
            some = slice(chunk.start, chunk.stop)
            own = (lattice.simplex[some], weights[some], chunk.vertices)
            normalize_weights(*own, values, gain, np.float32(_LEAST))

        run_chunks(scale, lattice.chunks, n_jobs)
        return lattice
    sums = lattice.filter(np.ones(lattice.n_points, np.float32), n_jobs)
    divided = weights * (gain / (sums * gain + np.float32(_LEAST)))[:, np.newaxis]
    if normalization == "before":
        return replace(lattice, given=divided)
    return replace(lattice, taken=divided)
