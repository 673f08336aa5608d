"""The real sets of the quality benchmark: images, truth, sparse labels, test pixels."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray

#: Images of the train and of the test split that are used of each set.
SUBSETS = {
    "drive": (6, 6),
    "vnc": (6, 5),
    "dsb2018": (20, 29),
    "crackforest": (12, 19),
    "sandstone": (4, 3),
    "camvid": (12, 12),
    "volume": (3, 1),
}
#: Sets whose images are volumes, with the size of a voxel along each axis.
SPACING = {"volume": (10.0, 1.0, 1.0)}
#: Random labelled pixels of each test image that are compared.
N_TEST_PIXELS = 20_000


@dataclass(frozen=True)
class Sample:
    """One image with its truth, and the options that say what its axes are."""

    name: str
    image: Array
    truth: Array


def import_loader(folder: Path) -> ModuleType:
    """The data folder's own `load.py`, imported from where it lies."""
    path = folder / "load.py"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist: pass --data with the folder that holds load.py and the sets."
        )
    spec = importlib.util.spec_from_file_location("benchmark_data_load", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class QualitySet:
    """A set of images with classes, cut down to the protocol's subset."""

    name: str
    folder: Path
    loader: ModuleType

    @property
    def options(self) -> dict[str, Any]:
        """How `PixelClassifier` must read the images."""
        if self.name in SPACING:
            return {"channel_axis": None, "spacing": SPACING[self.name]}
        return {}

    @property
    def channel_axis(self) -> int | None:
        """The axis of the channels, as scikit-image wants it."""
        meta = json.loads((self.folder / self.name / "set.json").read_text())
        return -1 if meta["channels"] == 3 else None

    def ids(self, split: str) -> list[str]:
        """The ids of a split that the protocol takes: evenly spaced, in order."""
        everything = json.loads((self.folder / self.name / "set.json").read_text())[split]
        n = SUBSETS[self.name][split == "test"]
        return subset(everything, n)

    def samples(self, split: str) -> Iterator[Sample]:
        """The images of a split, one at a time."""
        wanted = set(self.ids(split))
        for name, image, truth, _ in self.loader.load(self.name, split):
            if name in wanted:
                yield Sample(name, image, truth)

    def test_pixels(self) -> Iterator[tuple[Sample, Array]]:
        """The test images with the positions of the pixels to compare, alike in every run."""
        generator = np.random.default_rng(0)
        for sample in self.samples("test"):
            yield sample, draw_pixels(sample.truth, generator)

    def strokes(self, sample: Sample, per_class: int, seed: int) -> Array:
        """Sparse labels, as the data folder draws them."""
        return self.loader.sparse(sample.truth, per_class=per_class, seed=seed)


def subset(ids: list[str], n: int) -> list[str]:
    """At most `n` ids, evenly spaced.

    >>> subset(["a", "b", "c", "d", "e"], 2)
    ['a', 'c']
    """
    return ids[:: max(1, len(ids) // n)][:n]


def draw_pixels(truth: Array, generator: np.random.Generator, n: int = N_TEST_PIXELS) -> Array:
    """Flat positions of at most `n` labelled pixels; one generator goes through a whole set."""
    labelled = np.flatnonzero(truth)
    return generator.choice(labelled, min(n, len(labelled)), replace=False)
