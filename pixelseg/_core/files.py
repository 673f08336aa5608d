"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from .checks import as_flag, shown


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
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it at the end, or removed after any error."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
