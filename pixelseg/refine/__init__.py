"""Refiners: what smooths or corrects probabilities before labels are taken, and their tuning."""

from .graph_cut import GraphCut
from .guided_filter import GuidedFilter
from .out_of_fold import OutOfFold, OutOfFoldImage
from .tune import Tuning, tune

__all__ = ["GraphCut", "GuidedFilter", "OutOfFold", "OutOfFoldImage", "Tuning", "tune"]
