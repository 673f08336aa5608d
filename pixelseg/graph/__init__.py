"""Graph cuts: exact minimum cuts of grids and sparse graphs, labellings by many cuts, GrabCut."""

from .contrast import contrast_weights
from .grabcut import GrabCut, grabcut
from .min_cut import MinCut, min_cut, min_cut_sparse
from .moves import Labelling, alpha_beta_swap, alpha_expansion, energy

__all__ = [
    "GrabCut",
    "Labelling",
    "MinCut",
    "alpha_beta_swap",
    "alpha_expansion",
    "contrast_weights",
    "energy",
    "grabcut",
    "min_cut",
    "min_cut_sparse",
]
