"""Pairwise terms of a dense CRF: a Gaussian kernel between pixels and what labels say over it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from .._core.arrays import Array, as_numbers
from .._core.checks import as_choice, as_number, shown
from .._core.memory import Allowance
from .lattice import NORMALIZATIONS, Chunk, Lattice, build_lattice
from .pixel_features import FeatureArray, Features

#: Weights beyond this would drown in the rounding of float32 whatever is added to them.
_MOST = 1e6
#: The most sums at the vertices that chunks add to side by side.
_MOST_SUMS = 4


@dataclass(frozen=True)
class PairwiseKernel:
    """A Gaussian kernel between pixels, and what labels that it joins say to each other.

    `features` (d, N), or an object that fills them, are in units of standard deviations: the
    kernel is exp(-|f_i - f_j|**2 / 2). `compatibility` is a number w (Potts: agreement is rewarded
    by w), or penalties: a vector (n_labels,) for equal labels, or a symmetric matrix. The
    `normalization` by the sums D of the kernel is "symmetric" (D**-1/2 k D**-1/2), "before" (k
    D**-1), "after" (D**-1 k) or "none".
    """

    features: Features | Array
    compatibility: Any
    normalization: str = "symmetric"

    def build(
        self, n_pixels: int, both_ways: bool, n_jobs: int | None, allowance: Allowance
    ) -> Lattice:
        """The lattice that filters by this kernel."""
        as_choice("normalization", self.normalization, NORMALIZATIONS)
        source = self.features
        if isinstance(source, np.ndarray):
            source = FeatureArray(source)
        if source.n_points != n_pixels:
            raise ValueError(
                f"features are of {source.n_points} pixels but there are {n_pixels}: pass features "
                "of the same pixels, (d, N)."
            )
        return build_lattice(
            source,
            normalization=self.normalization,
            both_ways=both_ways,
            n_jobs=n_jobs,
            allowance=allowance,
        )


def as_compatibility(compatibility: Any, n_labels: int, *, name: str = "compatibility") -> Array:
    """A number w, a vector (n_labels,) or a symmetric matrix, as float32."""
    vector, matrix = (n_labels,), (n_labels, n_labels)
    if isinstance(compatibility, Real):
        return np.asarray(as_number(name, compatibility, least=-_MOST, most=_MOST), np.float32)
    array = as_numbers(name, compatibility, f"a number, or of shape {vector} or {matrix}")
    if array.shape not in ((), vector, matrix):
        raise ValueError(
            f"{name} has shape {array.shape} but must be a number, or have shape {vector} or "
            f"{matrix}, as there are {n_labels} classes."
        )
    if not (abs(array) <= _MOST).all():
        raise ValueError(f"{name} is {shown(compatibility)} but must be of at most {_MOST:g}.")
    array = array.astype(np.float32)
    if array.ndim == 2 and not np.allclose(array, array.T):
        raise ValueError(f"{name} is not symmetric: pass (matrix + matrix.T) / 2.")
    return array


def as_message_matrix(compatibility: Array) -> Array:
    """What filtered probabilities are multiplied by to make messages: penalties turn about."""
    return -np.diag(compatibility) if compatibility.ndim == 1 else -compatibility


class PairwiseTerm:
    """A kernel at work: takes sums of probabilities at its vertices, and has messages there.

    `jobs` are lists of chunks; those of one add to one of the sums, one after the other, so that
    results do not depend on threads. Few vertices have sums of their own for each job.
    """

    def __init__(
        self,
        lattice: Lattice,
        compatibility: Array,
        n_channels: int | None,
        n_sums: int,
        allowance: Allowance,
    ):
        self.lattice = lattice
        self._compatibility = compatibility
        self._n_sums = n_sums
        n_buffers = max(n_sums + 1, lattice.n_buffers)
        allowance.take(n_buffers * 4 * (lattice.n_vertices + 1) * (n_channels or 1))
        self._buffers = [lattice.empty_values(n_channels) for _ in range(n_buffers)]
        self._matrix = None
        if compatibility.ndim and n_channels:
            n = len(compatibility)
            self._matrix = np.zeros((n_channels, n_channels), np.float32)
            self._matrix[:n, :n] = as_message_matrix(compatibility)

    def clear(self, job: int) -> None:
        """Set the sum of one job to 0."""
        self._buffers[1 + job].fill(0)

    def give(self, job: int, index: int, start: int, stop: int, block: Array) -> None:
        """Add what pixels of a chunk give to the sum of a job."""
        chunk = self.lattice.chunks[index]
        self.lattice.splat(chunk, start, stop, block, self._buffers[1 + job])

    def take(self, index: int, start: int, stop: int, block: Array) -> None:
        """Add the messages to pixels of a chunk to `block`."""
        self.lattice.slice(self.lattice.chunks[index], start, stop, self._buffers[0], block)

    def blur(self, n_jobs: int | None) -> None:
        """Make messages of the sums."""
        old, *sums = self._buffers
        total, others = sums[0], sums[1 : self._n_sums]
        for other in others:
            total += other
        free = [old, *sums[1:]]
        if self._matrix is None:
            total *= np.float32(self._compatibility)
        else:
            from ._mean_field_kernels import mix_channels

            mix_channels(total, self._matrix, old)
            total, free[0] = old, total
        self._buffers = self.lattice.blur([total, *free], n_jobs)


def share_chunks(chunks: tuple[Chunk, ...]) -> list[range]:
    """Which chunks each job works on."""
    n = len(chunks)
    n_sums = min(_MOST_SUMS, n)
    edges = [n * k // n_sums for k in range(n_sums + 1)]
    return [range(*pair) for pair in pairwise(edges)]
