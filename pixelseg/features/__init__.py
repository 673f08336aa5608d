"""Per-pixel features: a bank of Gaussian filters at several scales."""

from .._core.workspace import workspace
from .bank import FeatureBank
from .ops import OPS, Op
from .plan import FeaturePlan

__all__ = ["OPS", "FeatureBank", "FeaturePlan", "Op", "workspace"]
