"""The real sets of the quality benchmark: images, truth, which are used, test pixels."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .quality_strokes import STROKES

Array = np.ndarray

#: Size of a voxel along each axis, of sets of volumes that do not say it themselves.
SPACING = {"volume": (10.0, 1.0, 1.0)}
#: Test images of a set at the most, and random labelled pixels of each that are compared.
N_TEST_IMAGES = 8
N_TEST_PIXELS = 20_000
#: How far the training images of the next seed lie from those of the last, in strides: the
#: golden section, which spreads any number of seeds.
_SHIFT = 0.381966


@dataclass(frozen=True)
class Cell:
    """What a model is trained on: some images of a set, labelled in one way.

    `n_images` are asked for; a set that has fewer gives all.
    """

    n_images: int
    per_class: int
    strokes: str = "scattered"
    seed: int = 0


@dataclass(frozen=True)
class Sample:
    """One image with its truth."""

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
    """A set of images with classes: its images, and those that the protocol takes."""

    name: str
    folder: Path
    loader: ModuleType

    @property
    def channel_axis(self) -> int | None:
        """The axis of the channels; a stack of slices without channels is a volume."""
        return -1 if self._info["channels"] > 1 else None

    @property
    def options(self) -> dict[str, Any]:
        """How `PixelClassifier` must read the images."""
        spacing = self._info.get("spacing", SPACING.get(self.name))
        return {"channel_axis": self.channel_axis, "spacing": spacing}

    @property
    def n_classes(self) -> int:
        """Number of classes; their labels are 1 and up."""
        return len(self._info["classes"])

    @property
    def n_train(self) -> int:
        """Images that there are to train on."""
        return len(self._info["train"])

    def training(self, cell: Cell) -> Iterator[tuple[Sample, Array]]:
        """The training images of a cell and their labels, one at a time."""
        for name in spread(self._info["train"], cell.n_images, cell.seed):
            yield self.sample(name), _paint(self, name, cell.strokes, cell.per_class, cell.seed)

    def is_learnable(self, cell: Cell) -> bool:
        """Whether the training images of a cell show two classes or more."""
        return (
            len(set().union(*(np.unique(s.truth[s.truth > 0]) for s, _ in self.training(cell)))) > 1
        )

    def test_pixels(self) -> Iterator[tuple[Sample, Array]]:
        """The test images and the positions of the pixels to compare, alike in every run."""
        generator = np.random.default_rng(0)
        for name in subset(self._info["test"], N_TEST_IMAGES):
            sample = self.sample(name)
            yield sample, draw_pixels(sample.truth, generator)

    @cached_property
    def _info(self) -> dict[str, Any]:
        return self.loader.info(self.name)

    def sample(self, name: str) -> Sample:
        """One image with its truth."""
        return _read_sample(self, name)


@lru_cache(maxsize=64)
def _read_sample(data: QualitySet, name: str) -> Sample:
    """One image of a set and its truth, kept since the next model trains on it too."""
    folder = data.folder / data.name
    image, truth = (
        data.loader.read(next(path for path in (folder / kind).iterdir() if path.stem == name))
        for kind in ("images", "labels")
    )
    return Sample(name, image, truth)


@lru_cache(maxsize=64)
def _paint(data: QualitySet, name: str, strokes: str, per_class: int, seed: int) -> Array:
    """Sparse labels of one image, kept for the next method."""
    truth = _read_sample(data, name).truth
    if strokes == "scattered":
        return data.loader.sparse(truth, per_class=per_class, seed=seed)
    return STROKES[strokes](truth, per_class, seed)


def spread(ids: Sequence[str], n: int, seed: int) -> list[str]:
    """At most `n` ids, evenly spread; the next seed takes others, as far as there are.

    >>> [spread("abcdefghi", 3, seed) for seed in (0, 1, 2)]
    [['a', 'd', 'g'], ['b', 'e', 'h'], ['c', 'f', 'i']]
    """
    stride, shift = max(1.0, len(ids) / n), seed * _SHIFT % 1
    return [ids[int((k + shift) * stride)] for k in range(min(n, len(ids)))]


def subset(ids: Sequence[str], n: int) -> list[str]:
    """At most `n` ids, evenly spaced.

    >>> subset(["a", "b", "c", "d", "e"], 2)
    ['a', 'c']
    """
    return list(ids[:: max(1, len(ids) // n)][:n])


def draw_pixels(truth: Array, generator: np.random.Generator, n: int = N_TEST_PIXELS) -> Array:
    """Flat positions of at most `n` labelled pixels; one generator goes through a whole set."""
    labelled = np.flatnonzero(truth)
    return generator.choice(labelled, min(n, len(labelled)), replace=False)
