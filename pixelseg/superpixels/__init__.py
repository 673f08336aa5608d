"""Superpixels: small connected regions of like pixels, in 2-D and 3-D.

Every method takes an image of any real dtype with any number of channels and returns int32
segments of its spatial shape: ids 1..n without gaps, 0 outside the mask, each connected by faces.
The results never depend on the number of threads.

The parts they are made of are public too: `grid_seeds` spreads seeds over an image or a mask,
`enforce_connectivity` gives stray pieces to their most similar neighbours.
"""

from .connectivity import enforce_connectivity
from .etps import etps
from .seeds import grid_seeds
from .slic import slic
from .snic import snic

__all__ = ["enforce_connectivity", "etps", "grid_seeds", "slic", "snic"]
