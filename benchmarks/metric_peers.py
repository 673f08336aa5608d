"""Metrics as other libraries have them, or as a few lines of NumPy and SciPy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .metric_inputs import Pair

Array = np.ndarray


def contingency(truth: Array, prediction: Array) -> Array:
    """The table of overlaps, dense, int64."""
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(prediction, return_inverse=True)
    n_columns = int(columns.max()) + 1
    flat = np.bincount(rows.ravel() * n_columns + columns.ravel())
    table = np.zeros((int(rows.max()) + 1) * n_columns, np.int64)
    table[: len(flat)] = flat
    return table.reshape(-1, n_columns)


def boundary_map(labels: Array) -> Array:
    """Berkeley's rule: the 2 x 2 block to the right and below holds more than one label."""
    padded = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    blocks = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    return np.minimum.reduce(blocks) < np.maximum.reduce(blocks)


def thin(boundaries: Array) -> Array:
    """scikit-image's thinning."""
    from skimage.morphology import thin as skimage_thin

    return skimage_thin(boundaries)


def match_boundaries(truth: Array, prediction: Array, reach: float) -> tuple[int, float]:
    """Pairs of the least-cost matching, and their cost in 0.01 pixel, by scipy's solver."""
    from scipy.sparse import coo_array, hstack
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching
    from scipy.spatial import cKDTree

    truth, prediction = np.argwhere(truth), np.argwhere(prediction)
    if len(truth) == 0 or len(prediction) == 0:
        return 0, 0.0
    near = cKDTree(prediction).sparse_distance_matrix(
        cKDTree(truth), reach, output_type="coo_matrix"
    )
    # scipy's solver drops zeros, and every row needs a partner: one of its own, dear.
    costs = np.rint(100 * near.data) + 1
    real = coo_array((costs, (near.row, near.col)), near.shape)
    n = len(prediction)
    alone = coo_array((np.full(n, np.ceil(10_000 * reach) + 1), (np.arange(n),) * 2), (n, n))
    rows, columns = min_weight_full_bipartite_matching(hstack([real, alone]).tocsr())
    kept = columns < len(truth)
    steps = prediction[rows[kept]] - truth[columns[kept]]
    return int(kept.sum()), float(np.rint(100 * np.sqrt((steps**2).sum(axis=1))).sum())


def _surface(mask: Array) -> Array:
    cross = ndimage.generate_binary_structure(mask.ndim, 1)
    return mask & ~ndimage.binary_erosion(mask, cross)


def surface_distances(pair: Pair) -> tuple[Array, Array]:
    """Distances between surfaces by distance transforms of the whole image."""
    surfaces = [_surface(mask) for mask in pair.masks]
    to_other = [ndimage.distance_transform_edt(~surface) for surface in surfaces[::-1]]
    return tuple(d[s] for d, s in zip(to_other, surfaces, strict=True))


def skimage_hausdorff(pair: Pair) -> float:
    """scikit-image's distance between the sets of surface pixels."""
    from skimage.metrics import hausdorff_distance

    return float(hausdorff_distance(*(_surface(mask) for mask in pair.masks)))


def labelled(pair: Pair) -> tuple[Array, Array]:
    """The labelled pixels of both class images, as scikit-learn wants them."""
    truth, prediction = pair.classes
    marked = truth > 0
    return truth[marked], prediction[marked]


def sklearn_score(name: str, pair: Pair, **options: object) -> Array:
    """A score of scikit-learn from the labels of the pixels."""
    import sklearn.metrics

    return np.asarray(getattr(sklearn.metrics, name)(*labelled(pair), **options))


def sklearn_partition(name: str, pair: Pair) -> Array:
    """A score of two clusterings by scikit-learn."""
    import sklearn.metrics

    return np.asarray(getattr(sklearn.metrics, name)(pair.truth.ravel(), pair.prediction.ravel()))


def sklearn_ranking(name: str, pair: Pair) -> float:
    """A score of a ranking of pixels by scikit-learn."""
    import sklearn.metrics

    return float(getattr(sklearn.metrics, name)(pair.masks[0].ravel(), pair.scores.ravel()))


def skimage_rand_error(pair: Pair) -> float:
    """scikit-image's adapted Rand error."""
    from skimage.metrics import adapted_rand_error

    return float(adapted_rand_error(pair.truth, pair.prediction)[0])


def skimage_variation(pair: Pair) -> Array:
    """scikit-image's variation of information, split and merge."""
    from skimage.metrics import variation_of_information

    return variation_of_information(pair.truth, pair.prediction)


def covering(pair: Pair) -> float:
    """How well the regions of the prediction cover those of the truth."""
    table = contingency(pair.truth, pair.prediction)
    sizes = table.sum(axis=1)
    iou = table / (sizes[:, None] + table.sum(axis=0) - table)
    return float((sizes * iou.max(axis=1)).sum() / sizes.sum())


def two_sided_boundary(labels: Array) -> Array:
    """A pixel is boundary if any neighbour across a side has another label."""
    edge = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        step = np.diff(labels, axis=axis) != 0
        low = [slice(None)] * labels.ndim
        high = list(low)
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        edge[tuple(low)] |= step
        edge[tuple(high)] |= step
    return edge


def boundary_hits(truth: Array, segments: Array) -> tuple[float, float]:
    """Recall and precision of boundaries within a square window, by dilation."""
    wanted, found = two_sided_boundary(truth), two_sided_boundary(segments)
    radius = int(0.0025 * np.hypot(*truth.shape) + 0.5)
    window = np.ones((2 * radius + 1,) * 2, bool)
    hit = int((wanted & ndimage.binary_dilation(found, window)).sum())
    astray = int((found & ~ndimage.binary_dilation(wanted, window)).sum())
    return hit / int(wanted.sum()), hit / (hit + astray)


def undersegmentation(table: Array) -> float:
    """Neubert and Protzel's error from the table of overlaps."""
    outside = table.sum(axis=0) - table
    return float(np.minimum(table, outside)[table > 0].sum() / table.sum())


def explained_variation(segments: Array, image: Array) -> float:
    """Variation of the segments' means over that of the pixels."""
    _, index, sizes = np.unique(segments, return_inverse=True, return_counts=True)
    index = index.ravel()
    between = within = 0.0
    for channel in np.moveaxis(image, -1, 0).astype(np.float64):
        mean = np.bincount(index, channel.ravel()) / sizes
        between += float((sizes * (mean - channel.mean()) ** 2).sum())
        within += float(((channel - channel.mean()) ** 2).sum())
    return between / within


def compactness(segments: Array) -> float:
    """4 pi area over outline squared, pixels weighted alike; outlines run along pixel sides.

    In 3-D it is 36 pi volume squared over surface cubed.
    """
    padded = np.pad(segments.astype(np.int64), 1, constant_values=-1)
    _, index = np.unique(padded, return_inverse=True)
    index = index.reshape(padded.shape)
    outline = np.zeros(index.max() + 1)
    for axis in range(segments.ndim):
        moved = np.moveaxis(index, axis, 0)
        for here, there in ((moved[:-1], moved[1:]), (moved[1:], moved[:-1])):
            outline += np.bincount(here[here != there], minlength=len(outline))
    sizes, outline = np.bincount(index.ravel())[1:], outline[1:]
    round_ones = 4 * np.pi * sizes / outline**2
    if segments.ndim == 3:
        round_ones = 36 * np.pi * sizes**2 / outline**3
    return float(sizes @ round_ones / sizes.sum())


def worst_superpixel_scores(pair: Pair) -> list[float]:
    """All scores of superpixels, the worst over the annotators, in NumPy and SciPy."""
    hits, errors, accuracies = [], [], []
    for truth in pair.annotations:
        hits.append(boundary_hits(truth, pair.superpixels))
        table = contingency(truth, pair.superpixels)
        errors.append(undersegmentation(table))
        accuracies.append(float(table.max(axis=0).sum() / table.sum()))
    return [
        min(recall for recall, _ in hits),
        min(precision for _, precision in hits),
        max(errors),
        min(accuracies),
        explained_variation(pair.superpixels, pair.image),
        compactness(pair.superpixels),
        float(two_sided_boundary(pair.superpixels).mean()),
    ]


def average_over_k(n_segments: list[int], values: list[float]) -> float:
    """Mean height of the curve from 200 to 5200, by trapezes on a grid that holds every run."""
    at = np.unique([200, 5200, *(k for k in n_segments if 200 < k < 5200)])
    return float(np.trapezoid(np.interp(at, n_segments, values), at) / 5000)


def expected_calibration_error(pair: Pair) -> float:
    """The mean gap between confidence and accuracy over 15 bins closed on the right."""
    truth, probabilities = pair.classes[0], pair.probabilities
    marked = truth > 0
    confidence = probabilities.max(axis=-1)[marked].astype(np.float64)
    right = (1 + probabilities.argmax(axis=-1))[marked] == truth[marked]
    edges = np.linspace(0, 1, 16)
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, 14)
    gaps = np.bincount(bins, confidence - right, minlength=15)
    return float(np.abs(gaps).sum() / marked.sum())


def object_ious(pair: Pair) -> tuple[Array, Array, Array, Array]:
    """Shared pixels and IoU of every pair of objects, and the sizes of both sides' objects."""
    table = contingency(*pair.objects)
    truth_sizes, prediction_sizes = table.sum(axis=1), table.sum(axis=0)
    iou = table / (truth_sizes[:, None] + prediction_sizes - table)
    return table[1:, 1:], iou[1:, 1:], truth_sizes[1:], prediction_sizes[1:]


def object_scores(pair: Pair) -> Array:
    """Average precision at 0.5, 0.55, ..., 0.95: above a half, every pair is the only one."""
    _, iou, _, _ = object_ious(pair)
    levels = np.arange(10, 20) / 20
    found = np.array([(iou >= level).sum() for level in levels])
    return found / (sum(iou.shape) - found)


def panoptic_quality(pair: Pair) -> float:
    """The sum of the IoU above a half over the mean number of objects."""
    _, iou, _, _ = object_ious(pair)
    return float(iou[iou > 0.5].sum() / (sum(iou.shape) / 2))


def aggregated_jaccard_index(pair: Pair) -> float:
    """Each true object with its best partner; partners that nobody takes count as union."""
    shared, iou, sizes, areas = object_ious(pair)
    best = iou.argmax(axis=1)
    paired = iou.max(axis=1) > 0
    common = shared[np.arange(len(best)), best] * paired
    union = sizes.sum() + (areas[best] * paired).sum() - common.sum()
    unused = np.setdiff1d(np.arange(len(areas)), best[paired])
    return float(common.sum() / (union + areas[unused].sum()))
