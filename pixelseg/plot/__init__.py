"""Pictures: labels, boundaries, strokes, probabilities and uncertainty as plain RGB arrays.

Every function returns uint8 of shape (..., 3), ready for `pixelseg.io.write_image` or any
viewer; no plotting library is involved. Images of any dtype are stretched for display only.
"""

from .colors import palette
from .maps import probability_map, uncertainty_map
from .montage import montage
from .overlay import boundaries, overlay, strokes

__all__ = [
    "boundaries",
    "montage",
    "overlay",
    "palette",
    "probability_map",
    "strokes",
    "uncertainty_map",
]
