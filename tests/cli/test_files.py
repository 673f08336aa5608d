"""Which files are images, labels and results."""

from pathlib import Path

import pytest

from pixelseg.cli import _files as files
from pixelseg.cli._pairs import pair_labels


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")

    return make


def names(paths):
    return [path.as_posix() for path in paths]


def test_folders_patterns_and_files_in_order_without_repeats(place):
    place("b.png", "a.tif", "c.jpg", "notes.txt", ".hidden.png", "sub/d.npy", "sub/e.png")
    assert names(files.find_images(["c.jpg", "."])) == ["c.jpg", "a.tif", "b.png"]
    assert names(files.find_images(["*.png", "sub"])) == ["b.png", "sub/d.npy", "sub/e.png"]
    assert names(files.find_images(["**/*.png"])) == ["b.png", "sub/e.png"]


def test_labels_and_results_are_no_images(place):
    place("a.png", *(f"a{ending}.png" for ending in files.COMPANIONS))
    assert names(files.find_images(["."])) == ["a.png"]
    assert names(files.find_images(["*.png"])) == ["a.png"]
    assert names(files.find_images(["a.png", "a_labels.png"])) == ["a.png"]
    assert names(files.find_images(["a_preview.png"])) == ["a_preview.png"]


def test_nothing_found_is_an_error(place):
    place("notes.txt", "sub/a_labels.png")
    with pytest.raises(ValueError, match="folder without images"):
        files.find_images(["."])
    with pytest.raises(ValueError, match="only labels and results"):
        files.find_images(["sub"])
    with pytest.raises(FileNotFoundError, match=r"no images match '\*\.tif'"):
        files.find_images(["*.tif"])
    with pytest.raises(FileNotFoundError, match=r"a\.png does not exist"):
        files.find_images(["a.png"])


def labels_of(image, folder=None):
    """The label file that `train` takes for an image, or None."""
    try:
        words = None if folder is None else [str(folder)]
        return pair_labels([Path(image)], words, must_have=False)[0][1]
    except FileNotFoundError:
        return None


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".npy", ".PNG", ".TIF", ".ome.tif"])
def test_labels_stand_beside_the_image(place, suffix):
    place("cells.jpg", f"cells_labels{suffix}", "cells2_labels.png")
    assert labels_of("cells.jpg") == Path(f"cells_labels{suffix}")


@pytest.mark.parametrize("labels", ["cells_labels.ome.tif", "cells_labels.tif", "cells_labels.png"])
def test_ome_tif_is_one_ending(place, labels):
    place("cells.ome.tif", labels, "cells_segmented.ome.tif", "cells_preview.png")
    assert names(files.find_images(["."])) == ["cells.ome.tif"]
    assert labels_of("cells.ome.tif") == Path(labels)


def test_labels_in_a_folder_may_have_the_plain_stem(place):
    place("a.png", "b.png", "c.png", "strokes/a.png", "strokes/b_labels.tif")
    strokes = Path("strokes")
    assert labels_of("a.png", strokes) == strokes / "a.png"
    assert labels_of("b.png", strokes) == strokes / "b_labels.tif"
    assert labels_of("c.png", strokes) is None
    assert labels_of("a.png", Path()) is None, "an image is not its own labels"
    place("strokes/b.png")
    assert labels_of("b.png", strokes) == strokes / "b_labels.tif", "b.png may be the image"


def test_two_label_files_are_one_too_many(place):
    place("a.png", "a_labels.png", "a_labels.tif", "b.png", "b_labels.png")
    with pytest.raises(ValueError, match="several label files"):
        labels_of("a.png")
    assert labels_of("b.png") == Path("b_labels.png")


@pytest.mark.parametrize(
    ("image", "ending", "largest", "expected"),
    [
        ("a.png", "_segmented", 65535, "a_segmented.png"),
        ("a.JPG", "_segmented", 65536, "a_segmented.tif"),
        ("a.TIF", "_segmented", 1, "a_segmented.tif"),
        ("a.ome.tif", "_segmented", 1, "a_segmented.ome.tif"),
        ("a.npy", "_probabilities", 0, "a_probabilities.npy"),
        ("a.png", "_uncertainty", 0, "a_uncertainty.tif"),
        ("a.b.tif", "_preview", 0, "a.b_preview.png"),
    ],
)
def test_results_are_of_a_kind_that_holds_them(image, ending, largest, expected):
    assert files.result_path(Path("in") / image, ending, None, largest) == Path("in") / expected
    assert files.result_path(Path("in") / image, ending, Path("out"), largest).parent == Path("out")


def test_pairs(place):
    place("a.png", "a_labels.png", "b.png", "s1.png", "s2.png")
    a, b = Path("a.png"), Path("b.png")
    assert pair_labels([a, b], None, must_have=False) == [(a, Path("a_labels.png"))]
    with pytest.raises(FileNotFoundError, match=r"save its strokes as b_labels\.png"):
        pair_labels([a, b], None, must_have=True)
    both = pair_labels([a, b], ["s1.png", "s2.png"], must_have=True)
    assert both == [(a, Path("s1.png")), (b, Path("s2.png"))]
    with pytest.raises(ValueError, match="names 1 file for 2 images"):
        pair_labels([a, b], ["s1.png"], must_have=True)
    with pytest.raises(FileNotFoundError, match=r"b\.png has no labels"):
        pair_labels([b], None, must_have=False)
