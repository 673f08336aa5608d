"""PNG and JPEG through Pillow, which needs help in two places.

Pillow has no mode for 16-bit colour and silently keeps only the upper byte of each sample; and
it stretches grey of 2 and 4 bits to 0...255, which changes labels. Both are undone here by the
`rawmode` of its decoder, the name of the layout in which it takes bytes from the file.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .._core.arrays import Array
from .paths import ImageFileError, check_size
from .stored import Stored, as_orientation

#: By the raw mode of a 16-bit colour PNG: two layouts of equal pixel size that keep the upper
#: and the lower bytes (one that keeps both where there is one).
_SIXTEEN_BIT = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "LA;16B": ("RGBA",),
}
#: The EXIF tag that says how a viewer is to turn the picture.
_ORIENTATION = 0x0112
#: What Pillow multiplies grey of few bits by.
_STRETCHED = {"L;2": 85, "L;4": 17}
#: Modes that hold grey or colours as they are.
_PLAIN = {"1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16B", "I;16L"}

#: Bits of a sample by the layout's name, where they are less than 8.
_FEW_BITS = {"1": 1, ";1": 1, ";2": 2, ";4": 4}
#: Bytes that deflate (1032) and JPEG (1024, by half a bit a block of subsampled colours) make of
#: one at the most.
_EXPANSION = 1100

#: Pillow's limit of size is lifted for one opening at a time, so that it is left as it was.
_OPENING = threading.Lock()


@contextmanager
def opened(path: Path, page: int = 0) -> Iterator[Any]:
    """Open an image of any size: the user named the file, so a large one is meant."""
    with warnings.catch_warnings():
        # Pillow warns of odd EXIF and resolution entries, which are not used here.
        warnings.simplefilter("ignore")
        with _OPENING:
            limit = Image.MAX_IMAGE_PIXELS
            try:
                Image.MAX_IMAGE_PIXELS = None
                image = Image.open(path)
                image.seek(page)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        with image:
            yield image


def read_pillow(path: Path, *, values: bool = False) -> Stored:
    """Read a PNG or JPEG; channels last, alpha among them.

    With `values`, the numbers that it stores: indices of a palette, grey of few bits unstretched.
    """
    with opened(path) as image:
        _check_single(image, path)
        rawmode = _rawmode(image)
        bits = next((bits for end, bits in _FEW_BITS.items() if rawmode.endswith(end)), 8)
        samples = image.width * image.height * len(image.getbands())
        check_size(path, samples * bits / 8, path.stat().st_size, _EXPANSION)
        is_lossy = image.format in ("JPEG", "MPO")
        # A palette's transparent entries are opacity already; else there is one such colour.
        transparent = None if image.mode in ("P", "PA") else image.info.get("transparency")
        pixels = None
        if rawmode not in _SIXTEEN_BIT:
            pixels = stored_values(image) if values else _pixels(image)
        # Not before: it may load a PNG, whose layout is then forgotten.
        orientation = _orientation(image)
    if pixels is None:
        pixels = _read_sixteen_bit(path, rawmode)
    if transparent is not None:
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        factor = 1 if values else _STRETCHED.get(rawmode, 1)
        opaque = pixels != np.multiply(transparent, factor).astype(pixels.dtype)
        opaque = opaque.any(axis=-1, keepdims=True) * pixels.dtype.type(255)
        pixels = np.concatenate([pixels, opaque], axis=-1)
    axis = None if pixels.ndim == 2 else 2
    alpha = pixels.shape[2:] in ((2,), (4,))
    return Stored(pixels, axis, alpha=alpha, lossy=is_lossy, orientation=orientation)


def _orientation(image: Any) -> int:
    """What EXIF says of how to turn an image; a damaged EXIF says nothing."""
    try:
        return as_orientation(image.getexif().get(_ORIENTATION))
    except Exception:
        return 1


def stored_values(image: Any) -> Array:
    """The numbers that an open image stores, neither stretched nor turned (white as zero)."""
    _, _, layout = (rawmode := _rawmode(image)).partition(";")
    pixels = _bits(image) if image.mode == "1" else np.array(image)
    if "I" in layout:
        pixels = ~pixels
    factor = _STRETCHED.get(rawmode.rstrip("IR"))
    return pixels if factor is None else pixels // np.uint8(factor)


def _check_single(image: Any, path: Path) -> None:
    n_frames = getattr(image, "n_frames", 1)
    # A camera's JPEG may hold smaller pictures behind the main one (MPO).
    if n_frames > 1 and image.format != "MPO":
        raise ImageFileError(
            f"{path} is an animation of {n_frames} pictures: save them as single files."
        )


def _rawmode(image: Any) -> str:
    """The layout of the samples in the file."""
    arguments = image.tile[0][3] if image.tile else ""
    return arguments if isinstance(arguments, str) else str(arguments[0] if arguments else "")


def _pixels(image: Any) -> Array:
    """Grey or colours of an image in any of Pillow's modes."""
    if image.mode in ("P", "PA"):
        has_opacity = image.mode == "PA" or "transparency" in image.info
        return np.array(image.convert("RGBA" if has_opacity else "RGB"))
    if image.mode not in _PLAIN:
        return np.array(image.convert("RGB"))
    pixels = _bits(image) if image.mode == "1" else np.array(image)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _bits(image: Any) -> Array:
    """A one-bit image as bool; Pillow's own array of it holds bytes of 255, which is no bool."""
    return np.array(image.convert("L")) > 0


def _read_sixteen_bit(path: Path, rawmode: str) -> Array:
    """Decode 16-bit colour by taking the upper and the lower bytes of each sample in turn."""
    halves = []
    for layout in _SIXTEEN_BIT[rawmode]:
        with opened(path) as image:
            decoder, extents, offset, _ = image.tile[0]
            image.tile = [(decoder, extents, offset, layout)]
            halves.append(np.array(image))
    if len(halves) == 1:
        return np.ascontiguousarray(halves[0]).view(">u2").astype(np.uint16)
    return (halves[0].astype(np.uint16) << 8) | halves[1]


def write_pillow(file: Any, pixels: Array, suffix: str) -> None:
    """Write grey or colours (H, W[, C]) as PNG, or as JPEG of quality 92."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if suffix == ".png":
        image.save(file, format="PNG", compress_level=4)
    else:
        image.save(file, format="JPEG", quality=92)


def check_pillow(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse what PNG or JPEG cannot hold, before any work."""
    jpeg = path.suffix.lower() != ".png"
    grey = len(shape) == 2
    colour = len(shape) == 3 and shape[2] in ((3,) if jpeg else (3, 4))
    if not (grey or colour):
        raise ImageFileError(
            f"{path} cannot hold an array of shape {shape}: save volumes and other channels as "
            ".tif or .npy."
        )
    allowed = ["uint8"] if jpeg or colour else ["uint8", "uint16"]
    if dtype.name not in allowed:
        raise ImageFileError(
            f"{path} cannot hold {dtype} ({'grey' if grey else 'colour'} there is "
            f"{' or '.join(allowed)}): save it as .tif or .npy."
        )
