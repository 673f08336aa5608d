"""Refiners: what smooths or corrects a whole image's probabilities before labels are taken."""

from .graph_cut import GraphCut

__all__ = ["GraphCut"]
