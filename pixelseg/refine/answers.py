"""`Answers`: what models say in windows around labelled pixels, and what settings make of it.

They are held until it is known which settings are worth trying; what bounds them is the number of
pixels in all windows together.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.image import Image
from .._core.progress import Progress, Reporter
from .borders import Borders, most_probable
from .out_of_fold import OutOfFold, OutOfFoldImage, Window
from .refiner import apply_refiner, reach_of
from .stroke_scores import StrokeScores

#: Pixels on each side that a refiner is supposed to depend on which does not say.
_REACH = {2: 43, 3: 11}
#: The part of a refiner's reach that it is shown: what is farther off weighs little.
_SHOWN = 0.75
#: The fewest pixels for which it is worth to look at one more image.
_LEAST_SHARE = 2**15
#: Probabilities of all images together that are refined at the most, however many pixels are asked.
_MOST_NUMBERS = 2**22
#: Strokes of an image are fewer: they are numbered by int32.
_MOST_STROKES = 2**31


@dataclass(frozen=True)
class Answers:
    """What is said in a window of an image, `number` of those that are gone through.

    `own`, `probabilities` and `places` have an entry for each model that is asked: which of the
    labelled pixels (n,) it has not learned from, its answer, and the most probable class of each
    pixel.
    """

    number: int
    image: Image
    positions: Array
    truth: Array
    strokes: Array
    own: list[Array]
    probabilities: list[Array]
    places: list[Array]

    @classmethod
    def of(cls, number: int, window: Window) -> Answers:
        """Ask the models of a window; a part of an image does not keep the whole in memory."""
        source, members = window.source, window.members
        image = window.image
        if image is not source.image:
            image = replace(image, source=np.array(image.source))
        own = [source.models[members] == place for place in range(source.models.max() + 1)]
        asked = [
            (its_own, probabilities)
            for its_own, probabilities in zip(own, source.predict(window.box), strict=False)
            if its_own.any()
        ]
        return cls(
            number,
            image,
            window.positions,
            source.truth[members],
            source.strokes[members].astype(np.int64) + number * _MOST_STROKES,
            [its_own for its_own, _ in asked],
            [probabilities for _, probabilities in asked],
            [most_probable(probabilities) for _, probabilities in asked],
        )

    def borders(self) -> list[Borders]:
        """Where each answer has borders."""
        answers = zip(self.probabilities, self.places, strict=True)
        return [Borders.of(p, places, self.image) for p, places in answers]

    def refined(self, refiner: Any) -> tuple[Array, Array]:
        """The class of each labelled pixel by a refiner, or None, and the pixels of each class."""
        predicted = np.empty(len(self.truth), np.intp)
        given = np.zeros(self.probabilities[0].shape[-1], np.int64)
        answers = zip(self.own, self.probabilities, self.places, strict=True)
        for own, probabilities, places in answers:
            if refiner is not None:
                places = most_probable(apply_refiner(refiner, probabilities, self.image))
            predicted[own] = places.reshape(-1)[self.positions[own]]
            inside = places if self.image.mask is None else places[self.image.mask]
            given += np.bincount(inside.reshape(-1), minlength=len(given))
        return predicted, given


def ask(
    held_out: OutOfFold, refiners: Sequence[Any], max_pixels: int, end: float
) -> tuple[list[Answers], bool]:
    """Answers around the labelled pixels of all images, and whether time was enough.

    Windows have a margin of most of what the widest of the refiners depends on.
    """
    max_pixels = min(max_pixels, _MOST_NUMBERS // len(held_out.classes))
    n_used = min(held_out.n_images, max(1, max_pixels // _LEAST_SHARE))
    used = {k * held_out.n_images // n_used for k in range(n_used)}
    answers: list[Answers] = []
    for number, source in enumerate(held_out.images):
        if number not in used:
            continue
        for window in source.windows(_margin(refiners, source), max_pixels // n_used):
            if time.monotonic() > end:
                return answers, False
            answers.append(Answers.of(number, window))
    return answers, True


def score(
    answers: Sequence[Answers],
    refiners: Sequence[Any],
    class_prior: Array,
    end: float,
    progress: Progress,
) -> tuple[StrokeScores | None, bool]:
    """Scores of no refinement and of each refiner, and whether time was enough for all."""
    choices = [None, *refiners]
    done: list[tuple[Answers, list[tuple[Array, Array]]]] = []
    last = {window.number: window for window in answers}
    complete = True
    with Reporter(progress, len(last), "refiners") as report:
        for window in answers:
            refined = []
            for refiner in choices:
                if time.monotonic() > end:
                    break
                refined.append(window.refined(refiner))
            if len(refined) < len(choices):
                complete = False
                break
            done.append((window, refined))
            if window is last[window.number]:
                report.advance()
    if not done:
        return None, complete
    numbers = np.unique([window.number for window, _ in done])
    given = np.zeros((len(choices), len(numbers), len(class_prior)), np.int64)
    for window, refined in done:
        given[:, np.searchsorted(numbers, window.number)] += [counts for _, counts in refined]
    images = [np.full(len(window.truth), window.number) for window, _ in done]
    scores = StrokeScores(
        truth=np.concatenate([window.truth for window, _ in done]),
        predicted=np.concatenate(
            [[places for places, _ in refined] for _, refined in done], axis=1
        ),
        strokes=np.concatenate([window.strokes for window, _ in done]),
        images=np.searchsorted(numbers, np.concatenate(images)),
        given=given,
        class_prior=class_prior,
    )
    return scores, complete


def _margin(refiners: Sequence[Any], source: OutOfFoldImage) -> tuple[int, ...]:
    """Pixels about a window that refiners are shown."""
    image = source.image
    unknown = (_REACH[image.ndim],) * image.ndim
    reaches = [reach_of(refiner, image) or unknown for refiner in refiners] or [unknown]
    return tuple(ceil(_SHOWN * max(sides)) for sides in zip(*reaches, strict=True))
