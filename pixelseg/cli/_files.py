"""Which files a command works on, and what the files beside them are called.

The one rule of names: what belongs to `cells.png` stands beside it with an ending after its
stem. Strokes are `cells_labels.png` (or .tif, .tiff, .npy); results are `cells_segmented`,
`cells_probabilities`, `cells_uncertainty` and `cells_preview`; dense masks to compare with are
`cells_truth`, and pictures of what `evaluate` found wrong are `cells_errors`.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from ..io.paths import IMAGE_SUFFIXES

LABELS = "_labels"
SEGMENTED = "_segmented"
PROBABILITIES = "_probabilities"
UNCERTAINTY = "_uncertainty"
PREVIEW = "_preview"
TRUTH = "_truth"
ERRORS = "_errors"
#: Endings of files that are never images to work on.
COMPANIONS = (LABELS, SEGMENTED, PROBABILITIES, UNCERTAINTY, PREVIEW, TRUTH, ERRORS)
#: Kinds of file that may hold labels.
LABEL_SUFFIXES = (".png", ".tif", ".tiff", ".npy")


def find_images(words: Sequence[str]) -> list[Path]:
    """Images named by files, folders and patterns, each once, in order.

    Labels and results (see the rule of names) are left out, unless one is the only file named.
    """
    found: list[Path] = []
    for word in words:
        found.extend(_expand(word))
    found = list(dict.fromkeys(found))
    if len(found) == 1 and words[0] == str(found[0]):
        return found
    images = [path for path in found if not path.stem.endswith(COMPANIONS)]
    if not images:
        raise ValueError(
            f"{' '.join(words)}: there are only labels and results of earlier runs, no images."
        )
    return images


def _expand(word: str) -> list[Path]:
    path = Path(word)
    if path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if _is_image(entry))
        if not inside:
            raise ValueError(f"{path} is a folder without images ({', '.join(IMAGE_SUFFIXES)}).")
        return inside
    if path.exists():
        return [path]
    if not glob.has_magic(word):
        raise FileNotFoundError(f"{path} does not exist.")
    matches = sorted(Path(match) for match in glob.glob(word, recursive=True))
    matches = [match for match in matches if _is_image(match)]
    if not matches:
        raise FileNotFoundError(f"no image file matches {word!r}.")
    return matches


def _is_image(path: Path) -> bool:
    return (
        path.suffix.lower() in IMAGE_SUFFIXES
        and not path.name.startswith(".")
        and not path.is_dir()
    )


def find_labels(image: Path, folder: Path | None = None) -> Path | None:
    """The label file of an image by the rule of names; in `folder` the plain stem also counts."""
    stems = [image.stem + LABELS] if folder is None else [image.stem + LABELS, image.stem]
    place = image.parent if folder is None else folder
    candidates = [
        place / f"{stem}{suffix}"
        for stem in stems
        for suffix in LABEL_SUFFIXES
        if (place / f"{stem}{suffix}").is_file()
    ]
    candidates = [path for path in candidates if path.resolve() != image.resolve()]
    if len(candidates) > 1:
        raise ValueError(
            f"{image} has several label files, {candidates[0].name} and {candidates[1].name}: "
            "keep one."
        )
    return candidates[0] if candidates else None


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
                f"--labels names {len(labels)} files but there are {len(images)} images: name a "
                "folder, or one file for each image, in their order."
            )
        else:
            return [(image, Path(label)) for image, label in zip(images, labels, strict=True)]
    pairs = []
    for image in images:
        label = find_labels(image, folder)
        if label is not None:
            pairs.append((image, label))
        elif must_have:
            raise FileNotFoundError(_no_labels(image, folder))
    if not pairs:
        raise FileNotFoundError(_no_labels(images[0], folder))
    return pairs


def _no_labels(image: Path, folder: Path | None) -> str:
    place = image.parent if folder is None else folder
    return (
        f"{image} has no labels: save its strokes as {place / (image.stem + LABELS)}.png (grey "
        "values 1, 2, ... are classes, 0 is unlabelled), or pass --labels."
    )


def result_path(image: Path, ending: str, suffix: str, folder: Path | None) -> Path:
    """Where a result of an image goes: beside it, or in `folder`."""
    return (image.parent if folder is None else folder) / f"{image.stem}{ending}{suffix}"
