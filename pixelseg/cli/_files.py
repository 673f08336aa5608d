"""Which files a command works on, and what the files beside them are called.

The one rule of names: what belongs to `cells.png` stands beside it with an ending after its
stem. Strokes are `cells_labels.png` (or .tif, .tiff, .npy); results are `cells_segmented`,
`cells_probabilities`, `cells_uncertainty` and `cells_preview`; superpixels are
`cells_superpixels`, objects `cells_object`, refined labels `cells_refined`; dense masks to compare
with are `cells_truth`, and pictures of what `evaluate` found wrong are `cells_errors`. The kind of
file may be in capitals, and `.ome.tif` is one.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path

from ..io.paths import IMAGE_SUFFIXES, PILLOW_SUFFIXES, TIFF_SUFFIXES

LABELS = "_labels"
TRUTH = "_truth"
SEGMENTED = "_segmented"
PROBABILITIES = "_probabilities"
UNCERTAINTY = "_uncertainty"
PREVIEW = "_preview"
ERRORS = "_errors"
SUPERPIXELS = "_superpixels"
SUPERPIXELS_PREVIEW = "_superpixels_preview"
OBJECT = "_object"
OBJECT_PREVIEW = "_object_preview"
REFINED = "_refined"
REFINED_PROBABILITIES = "_refined_probabilities"
REFINED_PREVIEW = "_refined_preview"
#: What each kind of result holds: labels (up to a largest one in a PNG), ids of any size, values or
#: a picture.
RESULTS = {
    SEGMENTED: "labels",
    PROBABILITIES: "values",
    UNCERTAINTY: "values",
    PREVIEW: "picture",
    ERRORS: "picture",
    SUPERPIXELS: "ids",
    SUPERPIXELS_PREVIEW: "picture",
    OBJECT: "labels",
    OBJECT_PREVIEW: "picture",
    REFINED: "labels",
    REFINED_PROBABILITIES: "values",
    REFINED_PREVIEW: "picture",
}
#: Endings of files that are never images to work on.
COMPANIONS = (LABELS, TRUTH, *RESULTS)
#: Kinds of files that hold probabilities, beside those of images.
HDF5_SUFFIXES = (".h5", ".hdf5")
#: Largest label that a PNG holds.
_LARGEST_IN_PNG = 2**16 - 1


def split_name(path: Path) -> tuple[str, str]:
    """The stem of a file's name, and what kind of file it is, in small letters.

    >>> split_name(Path("sub/cells.v2.OME.tif"))
    ('cells.v2', '.ome.tif')
    """
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES and path.stem.lower().endswith(".ome"):
        suffix = f".ome{suffix}"
    return path.name[: len(path.name) - len(suffix)], suffix


def is_companion(path: Path) -> bool:
    """Whether a file holds labels or results by its name."""
    return split_name(path)[0].endswith(COMPANIONS)


def result_path(image: Path, ending: str, folder: Path | None, largest_label: int = 0) -> Path:
    """Where a result of an image goes (beside it, or in `folder`), as a kind that can hold it."""
    stem, suffix = split_name(image)
    holds = RESULTS[ending]
    if holds == "picture":
        suffix = ".png"
    elif suffix in PILLOW_SUFFIXES:
        suffix = ".png" if holds == "labels" and largest_label <= _LARGEST_IN_PNG else ".tif"
    return (image.parent if folder is None else folder) / f"{stem}{ending}{suffix}"


def find_images(words: Sequence[str]) -> list[Path]:
    """Images named by files, folders and patterns, each once, in order.

    Labels and results (see the rule of names) are left out, unless one is the only file named.
    """
    found = _expand_all(words, is_image, "images", IMAGE_SUFFIXES)
    if len(found) == 1 and words[0] == str(found[0]):
        return found
    images = [path for path in found if not is_companion(path)]
    if not images:
        raise ValueError(
            f"{' '.join(words)}: there are only labels and results of earlier runs, no images."
        )
    return images


def find_probabilities(words: Sequence[str]) -> list[Path]:
    """Files of probabilities, named as images are; in folders and patterns, by their ending."""
    kinds = (*IMAGE_SUFFIXES, *HDF5_SUFFIXES)
    endings = tuple(f"{PROBABILITIES}{kind}" for kind in kinds)
    return _expand_all(words, _holds_probabilities, "probabilities", endings)


def image_of(probabilities: Path, folder: Path) -> Path:
    """The one image in a folder that bears the name of a file of probabilities."""
    stem = split_name(probabilities)[0].removesuffix(PROBABILITIES)
    found = [path for path in sorted(folder.iterdir()) if is_image(path)]
    found = [path for path in found if split_name(path)[0] == stem and path != probabilities]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{stem} has several images, {found[0]} and {found[1]}: pass --image.")
    raise FileNotFoundError(
        f"{probabilities} has no image {stem} in {folder} ({', '.join(IMAGE_SUFFIXES)}): pass "
        "--image."
    )


def _expand_all(
    words: Sequence[str], is_wanted: Callable[[Path], bool], noun: str, kinds: Sequence[str]
) -> list[Path]:
    """The files that are named, each once, and those in folders and patterns that are wanted."""
    found: list[Path] = []
    for word in words:
        found.extend(_expand(word, is_wanted, noun, kinds))
    return list(dict.fromkeys(found))


def _expand(
    word: str, is_wanted: Callable[[Path], bool], noun: str, kinds: Sequence[str]
) -> list[Path]:
    path = Path(word)
    if path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if is_wanted(entry))
        if not inside:
            raise ValueError(f"{path} is a folder without {noun} ({', '.join(kinds)}).")
        return inside
    if path.exists():
        return [path]
    if not glob.has_magic(word):
        raise FileNotFoundError(f"{path} does not exist.")
    matches = sorted(Path(match) for match in glob.glob(word, recursive=True))
    matches = [match for match in matches if is_wanted(match)]
    if not matches:
        raise FileNotFoundError(f"no {noun} match {word!r}.")
    return matches


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name."""
    return _is_visible(path) and path.suffix.lower() in IMAGE_SUFFIXES


def _holds_probabilities(path: Path) -> bool:
    stem, suffix = split_name(path)
    known = suffix in HDF5_SUFFIXES or is_image(path)
    results = stem.endswith(REFINED_PROBABILITIES)
    return _is_visible(path) and known and stem.endswith(PROBABILITIES) and not results


def _is_visible(path: Path) -> bool:
    return not path.name.startswith(".") and not path.is_dir()
