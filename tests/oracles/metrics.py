"""Metrics of classes, regions and instances as a student would write them: loops over labels."""

from __future__ import annotations

from collections import deque
from itertools import combinations, permutations

import numpy as np
from scipy import ndimage


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


def scored_pixels(truth, prediction, ignore, background):
    """Each scored pixel's two segments; a background pixel of the prediction is its own."""
    both = zip(np.ravel(truth).tolist(), np.ravel(prediction).tolist(), strict=True)
    return [
        (t, p if p != background else ("alone", k))
        for k, (t, p) in enumerate(both)
        if t not in ignore
    ]


def pairs(truth, prediction, ignore=(), background=None):
    """Pairs of different scored pixels joined in both, in the truth, in the prediction; all."""
    pixels = scored_pixels(truth, prediction, ignore, background)
    both = in_truth = in_prediction = everything = 0
    for a, b in combinations(pixels, 2):
        both += a == b
        in_truth += a[0] == b[0]
        in_prediction += a[1] == b[1]
        everything += 1
    return both, in_truth, in_prediction, everything, len(pixels)


def information(truth, prediction, ignore=(), background=None):
    """H(prediction | truth), H(truth | prediction), H(truth), H(prediction), in bits."""
    pixels = scored_pixels(truth, prediction, ignore, background)
    n = len(pixels)
    of_truth = [sum(other[0] == pixel[0] for other in pixels) / n for pixel in pixels]
    of_prediction = [sum(other[1] == pixel[1] for other in pixels) / n for pixel in pixels]
    of_both = [sum(other == pixel for other in pixels) / n for pixel in pixels]
    h_truth, h_prediction, h_both = (
        -np.mean(np.log2(shares)) for shares in (of_truth, of_prediction, of_both)
    )
    return h_both - h_truth, h_both - h_prediction, h_truth, h_prediction


def covering(truths, prediction, ignore=(), background=None):
    """Covering of the truths by the prediction, and of the prediction by all truths."""
    segments = [p for p in np.unique(prediction) if p != background]
    covered = n_pixels = 0.0
    for truth in truths:
        scored = ~np.isin(truth, ignore)
        n_pixels += scored.sum()
        for t in np.unique(truth[scored]):
            overlaps = [overlap(truth == t, prediction == p, scored) for p in segments]
            covered += (truth == t)[scored].sum() * max(overlaps, default=0)
    reverse = weights = 0.0
    for p in segments:
        size, best = 0.0, 0.0
        for truth in truths:
            scored = ~np.isin(truth, ignore)
            size += (prediction == p)[scored].sum()
            for t in np.unique(truth[scored]):
                best = max(best, overlap(truth == t, prediction == p, scored))
        reverse += size * best
        weights += size
    return covered / n_pixels, reverse / weights if weights else np.nan


def overlap(one, other, scored):
    """Intersection over union of two masks among the scored pixels."""
    either = ((one | other) & scored).sum()
    return (one & other & scored).sum() / either if either else 0.0


def object_ious(truth, prediction):
    """Intersection over union of every true with every predicted object, and all areas."""
    masks = [
        [image == label for label in np.unique(image[image > 0])] for image in (truth, prediction)
    ]
    table = np.array([[overlap(t, p, np.ones_like(t)) for p in masks[1]] for t in masks[0]])
    return table.reshape(len(masks[0]), len(masks[1])), masks


def one_to_one(table):
    """Every way to pair rows with columns one to one, as lists of pairs (tiny tables only)."""
    n_rows, n_columns = table.shape
    if n_rows > n_columns:
        return [[(r, c) for c, r in pairs] for pairs in one_to_one(table.T)]
    return [
        list(zip(range(n_rows), columns, strict=True))
        for columns in permutations(range(n_columns), n_rows)
    ]


def best_pairs(table, threshold, strict):
    """Most pairs that reach the threshold, and the largest sum of their IoU."""
    best = (0, 0.0)
    for pairs in one_to_one(table):
        ious = [table[pair] for pair in pairs]
        kept = [iou for iou in ious if iou > threshold or (iou == threshold and not strict)]
        best = max(best, (len(kept), sum(sorted(kept))))
    return best


def aggregated_jaccard(truth, prediction, plus):
    """AJI, or AJI+ by trying every pairing."""
    table, (truths, predictions) = object_ious(truth, prediction)
    if plus:
        pairings = one_to_one(table)
        pairs = max(pairings, key=lambda pairs: sum(table[pair] for pair in pairs), default=[])
    else:
        pairs = [(t, row.argmax()) for t, row in enumerate(table) if row.size]
    pairs = [pair for pair in pairs if table[pair] > 0]
    shared = sum((truths[t] & predictions[p]).sum() for t, p in pairs)
    union = sum((truths[t] | predictions[p]).sum() for t, p in pairs)
    union += sum(mask.sum() for t, mask in enumerate(truths) if t not in [t for t, _ in pairs])
    union += sum(mask.sum() for p, mask in enumerate(predictions) if p not in [p for _, p in pairs])
    return shared / union if union else 1.0


def reliability(truth, probabilities, classes, n_bins):
    """Pixels, confidence and accuracy of each bin, pixel by pixel."""
    bins = [[] for _ in range(n_bins)]
    for t, row in zip(truth.ravel(), probabilities.reshape(truth.size, -1), strict=True):
        confidence = float(np.float32(row.max()))
        place = max(int(np.ceil(confidence * n_bins)) - 1, 0)
        bins[place].append((confidence, t == classes[row.argmax()]))
    means = [np.mean(pixels, axis=0) if pixels else (np.nan, np.nan) for pixels in bins]
    return np.array([len(pixels) for pixels in bins]), *np.transpose(means)


def thin_borders(inside):
    """Regions of a mask flooding what is between them, 0 on the lines where they meet."""
    regions, _ = ndimage.label(inside)
    height, width = inside.shape

    def sides(row, column):
        around = [(row, column - 1), (row - 1, column), (row, column + 1), (row + 1, column)]
        return [(r, c) for r, c in around if 0 <= r < height and 0 <= c < width]

    labels = {(r, c): int(regions[r, c]) for r, c in np.argwhere(regions).tolist()}
    border = [(r, c) for c in range(width) for r in range(height) if not inside[r, c]]
    queue = deque(pixel for pixel in border if any(side in labels for side in sides(*pixel)))
    seen = set(queue)
    while queue:
        pixel = queue.popleft()
        touched = {labels[side] for side in sides(*pixel) if labels.get(side, 0)}
        labels[pixel] = touched.pop() if len(touched) == 1 else 0
        new = [side for side in sides(*pixel) if side not in labels and side not in seen]
        seen.update(new)
        queue.extend(new)
    return np.array([[labels.get((r, c), 0) for c in range(width)] for r in range(height)])
