"""What a gain at strokes is, and how sure it is, pixel by pixel and group by group."""

import numpy as np


def mean_iou(truth, predicted, prior):
    """Mean IoU where each pixel counts as much as its class does for each pixel of it."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    classes = sorted(set(truth.tolist()))
    weight = np.array([prior[c] / (truth == c).sum() for c in truth])
    values = []
    for c in classes:
        both, either = (truth == c) & (predicted == c), (truth == c) | (predicted == c)
        values.append(weight[both].sum() / weight[either].sum())
    return float(np.mean(values))


def jackknife_error(truth, first, other, prior, groups):
    """Standard error of what `other` gains over `first`, leaving out one group after the other."""
    truth, first, other, groups = map(np.asarray, (truth, first, other, groups))
    names = sorted(set(groups.tolist()))
    if len(names) < 2:
        return 0.0
    gains = []
    for name in names:
        rest = groups != name
        before = mean_iou(truth[rest], first[rest], prior)
        gains.append(mean_iou(truth[rest], other[rest], prior) - before)
    n = len(names)
    return float(np.sqrt((n - 1) / n * ((np.array(gains) - np.mean(gains)) ** 2).sum()))
