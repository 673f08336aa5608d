"""Training: images to samples, samples to a fitted classifier and a prior."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.boxes import around
from .._core.image import Image
from .._core.memory import Memory, format_bytes, parse_memory
from .._core.progress import Progress, Reporter
from ..features import FeatureBank
from .input_spec import InputSpec
from .kinds import compile_classifier, make_classifier, predict_planes
from .model import TrainingRecord
from .prior import check_class_prior, estimate_prior
from .row_classifier import RowClassifier
from .sampling import N_PRIOR_PIXELS, ImageSamples, canonical_order, cell_bytes, collect
from .training_images import OpenImage, iterate_pairs, summarise, survey_labels

#: Side of the patch that a model file keeps to check itself: large enough to show every
#: filter, small enough to cost a hundredth of a second.
_PATCH = {2: 64, 3: 24}
#: Training pixels below which a constant answer is looked for and told.
_FEW_PIXELS = 100


@dataclass(frozen=True)
class Training:
    """The checked parameters of an estimator, and how it opens an image."""

    features: FeatureBank
    classifier: Any  # a short name, or an estimator that is cloned before it is fitted
    class_weight: Any
    class_prior: Any
    samples_per_class: int | None
    max_memory: Memory
    n_jobs: int | None
    seed: int
    open_image: OpenImage


@dataclass(frozen=True)
class TrainingSet:
    """The samples of all images in canonical order, and what the images have in common."""

    samples: list[ImageSamples]
    input_spec: InputSpec
    feature_names: tuple[str, ...]
    record: TrainingRecord


def collect_samples(
    training: Training, images: Any, labels: Any, masks: Any, progress: Progress
) -> TrainingSet:
    """Pass through the images once, one at a time, and keep the rows to train on."""
    survey = survey_labels(images, labels, masks, training.open_image)
    check_classes(survey.classes, training)
    n_kept = survey.n_kept(training.samples_per_class)
    samples: list[ImageSamples] = []
    spec: InputSpec | None = None
    patch: tuple[bytes, Array] | None = None
    n_labelled = 0
    with Reporter(progress, len(survey.summaries), "features") as report:
        pairs = iterate_pairs(images, labels, masks)
        for (source, own, mask), summary in zip(pairs, survey.summaries, strict=True):
            image = training.open_image(source, mask)
            if survey.is_final:
                own = np.asarray(own)
            else:
                own = as_labels(own, image.spatial_shape)
                summary = summary if image.mask is None else summarise(own, image.mask)
            plan = training.features.plan(image)
            # Rows, a copy of them for the classifier, and features at work.
            rows = 2 * 4 * plan.n_features * (n_kept + N_PRIOR_PIXELS)
            budget = parse_memory(training.max_memory, image.ndim)
            if training.max_memory is not None:
                _check_budget(rows + cell_bytes(plan, image), budget, training.samples_per_class)
            own_spec = InputSpec.of(image)
            spec = own_spec if spec is None else spec.merge(own_spec)
            n_labelled += summary.n_labelled
            sample = collect(
                image,
                own,
                plan,
                summary,
                samples_per_class=training.samples_per_class,
                seed=training.seed,
                n_labelled_in_all=survey.n_labelled if survey.is_final else n_labelled,
                budget=budget - rows,
                n_jobs=training.n_jobs,
            )
            samples.append(sample)
            if len(sample.positions) and (patch is None or sample.digest < patch[0]):
                patch = sample.digest, _check_patch(image, sample.positions)
            report.advance()
    if patch is None or spec is None:  # all that is labelled lies outside the masks
        raise _no_labels()
    samples = canonical_order(sample.limit_prior_pixels(n_labelled) for sample in samples)
    return TrainingSet(samples, spec, plan.names, _make_record(samples, patch[1]))


def fit_rows(training: Training, samples: list[ImageSamples]) -> RowClassifier:
    """Fit a new classifier on the rows of `samples`, and settle the prior."""
    X = np.concatenate([sample.X for sample in samples])
    y = np.concatenate([sample.y for sample in samples])
    classes, counts = np.unique(y, return_counts=True)
    check_classes(classes.tolist(), training)
    classifier = compile_classifier(_new_classifier(training).fit(X, y))
    trained = _trained_prior(counts, classes, training.class_weight)
    prior = _target_prior(training, samples, classes, trained, classifier)
    ratio = None if np.array_equal(prior, trained) else prior / trained
    rows = RowClassifier(classifier, classes, prior, ratio)
    if len(X) < _FEW_PIXELS and len(found := np.unique(rows.predict_places(X.T))) == 1:
        warnings.warn(
            f"the model gives all of its {len(X)} training pixels class {classes[found[0]]}: they "
            "are too few to tell the classes apart, label more pixels of each class.",
            UserWarning,
            stacklevel=4,
        )
    return rows


def check_classes(classes: list[int], training: Training) -> None:
    """Refuse labels that a classifier cannot learn from."""
    if not classes:
        raise _no_labels()
    if len(classes) < 2:
        raise ValueError(
            f"labels has only class {classes}, and a classifier needs two or more: mark some "
            "pixels of another class (0 is unlabelled)."
        )
    check_class_prior(training.class_prior, len(classes))


def _no_labels() -> ValueError:
    return ValueError(
        "labels has no labelled pixel: mark some pixels of at least two classes with positive "
        "integers (0 is unlabelled)."
    )


def _make_record(samples: list[ImageSamples], check_patch: Array) -> TrainingRecord:
    """Count what was marked and kept, and hash the labels."""
    marked: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(sample.label_digest)
        marked.update(sample.n_marked)
        kept.update({value: int((sample.y == value).sum()) for value in sample.n_marked})
    classes = tuple(sorted(marked))
    return TrainingRecord(
        classes=classes,
        n_marked=tuple(marked[value] for value in classes),
        n_kept=tuple(kept[value] for value in classes),
        n_images=len(samples),
        label_hash=digest.hexdigest(),
        check_patch=check_patch,
    )


def _new_classifier(training: Training) -> Any:
    """A new classifier with the threads and class weights of the estimator."""
    classifier = make_classifier(training.classifier, training.seed)
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
    if training.class_prior == "labels":
        if training.class_weight is not None or training.samples_per_class is None:
            return trained
        marked = np.array([sum(s.n_marked.get(c, 0) for s in samples) for c in classes.tolist()])
        shares = marked / marked.sum()
        return trained if np.allclose(shares, trained, rtol=1e-12) else shares
    labels = np.concatenate([sample.prior_labels for sample in samples])
    known = np.array([np.count_nonzero(labels == value) for value in classes], float)
    unlabelled = np.concatenate([sample.prior_features for sample in samples])
    probabilities = np.empty((0, len(classes)))
    if len(unlabelled):
        probabilities = predict_planes(classifier, unlabelled.T, 1)
    return estimate_prior(probabilities, trained, known)


def _check_patch(image: Image, positions: Array) -> Array:
    """A small piece (C, *spatial) of the image around its labelled pixels, in its own dtype."""
    centre = np.unravel_index(positions[len(positions) // 2], image.spatial_shape)
    box = around(centre, _PATCH[image.ndim], image.spatial_shape)
    planes = image.read(box, dtype=None)
    return planes[:, 0] if image.ndim == 2 else planes


def _check_budget(needed: int, budget: int, samples_per_class: int | None) -> None:
    """Refuse what would not fit."""
    if needed > budget:
        raise ValueError(
            f"max_memory is {format_bytes(budget)}, but to train on the labelled pixels takes at "
            f"least {format_bytes(needed)}: pass max_memory='{format_bytes(needed)}' or more, or a "
            f"smaller samples_per_class (now {samples_per_class})."
        )
