"""Writing files so that they appear whole or not at all.

What is written has a name of its own, `.NAME.MACHINE-PID-xxxx.part`, until it is whole. A process
that is killed leaves it behind; the next one that writes into the folder removes it, if the name
says that it was of this machine and no process has that number any more.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from .checks import as_flag, shown

_LEFTOVER = ".part"
#: Bytes of a name to which something can be added: file systems have 255.
_LONG = 200


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
    """A temporary path beside `path`, moved onto it at the end, or removed after any error."""
    _remove_leftovers(path.parent.absolute())
    name = path.name if len(os.fsencode(path.name)) <= _LONG else _digest(path.name)
    temporary = path.with_name(
        f".{name}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}{_LEFTOVER}"
    )
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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


@cache
def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left in a folder, once for each process and folder."""
    if os.name != "posix":
        return  # where a process cannot be asked whether it lives without being hurt
    pattern = re.compile(rf"\..+\.{_machine()}-(\d+)-[0-9a-f]{{8}}\{_LEFTOVER}", re.DOTALL)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = pattern.fullmatch(entry.name)
            if match and not _is_alive(int(match[1])):
                with suppress(OSError):
                    os.unlink(entry.path)


def _is_alive(pid: int) -> bool:
    """Whether a process has that number; if in doubt, it has."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # that of another user
        pass
    return True


@cache
def _machine() -> str:
    """What sets apart the machines, and the containers, in which process numbers mean one thing."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    return _digest(f"{platform.node()} {namespace}")


def _digest(text: str) -> str:
    return hashlib.blake2b(os.fsencode(text), digest_size=4).hexdigest()
