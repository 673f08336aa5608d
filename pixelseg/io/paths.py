"""Paths and what may go wrong with them, said in one sentence."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

#: The kinds of file, by the end of their names.
PILLOW_SUFFIXES = (".png", ".jpg", ".jpeg")
TIFF_SUFFIXES = (".tif", ".tiff", ".btf")
IMAGE_SUFFIXES = (*PILLOW_SUFFIXES, *TIFF_SUFFIXES, ".npy")


class ImageFileError(ValueError):
    """A file that holds something else than what was asked for; the message says it all."""


def check_source(path: str | PathLike[str]) -> Path:
    """Check that a path can be read from: a file of a known kind."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be an image file: add a file name.")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    _check_suffix(path)
    if path.stat().st_size == 0:
        raise ImageFileError(f"{path} is empty.")
    return path


def check_target(path: str | PathLike[str], overwrite: bool) -> Path:
    """Check that a path can be written to: a known kind, in a folder, not there already."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be a file: add a file name.")
    _check_suffix(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist: create it first.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: pass overwrite=True to replace it.")
    return path


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageFileError(
            f"{path} ends in {path.suffix!r}, which is no known kind of image file: use one of "
            f"{', '.join(IMAGE_SUFFIXES)}."
        )


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
