"""Checks that every estimator, refiner and segmenter passes: one joins by a line in `registry`."""
