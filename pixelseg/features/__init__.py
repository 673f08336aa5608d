"""Per-pixel features: a bank of Gaussian filters at several scales."""

from .bank import FeatureBank
from .ops import OPS, Op
from .plan import FeaturePlan
from .workspace import workspace

__all__ = ["OPS", "FeatureBank", "FeaturePlan", "Op", "workspace"]
