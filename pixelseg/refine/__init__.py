"""Refiners: what smooths or corrects probabilities before labels are taken."""

from .graph_cut import GraphCut
from .guided_filter import GuidedFilter
from .tune import Tuning, tune

__all__ = ["GraphCut", "GuidedFilter", "Tuning", "tune"]
