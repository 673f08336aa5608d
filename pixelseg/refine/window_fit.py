"""`WindowFit`: which of the windows that refiners smooth over fit between the borders of classes.

What fits is taken on trust, what does not must show more; and only settings about the widest that
fits are worth the time of being measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from .answers import Answers
from .borders import Borders
from .stroke_scores import ONE_IMAGE

#: Settings with a width that are measured at the most.
_MOST_TRIED = 4
#: How many errors the gain of a window must exceed that does not fit between borders.
_MISFIT = 3
#: The part of the widest window that fits where its borders, or strokes, can hardly be trusted.
_IN_DOUBT = 0.25
#: The least part of a class that answers must find to be trusted.
_LEAST_FOUND = 0.5


@dataclass(frozen=True)
class WindowFit:
    """Settings of refiners, and the borders that their windows must fit between.

    `order` has the places of those that have a `window_width`, narrowest first; `borders` is None
    where nothing was asked; `doubt` says why only narrower windows are taken on trust, if anything.
    """

    refiners: list[Any]
    order: list[int]
    borders: Borders | None
    doubt: str

    @classmethod
    def of(cls, refiners: list[Any], answers: Sequence[Answers], doubt: str = "") -> WindowFit:
        """The borders are those of the unrefined answers, of all images together.

        Where these miss half of a class, they do not show where it is narrow, and no refiner can
        be seen to lose it.
        """
        found = [borders for window in answers for borders in window.borders()]
        order = [
            place for place, refiner in enumerate(refiners) if hasattr(refiner, "window_width")
        ]
        order.sort(key=lambda place: refiners[place].window_width)
        if not doubt and answers and not _find_all_classes(answers):
            doubt = "less than half of a class is found"
        return cls(refiners, order, Borders.together(found) if found else None, doubt)

    @property
    def distance(self) -> float:
        """How far borders are apart; NaN where nothing was seen."""
        return np.nan if self.borders is None else self.borders.distance

    def n_fitting(self) -> int:
        """How many of `order` fit."""
        if self.borders is None:
            return 0
        most = self.borders.widest_window * (_IN_DOUBT if self.doubt else 1)
        return sum(self.refiners[place].window_width <= most for place in self.order)

    def errors_needed(self, n_images: int) -> Array:
        """For each choice, no refinement first, how many errors a gain must exceed to count."""
        errors = np.ones(1 + len(self.refiners))
        if self.borders is not None and self.borders.are_of_specks:
            return errors
        misfits = [1 + place for place in self.order[self.n_fitting() :]]
        errors[misfits] = _MISFIT / ONE_IMAGE if n_images == 1 else _MISFIT
        return errors

    def words(self, chosen: int) -> str:
        """Why a choice fits."""
        width = self.refiners[chosen - 1].window_width
        fits = f"a window of {width:.3g} fits between borders {self.distance:.3g} apart"
        return f"{self.doubt}; {fits}" if self.doubt else fits

    def worth_trying(self) -> list[int]:
        """The places of what is measured: of many windows every second and the widest that fits,
        or those of them that are nearest to it."""
        ranks = list(range(len(self.order)))
        if len(ranks) > _MOST_TRIED:
            widest = max(0, self.n_fitting() - 1)
            ranks = sorted({*ranks[::2], widest}, key=lambda rank: (abs(rank - widest), rank))
        tried = {self.order[rank] for rank in ranks[:_MOST_TRIED]}
        return sorted({*range(len(self.refiners))} - {*self.order} | tried)


def _find_all_classes(answers: Sequence[Answers]) -> bool:
    """Whether the unrefined answers find much of each class at its labelled pixels."""
    truth = np.concatenate([window.truth for window in answers])
    found = np.concatenate([window.refined(None)[0] for window in answers]) == truth
    labelled = np.bincount(truth)
    return bool((np.bincount(truth, found) >= _LEAST_FOUND * labelled).all())
