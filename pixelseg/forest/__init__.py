"""What classifies rows of features: forests and small networks as arrays."""

from .classifier import ForestClassifier
from .flat import FlatForest
from .mlp import FlatMLP, ScaledMLPClassifier

__all__ = ["FlatForest", "FlatMLP", "ForestClassifier", "ScaledMLPClassifier"]
