"""Memory that is used again: fresh pages cost more than the filters that fill them."""

from __future__ import annotations

import mmap
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod

import numpy as np

from .arrays import FEATURE_DTYPE, Array

#: Float32 values of a cache line: arrays and the rows of fields begin at its multiples, since a
#: vector that lies across two lines is read as slowly as two.
LINE = 16
#: From so many bytes on, an array has pages of its own.
_OWN_PAGES = 2**17


def padded(width: int) -> int:
    """Length of a row of `width` pixels and what fills its last line.

    An odd number of lines: rows and slices that lie a power of two apart would compete for the
    same few places of the cache.
    """
    return (-(-width // LINE) | 1) * LINE


class Pool:
    """Float32 arrays that lie idle, of all threads of the process: at most `KEPT` bytes.

    Threads take them through their `Workspace`. Idle memory makes room for what is taken, so that
    both together stay within the budgets of the calls at work, or else within `KEPT`.
    """

    KEPT = 256 * 2**20

    def __init__(self) -> None:
        self._idle: dict[int, list[Array]] = {}  # by size, what was used last at the end
        self._lock = threading.Lock()
        self._budgets = 0
        self.idle_bytes = 0
        self.taken_bytes = 0

    def take(self, size: int) -> Array:
        """An array of `size` values, left from earlier use or zeros."""
        with self._lock:
            flat = self._find(size)
            if flat is None:
                self._shrink((self._budgets or self.KEPT) - self.taken_bytes - 4 * size)
                flat = _aligned(size)
            self.taken_bytes += flat.nbytes
            return flat

    def give(self, flat: Array) -> None:
        """Take back an array that was taken."""
        with self._lock:
            self.taken_bytes -= flat.nbytes
            self._keep(flat)

    def lend(self, shape: tuple[int, ...]) -> Array:
        """An array for a result, whose memory lies idle again when the last view of it is gone.

        A script that makes the features of one image after the other pays for fresh pages once:
        with new memory each time, those of 512x512 pixels take 1.2 times as long.
        """
        with self._lock:
            flat = self._find(prod(shape))
        flat = _aligned(prod(shape)) if flat is None else flat
        # The base of every view is an array that is based on a buffer, not the one that owns it.
        result = np.frombuffer(flat.data, FEATURE_DTYPE)
        weakref.finalize(result, self._regain, flat).atexit = False
        return result.reshape(shape)

    def budget(self, change: int) -> None:
        """Change what idle and taken memory may be together, in bytes."""
        with self._lock:
            self._budgets += change

    def _regain(self, flat: Array) -> None:
        # Called wherever the last view dies, perhaps by garbage collection while the lock is
        # held: rather than wait for it, the memory goes.
        if self._lock.acquire(blocking=False):
            try:
                self._keep(flat)
            finally:
                self._lock.release()

    def _find(self, size: int) -> Array | None:
        same = self._idle.get(size)
        if not same:
            return None
        self.idle_bytes -= 4 * size
        return same.pop()

    def _keep(self, flat: Array) -> None:
        # Sizes are in the order of their last use: what has lain idle longest goes.
        self._idle[flat.size] = [*self._idle.pop(flat.size, []), flat]
        self.idle_bytes += flat.nbytes
        self._shrink(self.KEPT)

    def _shrink(self, most: int) -> None:
        while self.idle_bytes > max(most, 0):
            oldest = next(iter(self._idle))
            self.idle_bytes -= sum(array.nbytes for array in self._idle.pop(oldest))


class Workspace(threading.local):
    """What one thread has taken of a pool; a `scope` gives back what was taken within it."""

    def __init__(self, pool: Pool):
        self._pool = pool
        self._taken: list[Array | None] = []

    def take(self, shape: int | tuple[int, ...]) -> Array:
        """An array whose content is left from earlier."""
        flat = self._pool.take(prod(shape) if isinstance(shape, tuple) else shape)
        self._taken.append(flat)
        return flat.reshape(shape)

    def give(self, array: Array) -> None:
        """Give back one array before its scope ends."""
        for k, flat in enumerate(self._taken):
            if flat is not None and flat.base is array.base:
                self._taken[k] = None
                self._pool.give(flat)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Give back at the end what was taken within."""
        mark = len(self._taken)
        try:
            yield
        finally:
            for flat in self._taken[mark:]:
                if flat is not None:
                    self._pool.give(flat)
            del self._taken[mark:]

    @contextmanager
    def within(self, budget: int) -> Iterator[None]:
        """A scope for which idle memory makes room, so that all together is `budget` bytes.

        Budgets of threads side by side add up. More is taken where more is wanted: it is for the
        caller to know what the work takes.
        """
        self._pool.budget(budget)
        try:
            with self.scope():
                yield
        finally:
            self._pool.budget(-budget)


def _aligned(size: int) -> Array:
    """Float32 zeros that begin at a cache line.

    Kernels read what fills the last line of a row, and drop what they make of it: zeros are
    harmless numbers, and cost nothing beside the fresh pages that hold them. Large ones have pages
    of their own, which the system has back when they go: the C library would keep some of them.
    """
    if 4 * size >= _OWN_PAGES:
        pages = mmap.mmap(-1, 4 * size)
        with suppress(AttributeError, OSError):  # where there are huge pages, as NumPy asks for
            pages.madvise(mmap.MADV_HUGEPAGE)
        return np.frombuffer(pages, FEATURE_DTYPE)[:size]
    memory = np.zeros(size + LINE, FEATURE_DTYPE)
    first = -(memory.ctypes.data // memory.itemsize) % LINE
    return memory[first : first + size]


pool = Pool()
workspace = Workspace(pool)
