"""The demo's images: mosaics of textures whose truth is known, and photographs.

All come with scikit-image and need no download. The left halves of the textures are for
training, the right halves for testing, so that no pixel is seen twice.
"""

from __future__ import annotations

import numpy as np

from .._core.arrays import Array

#: Rows and columns of a mosaic.
MOSAIC_SHAPE = (384, 256)
#: What the classes 1, 2, ... of a mosaic show.
TEXTURES = {1: "brick", 2: "gravel", 3: "moon", 4: "stars"}
#: Each layout: centres of cells (row, column) and the texture of each cell.
_LAYOUTS = (
    (
        (50, 60, 1), (60, 190, 2), (150, 45, 3), (155, 140, 4),
        (175, 225, 1), (260, 75, 2), (270, 195, 3), (350, 130, 4),
    ),
    (
        (50, 130, 3), (110, 40, 2), (120, 215, 1), (200, 120, 4),
        (250, 40, 1), (250, 220, 2), (345, 90, 3), (350, 200, 4),
    ),
    (
        (80, 50, 4), (40, 180, 1), (150, 150, 2), (140, 235, 3),
        (230, 60, 1), (250, 200, 4), (345, 60, 2), (345, 180, 3),
    ),
)  # fmt: skip


def mosaic(number: int) -> tuple[Array, Array]:
    """An image made of `TEXTURES`, and its truth; number 0 is for training.

    Each pixel is of the texture whose cell's centre is nearest, along wavy borders.
    """
    from skimage import data

    rows, columns = np.indices(MOSAIC_SHAPE)
    wavy_rows = rows + 10 * np.sin(columns / 17)
    wavy_columns = columns + 10 * np.sin(rows / 23)
    layout = _LAYOUTS[number]
    distances = [(wavy_rows - row) ** 2 + (wavy_columns - column) ** 2 for row, column, _ in layout]
    truth = np.array([texture for *_, texture in layout], np.uint8)[np.argmin(distances, axis=0)]

    top = (0, 0, 128)[number]
    left = 0 if number == 0 else 256
    window = (slice(top, top + MOSAIC_SHAPE[0]), slice(left, left + MOSAIC_SHAPE[1]))
    stars = data.hubble_deep_field().mean(axis=-1)
    sources = (data.brick(), data.gravel(), data.moon(), stars)
    pieces = [source[window] for source in sources]
    return np.choose(truth - 1, pieces).astype(np.uint8), truth
