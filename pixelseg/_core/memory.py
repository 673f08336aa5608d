"""Bytes: reading `max_memory`, and saying them to people."""

from __future__ import annotations

import os
import re
import threading
from numbers import Real

from .checks import shown

#: What a call aims to hold beyond its input and output when `max_memory` is None, for images of two
#: and three axes; where it needs more, it takes more. The first keeps the peak of a whole process,
#: libraries and model included, below 1 GB. Boxes of a volume are mostly border: with less they
#: cost ten times as much.
DEFAULT_MEMORY = {2: 384 * 2**20, 3: 2 * 2**30}

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
#: What `max_memory` may be.
Memory = int | float | str | None


def parse_memory(max_memory: Memory, ndim: int) -> int:
    """Bytes of a `max_memory`: a number of bytes, or text such as "2GB", "500 MB" or "1.5GiB".

    None is the default for images of `ndim` axes.
    """
    if max_memory is None:
        return DEFAULT_MEMORY[ndim]
    number: float = -1
    if isinstance(max_memory, str):
        match = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?)(I?)B?\s*", max_memory.upper())
        if match and match[1].count(".") <= 1 and match[1] != ".":
            unit = _BINARY_UNITS[match[2]] if match[3] and match[2] else _UNITS[match[2]]
            number = float(match[1]) * unit
    elif isinstance(max_memory, Real) and not isinstance(max_memory, bool):
        number = float(min(max_memory, 2**62))
    if not number > 0:
        raise ValueError(
            f"max_memory is {shown(max_memory)} but must be a positive number of bytes or text "
            "such as '2GB' or '500MB'."
        )
    return int(min(number, 2.0**62))


def format_bytes(number: int) -> str:
    """A number of bytes in words, rounded up so that the text can be passed as `max_memory`.

    >>> format_bytes(123_456_789)
    '124 MB'
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            tenths = -(-number * 10 // size)
            whole = tenths >= 100
            return f"{-(-number // size)} {unit}" if whole else f"{tenths / 10:.1f} {unit}"
    return f"{number} bytes"


def physical_memory() -> int | None:
    """Bytes of memory that the machine has; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


class Allowance:
    """What a call may hold: `max_memory`, or without it what the machine has.

    It is asked before memory is taken, so that what does not fit is refused with its number of
    bytes, and not by the system in the middle of the work.
    """

    def __init__(self, what: str, max_memory: Memory):
        self._what = what
        self._given = max_memory is not None
        self._most = parse_memory(max_memory, 2) if self._given else physical_memory()
        self._taken = 0
        self._lock = threading.Lock()

    def check(self, n_bytes: int) -> None:
        """Refuse so much more if it does not fit."""
        needed = self._taken + n_bytes
        if self._most is None or needed <= self._most:
            return
        needs = f"{self._what} needs about {format_bytes(needed)} beside what is given and returned"
        has = format_bytes(self._most)
        if self._given:
            raise ValueError(f"max_memory is {has} but {needs}: allow it more, or pass less.")
        raise MemoryError(f"{needs}, but the machine has {has}: pass a part of it.")

    def take(self, n_bytes: int) -> None:
        """Count so much more as taken, if it fits."""
        with self._lock:
            self.check(n_bytes)
            self._taken += n_bytes
