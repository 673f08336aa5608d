"""Metrics of segmentation, each by its published definition; `(truth, prediction)` order."""
