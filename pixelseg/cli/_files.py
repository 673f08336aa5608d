"""Which files a command works on, and what the files beside them are called.

The one rule of names: what belongs to `cells.png` stands beside it with an ending after its
stem. Strokes are `cells_labels.png` (or .tif, .tiff, .npy); results are `cells_segmented`,
`cells_probabilities`, `cells_uncertainty` and `cells_preview`; superpixels are
`cells_superpixels`, objects `cells_object`; dense masks to compare with are `cells_truth`, and
pictures of what `evaluate` found wrong are `cells_errors`. The kind of file may be in capitals, and
`.ome.tif` is one.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
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
}
#: Endings of files that are never images to work on.
COMPANIONS = (LABELS, TRUTH, *RESULTS)
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
    found: list[Path] = []
    for word in words:
        found.extend(_expand(word))
    found = list(dict.fromkeys(found))
    if len(found) == 1 and words[0] == str(found[0]):
        return found
    images = [path for path in found if not is_companion(path)]
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
