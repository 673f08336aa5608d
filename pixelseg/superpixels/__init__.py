"""Superpixels: small connected regions of like pixels, in 2-D and 3-D.

Every method takes an image of any real dtype with any number of channels and returns int32
segments of its spatial shape: ids 1..n without gaps, 0 outside the mask, each connected by faces
(by faces or corners in `felzenszwalb`). The results never depend on the number of threads.

The parts they are made of are public too: `grid_seeds` spreads seeds over an image or a mask,
`gradient_magnitude` finds edges for watersheds, `enforce_connectivity` gives stray pieces to their
most similar neighbours.
"""

from .connectivity import enforce_connectivity
from .etps import etps
from .felzenszwalb import felzenszwalb
from .gradient import gradient_magnitude
from .grid import grid
from .seeds import grid_seeds
from .slic import slic
from .snic import snic
from .watershed import watershed

__all__ = [
    "slic",
    "snic",
    "etps",
    "watershed",
    "felzenszwalb",
    "grid",
    "enforce_connectivity",
    "gradient_magnitude",
    "grid_seeds",
]
