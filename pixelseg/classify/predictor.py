"""Prediction tile by tile: features, classifier, prior, answer; never the whole feature stack.

A `Predictor` is what is left of training: a feature bank, a fitted classifier and a ratio of
priors. It is frozen, it holds no image, and several threads may use it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .._core.boxes import Box, Shape3D
from .._core.image import Image
from .._core.progress import Progress, Reporter
from .._core.threads import effective_n_jobs, run_chunks
from .._core.tiles import TilePlan, plan_tiles
from ..features import FeatureBank, compute_box, workspace, workspace_bytes
from ..forest import FlatForest
from .answers import Answers, label_dtype, labels_of
from .parts import flat_part, predict_planes

#: Bytes a pixel and class that the classifier's answer passes through: float64 and float32.
_BYTES_PER_PROBABILITY = 8 + 4


@dataclass(frozen=True)
class Predictor:
    """Predicts class probabilities of boxes of an image."""

    features: FeatureBank
    classifier: Any
    classes: Array  # int64 (k,), ascending
    prior_ratio: Array | None  # float64 (k,), None where the classifier is believed as it is

    def plan(
        self, image: Image, *, budget: int, n_jobs: int | None, tile_shape: Shape3D | None = None
    ) -> TilePlan:
        """Cut the image into tiles that need at most `budget` bytes together."""
        features = self.features.plan(image)

        def tile_bytes(shape: Shape3D) -> int:
            n_pixels = int(np.prod(shape))
            answer = n_pixels * (len(self.classes) * _BYTES_PER_PROBABILITY + 16)
            held = workspace_bytes(features, shape, image.shape3d)
            return held + n_pixels * features.n_features * 4 + answer

        return plan_tiles(
            image.shape3d,
            features.halo,
            tile_bytes,
            budget=budget,
            n_jobs=effective_n_jobs(n_jobs),
            tile_shape=tile_shape,
        )

    def run(
        self,
        image: Image,
        tiles: TilePlan,
        answers: Answers,
        *,
        progress: Progress,
        n_jobs: int | None,
    ) -> None:
        """Write the answers of every tile; where labels are all, a forest asks fewer trees.

        Outside a mask, answers are 0.
        """
        features = self.features.plan(image)
        labels_only = answers.labels_only
        read = self._labels_of_rows if labels_only else self._probabilities_of_rows
        boxes = tiles.boxes(image.ndim)
        # With one tile in flight the threads that are left read the forest together.
        inner_jobs = max(1, effective_n_jobs(n_jobs) // min(tiles.n_parallel, len(boxes)))

        def predict_box(box: Box) -> None:
            shape = tuple(stop - start for start, stop in box)
            n_pixels = int(np.prod(shape))
            with workspace.within(tiles.bytes_per_tile):
                planes = workspace.take(features.n_features * n_pixels)
                stack = planes.reshape(features.n_features, *(1,) * (3 - len(shape)), *shape)
                compute_box(features, image, box, stack)
                rows = read(planes.reshape(features.n_features, -1), inner_jobs)
            block = rows.reshape(*shape, *rows.shape[1:])
            mask = image.read_mask(box)
            if mask is not None:
                block[~mask.reshape(shape)] = 0
            (answers.write_labels if labels_only else answers.write)(box, block)
            report.advance()

        with Reporter(progress, len(boxes), "predict") as report:
            run_chunks(predict_box, boxes, tiles.n_parallel)

    def _probabilities_of_rows(self, planes: Array, n_jobs: int) -> Array:
        """Probabilities (n, k), float32, of planes of features (n_features, n)."""
        return self._reweight(predict_planes(self.classifier, planes, n_jobs))

    def _labels_of_rows(self, planes: Array, n_jobs: int) -> Array:
        """Labels (n,) of planes of features: those of the probabilities."""
        forest = flat_part(self.classifier)
        if isinstance(forest, FlatForest):
            places = forest.predict_early_exit(
                planes, self.prior_ratio, n_jobs=n_jobs, check_finite=False
            )
            return self.classes.astype(label_dtype(self.classes))[places]
        rows = predict_planes(self.classifier, planes, n_jobs)
        return labels_of(self._reweight(rows), self.classes)

    def _reweight(self, rows: Array) -> Array:
        """The classifier's probabilities (n, k) by the ratio of priors, float32."""
        from ._answer_kernels import reweight_rows

        if self.prior_ratio is None:
            return rows.astype(PROBABILITY_DTYPE)
        answer = np.empty(rows.shape, PROBABILITY_DTYPE)
        reweight_rows(rows, self.prior_ratio, answer)
        return answer
