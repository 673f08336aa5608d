"""Training: images to samples, samples to a fitted classifier and a prior."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from .._core.arrays import Array, as_labels
from .._core.image import Image, as_image
from .._core.memory import format_bytes, parse_memory
from .._core.progress import Progress, Reporter
from ..features import FeatureBank
from .pairs import iterate_pairs, survey_labels
from .parts import compile_classifier, predict_planes
from .prior import check_class_prior, estimate_prior
from .samples import N_PLACES, ImageSamples, canonical_order, cell_bytes, collect
from .traits import ImageTraits

#: Side of the patch that a model file keeps to check itself: large enough to show every
#: filter, small enough to cost a hundredth of a second.
_PATCH = {2: 64, 3: 24}


@dataclass(frozen=True)
class Training:
    """The checked parameters of a `PixelClassifier`, with new, unfitted parts."""

    features: FeatureBank
    classifier: Any
    class_weight: Any
    class_prior: Any
    max_samples: int | None
    max_memory: int | str | None
    n_jobs: int | None
    random_state: int
    options: dict[str, Any]


@dataclass(frozen=True)
class TrainingRecord:
    """What a model remembers of its training."""

    classes: tuple[int, ...]
    n_marked: tuple[int, ...]
    n_kept: tuple[int, ...]
    n_images: int
    label_hash: str
    check_patch: Array
    cross_validated_mean_iou: float | None = None


@dataclass(frozen=True)
class Collected:
    """The samples of all images in canonical order, and what the images have in common."""

    samples: list[ImageSamples]
    traits: ImageTraits
    feature_names: tuple[str, ...]
    check_patch: Array


@dataclass(frozen=True)
class Fitted:
    """A fitted classifier with its classes and priors."""

    classifier: Any
    classes: Array
    prior: Array
    prior_ratio: Array | None


def collect_all(
    training: Training, images: Any, labels: Any, masks: Any, progress: Progress
) -> Collected:
    """Pass through the images once, one at a time, and keep the rows to train on."""
    survey = survey_labels(images, labels, masks, training.options, training.max_samples)
    _check_classes(sorted(survey.marked), training)
    samples: list[ImageSamples] = []
    patches: list[tuple[bytes, Array]] = []
    traits: ImageTraits | None = None
    n_labelled = 0
    with Reporter(progress, survey.n_images, "features") as report:
        for source, source_labels, mask in iterate_pairs(images, labels, masks):
            image = as_image(source, mask=mask, **training.options)
            checked = as_labels(source_labels, image.spatial_shape)
            plan = training.features.plan(image)
            rows = 2 * 4 * plan.n_features * (survey.n_kept + N_PLACES)
            budget = parse_memory(training.max_memory, image.ndim)
            _check_budget(rows + cell_bytes(plan, image), budget, training.max_samples)
            own = ImageTraits.of(image)
            traits = own if traits is None else traits.merge(own)
            sample = collect(
                image,
                checked,
                training.features,
                max_samples=training.max_samples,
                random_state=training.random_state,
                n_labelled_before=n_labelled,
                budget=budget - rows,
                n_jobs=training.n_jobs,
            )
            n_labelled += sample.n_labelled
            samples = [earlier.limit_places(n_labelled) for earlier in (*samples, sample)]
            if len(sample.positions):
                patches.append((sample.digest, _check_patch(image, sample.positions)))
            report.advance()
    assert traits is not None  # iterate_pairs refuses an empty iterable
    if not patches:
        _check_classes([], training)
    _, patch = min(patches, key=lambda entry: entry[0])
    return Collected(canonical_order(samples), traits, plan.names, patch)


def fit_samples(training: Training, samples: list[ImageSamples]) -> Fitted:
    """Fit a new classifier on the rows of `samples`, and settle the prior."""
    X = np.concatenate([sample.X for sample in samples])
    y = np.concatenate([sample.y for sample in samples])
    classes, counts = np.unique(y, return_counts=True)
    _check_classes(classes.tolist(), training)
    classifier = _prepare(training).fit(X, y)
    classifier = compile_classifier(classifier)
    trained = _trained_prior(counts, classes, training.class_weight)
    prior = _target_prior(training, samples, classes, trained, classifier)
    ratio = None if np.array_equal(prior, trained) else prior / trained
    return Fitted(classifier, classes, prior, ratio)


def _check_classes(classes: list[int], training: Training) -> None:
    """Refuse labels that a classifier cannot learn from."""
    if not classes:
        raise ValueError(
            "labels has no labelled pixel: mark some pixels of at least two classes with positive "
            "integers (0 is unlabelled)."
        )
    if len(classes) < 2:
        raise ValueError(
            f"labels has only class {classes}, and a classifier needs two or more: mark some "
            "pixels of another class (0 is unlabelled)."
        )
    check_class_prior(training.class_prior, len(classes))


def make_record(collected: Collected) -> TrainingRecord:
    """Count what was marked and kept, and hash the labels."""
    marked: dict[int, int] = {}
    kept: dict[int, int] = {}
    digest = hashlib.sha256()
    for sample in collected.samples:
        digest.update(sample.label_digest)
        for value, count in zip(sample.classes.tolist(), sample.n_marked.tolist(), strict=True):
            marked[value] = marked.get(value, 0) + count
            kept[value] = kept.get(value, 0) + int((sample.y == value).sum())
    classes = tuple(sorted(marked))
    return TrainingRecord(
        classes=classes,
        n_marked=tuple(marked[value] for value in classes),
        n_kept=tuple(kept[value] for value in classes),
        n_images=len(collected.samples),
        label_hash=digest.hexdigest(),
        check_patch=collected.check_patch,
    )


def _prepare(training: Training) -> Any:
    """A new classifier with the threads and class weights of the pixel classifier."""
    classifier = clone(training.classifier)
    params = classifier.get_params()
    if training.class_weight is not None:
        if "class_weight" not in params:
            raise ValueError(
                f"class_weight is {training.class_weight!r} but {type(classifier).__name__} has no "
                "class_weight: leave it None and use class_prior."
            )
        classifier.set_params(class_weight=training.class_weight)
    if params.get("n_jobs", 1) is None:
        classifier.set_params(n_jobs=training.n_jobs)
    return classifier


def _trained_prior(counts: Array, classes: Array, class_weight: Any) -> Array:
    """The shares of the classes that the classifier saw, weights included."""
    if class_weight == "balanced":
        weights = counts.sum() / (len(classes) * counts)
    elif isinstance(class_weight, Mapping):
        weights = np.array([class_weight.get(int(value), 1.0) for value in classes])
    else:
        weights = np.ones(len(classes))
    seen = counts * weights
    return seen / seen.sum()


def _target_prior(
    training: Training,
    samples: list[ImageSamples],
    classes: Array,
    trained: Array,
    classifier: Any,
) -> Array:
    """The shares of the classes that predictions shall assume."""
    if not isinstance(training.class_prior, str):
        return check_class_prior(training.class_prior, len(classes))
    if training.class_prior == "strokes":
        if training.class_weight is not None or training.max_samples is None:
            return trained
        marked = np.zeros(len(classes))
        for sample in samples:
            marked[np.searchsorted(classes, sample.classes)] += sample.n_marked
        marked /= marked.sum()
        return trained if np.allclose(marked, trained, rtol=1e-12) else marked
    places = np.concatenate([sample.place_labels for sample in samples])
    known = np.array([np.count_nonzero(places == value) for value in classes], float)
    near = np.concatenate([sample.near for sample in samples])
    probabilities = np.empty((0, len(classes)))
    if len(near):
        probabilities = predict_planes(classifier, near.T, 1)
    return estimate_prior(probabilities, trained, known)


def _check_patch(image: Image, positions: Array) -> Array:
    """A small piece of the image around its labelled pixels, with the source's own dtype."""
    at = np.unravel_index(positions[len(positions) // 2], image.spatial_shape)
    side = _PATCH[image.ndim]
    index: list[slice] = []
    for centre, size in zip(at, image.spatial_shape, strict=True):
        start = max(0, min(int(centre) - side // 2, size - side))
        index.append(slice(start, min(size, start + side)))
    spatial = tuple(index)
    if image.channel_axis is not None:
        index.insert(image.channel_axis, slice(None))
    patch = np.array(image.source[tuple(index)])
    if image.mask is not None:
        channels = (
            patch[np.newaxis]
            if image.channel_axis is None
            else (np.moveaxis(patch, image.channel_axis, 0))
        )
        channels[:, ~image.mask[spatial]] = 0
    return np.ascontiguousarray(patch.astype(patch.dtype.newbyteorder("=")))


def _check_budget(needed: int, budget: int, max_samples: int | None) -> None:
    """Refuse what would not fit: rows, a copy of them for the classifier, features at work."""
    if needed > budget:
        raise ValueError(
            f"max_memory is {format_bytes(budget)}, but to train on the labelled pixels takes at "
            f"least {format_bytes(needed)}: pass max_memory='{format_bytes(needed)}' or more, or a "
            f"smaller max_samples (now {max_samples})."
        )
