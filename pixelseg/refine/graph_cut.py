"""Labels of the least energy from class probabilities and the contrast of an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .._core.arrays import PROBABILITY_DTYPE, Array, as_probabilities
from .._core.checks import as_count, as_number
from .._core.image import as_image
from ..graph import alpha_expansion, contrast_weights

#: Probabilities below this cost no more: a forest that has never seen a class somewhere is not
#: certain that it is not there.
_LEAST = 1e-3


class GraphCut(BaseEstimator):
    """Refine class probabilities by a graph cut: regions hold together, borders follow edges.

    A label costs the negative logarithm of its probability, and two neighbours that differ cost
    what `pixelseg.graph.contrast_weights` says; alpha-expansion finds the labels. It is a refiner
    for `PixelClassifier(refine=GraphCut())`.

    Parameters
    ----------
    weight : float, default 1.0
        How much two neighbours that differ cost where nothing changes, in units of a label that is
        e times less likely. It means the same for any image; 0 changes nothing.
    sharpness : float, default 1.0
        How fast that cost fades with the contrast between two pixels.
    n_iterations : int, default 5
        The most cycles of alpha-expansion; hardly a pixel changes in later ones.

    Notes
    -----
    The chosen label changes places with the most probable one, so that probabilities still say how
    sure the classifier was. Memory: some 8 bytes a pixel and class, and up to 300 a pixel.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> image = np.repeat([[0.0, 1.0]], 4, axis=0).repeat(4, axis=1)
    >>> probabilities = np.stack([0.9 - 0.8 * image, 0.1 + 0.8 * image], axis=-1)
    >>> probabilities[1, 1] = 0.4, 0.6  # a slip
    >>> refined = pixelseg.GraphCut().refine(probabilities, image)
    >>> bool((refined.argmax(axis=-1) == image).all())
    True
    """

    def __init__(
        self, weight: float = 1.0, *, sharpness: float = 1.0, n_iterations: int = 5
    ) -> None:
        self.weight = weight
        self.sharpness = sharpness
        self.n_iterations = n_iterations

    @classmethod
    def candidates(cls) -> list[GraphCut]:
        """The settings that tuning tries: six weights by two sharpnesses."""
        weights, sharpnesses = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0), (1.0, 2.0)
        return [cls(weight, sharpness=s) for weight in weights for s in sharpnesses]

    def refine(self, probabilities: Any, image: Any) -> Array:
        """Make the labels of the least energy the most probable ones.

        Parameters
        ----------
        probabilities : float array (..., n_classes)
            Of the image's spatial shape.
        image : array or Image
            What they were predicted for.

        Returns
        -------
        ndarray of float32, of that shape
        """
        image = as_image(image)
        weight = as_number("weight", self.weight, least=0)
        as_number("sharpness", self.sharpness, least=0)
        as_count("n_iterations", self.n_iterations)
        given = as_probabilities(probabilities, image.spatial_shape)
        costs = -np.log(np.maximum(given, PROBABILITY_DTYPE(_LEAST)))
        weights = contrast_weights(image, weight=weight, sharpness=self.sharpness)
        found = alpha_expansion(
            costs, weights, connectivity=image.ndim, n_iterations=self.n_iterations
        )
        return _made_most_probable(given, found.labels)


def _made_most_probable(probabilities: Array, labels: Array) -> Array:
    """Exchange the probability of a label with the largest one, where it is not that by itself."""
    refined = probabilities.copy()
    chosen, largest = labels[..., np.newaxis], probabilities.argmax(axis=-1)[..., np.newaxis]
    moved = (chosen != largest)[..., 0]
    rows, to, at = probabilities[moved], chosen[moved], largest[moved]
    high, low = np.take_along_axis(rows, at, -1), np.take_along_axis(rows, to, -1)
    # Of two that are equal, the first would be taken.
    excess = np.spacing(high) * 4
    np.put_along_axis(rows, to, high + excess, -1)
    np.put_along_axis(rows, at, np.maximum(low - excess, 0), -1)
    refined[moved] = rows
    return refined
