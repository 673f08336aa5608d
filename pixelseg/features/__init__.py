"""Per-pixel features: a bank of Gaussian filters at several scales."""

from .bank import FeatureBank
from .compute import compute_box, workspace_bytes
from .ops import OPS, Op
from .plan import FeaturePlan

__all__ = [
    "OPS",
    "FeatureBank",
    "FeaturePlan",
    "Op",
    "compute_box",
    "workspace_bytes",
]
