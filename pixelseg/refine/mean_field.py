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
from typing import NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_count, as_number
from .._core.memory import Allowance
from .._core.progress import Progress, Reporter
from .._core.threads import run_chunks
from .lattice import LANES, Chunk
from .pairwise import (
    PairwiseKernel,
    PairwiseTerm,
    as_compatibility,
    as_message_matrix,
    share_chunks,
)

#: Probabilities below this count as this: nothing is so sure that its neighbours are not heard.
FLOOR = 1e-5
#: Energies above the least of a pixel by more than this count as this: e**-80 is next to nothing.
_HIGHEST = 80.0
#: Numbers of a piece of pixels that are worked on at a time: they stay in the second cache.
_NUMBERS = 2**16
_LONGEST = 2**14


class _Layout(NamedTuple):
    """How probabilities of n_labels are filtered.

    Of two labels, one number a pixel: then n_channels is None. Otherwise n_given numbers, n_labels
    or one fewer where differences to the last label are enough, padded to n_channels.
    """

    n_labels: int
    n_given: int
    n_channels: int | None

    @classmethod
    def of(cls, n_labels: int, compatibilities: Sequence[Array]) -> _Layout:
        potts = all(compatibility.ndim == 0 for compatibility in compatibilities)
        if potts and n_labels == 2:
            return cls(2, 1, None)
        n_given = n_labels - 1 if potts and n_labels > 1 else n_labels
        return cls(n_labels, n_given, -(-n_given // LANES) * LANES)


class MeanField:
    """Mean-field inference over N pixels and L labels, step by step.

    Parameters
    ----------
    unary : float array
        Energies (L, N), lower is better; or with `probabilities` such (N, L), which sum to 1.
    kernels : sequence of PairwiseKernel
    probabilities : bool, default False
        What `unary` is.
    both_ways : bool, default False
        Whether lattices are blurred in both orders of their axes.
    n_jobs : int, optional
        Threads; the answer does not depend on it.
    allowance : Allowance, optional
        What refuses to take more memory than there is.
    out : float32 array (N, L), optional
        Where probabilities go.
    """

    def __init__(
        self,
        unary: Array,
        kernels: Sequence[PairwiseKernel],
        *,
        probabilities: bool = False,
        both_ways: bool = False,
        n_jobs: int | None = None,
        allowance: Allowance | None = None,
        out: Array | None = None,
    ) -> None:
        n_labels, n_pixels = unary.shape[::-1] if probabilities else unary.shape
        allowance = allowance or Allowance("mean field", None)
        self._n_jobs = n_jobs
        self._given, self._given_probabilities = unary, probabilities
        self._compatibilities = [as_compatibility(k.compatibility, n_labels) for k in kernels]
        self._layout = _Layout.of(n_labels, self._compatibilities)
        lattices = run_chunks(
            lambda kernel: kernel.build(n_pixels, both_ways, n_jobs, allowance), kernels, n_jobs
        )
        self._chunks = lattices[0].chunks if lattices else (Chunk(0, n_pixels, np.empty(0)),)
        self._jobs = share_chunks(self._chunks)
        width, n_sums = self._layout.n_channels, len(self._jobs)
        self._terms = [
            PairwiseTerm(*pair, width, n_sums, allowance)
            for pair in zip(lattices, self._compatibilities, strict=True)
        ]
        self._unary, self._floor = self._as_unary()
        self._q = np.empty((n_pixels, n_labels), np.float32) if out is None else out
        self._started = False

    @property
    def q(self) -> Array:
        """The current probabilities, float32 (N, L); may be set."""
        self._start()
        return self._q

    @q.setter
    def q(self, q: Array) -> None:
        self._q[...] = q
        self._started = True

    def _start(self) -> int:
        """Begin with what the unary terms say, before any iteration."""
        if not self._started:
            self._sweep(out=self._q, messages=False)
            self._started = True
        return 0

    def restart(self) -> None:
        """Go back to the probabilities of the unary energies alone."""
        self._started = False

    def step(self) -> None:
        """Pass messages once and update all pixels."""
        self.run(1)

    def run(
        self, n_iterations: int, *, tolerance: float | None = None, progress: Progress = False
    ) -> int:
        """Iterate, until no probability changes by more than `tolerance` if given; how often."""
        as_count("n_iterations", n_iterations, least=0)
        if tolerance is not None:
            as_number("tolerance", tolerance, least=0)
        with Reporter(progress, n_iterations, "mean field") as reporter:
            if not self._terms or n_iterations == 0:
                return self._start()
            if tolerance is not None:
                return self._run_until(n_iterations, tolerance, reporter)
            self._sweep(self._q if self._started else None, messages=False)
            for done in range(1, n_iterations + 1):
                for term in self._terms:
                    term.blur(self._n_jobs)
                self._sweep(out=self._q if done == n_iterations else None)
                reporter.advance()
            self._started = True
        return n_iterations

    def _run_until(self, n_iterations: int, tolerance: float, reporter: Reporter) -> int:
        q = self.q
        for done in range(n_iterations):
            self._sweep(q, messages=False)
            for term in self._terms:
                term.blur(self._n_jobs)
            change = self._sweep(out=q, compare=True)
            reporter.advance()
            if change <= tolerance:
                return done + 1
        return n_iterations

    def kl_divergence(self) -> float:
        """The divergence of the current probabilities from the model, up to a constant.

        Each pair of pixels counts twice, as in pydensecrf.
        """
        q, n_labels = self.q, self._layout.n_labels
        if self._given_probabilities:
            energies = -np.log(np.maximum(self._given, np.float32(FLOOR)))
        else:
            energies = np.asarray(self._given).T
        terms = q * (np.log(np.maximum(q, np.float32(1e-20))) + energies)
        for term, compatibility in zip(self._terms, self._compatibilities, strict=True):
            filtered = term.lattice.filter(q, self._n_jobs)
            if compatibility.ndim == 0:
                terms -= q * filtered * compatibility
            else:
                terms -= q * (filtered @ as_message_matrix(compatibility).reshape(n_labels, -1))
        return float(terms.sum(dtype=np.float64))

    def _as_unary(self) -> tuple[Array, np.float32]:
        """Log-odds of label 1 (N,), or weights (N, L) of the labels; the floor of weights."""
        given = self._given
        if self._layout.n_channels is None:
            if not self._given_probabilities:
                odds = np.subtract(given[0], given[1], dtype=np.float32)
                return np.clip(odds, -1e6, 1e6, out=odds), np.float32(0)
            first, second = (np.maximum(given[:, k], np.float32(FLOOR)) for k in (0, 1))
            np.divide(second, first, out=second)
            return np.log(second, out=second), np.float32(0)
        if self._given_probabilities:
            return given, np.float32(FLOOR)
        weights = np.empty(given.shape[::-1], np.float32)
        np.subtract(given.min(axis=0)[:, np.newaxis], given.T, out=weights)
        return np.exp(weights, out=weights), np.float32(np.exp(-_HIGHEST))

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
        n_channels = self._layout.n_channels
        size = max(256, min(_LONGEST, _NUMBERS // (n_channels or 1)))
        shape = (size,) if n_channels is None else (size, n_channels)

        def work(job: int) -> float:
            change = 0.0
            scratch, last = np.empty(shape, np.float32), np.empty(size, np.float32)
            if out is None:
                for term in self._terms:
                    term.clear(job)
            for index in self._jobs[job]:
                for first, stop in self._chunks[index].pieces(size):
                    block = scratch[: stop - first]
                    if start is not None:
                        self._take(start[first:stop], block)
                    else:
                        block.fill(0)
                        if messages:
                            for term in self._terms:
                                term.take(index, first, stop, block)
                        part = None if out is None else out[first:stop]
                        before = part.copy() if part is not None and compare else None
                        self._update(first, stop, block, last, part)
                        if part is not None and before is not None:
                            before -= part
                            change = max(change, float(np.abs(before).max()))
                    if out is None:
                        for term in self._terms:
                            term.give(job, index, first, stop, block)
            return change

        return max(run_chunks(work, range(len(self._jobs)), self._n_jobs))

    def _take(self, q: Array, block: Array) -> None:
        """What is filtered of probabilities."""
        from . import _mean_field_kernels as kernels

        if self._layout.n_channels is None:
            np.subtract(q[:, 1], q[:, 0], out=block)
        else:
            kernels.differences(q, self._layout.n_given, block)

    def _update(self, first: int, stop: int, block: Array, last: Array, out: Array | None) -> None:
        """Make of messages what is filtered next, or probabilities in `out`."""
        from . import _mean_field_kernels as kernels

        unary = self._unary[first:stop]
        if self._layout.n_channels is None:
            if out is None:
                kernels.update_two(unary, block)
            else:
                kernels.finish_two(unary, block, out)
            return
        given = (unary, self._floor, block, self._layout.n_given, last[: stop - first])
        if out is None:
            kernels.update_many(*given)
        else:
            kernels.finish_many(*given, out)
