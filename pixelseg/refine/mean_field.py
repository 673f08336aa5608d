"""Mean-field inference in a fully connected conditional random field.

Krähenbühl and Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials",
NIPS 2011. Every pixel is joined to every other by Gaussian kernels of their features; the messages
of one iteration are the filtered probabilities of the last, and the permutohedral lattice filters
them in a time that grows with the number of pixels alone. As in the authors' code, and unlike the
paper, a pixel also hears itself.

One sweep over pieces of pixels takes the messages of all kernels, makes probabilities of them and
gives these to the lattices again, so that they are nowhere stored in between. A compatibility is
applied at the vertices, of which there are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_choice, as_count, as_number
from .._core.progress import Progress, Reporter
from .._core.threads import run_chunks
from .lattice import NORMALIZATIONS, Chunk, FeatureArray, Features, Lattice, build_lattice

#: Probabilities below this count as this: nothing is so sure that its neighbours are not heard.
FLOOR = 1e-5
#: Energies above the least of a pixel by more than this count as this: e**-80 is next to nothing.
_HIGHEST = 80.0
#: Numbers of a piece of pixels that are worked on at a time: they stay in the second cache.
_NUMBERS = 2**16
_LONGEST = 2**14


@dataclass(frozen=True)
class PairwiseKernel:
    """A Gaussian kernel between pixels, and what labels that it joins say to each other.

    `features` (d, N), or an object that fills them, are in units of standard deviations: the
    kernel is exp(-|f_i - f_j|**2 / 2). `compatibility` is a number w (Potts: equal labels are
    rewarded by w), or penalties: a vector (n_labels,) for equal labels, or a symmetric matrix. The
    `normalization` by the sums D of the kernel is "symmetric" (D**-1/2 k D**-1/2), "before" (k
    D**-1), "after" (D**-1 k) or "none".
    """

    features: Features | Array
    compatibility: Any
    normalization: str = "symmetric"


class _Layout(NamedTuple):
    """How probabilities of n_labels are filtered: so many numbers a pixel, padded to n_channels.

    `n_given` is n_labels, or one fewer where differences to the last label are enough; n_channels
    is None for the one number of two labels.
    """

    n_labels: int
    n_given: int
    n_channels: int | None


@dataclass
class _Term:
    """A kernel at work: its lattice, the weight or matrix at its vertices, buffers of values."""

    lattice: Lattice
    weight: float | None
    matrix: Array | None
    blurred: Array
    sums: list[Array]
    spares: list[Array] = field(default_factory=list)


class MeanField:
    """Mean-field inference over N pixels and L labels, step by step.

    Parameters
    ----------
    unary : float array
        Energies (L, N), lower is better, or with `probabilities` such (N, L), which sum to 1.
    kernels : sequence of PairwiseKernel
    probabilities : bool, default False
        What `unary` is.
    both_ways : bool, default False
        Whether lattices are blurred in both orders of their axes.
    n_jobs : int, optional

    Attributes
    ----------
    q : ndarray of float32 (N, L)
        The current probabilities; may be set.
    """

    def __init__(
        self,
        unary: Array,
        kernels: Sequence[PairwiseKernel],
        *,
        probabilities: bool = False,
        both_ways: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        n_labels, n = unary.shape[::-1] if probabilities else unary.shape
        compatibilities = [as_compatibility(kernel.compatibility, n_labels) for kernel in kernels]
        self._given = unary
        self._given_probabilities = probabilities
        self._n_jobs = n_jobs
        self._layout = _lay_out(n_labels, compatibilities)
        self._unary = self._as_unary()
        self._q: Array | None = None
        self._compatibilities = compatibilities
        n_pixels = n
        self._lattices = []
        for kernel in kernels:
            features = kernel.features
            source = FeatureArray(features) if isinstance(features, np.ndarray) else features
            if source.n_points != n_pixels:
                raise ValueError(
                    f"features are of {source.n_points} pixels but unary is of {n_pixels}: pass "
                    "features of the same pixels, (d, N)."
                )
            self._lattices.append(
                build_lattice(
                    source,
                    normalization=as_choice("normalization", kernel.normalization, NORMALIZATIONS),
                    both_ways=both_ways,
                    n_jobs=n_jobs,
                )
            )
        self._n_pixels = n_pixels
        self._terms: list[_Term] = []

    # -- what users see

    @property
    def q(self) -> Array:
        """The current probabilities, float32 (N, L)."""
        if self._q is None:
            self._q = np.empty((self._n_pixels, self._layout.n_labels), np.float32)
            self._sweep(out=self._q, messages=False)
        return self._q

    @q.setter
    def q(self, q: Array) -> None:
        self._q = np.array(q, np.float32)

    def step(self) -> None:
        """One iteration."""
        self.run(1)

    def run(
        self, n_iterations: int, *, tolerance: float | None = None, progress: Progress = False
    ) -> int:
        """Iterate, until no probability changes by more than `tolerance` if given; how often."""
        as_count("n_iterations", n_iterations, least=0)
        if n_iterations == 0 or not self._lattices:
            self.q  # noqa: B018
            return 0
        if not self._terms:
            self._terms = [
                self._make_term(*pair) for pair in zip(self._lattices, self._compatibilities)
            ]
        if tolerance is not None:
            return self._run_until(
                n_iterations, as_number("tolerance", tolerance, least=0), progress
            )
        with Reporter(progress, n_iterations, "mean field") as reporter:
            start = self._q
            self._sweep(start, messages=False)
            for _ in range(n_iterations - 1):
                self._blur()
                self._sweep()
                reporter.advance()
            self._blur()
            if self._q is None:
                self._q = np.empty((self._n_pixels, self._layout.n_labels), np.float32)
            self._sweep(out=self._q)
            reporter.advance()
        return n_iterations

    def _run_until(self, n_iterations: int, tolerance: float, progress: Progress) -> int:
        q = self.q
        with Reporter(progress, n_iterations, "mean field") as reporter:
            for done in range(1, n_iterations + 1):
                self._sweep(q, messages=False)
                self._blur()
                change = self._sweep(out=q, compare=True)
                reporter.advance()
                if change <= tolerance:
                    return done
        return n_iterations

    def kl_divergence(self) -> float:
        """The divergence of the current probabilities from the model, up to a constant."""
        q = self.q
        total = float((q * np.log(np.maximum(q, np.float32(1e-20)))).sum(dtype=np.float64))
        if self._given_probabilities:
            energies = -np.log(np.maximum(self._given, np.float32(FLOOR)))
            total += float((energies * q).sum(dtype=np.float64))
        else:
            total += float((np.asarray(self._given).T * q).sum(dtype=np.float64))
        for lattice, compatibility in zip(self._lattices, self._compatibilities, strict=True):
            filtered = lattice.filter(q, self._n_jobs)
            total -= float(
                (q * (filtered @ _as_matrix(compatibility, q.shape[1]))).sum(dtype=np.float64)
            )
        return total

    # -- the work

    def _as_unary(self) -> tuple[Array, np.float32]:
        """Log-odds of label 1 (N,), or weights (N, L) of the labels; the floor of these."""
        given = self._given
        if self._layout.n_channels is None:
            if not self._given_probabilities:
                return (given[0] - given[1]).astype(np.float32), np.float32(0)
            first, second = (np.maximum(given[:, k], np.float32(FLOOR)) for k in (0, 1))
            np.divide(second, first, out=second)
            return np.log(second, out=second), np.float32(0)
        if self._given_probabilities:
            return given, np.float32(FLOOR)
        energies = given - given.min(axis=0)
        unary = np.exp(-energies.T, dtype=np.float32)
        return np.ascontiguousarray(unary), np.float32(np.exp(-_HIGHEST))

    def _make_term(self, lattice: Lattice, compatibility: Array) -> _Term:
        layout = self._layout
        n_sums = len(self._jobs(lattice))
        n_buffers = max(n_sums + 1, lattice.n_buffers)
        buffers = [lattice.empty_values(layout.n_channels) for _ in range(n_buffers)]
        matrix = None
        if compatibility.ndim:
            size = layout.n_channels or 1
            matrix = np.zeros((size, size), np.float32)
            n = layout.n_labels
            matrix[:n, :n] = _as_matrix(compatibility, n)
        weight = float(compatibility) if compatibility.ndim == 0 else None
        return _Term(
            lattice, weight, matrix, buffers[0], buffers[1 : 1 + n_sums], buffers[1 + n_sums :]
        )

    def _jobs(self, lattice: Lattice) -> list[list[int]]:
        """Chunks that add to one sum at the vertices."""
        n = len(lattice.chunks)
        n_sums = min(4, n)
        edges = [n * k // n_sums for k in range(n_sums + 1)]
        return [list(range(*pair)) for pair in pairwise(edges)]

    def _sweep(
        self,
        start: Array | None = None,
        out: Array | None = None,
        *,
        messages: bool = True,
        compare: bool = False,
    ) -> float:
        """One pass over all pixels.

        Takes messages (or `start`, or unary terms alone), and gives probabilities to the lattices,
        or to `out`. Returns, to `compare`, the largest change in `out`.
        """
        lattices = self._lattices
        chunks = lattices[0].chunks if lattices else (Chunk(0, self._n_pixels, np.empty(0)),)
        jobs = self._jobs(lattices[0]) if lattices else [[0]]
        terms = self._terms if messages or out is None else []
        width = self._layout.n_channels or 1
        size = max(256, min(_LONGEST, _NUMBERS // width))

        def work(job: int) -> float:
            change = 0.0
            shape = (size,) if self._layout.n_channels is None else (size, width)
            scratch, last = np.empty(shape, np.float32), np.empty(size, np.float32)
            if out is None:
                for term in terms:
                    term.sums[job].fill(0)
            for index in jobs[job]:
                for first, stop in chunks[index].pieces(size):
                    block = scratch[: stop - first]
                    if start is not None:
                        self._take(start[first:stop], block)
                    else:
                        block.fill(0)
                        if messages:
                            for term in terms:
                                chunk = term.lattice.chunks[index]
                                term.lattice.slice(chunk, first, stop, term.blurred, block)
                        if out is not None:
                            before = out[first:stop].copy() if compare else None
                            self._finish(first, stop, block, last, out[first:stop])
                            if before is not None:
                                before -= out[first:stop]
                                change = max(change, float(np.abs(before).max()))
                            continue
                        self._update(first, stop, block, last)
                    for term in terms:
                        chunk = term.lattice.chunks[index]
                        term.lattice.splat(chunk, first, stop, block, term.sums[job])
            return change

        return max(run_chunks(work, range(len(jobs)), self._n_jobs))

    def _take(self, q: Array, block: Array) -> None:
        from . import _mean_field_kernels as kernels

        if self._layout.n_channels is None:
            np.subtract(q[:, 1], q[:, 0], out=block)
        else:
            kernels.differences(q, self._layout.n_given, block)

    def _update(self, first: int, stop: int, block: Array, last: Array) -> None:
        from . import _mean_field_kernels as kernels

        unary, floor = self._unary
        if self._layout.n_channels is None:
            kernels.update_two(unary[first:stop], block)
        else:
            kernels.update_many(
                unary[first:stop], floor, block, self._layout.n_given, last[: stop - first]
            )

    def _finish(self, first: int, stop: int, block: Array, last: Array, out: Array) -> None:
        from . import _mean_field_kernels as kernels

        unary, floor = self._unary
        if self._layout.n_channels is None:
            kernels.finish_two(unary[first:stop], block, out)
        else:
            kernels.finish_many(
                unary[first:stop], floor, block, self._layout.n_given, last[: stop - first], out
            )

    def _blur(self) -> None:
        """Add up the sums of every term, apply its compatibility and blur."""
        for term in self._terms:
            total, *others = term.sums
            for other in others:
                total += other
            free = [term.blurred, *others, *term.spares]
            if term.matrix is not None:
                from . import _mean_field_kernels as kernels

                kernels.mix_channels(total, term.matrix, free[0])
                total, free[0] = free[0], total
            else:
                total *= np.float32(term.weight)
            buffers = term.lattice.blur([total, *free], self._n_jobs)
            n_sums = len(term.sums)
            term.blurred, term.sums = buffers[0], buffers[1 : 1 + n_sums]
            term.spares = buffers[1 + n_sums :]


def _lay_out(n_labels: int, compatibilities: Sequence[Array]) -> _Layout:
    potts = all(compatibility.ndim == 0 for compatibility in compatibilities)
    if n_labels == 2 and potts:
        return _Layout(2, 1, None)
    n_given = n_labels - 1 if potts and n_labels > 1 else n_labels
    n_channels = 4 if n_given <= 4 else -(-n_given // 8) * 8
    return _Layout(n_labels, n_given, n_channels)


def as_compatibility(compatibility: Any, n_labels: int) -> Array:
    """A number w, a vector (n_labels,) or a symmetric matrix, as float32."""
    array = np.asarray(compatibility, np.float32)
    shapes = ((), (n_labels,), (n_labels, n_labels))
    if array.shape not in shapes or not np.isfinite(array).all():
        raise ValueError(
            f"compatibility has shape {array.shape} but must be a finite number, or have shape "
            f"{shapes[1]} or {shapes[2]}, as there are {n_labels} labels."
        )
    if array.ndim == 2 and not np.allclose(array, array.T):
        raise ValueError("compatibility is not symmetric: pass (matrix + matrix.T) / 2.")
    return array


def _as_matrix(compatibility: Array, n_labels: int) -> Array:
    """What filtered probabilities are multiplied by to make messages."""
    if compatibility.ndim == 0:
        return np.eye(n_labels, dtype=np.float32) * compatibility
    return -np.diag(compatibility) if compatibility.ndim == 1 else -compatibility
