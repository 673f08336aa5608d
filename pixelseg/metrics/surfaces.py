"""Distances between the surfaces of two objects, in 2-D and 3-D, in physical units.

Overlap says how much two objects share; these say how far apart their outlines are. From every
point of one surface the distance to the nearest point of the other is taken, both ways; the
largest is the Hausdorff distance, a high percentile forgives a few stray pixels, and the mean is
the average symmetric surface distance (ASSD).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, as_spacing, check_same_shape
from .._core.checks import as_number
from .._core.grid import find_borders
from ._inputs import as_binary, check_pixels


@dataclass(frozen=True)
class SurfaceDistances:
    """From each surface pixel of one object, the distance to the nearest of the other.

    Both are float64 (n,), in the unit of `spacing`, in the order of the pixels in the image;
    infinite where the other object is empty.
    """

    truth_to_prediction: Array
    prediction_to_truth: Array


def surface_distances(
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
) -> SurfaceDistances:
    """Measure the distances between the surfaces of two objects, both ways.

    The surface of an object is made of its own pixels that have a pixel outside the object as a
    neighbour across a side (4 neighbours in 2-D, 6 in 3-D); what lies beyond the image is outside.

    Parameters
    ----------
    truth, prediction : arrays of bool, shape (H, W) or (D, H, W)
        True in the object. For one label of several pass `labels == label`.
    spacing : float or sequence of float, default None
        Size of a pixel along each axis; None is 1.

    Returns
    -------
    distances : SurfaceDistances

    Raises
    ------
    TypeError, ValueError
        If an array is not bool or not 2-D or 3-D, the shapes differ, or the spacing is not
        positive.

    Notes
    -----
    Distances are between centres of pixels. A k-d tree of the surface's pixels finds the nearest;
    a distance transform of the whole array gives the same numbers, but takes longer and some 20
    bytes a pixel. Memory here: 2 bytes a pixel and some 100 a surface pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import surface_distances
    >>> truth = np.array([[True, True, False, False]])
    >>> prediction = np.array([[True, True, True, True]])
    >>> surface_distances(truth, prediction).prediction_to_truth
    array([0., 0., 1., 2.])
    """
    from scipy.spatial import cKDTree

    instead = "== label, one object or class at a time"
    truth = as_binary(truth, "truth", instead)
    prediction = as_binary(prediction, "prediction", instead)
    check_pixels("truth", truth)
    check_same_shape(truth, prediction)
    unit = as_spacing(spacing, truth.ndim)
    points = [np.argwhere(_surface(mask)) * np.asarray(unit) for mask in (truth, prediction)]
    distances = []
    for these, others in (points, points[::-1]):
        # Sliding midpoints build faster than medians, and surfaces are spread evenly enough.
        tree = cKDTree(others, compact_nodes=False, balanced_tree=False)
        distances.append(tree.query(these)[0] if len(others) else np.full(len(these), np.inf))
    return SurfaceDistances(*distances)


def hausdorff_distance(
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    percentile: float = 100,
    spacing: float | Sequence[float] | None = None,
) -> float:
    """Take the Hausdorff distance between the surfaces of two objects, or a percentile of it.

    Parameters
    ----------
    truth, prediction
        As in `surface_distances`.
    percentile : float, default 100
        100 is the Hausdorff distance proper, the largest; 95 is the usual robust one ("HD95").
    spacing
        As in `surface_distances`.

    Returns
    -------
    distance : float
        In the unit of `spacing`. NaN if both objects are empty (there is nothing to measure),
        infinite if only one is.

    Notes
    -----
    The percentile is taken in each direction, with linear interpolation, and the larger of the
    two is returned. Some tools pool both directions before they take the percentile instead, which
    hides a one-sided error on the smaller object.

    `skimage.metrics.hausdorff_distance` compares all pixels that are set, not surfaces, and
    returns 0 for two empty objects: give it surfaces to compare, and it agrees.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import hausdorff_distance
    >>> truth = np.array([[True, True, False, False]])
    >>> prediction = np.array([[True, True, True, True]])
    >>> hausdorff_distance(truth, prediction, spacing=0.5)
    1.0
    """
    percentile = as_number("percentile", percentile, least=0, most=100)
    return _summarise(
        surface_distances(truth, prediction, spacing=spacing),
        lambda *both: max(np.percentile(one, percentile) for one in both),
    )


def mean_surface_distance(
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
) -> float:
    """Average the distance between the surfaces of two objects, both ways.

    Parameters
    ----------
    truth, prediction, spacing
        As in `surface_distances`.

    Returns
    -------
    distance : float
        As of `hausdorff_distance`.

    Notes
    -----
    The average symmetric surface distance: the distances of both directions are pooled, so that
    each surface pixel counts once. The mean of the two directions' means, which some call by the
    same name, differs where one surface is larger. Pixels count alike whatever the spacing.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import mean_surface_distance
    >>> truth = np.array([[True, True, False, False]])
    >>> prediction = np.array([[True, True, True, True]])
    >>> mean_surface_distance(truth, prediction)
    0.5
    """
    distances = surface_distances(truth, prediction, spacing=spacing)
    return _summarise(distances, lambda *both: np.concatenate(both).mean())


def _summarise(distances: SurfaceDistances, summary: Callable[..., Any]) -> float:
    """The summary of both ways; NaN if both surfaces are empty, infinite if one is."""
    both = distances.truth_to_prediction, distances.prediction_to_truth
    if all(map(len, both)):
        return float(summary(*both))
    return np.inf if any(map(len, both)) else np.nan


def _surface(mask: Array) -> Array:
    """The pixels of an object that have a pixel outside it across a side."""
    marks = find_borders(mask)
    for axis in range(mask.ndim):
        np.moveaxis(marks, axis, 0)[[0, -1]] = True
    marks &= mask
    return marks
