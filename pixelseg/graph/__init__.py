"""Graph cuts: exact minimum cuts of grids and of sparse graphs, and labellings by many of them."""

from .min_cut import MinCut, min_cut, min_cut_sparse
from .moves import Labelling, alpha_beta_swap, alpha_expansion, energy

__all__ = [
    "Labelling",
    "MinCut",
    "alpha_beta_swap",
    "alpha_expansion",
    "energy",
    "min_cut",
    "min_cut_sparse",
]
