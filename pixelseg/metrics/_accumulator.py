"""What every accumulator of scores over a set of images is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.checks import shown
from ._averages import mean_of
from ._inputs import as_thresholds, check_parameters


@dataclass(eq=False, kw_only=True)
class Accumulator:
    """Score a set of images one at a time: `update` with each, `result` at any time.

    Nothing is kept of an image but a record of its counts or scores, so that a set need not fit in
    memory, and accumulators of parts of a set are merged into one of the whole. The fields of an
    accumulator are its parameters.
    """

    _images: list[Any] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        check_parameters(**self._parameters())

    def merge(self, other: Self) -> Self:
        """Add the images of another accumulator behind one's own.

        Parameters
        ----------
        other : accumulator of the same kind
            With the same parameters.

        Returns
        -------
        self : the accumulator

        Raises
        ------
        ValueError
            If a parameter differs.
        """
        self._check_alike(other)
        self._images += other._images
        return self

    def _parameters(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def _check_alike(self, other: Self) -> None:
        for name, mine in self._parameters().items():
            others = getattr(other, name)
            if not np.array_equal(mine, others):
                raise ValueError(
                    f"other has {name}={others!r} but this accumulator has {name}={mine!r}: merge "
                    "accumulators that were made alike."
                )

    def _keep(self, record: Any) -> Self:
        self._images.append(record)
        return self

    def _records(self) -> list[Any]:
        """What was kept of the images, one at least."""
        if not self._images:
            raise ValueError("there is nothing to score: call update(truth, prediction) first.")
        return self._images


Scores = TypeVar("Scores")


@dataclass(frozen=True)
class SetScores(Generic[Scores]):
    """The scores of each image, in the order of `update`, and their `mean` over images.

    A score that an image has no value for (NaN) is averaged over the others.
    """

    mean: Scores
    images: tuple[Scores, ...]


class MeanAccumulator(Accumulator, Generic[Scores]):
    """An accumulator that averages scores: every image of the set weighs the same."""

    def result(self) -> SetScores[Scores]:
        """Average the images so far; without any a ValueError."""
        images = self._records()
        return SetScores(mean_of(images), tuple(images))


@dataclass(eq=False)
class ThresholdAccumulator(Accumulator):
    """An accumulator of scores at thresholds, the same ones for every image."""

    thresholds: int | Sequence[float] | Array = 99

    def __post_init__(self) -> None:
        super().__post_init__()
        #: Whether the thresholds were named one by one, and so stand for given segmentations too.
        self._are_named = not isinstance(self.thresholds, int | np.integer)
        self.thresholds = self._cuts = as_thresholds(self.thresholds)
        #: The thresholds that the images are scored at, from the first image on.
        self._levels: Any = None

    def _check_alike(self, other: Self) -> None:
        super()._check_alike(other)
        if other._images:
            self._keep_levels(other._levels)

    def _keep_levels(self, levels: Array) -> None:
        """Settle the thresholds that scores are kept at, or refuse others than before."""
        before = self._levels if self._images else levels
        if not np.array_equal(levels, before):
            raise ValueError(
                f"prediction has {len(levels)} thresholds, up to {levels[-1]}, but the images "
                f"before it have {len(before)}, up to {before[-1]}: score soft maps apart from "
                "segmentations, and as many segmentations of each image."
            )
        self._levels = levels

    def _as_segmentations(
        self, prediction: Any, shape: tuple[int, ...] | None = None
    ) -> tuple[list[Array], Array]:
        """Check a list (or stack) of segmentations; with the thresholds that they stand for."""
        if not isinstance(prediction, list | tuple) and np.ndim(prediction) == 0:
            raise TypeError(f"prediction is {shown(prediction)} but must be a list.")
        segmentations = [as_labels(one, shape, name="prediction") for one in prediction]
        n = len(segmentations)
        if n == 0:
            raise ValueError("prediction is an empty list: pass at least one segmentation.")
        if not self._are_named:
            return segmentations, np.arange(1.0, n + 1)
        if n != len(self._cuts):
            raise ValueError(
                f"prediction is a list of {n} but there are {len(self._cuts)} thresholds: pass a "
                "segmentation for each, or leave thresholds out to number them 1, 2, ..."
            )
        return segmentations, self._cuts
