"""What a gain at strokes is, and how sure it is, pixel by pixel and group by group."""

import numpy as np


def recall(truth, predicted, c):
    """The part of the labelled pixels of a class that is found; NaN where there are none."""
    of_class = [p == c for t, p in zip(truth, predicted, strict=True) if t == c]
    return sum(of_class) / len(of_class) if of_class else np.nan


def shares(truth, choices, given, prior):
    """The prior, but no class above what any choice gives it over the part of it that it finds."""
    k = len(prior)
    bounds = np.ones(k)
    for c in range(k):
        first = recall(truth, choices[0], c)
        if np.isnan(first):
            bounds[c] = given[0][c] / np.sum(given[0])
        for predicted, counts in zip(choices, given, strict=True):
            found = recall(truth, predicted, c)
            if found > 0 and found >= 0.5 * first:
                bounds[c] = min(bounds[c], counts[c] / np.sum(counts) / found)
    share = np.minimum(prior, bounds)
    if bounds.sum() > 1:
        room = bounds - share
        return share + room * (1 - share.sum()) / room.sum() if room.sum() else share
    return bounds / bounds.sum()


def mean_iou(truth, choices, given, prior):
    """Mean IoU of each choice, over the labelled classes."""
    share = shares(truth, choices, given, prior)
    values = []
    for predicted, counts in zip(choices, given, strict=True):
        of_choice = []
        for c in sorted(set(truth)):
            taken = counts[c] / np.sum(counts)
            both = min(share[c] * recall(truth, predicted, c), taken)
            of_choice.append(both / (share[c] + taken - both))
        values.append(np.mean(of_choice))
    return np.array(values)


def jackknife_error(truth, choices, given, prior, groups, image_of_group=None):
    """Standard error of what each choice gains over the first, without one group after the other.

    `given` is (n_choices, n_images, n_classes); where groups are images, their pixels go with them.
    """
    truth, choices, groups = np.asarray(truth), np.asarray(choices), np.asarray(groups)
    names = sorted(set(groups.tolist()))
    if len(names) < 2:
        return np.zeros(len(choices))
    gains = []
    for name in names:
        rest = groups != name
        counts = given if image_of_group is None else np.delete(given, image_of_group[name], axis=1)
        scores = mean_iou(truth[rest].tolist(), choices[:, rest], counts.sum(axis=1), prior)
        gains.append(scores - scores[0])
    n = len(names)
    return np.sqrt((n - 1) / n * ((np.array(gains) - np.mean(gains, axis=0)) ** 2).sum(axis=0))


def border_distance(places, mask=None, spacing=None):
    """Area over the length of borders, pixel by pixel; volume over area for a volume."""
    mask = np.ones(places.shape, bool) if mask is None else mask
    spacing = (1.0,) * places.ndim if spacing is None else spacing
    length = 0.0
    for at in np.argwhere(mask).tolist():
        for axis, step in enumerate(spacing):
            other = [i + (j == axis) for j, i in enumerate(at)]
            if other[axis] < places.shape[axis] and mask[tuple(other)]:
                length += (places[tuple(at)] != places[tuple(other)]) / step
    return np.count_nonzero(mask) / max(length, 1 / max(spacing))
