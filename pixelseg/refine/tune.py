"""`tune`: the refiner that is best for a model, by what it does at strokes the model has not seen.

A refiner helps some pictures and harms others, and nobody knows its numbers. Two things tell. How
far apart the borders of an answer run says how wide a window may be, and needs no label: such a
window is taken. And a few strokes suffice to measure it: models that are trained without a part of
them say what they think around these, each setting refines that, and what it gets right at the
strokes themselves speaks against a window, or for more. A gain must be shown: settings are many and
strokes are few, so that the best of them looks good by chance.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_count, as_number
from .._core.progress import Progress
from .answers import ask, score
from .out_of_fold import OutOfFold, from_probabilities
from .refiner import check_refiner, settle
from .stroke_scores import StrokeScores
from .window_fit import WindowFit

#: What has this part of the best gain that is shown is enough.
_ENOUGH = 0.5
#: Strokes whose error is larger do not tell whether a window harms.
_BLIND = 0.05


@dataclass(frozen=True)
class Tuning:
    """What tuning found: the refiner, and what every choice scored.

    Attributes
    ----------
    refiner : object or None
        The chosen one, settled for the images' values; None is no refinement.
    choices : tuple of str
        What there was to choose from; the first is no refinement.
    mean_iou : tuple of float
        Of each choice, over the classes that are labelled, as common as they are in the images;
        NaN for a setting that was not measured.
    gain, standard_error : tuple of float
        What each gains over no refinement, and how far that may be chance.
    chosen : int
        Which choice it is.
    classes : tuple of int
    iou_before, iou_after : tuple of float
        IoU of each class without refinement and with the chosen one; NaN where it is not labelled,
        or was not measured.
    n_pixels, n_strokes, n_images : int
        The labelled pixels that were scored, and what they belong to.
    border_distance : float
        How far apart borders between classes run in the unrefined answers: area over length, in
        units of the spacing. NaN where nothing was asked.
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
    border_distance: float
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
        `GuidedFilter` or `GraphCut` has its own `candidates()`; anything with
        `refine(probabilities, image)` is a refiner. Of more than four with a `window_width`, four
        are measured, about the widest that fits between borders.
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
        The chosen `refiner`, or None, why it is that, and the scores of all choices.

    Raises
    ------
    ValueError
        Where shapes differ, nothing is labelled, or an estimator has too few images or strokes to
        hold some out.

    Notes
    -----
    Refiners with a `window_width`, as `GuidedFilter` has, smooth over windows. The widest is taken
    that fits between the borders of classes in the unrefined answers: at most 1.5 times as wide as
    the mean distance of the borders without 6 pixels on each side of them. Where strokes are
    against it, since it loses more than its error, it is the next that loses nothing; where the
    gain of one that fits is shown, the widest that has half of the largest such gain. Where the
    error exceeds 0.05, or less than half of a class is found, a window of a quarter of the width is
    taken. A wider one, or a refiner of another kind, is taken where a gain is shown: where it
    exceeds its jackknife standard error over strokes and over images, or, with one image, half
    again the error over its strokes; three times the error where a window does not fit, unless the
    borders are those of specks, less than 0.7 of which are left in blocks of 3x3 pixels. Of several
    it is the first that has half of the largest gain: people paint where a class is plain, where
    strong settings do no harm.

    The IoU of a class is made of the part of its strokes that is found, of the share of all pixels
    that is given to it, and of the share that it has. That is the class prior, but not more than
    what any setting gives it over the part that this setting finds: strokes hold as many pixels of
    a rare class as of a common one, and false alarms lie where nobody painted.

    Memory: probabilities of the windows, at most 2**22 numbers for each fold of a single image.

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
    end = np.inf if time_budget is None else time.monotonic() + time_budget
    settled = [settle(refiner, held_out.value_range) for refiner in candidates]
    answers, in_time = ask(held_out, settled, max_pixels, end)
    fit = WindowFit.of(settled, answers)
    tried = fit.worth_trying()
    scores = None
    if in_time:
        to_try = [settled[place] for place in tried]
        scores, in_time = score(answers, to_try, held_out.class_prior, end, progress)
    if scores is None:
        late = "the time budget ended before anything was scored"
        return _unmeasured(replace(fit, doubt=late), held_out.classes.tolist(), complete=in_time)
    return _choose(fit, held_out.classes.tolist(), tried, scores, in_time)


def tune_by_borders(
    candidates: Sequence[Any], seen: OutOfFold, reason: str, *, max_pixels: int = 2**20
) -> Tuning:
    """Choose by where answers have borders alone, for a `reason` that no stroke can be held out.

    The answers may be of a model that learned from all labels.
    """
    settled = [settle(refiner, seen.value_range) for refiner in candidates]
    answers, _ = ask(seen, settled, max_pixels, np.inf)
    return _unmeasured(WindowFit.of(settled, answers, reason), seen.classes.tolist())


def _choose(
    fit: WindowFit, classes: list[int], tried: list[int], scores: StrokeScores, complete: bool
) -> Tuning:
    """Take the window that fits between borders, or a stronger setting whose gain is shown."""
    iou = scores.iou()
    rows = [0, *(1 + place for place in tried)]
    mean_iou, gain, error = (np.full(1 + len(fit.refiners), np.nan) for _ in range(3))
    mean_iou[rows] = np.nanmean(iou, axis=-1)
    gain[rows], error[rows] = scores.gains()
    fitting = [1 + place for place in fit.order[: fit.n_fitting()] if place in tried]
    if fitting and error[fitting[-1]] > _BLIND and not fit.doubt:
        fit = replace(fit, doubt="strokes are too few to tell")
        fitting = [1 + place for place in fit.order[: fit.n_fitting()]]
    needed = error * fit.errors_needed(len(np.unique(scores.images)))
    chosen = _weigh(fit, fitting, gain, error, needed)
    best = int(np.nanargmax(mean_iou))
    if gain[chosen] > needed[chosen]:
        reason = f"it gains {gain[chosen]:.4f}, more than its error {needed[chosen]:.4f}"
    elif chosen:
        reason = f"{fit.words(chosen)}, and strokes do not speak against it"
    elif fitting:
        reason = f"the window that fits loses {-gain[fitting[-1]]:.4f}, more than its error"
    elif best == 0:
        reason = "no setting scores more"
    else:
        reason = f"the best setting gains {gain[best]:.4f}, within its error {needed[best]:.4f}"
    after = iou[rows.index(chosen)] if chosen in rows else np.full_like(iou[0], np.nan)
    return Tuning(
        refiner=[None, *fit.refiners][chosen],
        choices=_names(fit.refiners),
        mean_iou=tuple(mean_iou.tolist()),
        gain=tuple(gain.tolist()),
        standard_error=tuple(error.tolist()),
        chosen=chosen,
        classes=tuple(classes),
        iou_before=tuple(iou[0].tolist()),
        iou_after=tuple(after.tolist()),
        n_pixels=len(scores.truth),
        n_strokes=len(np.unique(scores.strokes)),
        n_images=len(np.unique(scores.images)),
        border_distance=fit.distance,
        complete=complete,
        reason=reason,
    )


def _weigh(fit: WindowFit, fitting: list[int], gain: Array, error: Array, needed: Array) -> int:
    """Which choice strokes leave, of the windows that fit, or lead to beyond them.

    Of what fits it is the widest that has much of the largest gain that is shown; of what does not,
    the mildest: people paint where a class is plain, where strong settings do no harm, and what
    they seem to gain more is partly that.
    """
    shown = gain > needed
    least = max((_ENOUGH * gain[row] for row in fitting if shown[row]), default=-np.inf)
    chosen = next((row for row in fitting[::-1] if not gain[row] < least), 0)
    if gain[chosen] < -error[chosen]:
        chosen = next((row for row in fitting[::-1] if gain[row] >= 0), 0)
    if shown.any():
        mildest = int(np.flatnonzero(shown & (gain >= _ENOUGH * gain[shown].max()))[0])
        if chosen == 0 or _is_stronger(fit.refiners[mildest - 1], fit.refiners[chosen - 1]):
            chosen = mildest
    return chosen


def _is_stronger(refiner: Any, fitting: Any) -> bool:
    """Whether a setting does more than a window that fits; one without a width is another kind."""
    return not hasattr(refiner, "window_width") or refiner.window_width > fitting.window_width


def _unmeasured(fit: WindowFit, classes: Sequence[int], *, complete: bool = True) -> Tuning:
    """The choice where nothing could be scored: by borders, and on the safe side."""
    n_fitting = fit.n_fitting()
    chosen = 1 + fit.order[n_fitting - 1] if n_fitting else 0
    unknown = (np.nan,) * (1 + len(fit.refiners))
    iou = (np.nan,) * len(classes)
    return Tuning(
        refiner=[None, *fit.refiners][chosen],
        choices=_names(fit.refiners),
        mean_iou=unknown,
        gain=unknown,
        standard_error=unknown,
        chosen=chosen,
        classes=tuple(classes),
        iou_before=iou,
        iou_after=iou,
        n_pixels=0,
        n_strokes=0,
        n_images=0,
        border_distance=fit.distance,
        complete=complete,
        reason=fit.words(chosen) if chosen else fit.doubt,
    )


def _names(refiners: Sequence[Any]) -> tuple[str, ...]:
    return ("no refinement", *map(repr, refiners))
