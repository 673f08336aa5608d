"""The superpixel benchmark on two tiny pictures of our own."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import readme, report, superpixel_quality
from benchmarks.superpixel_methods import METHODS, Method


@pytest.fixture
def folder(tmp_path):
    """A set in the form of bsds500: coloured squares, two annotators."""
    (tmp_path / "images").mkdir()
    (tmp_path / "truth").mkdir()
    truth = np.kron([[1, 2], [3, 4]], np.ones((12, 16), int)).astype(np.uint16)
    for name in "ab":
        Image.fromarray((truth[..., None] * [60, 40, 20]).astype(np.uint8)).save(
            tmp_path / "images" / f"{name}.jpg"
        )
        truths = np.stack([truth, np.where(truth == 2, 1, truth)])
        np.savez(tmp_path / "truth" / f"{name}.npz", segmentations=truths)
    (tmp_path / "set.json").write_text(json.dumps({"train": ["a"], "val": ["a", "b"]}))
    return tmp_path


def stripes(image, n_segments, *, across=False):
    """Rows or columns of the image, as many as asked for."""
    rows, columns = np.indices(image.shape[:2])
    places, size = (columns, image.shape[1]) if across else (rows, image.shape[0])
    return places * n_segments // size


def test_scores_tables_and_pictures(folder, tmp_path):
    pictures = superpixel_quality.read_pictures(folder, "val", None)
    assert [picture.name for picture in pictures] == ["a", "b"]
    assert len(superpixel_quality.read_pictures(folder, "val", 1)) == 1
    runs = {"rows": stripes, "columns": lambda image, k: stripes(image, k, across=True)}
    scores = superpixel_quality.evaluate(
        runs, {"rows": pictures, "columns": pictures[:1]}, asked=(2, 12)
    )
    assert [(one.method, one.n_images, one.n_segments) for one in scores] == [
        ("rows", 2, 2), ("columns", 1, 2), ("rows", 2, 12), ("columns", 1, 12)
    ]  # fmt: skip
    found = superpixel_quality.curves(scores)
    assert found["rows"].miss_rate < 100
    assert np.isnan(found["rows"].at("n_segments", 1000, "boundary_recall"))
    assert "| rows " in superpixel_quality.table(scores)
    superpixel_quality.draw(scores, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 0
    report.write_json(tmp_path / "scores.json", "superpixels", scores)
    figures = {}
    readme.take(tmp_path / "scores.json", figures)
    assert [row["method"] for row in figures["superpixels"]] == ["rows", "columns"]
    assert "columns" in readme.superpixel_table(figures["superpixels"])


def test_tuning_puts_the_best_choice_first(folder):
    def run(image, n_segments, *, right):
        return np.array(image[..., 0] // 30) if right else np.ones(image.shape[:2], int)

    method = Method("test", run, grid={"right": (False, True)})
    pictures = superpixel_quality.read_pictures(folder, "train", None)
    (_, best, _), (_, worst, _) = superpixel_quality.tune(method, pictures)
    assert best == {"right": True}
    assert worst == {"right": False}


def test_equal_numbers_of_segments_are_one_point():
    scores = [
        superpixel_quality.Scores("seeds", asked, 1, 300.0, recall, 0.1, 0.5, 0.2, 0.3, 1.0)
        for asked, recall in ((200, 0.5), (300, 0.7))
    ]
    assert superpixel_quality.Curve(scores).miss_rate == pytest.approx(40)


def test_a_missing_set_says_what_to_pass(tmp_path):
    with pytest.raises(FileNotFoundError, match="--data"):
        superpixel_quality.read_pictures(tmp_path, "val", None)


def test_every_method_runs_or_says_why_not():
    image = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    for method in METHODS:
        if method.missing():
            assert "is not there" in method.missing()
        else:
            assert method(image, 12).shape == (60, 80)
