"""Graph cuts: exact minimum cuts of grids."""

from .min_cut import MinCut, min_cut

__all__ = ["MinCut", "min_cut"]
