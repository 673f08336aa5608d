"""Paths and what may go wrong with them, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from .._core.files import as_path, check_target
from .._core.memory import format_bytes

#: The kinds of file, by the end of their names.
PILLOW_SUFFIXES = (".png", ".jpg", ".jpeg")
TIFF_SUFFIXES = (".tif", ".tiff", ".btf")
#: Pixels that are read whatever the file says of them, in bytes.
_FREE_BYTES = 2**22
IMAGE_SUFFIXES = (*PILLOW_SUFFIXES, *TIFF_SUFFIXES, ".npy")


class ImageFileError(ValueError):
    """A file that holds something else than what was asked for; the message says it all."""


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Turn whatever a reading library raises into one sentence about the file."""
    try:
        yield
    except (ImageFileError, PermissionError, MemoryError):
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise ImageFileError(
            f"{path} cannot be read ({reason}): it is truncated, damaged or not what its name says."
        ) from error


def check_size(path: Path, needed: float, there: int, expansion: int) -> None:
    """Refuse pixels that `there` bytes cannot hold, before memory is taken for them.

    `needed` are the bytes of the pixels as the file declares them, `expansion` the most bytes that
    its compression makes of one.
    """
    if needed > expansion * there + _FREE_BYTES:
        raise ImageFileError(
            f"{path} declares {format_bytes(int(needed))} of pixels, more than its {there} bytes "
            "can hold: it is truncated, damaged or not what its name says."
        )


def check_source(path: str | PathLike[str]) -> Path:
    """Check that a path can be read from: a file of a known kind."""
    path = as_path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be an image file: add a file name.")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    _check_suffix(path)
    if path.stat().st_size == 0:
        raise ImageFileError(f"{path} is empty.")
    return path


def check_image_target(path: str | PathLike[str], overwrite: bool) -> Path:
    """Check that an image can be written to a path: a known kind, and as `check_target`."""
    path = as_path(path)
    if not path.is_dir():
        _check_suffix(path)
    return check_target(path, overwrite)


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageFileError(
            f"{path} ends in {path.suffix!r}, which is no known kind of image file: use one of "
            f"{', '.join(IMAGE_SUFFIXES)}."
        )
