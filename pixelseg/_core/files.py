"""Writing files so that they appear whole or not at all.

What is written has a name of its own, `.NAME.PID-xxxx.part`, until it is whole, and is locked by
its writer. A process that is killed leaves it behind, without a lock; the next one that writes
into the folder removes it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from .checks import as_flag, shown

try:
    import fcntl
except ImportError:  # on Windows, where leftovers of killed processes stay
    fcntl = None  # type: ignore[assignment]

#: Of the name of a file, what that of its temporary file begins with: names end at 255 bytes.
_MOST_NAME_BYTES = 200
_LEFTOVER = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part", re.DOTALL)


def as_path(path: Any, name: str = "path") -> Path:
    """A path from text or a path object; anything else, an open file too, is refused by name."""
    if not isinstance(path, str | PathLike):
        raise TypeError(f"{name} is {shown(path)} but must be the path of a file.")
    return Path(path)


def check_target(
    path: str | PathLike[str], overwrite: bool, *, option: str = "overwrite=True"
) -> Path:
    """Check that a file can be written to a path: in a folder, not there already.

    `option` is what the caller's user passes to replace a file.
    """
    path, overwrite = as_path(path), as_flag("overwrite", overwrite)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be a file: add a file name.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist: create it first.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: pass {option} to replace it.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(
            f"{path} cannot be written: the folder {path.parent} is read-only or another user's."
        )
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it at the end, or removed after any error.

    The file is there already, empty, and locked for as long as this process lives. What processes
    that were killed have left in the folder is removed by the first file that is written there.
    """
    _remove_leftovers(path.parent.absolute())
    temporary, descriptor = _create_locked(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        os.close(descriptor)


def reserve(path: Path) -> None:
    """Make sure of the room for a file that has its size, but holes for content.

    Writing into a hole of a mapped file on a full disk is no error that could be caught: it ends
    the process.
    """
    size = path.stat().st_size
    if not hasattr(os, "posix_fallocate"):
        return  # Windows makes no holes; on macOS nothing short of writing would do
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                reason = f"{error.strerror}: {size} bytes are needed"
                raise OSError(error.errno, reason, str(path)) from None


def _create_locked(path: Path) -> tuple[Path, int]:
    """A new temporary file beside `path` that this process holds a lock on."""
    while True:
        temporary = path.with_name(f"{_prefix(path)}{os.getpid()}-{secrets.token_hex(4)}.part")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if _lock(descriptor) is not False and temporary.exists():
            return temporary, descriptor
        os.close(descriptor)  # taken for a leftover in the moment before it was locked


@cache
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files in a folder whose writers are dead: no one holds a lock on them.

    An id of a process would not tell: it may be that of another machine or container. A process
    looks once, since thousands of results would be listed thousands of times.
    """
    with os.scandir(folder) as entries:
        leftovers = [Path(entry.path) for entry in entries if _LEFTOVER.fullmatch(entry.name)]
    for leftover in leftovers:
        try:
            descriptor = os.open(leftover, os.O_RDWR)
        except OSError:  # of another user, or gone by now
            continue
        try:
            if _lock(descriptor):
                leftover.unlink(missing_ok=True)
        except OSError:
            pass  # in a folder where only its owner may remove it
        finally:
            os.close(descriptor)


def _prefix(path: Path) -> str:
    """How names of temporary files of `path` begin; short enough for any file system."""
    name = path.name
    while len(os.fsencode(name)) > _MOST_NAME_BYTES:
        name = name[:-1]
    return f".{name}."


def _lock(descriptor: int) -> bool | None:
    """Whether this process got the lock on a file; None where there are no locks to get."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
