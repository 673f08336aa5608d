"""Pictures side by side on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .._core.arrays import Array, to_array
from .._core.checks import as_count, shown


def montage(
    pictures: Sequence[Array],
    *,
    n_columns: int | None = None,
    titles: Sequence[str] | None = None,
    gap: int = 8,
) -> Array:
    """Put pictures side by side on white, row by row, with a title above each if given.

    Parameters
    ----------
    pictures : sequence of uint8 arrays of shape (H, W, 3) or (H, W)
    n_columns : int, optional
        Default: all in one row up to four, then as square as possible.
    titles : sequence of str, optional
    gap : int, default 8
        Pixels between pictures and around them.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    for name, values in (("pictures", pictures), ("titles", titles)):
        is_array = isinstance(values, np.ndarray) and values.ndim > 0
        is_list = isinstance(values, Sequence) and not isinstance(values, str | bytes)
        if not (is_array or is_list or (values is None and name == "titles")):
            raise TypeError(f"{name} is {shown(values)} but must be a list.")
    checked = [_check_picture(picture) for picture in pictures]
    if not checked:
        raise ValueError("pictures is empty: pass at least one picture.")
    if titles is not None and len(titles) != len(checked):
        raise ValueError(
            f"titles has {len(titles)} entries but there are {len(checked)} pictures: pass one "
            "title for each."
        )
    if titles is not None and not all(isinstance(title, str) for title in titles):
        raise TypeError(f"titles is {shown(titles)} but must hold text.")
    if n_columns is None:
        n_columns = len(checked) if len(checked) <= 4 else math.ceil(math.sqrt(len(checked)))
    n_columns = min(as_count("n_columns", n_columns), len(checked))
    gap = as_count("gap", gap, least=0)
    n_rows = -(-len(checked) // n_columns)
    heights = [max(p.shape[0] for p in checked[k * n_columns :][:n_columns]) for k in range(n_rows)]
    widths = [max(p.shape[1] for p in checked[k::n_columns]) for k in range(n_columns)]
    font_size = max(12, min(24, min(widths) // 12))
    head = 0 if titles is None else font_size + font_size // 2
    tops = gap + np.cumsum([0, *(height + head + gap for height in heights)])
    lefts = gap + np.cumsum([0, *(width + gap for width in widths)])
    sheet = np.full((tops[-1], lefts[-1], 3), 255, np.uint8)
    corners = []
    for k, picture in enumerate(checked):
        top, left = int(tops[k // n_columns]), int(lefts[k % n_columns])
        corners.append((top, left))
        height, width = picture.shape[:2]
        sheet[top + head : top + head + height, left : left + width] = picture
    return sheet if titles is None else _write_titles(sheet, titles, corners, font_size)


def _write_titles(
    sheet: Array, titles: Sequence[str], corners: list[tuple[int, int]], font_size: int
) -> Array:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.fromarray(sheet)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(font_size)
    for title, (top, left) in zip(titles, corners, strict=True):
        draw.text((left, top), title, fill=(30, 30, 30), font=font)
    return np.array(page)


def _check_picture(picture: Array) -> Array:
    picture = to_array("pictures", picture)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., np.newaxis], 3, axis=-1)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3:
        raise ValueError(
            f"pictures holds an array of shape {picture.shape} and dtype {picture.dtype} but must "
            "hold uint8 arrays (H, W, 3), as the other functions of pixelseg.plot return them."
        )
    return picture
