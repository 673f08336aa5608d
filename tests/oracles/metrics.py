"""Metrics of classes, regions and instances as a student would write them: loops over labels."""

from __future__ import annotations

import numpy as np


def contingency(truth, prediction, ignore=()):
    """Cells {(truth label, prediction label): pixels}."""
    cells = {}
    for pair in zip(np.ravel(truth).tolist(), np.ravel(prediction).tolist(), strict=True):
        if pair[0] not in ignore:
            cells[pair] = cells.get(pair, 0) + 1
    return cells


def confusion(truth, prediction, classes):
    """Confusion matrix over a list of classes, truth in rows."""
    return np.array([[((truth == t) & (prediction == p)).sum() for p in classes] for t in classes])


def jaccard_and_dice(truth, prediction, label):
    """IoU and Dice of one class, NaN where it occurs nowhere."""
    t, p = truth == label, prediction == label
    both, either = (t & p).sum(), (t | p).sum()
    if either == 0:
        return np.nan, np.nan
    return both / either, 2 * both / (t.sum() + p.sum())
