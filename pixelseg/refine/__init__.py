"""Refiners: what smooths or corrects probabilities before labels are taken, and their tuning."""

from .crf_input import FeatureKernel
from .dense_crf import DenseCRF, dense_crf
from .graph_cut import GraphCut
from .guided_filter import GuidedFilter
from .lattice_filter import lattice_filter
from .out_of_fold import OutOfFold, OutOfFoldImage
from .tune import Tuning, tune

__all__ = [
    "DenseCRF",
    "FeatureKernel",
    "GraphCut",
    "GuidedFilter",
    "OutOfFold",
    "OutOfFoldImage",
    "Tuning",
    "dense_crf",
    "lattice_filter",
    "tune",
]
