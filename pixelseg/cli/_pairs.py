"""Which file belongs to which: images and labels, predictions and truths.

One rule: in a folder, the labels of `cells` are the file with the first of the wanted endings
(`cells_labels.png`), and a plain name (`cells.png`) only where labels have a folder of their own.
Two files that could both be meant are an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..io.paths import TIFF_SUFFIXES
from . import _files as files
from ._report import plural

#: Kinds of file that may hold labels.
LABEL_SUFFIXES = (".png", *TIFF_SUFFIXES, ".npy")
#: Endings of predictions; in a folder, the first of them counts.
_PREDICTIONS = (files.SEGMENTED, files.REFINED)


class LabelFolder:
    """The label files of a folder: with one of the `endings`, and with plain names, by stem."""

    def __init__(self, folder: Path, endings: Sequence[str]):
        self.folder = folder
        by_ending: dict[str, dict[str, list[Path]]] = {ending: {} for ending in endings}
        self._plain: dict[str, list[Path]] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() not in LABEL_SUFFIXES:
                continue
            stem = files.split_name(path)[0]
            for ending, group in by_ending.items():
                if stem.endswith(ending):
                    group.setdefault(stem.removesuffix(ending), []).append(path)
            if not files.is_companion(path):
                self._plain.setdefault(stem, []).append(path)
        self._marked: dict[str, list[Path]] = {}
        for group in reversed(by_ending.values()):
            self._marked |= group

    def of_image(self, image: Path, *, plain: bool) -> Path | None:
        """The labels of an image, which are never the image itself."""
        stem = files.split_name(image)[0]
        found = self._marked.get(stem, self._plain.get(stem, []) if plain else [])
        return _only_one(stem, [path for path in found if path.resolve() != image.resolve()])

    def every(self) -> dict[str, Path]:
        """All labels by stem; plain names count only where no file has an ending."""
        found = self._marked or self._plain
        if not found:
            kinds = ", ".join(LABEL_SUFFIXES)
            raise ValueError(f"{self.folder} is a folder without labels ({kinds}).")
        return {stem: path for stem in found if (path := _only_one(stem, found[stem]))}


def _only_one(stem: str, paths: list[Path]) -> Path | None:
    if len(paths) > 1:
        raise ValueError(f"{stem} has several label files, {paths[0]} and {paths[1]}: keep one.")
    return paths[0] if paths else None


def pair_labels(
    images: Sequence[Path], labels: Sequence[str] | None, *, must_have: bool
) -> list[tuple[Path, Path]]:
    """Pairs of images and label files.

    `labels` is None (beside the images), one folder, or as many files as there are images.
    With `must_have` an image without labels is an error; else it is left out.
    """
    folder: Path | None = None
    if labels:
        if len(labels) == 1 and Path(labels[0]).is_dir():
            folder = Path(labels[0])
        elif len(labels) != len(images):
            raise ValueError(
                f"--labels names {plural(len(labels), 'file')} for {plural(len(images), 'image')}: "
                "name a folder, or one file for each image, in their order."
            )
        else:
            return [(image, Path(label)) for image, label in zip(images, labels, strict=True)]
    places = [image.parent if folder is None else folder for image in images]
    folders = {place: LabelFolder(place, (files.LABELS,)) for place in dict.fromkeys(places)}
    found = [
        (image, folders[place].of_image(image, plain=folder is not None))
        for image, place in zip(images, places, strict=True)
    ]
    pairs = [(image, label) for image, label in found if label is not None]
    if not pairs or (must_have and len(pairs) < len(images)):
        image, place = next(
            (image, place) for (image, label), place in zip(found, places, strict=True) if not label
        )
        raise FileNotFoundError(
            f"{image} has no labels: save its strokes as "
            f"{place / files.split_name(image)[0]}{files.LABELS}.png (grey values 1, 2, ... are "
            "classes, 0 is unlabelled), or pass --labels."
        )
    return pairs


class Pair(NamedTuple):
    """A prediction, its truth, and the name of the image that both are of."""

    name: str
    prediction: Path
    truth: Path


def pair_predictions(predictions: Path, truth: Path) -> list[Pair]:
    """Pairs of predictions and truths, from two files or two folders."""
    for path in (predictions, truth):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist.")
    if predictions.is_dir() != truth.is_dir():
        folder, file = (predictions, truth) if predictions.is_dir() else (truth, predictions)
        raise ValueError(
            f"{folder} is a folder but {file} is a file: name two files, or two folders."
        )
    if not predictions.is_dir():
        stem = files.split_name(predictions)[0]
        for ending in _PREDICTIONS:
            stem = stem.removesuffix(ending)
        return [Pair(stem, predictions, truth)]
    found = LabelFolder(predictions, _PREDICTIONS).every()
    wanted = LabelFolder(truth, (files.TRUTH, files.LABELS)).every()
    unpaired = [(found[stem], truth) for stem in found if stem not in wanted]
    unpaired += [(wanted[stem], predictions) for stem in wanted if stem not in found]
    if unpaired:
        text = "; ".join(f"{path} has no partner in {folder}" for path, folder in unpaired)
        raise ValueError(f"{text}: scores of a part could be taken for those of the whole.")
    return [Pair(stem, found[stem], wanted[stem]) for stem in sorted(found)]
