"""Refiners: what smooths or corrects probabilities before labels are taken."""

from .dense_crf import DenseCRF, FeatureKernel, dense_crf
from .graph_cut import GraphCut
from .guided_filter import GuidedFilter
from .lattice_filter import lattice_filter

__all__ = ["DenseCRF", "FeatureKernel", "GraphCut", "GuidedFilter", "dense_crf", "lattice_filter"]
