"""`Prediction`: one image answered tile by tile, and refined block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array
from .._core.boxes import Box, shape3d, shape_of, slices_of, within
from .._core.image import Image
from .._core.progress import Reporter
from .._core.threads import run_chunks
from .._core.workspace import workspace
from ..features import compute_box
from ..refine.refiner import apply_refiner
from .outputs import Outputs
from .prediction_plan import PredictionPlan


@dataclass(frozen=True)
class Prediction:
    """A classifier, perhaps a refiner, an image, and how it is cut."""

    rows: Any  # a RowClassifier, or several side by side
    refiner: Any
    plan: PredictionPlan
    image: Image
    n_jobs: int
    report: Reporter

    def classify(self, box: Box, outputs: Outputs) -> None:
        """Write the classifier's answers for the tiles of a box, at which `outputs` begin."""
        features, tiles, image = self.plan.features, self.plan.tiles, self.image
        boxes = self.plan.tiles_of(box)
        rows = self.rows
        answer = rows.predict_places if outputs.labels_only else rows.predict_proba
        write = outputs.write_places if outputs.labels_only else outputs.write_probabilities
        # With one tile in flight the threads that are left evaluate the forest together.
        inner_jobs = max(1, self.n_jobs // min(tiles.n_parallel, len(boxes)))

        def classify_tile(tile: Box) -> None:
            shape = shape_of(tile)
            with workspace.within(tiles.bytes_per_tile):
                stack = workspace.take((features.n_features, *shape3d(shape)))
                compute_box(features, image, tile, stack)
                answers = answer(stack.reshape(features.n_features, -1), inner_jobs)
            write(
                within(tile, box),
                answers.reshape(*shape, *answers.shape[1:]),
                _mask_of(image, tile),
            )
            self.report.advance()

        run_chunks(classify_tile, boxes, tiles.n_parallel)

    def refine(self, block: Box, outputs: Outputs) -> None:
        """Write the refined answers of a block, from probabilities that reach around it."""
        image, plan = self.image, self.plan
        around = plan.around(block, image)
        shape = (*shape_of(around), self.rows.n_classes)
        given = np.empty(shape, PROBABILITY_DTYPE)
        self.classify(around, Outputs(self.rows.classes, probabilities=given))

        def refine_tile(tile: Box) -> None:
            read = plan.around(tile, image)
            part = image if read == image.whole else image.crop(read)
            with workspace.within(plan.tiles.bytes_per_tile):
                refined = apply_refiner(self.refiner, given[slices_of(within(read, around))], part)
            inner = refined[slices_of(within(tile, read))]
            outputs.write_probabilities(tile, inner, _mask_of(image, tile))

        boxes = [block] if plan.blocks is None else plan.tiles_of(block)
        run_chunks(refine_tile, boxes, plan.tiles.n_parallel)


def _mask_of(image: Image, box: Box) -> Array | None:
    """The part of an image's mask in a box."""
    return None if image.mask is None else image.mask[slices_of(box)]
