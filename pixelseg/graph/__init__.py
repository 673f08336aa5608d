"""Graph cuts: exact minimum cuts of grids and of sparse graphs."""

from .min_cut import MinCut, min_cut, min_cut_sparse

__all__ = ["MinCut", "min_cut", "min_cut_sparse"]
