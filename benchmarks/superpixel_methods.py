"""The methods of the superpixel benchmark: ours and the peers', each as it was tuned.

All were tuned on the same images of the train split, over the grids below, for the least sum of
average miss rate and average undersegmentation error; what settings do not say is a default. To
smooth the image first is a setting of every peer (`sigma`, in pixels).

Peers that are on no registry are found by import, if they were built: fast_slic (its AVX2 build).
SEEDS and LSC are in opencv-contrib-python-headless.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray
#: An image, uint8 RGB, and a number of segments; returns labels.
Run = Callable[..., Array]


@dataclass(frozen=True)
class Method:
    """A line of the table: a function of image and n_segments, and what it was tuned to."""

    name: str
    run: Run
    settings: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, tuple] = field(default_factory=dict)
    #: "package.module:name" that it cannot do without.
    needs: str = ""
    #: Each so many-th image must do for what is slow.
    every: int = 1

    def __call__(self, image: Array, n_segments: int, **settings: Any) -> Array:
        """Labels by the method's settings, or others in their place."""
        return self.run(image, n_segments, **{**self.settings, **settings})

    def missing(self) -> str:
        """Why it cannot run here, or nothing."""
        if not self.needs:
            return ""
        module, _, name = self.needs.partition(":")
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError:
            found = None
        return "" if found is not None else f"{self.needs.replace(':', '.')} is not there"

    def choices(self) -> Iterator[dict[str, Any]]:
        """Every combination of the grid."""
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


def _smoothed(image: Array, sigma: float) -> Array:
    import cv2

    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image


def _side(image: Array, n_segments: int) -> int:
    return max(1, round(float(np.sqrt(image.shape[0] * image.shape[1] / n_segments))))


def ours(function: str) -> Run:
    """A function of pixelseg.superpixels by its name."""

    def run(image: Array, n_segments: int, **settings: Any) -> Array:
        from pixelseg import superpixels

        return getattr(superpixels, function)(image, n_segments, **settings)

    return run


def fast_slic(image: Array, n_segments: int, *, sigma: float, kind: str, **settings: Any) -> Array:
    """fast-slic's AVX2 build, which converts to CIELAB and enforces connectivity itself."""
    avx2 = importlib.import_module("fast_slic.avx2")
    segmenter = getattr(avx2, kind)(num_components=n_segments, num_threads=1, **settings)
    return np.asarray(segmenter.iterate(np.ascontiguousarray(_smoothed(image, sigma))))


def scikit_image(image: Array, n_segments: int, *, compactness: float, sigma: float) -> Array:
    """scikit-image's slic; its `sigma` smooths."""
    from skimage.segmentation import slic

    return slic(image, n_segments=n_segments, compactness=compactness, sigma=sigma)


def seeds(image: Array, n_segments: int, *, sigma: float, levels: int, prior: int) -> Array:
    """OpenCV's SEEDS on CIELAB, ten iterations."""
    import cv2

    height, width = image.shape[:2]
    lab = cv2.cvtColor(_smoothed(image, sigma), cv2.COLOR_RGB2LAB)
    segmenter = cv2.ximgproc.createSuperpixelSEEDS(width, height, 3, n_segments, levels, prior)
    segmenter.iterate(lab, 10)
    return segmenter.getLabels()


def lsc(image: Array, n_segments: int, *, sigma: float, ratio: float) -> Array:
    """OpenCV's linear spectral clustering on CIELAB, ten iterations, small pieces merged."""
    import cv2

    lab = cv2.cvtColor(_smoothed(image, sigma), cv2.COLOR_RGB2LAB)
    segmenter = cv2.ximgproc.createSuperpixelLSC(lab, _side(image, n_segments), ratio)
    segmenter.iterate(10)
    segmenter.enforceLabelConnectivity(25)
    return segmenter.getLabels()


_SIGMAS = (0.0, 0.7, 1.0, 1.4)
_COMPACTNESS = (1.0, 2.0, 4.0, 7.0, 10.0)
_FAST_SLIC = "fast_slic.avx2:SlicAvx2"
_OURS = "pixelseg.superpixels:"

METHODS = (
    Method(
        "etps",
        ours("etps"),
        {},
        {"compactness": (1.0, 1.5, 2.0), "sigma": (0.7, 1.0, 1.4), "oversegmentation": (1.5, 1.75)},
        needs=_OURS + "etps",
    ),
    Method(
        "etps, not merged",
        ours("etps"),
        {"oversegmentation": 1.0},
        {"compactness": (1.0, 1.5, 2.0, 3.0), "sigma": (0.7, 1.0, 1.4)},
        needs=_OURS + "etps",
    ),
    Method(
        "etps, smooth",
        ours("etps"),
        {"smoothness": 6.0, "sigma": 0.7, "compactness": 1.0},
        {"smoothness": (4.0, 6.0, 8.0), "sigma": (0.5, 0.7, 1.0), "compactness": (1.0, 2.0)},
        needs=_OURS + "etps",
    ),
    Method(
        "slic",
        ours("slic"),
        {},
        {"compactness": (4.0, 7.0, 10.0)},
        needs=_OURS + "slic",
    ),
    Method("slic, sampling 4", ours("slic"), {"sampling": 4}, needs=_OURS + "slic"),
    Method("snic", ours("snic"), needs=_OURS + "snic"),
    Method("watershed", ours("watershed"), needs=_OURS + "watershed"),
    Method(
        "fast-slic",
        fast_slic,
        {"kind": "SlicAvx2", "compactness": 1.0, "sigma": 1.4},
        {"compactness": _COMPACTNESS, "sigma": _SIGMAS},
        needs=_FAST_SLIC,
    ),
    Method(
        "fast-slic, its defaults",
        fast_slic,
        {"kind": "SlicAvx2", "sigma": 0.0},
        needs=_FAST_SLIC,
    ),
    Method(
        "fast-slic, all rows",
        fast_slic,
        {"kind": "SlicAvx2", "subsample_stride": 1, "compactness": 1.0, "sigma": 1.4},
        {"compactness": _COMPACTNESS, "sigma": _SIGMAS},
        needs=_FAST_SLIC,
    ),
    Method(
        "fast-slic LSC",
        fast_slic,
        {"kind": "LSCAvx2", "compactness": 1.0, "sigma": 1.4},
        {"compactness": _COMPACTNESS, "sigma": _SIGMAS},
        needs=_FAST_SLIC.replace("Slic", "LSC"),
    ),
    Method(
        "scikit-image slic",
        scikit_image,
        {"compactness": 5.0, "sigma": 1.4},
        {"compactness": (2.0, 5.0, 10.0, 20.0), "sigma": _SIGMAS},
        needs="skimage.segmentation:slic",
        every=4,
    ),
    Method(
        "OpenCV SEEDS",
        seeds,
        {"levels": 4, "prior": 0, "sigma": 0.0},
        {"levels": (4, 5), "prior": (0, 1, 2), "sigma": _SIGMAS},
        needs="cv2.ximgproc:createSuperpixelSEEDS",
        every=4,
    ),
    Method(
        "OpenCV LSC",
        lsc,
        {"ratio": 0.05, "sigma": 1.0},
        {"ratio": (0.025, 0.05, 0.075), "sigma": (0.0, 1.0)},
        needs="cv2.ximgproc:createSuperpixelLSC",
        every=10,
    ),
)
