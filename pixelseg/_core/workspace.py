"""Memory that is used again: fresh pages cost more than the filters that fill them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from .arrays import FEATURE_DTYPE, Array

#: Float32 values of a cache line: arrays and the rows of fields begin at its multiples, since a
#: vector that lies across two lines is read as slowly as two.
LINE = 16


def padded(width: int) -> int:
    """Length of a row of `width` pixels and what fills its last line.

    An odd number of lines: rows and slices that lie a power of two apart would compete for the
    same few places of the cache.
    """
    return (-(-width // LINE) | 1) * LINE


class Workspace(threading.local):
    """A thread's float32 arrays: taken, taken back, and taken again where as much is wanted.

    `release` takes back all that was handed out since a `mark`, and so does the end of a `scope`.
    At most `KEPT` bytes lie idle; within a budget, idle memory goes before more is taken.
    """

    KEPT = 192 * 2**20

    def __init__(self) -> None:
        self._idle: dict[int, list[Array]] = {}  # by size, what was used last at the end
        self._taken: list[Array | None] = []
        self._budget = self.KEPT
        self.idle_bytes = 0
        self.taken_bytes = 0

    def take(self, shape: int | tuple[int, ...]) -> Array:
        """An array whose content is left from earlier."""
        size = prod(shape) if isinstance(shape, tuple) else shape
        if self._idle.get(size):
            flat = self._idle[size].pop()
            self.idle_bytes -= flat.nbytes
        else:
            self._shrink(self._budget - self.taken_bytes - size * 4)
            flat = _aligned(size)
        self._taken.append(flat)
        self.taken_bytes += flat.nbytes
        return flat.reshape(shape)

    def give(self, array: Array) -> None:
        """Take back one array before its scope ends."""
        for k, flat in enumerate(self._taken):
            if flat is not None and flat.base is array.base:
                self._taken[k] = None
                self._keep(flat)

    def mark(self) -> int:
        """A point in time to release to."""
        return len(self._taken)

    def release(self, mark: int) -> None:
        """Take back what was handed out after `mark`."""
        for flat in self._taken[mark:]:
            if flat is not None:
                self._keep(flat)
        del self._taken[mark:]

    def _keep(self, flat: Array) -> None:
        # Sizes are in the order of their last use: what has lain idle longest goes.
        same = self._idle.pop(flat.size, [])
        self._idle[flat.size] = [*same, flat]
        self.idle_bytes += flat.nbytes
        self.taken_bytes -= flat.nbytes
        self._shrink(self.KEPT)

    def _shrink(self, most: int) -> None:
        while self.idle_bytes > max(most, 0):
            oldest = next(iter(self._idle))
            self.idle_bytes -= sum(array.nbytes for array in self._idle.pop(oldest))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Take back at the end what was handed out within."""
        mark = self.mark()
        try:
            yield
        finally:
            self.release(mark)

    @contextmanager
    def within(self, budget: int) -> Iterator[None]:
        """A scope in which idle memory makes room so that all together is `budget` bytes.

        More is taken where more is wanted: it is for the caller to know what his work takes.
        """
        before, self._budget = self._budget, budget
        try:
            with self.scope():
                yield
        finally:
            self._budget = before


class Results:
    """Arrays for results, whose memory is used again when the last view of one is gone.

    A script that makes the features of one image after the other then pays for fresh pages once.
    At most `KEPT` bytes lie idle.
    """

    KEPT = 256 * 2**20

    def __init__(self) -> None:
        self._idle: list[Array] = []  # what was given back last at the end
        self._lock = threading.Lock()

    def take(self, shape: tuple[int, ...]) -> Array:
        """An array whose content is left from earlier."""
        size = prod(shape)
        memory = None
        with self._lock:
            for k in reversed(range(len(self._idle))):
                if self._idle[k].size == size:
                    memory = self._idle.pop(k)
                    break
        owner = _Owner(_aligned(size) if memory is None else memory)
        weakref.finalize(owner, self._give, owner.memory).atexit = False
        return np.asarray(owner).reshape(shape)

    def _give(self, memory: Array) -> None:
        # Called wherever the last view dies, perhaps by garbage collection inside `take`: rather
        # than wait for the lock, the memory goes.
        if self._lock.acquire(blocking=False):
            try:
                self._idle.append(memory)
                while sum(idle.nbytes for idle in self._idle) > self.KEPT:
                    del self._idle[0]
            finally:
                self._lock.release()


class _Owner:
    """What every view of a result refers to."""

    def __init__(self, memory: Array):
        self.memory = memory

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.memory.__array_interface__


def _aligned(size: int) -> Array:
    """Float32 zeros that begin at a cache line.

    Kernels read what fills the last line of a row, and drop what they make of it: zeros are
    harmless numbers, and cost nothing beside the fresh pages that hold them.
    """
    memory = np.zeros(size + LINE, FEATURE_DTYPE)
    first = -(memory.ctypes.data // memory.itemsize) % LINE
    return memory[first : first + size]


workspace = Workspace()
results = Results()
