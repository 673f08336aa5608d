"""The quality gate: a score for each method on pictures that come with scikit-image.

    python -m benchmarks.gate            scores now beside the stored ones
    python -m benchmarks.gate --write    store the scores of today

A method joins by a line in `METHODS`. The tests fail where a score falls by more than 1 % of the
stored one, which lies in `gate.json`; whoever writes it anew says why in the commit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from skimage import data

from . import images
from .report import markdown

Array = np.ndarray

STORED = Path(__file__).with_suffix(".json")
#: How much of its stored score a method may lose.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Method:
    """A way to segment, and how well it does: `score()` is between 0 and 1, larger is better."""

    name: str
    score: Callable[[], float]


@cache
def mosaics() -> tuple[tuple[Array, Array, Array], ...]:
    """Three mosaics of brick, grass and gravel: image, truth, sparse labels."""
    found = []
    for seed in range(3):
        image, truth = images.mosaic(256, 256, seed)
        marked = images.strokes(256, 256, 6000, seed=seed) > 0
        found.append((image, truth, np.where(marked, truth, 0)))
    return tuple(found)


@cache
def horse() -> tuple[Array, Array]:
    """A horse of gravel before a wall, in noise; its silhouette is the truth: 1 horse, 2 wall."""
    truth = np.where(data.horse(), 2, 1).astype(np.uint8)
    gravel, brick = (
        images.tile_to(texture, truth.shape) for texture in (data.gravel(), data.brick())
    )
    noise = np.random.default_rng(0).normal(0, 4, truth.shape)
    image = np.where(truth == 1, gravel - gravel.mean(), brick - brick.mean()) + 128 + noise
    return np.clip(image, 0, 255).astype(np.uint8), truth


def pixel_classifier(**params: Any) -> float:
    """Mean IoU of strokes on two mosaics predicted on a third, and of strokes within the horse."""
    from pixelseg import PixelClassifier, metrics

    *train, (image, truth, _) = mosaics()
    model = PixelClassifier(**params).fit([p for p, _, _ in train], [s for _, _, s in train])
    of_mosaic = metrics.mean_iou(metrics.confusion_matrix(truth, model.predict(image)))
    image, truth = horse()
    strokes = np.zeros_like(truth)
    for value, depth in ((1, 12), (2, 20)):
        inside = ndimage.distance_transform_edt(truth == value) > depth
        strokes[inside & (np.indices(truth.shape).sum(axis=0) % 23 < 3)] = value
    model = PixelClassifier(**params).fit(image, strokes)
    of_horse = metrics.mean_iou(metrics.confusion_matrix(truth, model.predict(image)))
    return float(of_mosaic + of_horse) / 2


def refined(refiner: str, **params: Any) -> float:
    """The same of a forest whose probabilities are refined."""
    import pixelseg

    return pixel_classifier(refine=getattr(pixelseg, refiner)(**params))


def superpixels(function: str, **params: Any) -> float:
    """Explained variation of two photographs by 200 segments, in the mean."""
    from pixelseg import metrics
    from pixelseg import superpixels as methods

    scores = []
    for photograph in (data.coffee()[::2, ::2], data.astronaut()[::2, ::2]):
        segments = getattr(methods, function)(photograph, 200, **params)
        scores.append(metrics.explained_variation(segments, photograph))
    return float(np.mean(scores))


def felzenszwalb() -> float:
    """Explained variation of a photograph, by as many segments as its parts ask for."""
    from pixelseg import metrics
    from pixelseg import superpixels as methods

    photograph = data.coffee()[::2, ::2]
    segments = methods.felzenszwalb(photograph, scale=100)
    return float(metrics.explained_variation(segments, photograph))


#: pydensecrf's own weights wipe out the textures of these scenes: 0.54 instead of 0.71.
_MILD = {"bilateral_weight": 1.0, "sigma_spatial": 10.0, "gaussian_weight": 1.0}

METHODS = (
    Method("PixelClassifier, forest", pixel_classifier),
    Method("PixelClassifier, mlp", lambda: pixel_classifier(classifier="mlp")),
    Method("DenseCRF, mild", lambda: refined("DenseCRF", **_MILD)),
    Method("GraphCut", lambda: refined("GraphCut")),
    Method("GuidedFilter", lambda: refined("GuidedFilter")),
    Method("etps", lambda: superpixels("etps")),
    Method("etps, smooth", lambda: superpixels("etps", smoothness=6, sigma=0.7, compactness=1)),
    Method("slic", lambda: superpixels("slic")),
    Method("snic", lambda: superpixels("snic")),
    Method("watershed", lambda: superpixels("watershed")),
    Method("grid", lambda: superpixels("grid")),
    Method("felzenszwalb", felzenszwalb),
)


def stored() -> dict[str, float]:
    """The stored scores by method."""
    return json.loads(STORED.read_text())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores beside the stored ones; exit code 1 if one fell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the scores of today")
    options = parser.parse_args(arguments)
    before = stored() if STORED.exists() else {}
    now = {method.name: round(method.score(), 4) for method in METHODS}
    lines = [
        [name, f"{before[name]:.4f}" if name in before else "", f"{score:.4f}",
         "FELL" if score < before.get(name, 0) * (1 - TOLERANCE) else ""]
        for name, score in now.items()
    ]  # fmt: skip
    print(markdown(("method", "stored", "now", ""), lines))
    if options.write:
        STORED.write_text(json.dumps(now, indent=1) + "\n")
        return 0
    return int(any(line[-1] for line in lines))


if __name__ == "__main__":
    sys.exit(main())
