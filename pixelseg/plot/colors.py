"""Colours of labels: Okabe and Ito's seven first, then hues far from their predecessors.

People with any kind of colour vision can tell the seven apart (Okabe and Ito, "Color universal
design", 2008).
"""

from __future__ import annotations

import colorsys
import math
import operator
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_count, as_integer, shown

Color = Sequence[int] | str
Colors = Mapping[int, Color] | Sequence[Color]

#: Orange, sky blue, bluish green, yellow, blue, vermilion, reddish purple.
_OKABE_ITO = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
#: Colours before they repeat; objects far apart may share one.
_N_COLORS = 4096


def palette(n_classes: int) -> Array:
    """Give the colours of classes 1...n, uint8 (n_classes, 3): Okabe and Ito's, then others.

    Examples
    --------
    >>> from pixelseg import plot
    >>> plot.palette(2)
    array([[230, 159,   0],
           [ 86, 180, 233]], dtype=uint8)
    """
    return _all_colors()[np.arange(as_count("n_classes", n_classes, least=0)) % _N_COLORS]


def colors_of(labels: Array, colors: Colors | None) -> Array:
    """A colour for each label above 0: that of `colors` where it has one, else of the palette."""
    chosen = _all_colors()[(labels.astype(np.int64) - 1) % _N_COLORS]
    is_array = isinstance(colors, np.ndarray) and colors.ndim > 0
    if not (is_array or isinstance(colors, Mapping | Sequence | None)):
        raise TypeError(
            f"colors is {shown(colors)} but must map labels to colours, or be a list of them."
        )
    if colors is None or len(colors) == 0:
        return chosen
    by_label = colors if isinstance(colors, Mapping) else dict(enumerate(colors, start=1))
    known = sorted(as_integer("colors (a label)", value) for value in by_label)
    table = np.array([as_rgb(f"colors (label {value})", by_label[value]) for value in known])
    place = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    hit = np.array(known)[place] == labels
    chosen[hit] = table[place[hit]]
    return chosen


def as_rgb(name: str, color: Color) -> Array:
    """Check a colour: "#rrggbb" or three integers from 0 to 255; return it as uint8 (3,)."""
    values: list[int] = []
    try:
        if not isinstance(color, str):
            values = [operator.index(value) for value in color]
        elif len(color) == 7 and color.startswith("#"):
            values = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    except (TypeError, ValueError):
        values = []
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ValueError(
            f"{name} is {shown(color)} but must be '#rrggbb' or three integers from 0 to 255."
        )
    return np.array(values, np.uint8)


def mix(below: Array, above: Array, alpha: float) -> Array:
    """Colours of which the share `alpha` is `above`."""
    mixed = below * np.float32(1 - alpha) + above * np.float32(alpha)
    return np.rint(mixed).astype(np.uint8)


@cache
def _all_colors() -> Array:
    colors: list[tuple[int, ...]] = list(_OKABE_ITO)
    golden = (math.sqrt(5) - 1) / 2
    for k in range(_N_COLORS - len(colors)):
        saturation, value = ((0.75, 0.95), (0.45, 0.9), (0.9, 0.6), (0.6, 0.75))[k % 4]
        # A slow drift keeps later rounds from repeating the saturations of earlier ones.
        rgb = colorsys.hsv_to_rgb((0.1 + k * golden) % 1, saturation - 0.2 * (k % 97) / 97, value)
        colors.append(tuple(round(255 * band) for band in rgb))
    table = np.array(colors, np.uint8)
    table.flags.writeable = False
    return table
