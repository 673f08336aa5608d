"""`tune`: the refiner that is best for a model, by what it does at strokes the model has not seen.

A refiner helps some pictures and harms others, and nobody knows its numbers. But a few strokes
suffice to measure it: models that are trained without a part of them say what they think around
these, each setting refines that, and what it gets right at the strokes themselves tells. The
one insight is that a gain must be shown: settings are many and strokes are few, so that the best
of them looks good by chance. No refinement is among the choices, and stays where the gain is
within its own error.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_count, as_number
from .._core.image import Image
from .._core.progress import Progress, Reporter
from .out_of_fold import OutOfFold, Window, from_probabilities
from .refiner import apply_refiner, check_refiner, reach_of, settle
from .stroke_scores import StrokeScores

#: Pixels on each side that a refiner is shown which does not say how far it reaches.
_MARGIN = {2: 32, 3: 8}
#: The fewest pixels for which it is worth to look at one more image.
_LEAST_SHARE = 2**15
#: Probabilities of all images together that are refined at the most, however many pixels are asked.
_MOST_NUMBERS = 2**22
#: The mildest setting is taken that has this part of the best one's gain.
_ENOUGH = 0.5
#: Strokes of an image are fewer: they are numbered by int32.
_MOST_STROKES = 2**31


@dataclass(frozen=True)
class Tuning:
    """What tuning found: the refiner, and what every choice scored.

    Attributes
    ----------
    refiner : object or None
        The chosen one, settled for the images' values; None is no refinement.
    choices : tuple of str
        What was tried; the first is no refinement.
    mean_iou : tuple of float
        Of each choice, over the classes that are labelled, as common as they are in the images.
    gain, standard_error : tuple of float
        What each gains over no refinement, and how far that may be chance.
    chosen : int
        Which choice it is.
    classes : tuple of int
    iou_before, iou_after : tuple of float
        IoU of each class without refinement and with the chosen one; NaN where it is not labelled.
    n_pixels, n_strokes, n_images : int
        The labelled pixels that were scored, and what they belong to.
    complete : bool
        False where the time budget ended before the work did.
    reason : str
        Why it is that choice, in words.
    """

    refiner: Any
    choices: tuple[str, ...]
    mean_iou: tuple[float, ...]
    gain: tuple[float, ...]
    standard_error: tuple[float, ...]
    chosen: int
    classes: tuple[int, ...]
    iou_before: tuple[float, ...]
    iou_after: tuple[float, ...]
    n_pixels: int
    n_strokes: int
    n_images: int
    complete: bool
    reason: str


def tune(
    refiners: Any,
    model: Any,
    images: Any,
    labels: Any,
    *,
    mask: Any = None,
    n_folds: int = 3,
    max_pixels: int = 2**20,
    time_budget: float | None = None,
    progress: Progress = False,
    classes: Sequence[int] | None = None,
    class_prior: Sequence[float] | None = None,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
) -> Tuning:
    """Choose the refiner, or none, by mean IoU over out-of-fold probabilities at strokes.

    Parameters
    ----------
    refiners : refiner, class, or sequence of them
        The settings to try, mildest first: of equals the first is taken. A class such as
        `GuidedFilter` or `GraphCut` tries its own `candidates()`; anything with
        `refine(probabilities, image)` is a refiner.
    model : estimator, array or sequence of arrays
        A `PixelClassifier`, fitted or not: models like it are trained without a part of the labels
        and asked what they think there. Or anyone's probabilities, float (..., n_classes), one
        array for each image, of a model that has not seen the labels.
    images, labels, mask
        As for `PixelClassifier.fit`; 0 is unlabelled.
    n_folds : int, default 3
        Parts that the images are dealt to, or the strokes of a single image.
    max_pixels : int, default 2**20
        Pixels of all images together that are predicted and refined by each setting, in windows
        around labels; fewer where there are more than four classes.
    time_budget : float, optional
        Seconds after which it ends with what it has. What is chosen then depends on the machine;
        without it, it does not.
    progress : bool or callable, default False
    classes : sequence of int, optional
        The label of each class of probabilities that are given. Default: the labels that occur, if
        they are as many, else 1 to n_classes.
    class_prior : sequence of float, optional
        How common each class is in the images, for probabilities that are given. Default: their
        mean.
    channel_axis, spacing
        As for `PixelClassifier`, for probabilities that are given.

    Returns
    -------
    Tuning
        The chosen `refiner`, None where no gain is shown, and the scores of all choices.

    Raises
    ------
    ValueError
        Where shapes differ, nothing is labelled, or an estimator has too few images or strokes to
        hold some out.

    Notes
    -----
    The IoU of a class is made of the part of its strokes that is found, of the share of all pixels
    that is given to it, and of the share that it has. That is the class prior, but not more than
    what any setting gives it over the part that this setting finds: strokes hold as many pixels of
    a rare class as of a common one, and false alarms lie where nobody painted. A gain counts where
    it exceeds its jackknife standard error over strokes and over images; with one image, half again
    the error over its strokes. Of the settings whose gain counts, the first is taken that has half
    of the largest: people paint where a class is plain, where strong settings do no harm.

    Memory: the probabilities of a window, at most 2**22 numbers for each fold of a single image.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> rng = np.random.default_rng(0)
    >>> truth = np.ones((64, 64), int)
    >>> truth[:, 32:] = 2
    >>> image = rng.normal(truth, 0.3)
    >>> p = np.clip(rng.normal(truth - 1, 0.6), 0, 1)  # of a network that is often wrong
    >>> labels = np.where(rng.random(truth.shape) < 0.05, truth, 0)
    >>> tuning = pixelseg.refine.tune(
    ...     pixelseg.GuidedFilter, np.stack([1 - p, p], axis=-1), image, labels
    ... )
    >>> tuning.refiner is not None, tuning.iou_after > tuning.iou_before
    (True, True)
    """
    held_out = (
        model.out_of_fold(images, labels, mask=mask, n_folds=n_folds)
        if hasattr(model, "out_of_fold")
        else from_probabilities(
            model,
            images,
            labels,
            mask=mask,
            classes=classes,
            class_prior=class_prior,
            channel_axis=channel_axis,
            spacing=spacing,
        )
    )
    return tune_out_of_fold(
        as_candidates(refiners),
        held_out,
        max_pixels=max_pixels,
        time_budget=time_budget,
        progress=progress,
    )


def as_candidates(refiners: Any) -> list[Any]:
    """The settings to try: a class gives its own, and None, no refinement, is always tried."""
    found: list[Any] = []
    several = isinstance(refiners, Iterable) and not isinstance(refiners, np.ndarray)
    for item in refiners if several else [refiners]:
        if inspect.isclass(item):
            if not hasattr(item, "candidates"):
                raise TypeError(
                    f"{item.__name__} has no candidates(): pass refiners, with the settings to try."
                )
            found.extend(item.candidates())  # type: ignore[attr-defined]
        else:
            found.append(item)
    for refiner in found:
        if refiner is not None:
            check_refiner(refiner, "refiners")
    return [refiner for refiner in found if refiner is not None]


def tune_out_of_fold(
    candidates: Sequence[Any],
    held_out: OutOfFold,
    *,
    max_pixels: int = 2**20,
    time_budget: float | None = None,
    progress: Progress = False,
) -> Tuning:
    """Try settings on models and labels that are ready; parameters as in `tune`."""
    as_count("max_pixels", max_pixels)
    if time_budget is not None:
        as_number("time_budget", time_budget, above=0)
    settled = [settle(refiner, held_out.value_range) for refiner in candidates]
    scores, complete = _score(settled, held_out, max_pixels, time_budget, progress)
    return _choose(settled, held_out, scores, complete)


def _score(
    refiners: list[Any],
    held_out: OutOfFold,
    max_pixels: int,
    time_budget: float | None,
    progress: Progress,
) -> tuple[StrokeScores | None, bool]:
    """Refine windows of all images by every setting, and keep the answers at labelled pixels."""
    end = np.inf if time_budget is None else time.monotonic() + time_budget
    max_pixels = min(max_pixels, _MOST_NUMBERS // len(held_out.classes))
    n_used = min(held_out.n_images, max(1, max_pixels // _LEAST_SHARE))
    used = {k * held_out.n_images // n_used for k in range(n_used)}
    seen: list[_Seen] = []
    complete = True
    with Reporter(progress, n_used, "refiners") as report:
        for index, source in enumerate(held_out.images):
            if index not in used:
                continue
            for window in source.windows(_margin(refiners, source.image), max_pixels // n_used):
                answers = _see(refiners, window, index, end)
                if answers is None:
                    complete = False
                    break
                seen.append(answers)
            if not complete:
                break
            report.advance()
    if not seen:
        return None, complete
    images = [np.full(len(window.truth), window.image) for window in seen]
    numbers = np.unique([window.image for window in seen])
    given = np.zeros((1 + len(refiners), len(numbers), len(held_out.classes)), np.int64)
    for number, counts in ((window.image, window.given) for window in seen):
        given[:, np.searchsorted(numbers, number)] += counts
    strokes = [window.image * _MOST_STROKES + window.strokes.astype(np.int64) for window in seen]
    scores = StrokeScores(
        truth=np.concatenate([window.truth for window in seen]),
        predicted=np.concatenate([window.predicted for window in seen], axis=1),
        strokes=np.concatenate(strokes),
        images=np.searchsorted(numbers, np.concatenate(images)),
        given=given,
        class_prior=held_out.class_prior,
    )
    return scores, complete


class _Seen(NamedTuple):
    """Answers in a window of an image: at its labelled pixels, and counts of all its pixels."""

    image: int
    truth: Array  # (n,) places of classes
    strokes: Array  # (n,)
    predicted: Array  # (n_choices, n)
    given: Array  # (n_choices, n_classes)


def _see(refiners: list[Any], window: Window, number: int, end: float) -> _Seen | None:
    """What no refinement and each setting make of a window; None when time is over."""
    source, image, members = window.source, window.image, window.members
    predicted = np.empty((1 + len(refiners), len(members)), np.intp)
    given: list[Array] = []
    for place, probabilities in enumerate(source.predict(window.box)):
        own = source.models[members] == place
        if not own.any():
            continue
        counts: list[Array] = []
        for row, refiner in enumerate([None, *refiners]):
            if time.monotonic() > end:
                return None
            p = probabilities
            if refiner is not None:
                p = apply_refiner(refiner, probabilities, image)
            places = p.argmax(axis=-1)
            predicted[row, own] = places.reshape(-1)[window.positions[own]]
            inside = places if image.mask is None else places[image.mask]
            counts.append(np.bincount(inside.reshape(-1), minlength=p.shape[-1]))
        given.append(np.stack(counts))
    truth, strokes = source.truth[members], source.strokes[members]
    return _Seen(number, truth, strokes, predicted, np.sum(given, axis=0))


def _margin(refiners: list[Any], image: Image) -> tuple[int, ...]:
    """Pixels about a window that some refiner depends on."""
    unknown = (_MARGIN[image.ndim],) * image.ndim
    reaches = [reach_of(refiner, image) or unknown for refiner in refiners] or [unknown]
    return tuple(max(sides) for sides in zip(*reaches, strict=True))


def _choose(
    refiners: list[Any], held_out: OutOfFold, scores: StrokeScores | None, complete: bool
) -> Tuning:
    """Take the mildest setting of those whose gain is shown that has much of the largest one.

    People paint where a class is plain, where strong settings do no harm: what they seem to gain
    more is partly that.
    """
    if scores is None:
        late = "the time budget ended before anything was scored"
        return untried(refiners, held_out.classes.tolist(), late, complete=complete)
    iou = scores.iou()
    mean_iou = np.nanmean(iou, axis=-1)
    gain, error = scores.gains()
    best = int(mean_iou.argmax())
    shown = gain > error
    chosen = 0
    if best == 0:
        reason = "no setting scores more"
    elif not shown.any():
        reason = f"the best setting gains {gain[best]:.4f}, within its error {error[best]:.4f}"
    else:
        chosen = int(np.flatnonzero(shown & (gain >= _ENOUGH * gain[shown].max()))[0])
        reason = f"it gains {gain[chosen]:.4f}, more than its error {error[chosen]:.4f}"
    return Tuning(
        refiner=[None, *refiners][chosen],
        choices=_names(refiners),
        mean_iou=tuple(mean_iou.tolist()),
        gain=tuple(gain.tolist()),
        standard_error=tuple(error.tolist()),
        chosen=chosen,
        classes=tuple(held_out.classes.tolist()),
        iou_before=tuple(iou[0].tolist()),
        iou_after=tuple(iou[chosen].tolist()),
        n_pixels=len(scores.truth),
        n_strokes=len(np.unique(scores.strokes)),
        n_images=len(np.unique(scores.images)),
        complete=complete,
        reason=reason,
    )


def untried(
    refiners: Sequence[Any], classes: Sequence[int], reason: str, *, complete: bool = True
) -> Tuning:
    """What there is to say where nothing could be scored: no refinement."""
    unknown = (np.nan,) * (1 + len(refiners))
    iou = (np.nan,) * len(classes)
    return Tuning(
        refiner=None,
        choices=_names(refiners),
        mean_iou=unknown,
        gain=unknown,
        standard_error=unknown,
        chosen=0,
        classes=tuple(classes),
        iou_before=iou,
        iou_after=iou,
        n_pixels=0,
        n_strokes=0,
        n_images=0,
        complete=complete,
        reason=reason,
    )


def _names(refiners: Sequence[Any]) -> tuple[str, ...]:
    return ("no refinement", *map(repr, refiners))
