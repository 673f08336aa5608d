"""Refiners: what smooths or corrects probabilities before labels are taken."""

from .graph_cut import GraphCut
from .guided_filter import GuidedFilter

__all__ = ["GraphCut", "GuidedFilter"]
