"""Training: images to samples, samples to a fitted classifier and a prior."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from .._core.arrays import Array, as_labels
from .._core.boxes import around
from .._core.checks import as_count, as_seed, check_class_weight
from .._core.image import Image, as_image
from .._core.memory import Memory, format_bytes, parse_memory
from .._core.progress import Progress, Reporter
from .._core.threads import effective_n_jobs
from ..features import FeatureBank
from ..features.intensity import IntensityLaw, find_intensity_law
from .brightness import brightness_of, settle_max_features, unexplained_share
from .input_spec import InputSpec
from .jitter import check_intensity_jitter, jitter_rows
from .model import PATCH_SIDES, TrainingRecord
from .prior import check_class_prior, estimate_prior
from .refiners import check_refine
from .row_classifier import RowClassifier, compile_classifier, make_classifier, predict_planes
from .sampling import N_PRIOR_PIXELS, ImageSamples, canonical_order, cell_bytes, collect
from .training_images import iterate_pairs, summarise, survey_labels

#: Training pixels below which a constant answer is looked for and told.
_FEW_PIXELS = 100


class Trainable:
    """The parameters of an estimator that training reads, and how it opens an image."""

    features: Any  # a FeatureBank, or None for the default
    classifier: Any  # a short name, or an estimator that is cloned before it is fitted
    class_weight: Any
    class_prior: Any
    samples_per_class: int | None
    intensity_jitter: Any
    max_samples: Any  # the old name of that, "deprecated" where it is not used
    max_memory: Memory
    n_jobs: int | None
    random_state: Any
    channel_axis: int | str | None
    spacing: Any
    refine: Any

    def _settled(self) -> Self:
        """A copy with every parameter checked, before an image is read, and defaults filled in."""
        settled, name = copy(self), "samples_per_class"
        if not (isinstance(self.max_samples, str) and self.max_samples == "deprecated"):
            warnings.warn(
                "max_samples is now called samples_per_class, and will go: pass that.",
                FutureWarning,
                stacklevel=3,
            )
            settled.samples_per_class, name = self.max_samples, "max_samples"
        if settled.samples_per_class is not None:
            as_count(name, settled.samples_per_class)
        check_class_weight(self.class_weight)
        check_intensity_jitter(self.intensity_jitter)
        check_refine(self.refine)
        parse_memory(self.max_memory, 2)
        effective_n_jobs(self.n_jobs)
        if self.features is not None and not isinstance(self.features, FeatureBank):
            raise TypeError(f"features is {self.features!r} but must be a FeatureBank or None.")
        make_classifier(self.classifier)
        settled.features = FeatureBank() if self.features is None else clone(self.features)
        settled.class_prior = check_class_prior(self.class_prior)
        settled.random_state = as_seed("random_state", self.random_state)
        return settled

    def _open(self, image: Any, mask: Any) -> Image:
        """An image of a training set; an `Image` knows its axes and the size of its pixels."""
        if isinstance(image, Image):
            return as_image(image, mask=mask)
        return as_image(image, mask=mask, channel_axis=self.channel_axis, spacing=self.spacing)


@dataclass(frozen=True)
class TrainingSet:
    """The samples of all images in canonical order, and what the images have in common.

    `places` tells which of the images, counted as they came, each of the samples is of.
    """

    samples: list[ImageSamples]
    places: list[int]
    input_spec: InputSpec
    feature_names: tuple[str, ...]
    record: TrainingRecord
    law: IntensityLaw


def collect_samples(
    training: Trainable, images: Any, labels: Any, masks: Any, progress: Progress
) -> TrainingSet:
    """Pass through the images once, one at a time, and keep the rows to train on."""
    per_class = training.samples_per_class
    summaries, is_final = survey_labels(images, labels, masks, training._open)
    check_classes(sorted(set().union(*(s.n_marked for s in summaries))), training)
    n_surveyed = sum(summary.n_labelled for summary in summaries)
    n_kept = sum(summary.n_kept(per_class) for summary in summaries)
    samples: list[ImageSamples] = []
    spec: InputSpec | None = None
    patch: tuple[bytes, Array] | None = None
    n_labelled = 0
    with Reporter(progress, len(summaries), "features") as report:
        pairs = iterate_pairs(images, labels, masks)
        for (source, own, mask), summary in zip(pairs, summaries, strict=True):
            image = training._open(source, mask)
            own = as_labels(own, image.spatial_shape)
            if not is_final and image.mask is not None:
                summary = summarise(own, image.mask)
            plan = training.features.plan(image)
            # Rows, copies of them (all together, in other light, scaled) and features at work.
            rows = 4 * plan.n_features * (2 * N_PRIOR_PIXELS + 4 * n_kept)
            budget = parse_memory(training.max_memory, image.ndim)
            if training.max_memory is not None:
                _check_budget(rows + cell_bytes(plan, image), budget, per_class)
            own_spec = InputSpec.of(image)
            spec = own_spec if spec is None else spec.merge(own_spec)
            n_labelled += summary.n_labelled
            sample = collect(
                image,
                own,
                plan,
                summary,
                samples_per_class=per_class,
                seed=training.random_state,
                n_labelled_in_all=n_surveyed if is_final else n_labelled,
                budget=budget - rows,
                n_jobs=training.n_jobs,
            )
            samples.append(sample)
            if len(sample.positions) and (patch is None or sample.digest < patch[0]):
                patch = sample.digest, _check_patch(image, sample.positions)
            report.advance()
    if patch is None or spec is None:  # all that is labelled lies outside the masks
        raise _no_labels()
    limited = [sample.limit_prior_pixels(n_labelled) for sample in samples]
    places = canonical_order(limited)
    samples = [limited[place] for place in places]
    law = find_intensity_law(plan, patch[1] if training.intensity_jitter else None)
    record = _make_record(samples, patch[1])
    return TrainingSet(samples, places, spec, plan.names, record, law)


def fit_rows(training: Trainable, samples: list[ImageSamples], law: IntensityLaw) -> RowClassifier:
    """Fit a new classifier on the rows of `samples`, and settle the prior.

    `law` says how the features follow the brightness of the image.
    """
    X = np.concatenate([sample.X for sample in samples])
    y = np.concatenate([sample.y for sample in samples])
    classes, counts = np.unique(y, return_counts=True)
    check_classes(classes.tolist(), training)
    unexplained = unexplained_share(brightness_of(X, law), y)
    new = _new_classifier(training)
    settle_max_features(new, X.shape[1], unexplained)
    taught = jitter_rows(X, law, training.intensity_jitter, unexplained, training.random_state)
    classifier = compile_classifier(new.fit(taught, y))
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


def check_classes(classes: list[int], training: Trainable) -> None:
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


def _count_marked(samples: list[ImageSamples]) -> Counter[int]:
    """Marked pixels of each class, in all images."""
    marked: Counter[int] = Counter()
    for sample in samples:
        marked.update(sample.marked.n_marked)
    return marked


def _make_record(samples: list[ImageSamples], check_patch: Array) -> TrainingRecord:
    """Count what was marked and kept, and hash the labels."""
    marked = _count_marked(samples)
    classes = tuple(sorted(marked))
    kept = [sum(int((sample.y == value).sum()) for sample in samples) for value in classes]
    return TrainingRecord(
        classes=classes,
        n_marked=tuple(marked[value] for value in classes),
        n_kept=tuple(kept),
        n_images=len(samples),
        label_hash=hashlib.sha256(b"".join(s.marked.digest for s in samples)).hexdigest(),
        check_patch=check_patch,
    )


def _new_classifier(training: Trainable) -> Any:
    """A new classifier with the threads and class weights of the estimator."""
    classifier = make_classifier(training.classifier, training.random_state)
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
    if isinstance(class_weight, str) and class_weight == "balanced":
        weights = counts.sum() / (len(classes) * counts)
    elif isinstance(class_weight, Mapping):
        weights = np.array([class_weight.get(int(value), 1.0) for value in classes])
    else:
        weights = np.ones(len(classes))
    seen = counts * weights
    return seen / seen.sum()


def _target_prior(
    training: Trainable,
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
        marked = _count_marked(samples)
        shares = np.array([marked[value] for value in classes.tolist()]) / marked.total()
        return trained if np.allclose(shares, trained, rtol=1e-12) else shares
    labels = np.concatenate([sample.prior_labels for sample in samples])
    known = np.array([np.count_nonzero(labels == value) for value in classes], float)
    unlabelled = np.concatenate([sample.prior_features for sample in samples])
    probabilities = np.empty((0, len(classes)))
    if len(unlabelled):
        probabilities = predict_planes(classifier, unlabelled.T, 1)
    n_rows = sum(len(sample.y) for sample in samples)
    return estimate_prior(probabilities, trained, known, n_rows / len(classes))


def _check_patch(image: Image, positions: Array) -> Array:
    """A small piece (C, *spatial) of the image around its labelled pixels, in its own dtype."""
    centre = np.unravel_index(positions[len(positions) // 2], image.spatial_shape)
    box = around(centre, PATCH_SIDES[image.ndim], image.spatial_shape)
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
