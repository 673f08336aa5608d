"""Saved probabilities refined by files."""

import sys

import h5py
import numpy as np
import pytest

from pixelseg import io, refine
from pixelseg.cli.refine import METHODS


@pytest.fixture
def scene(tmp_path):
    """Two halves with their probabilities, which are often wrong, beside the image."""
    rng = np.random.default_rng(0)
    bright = np.arange(36)[np.newaxis].repeat(30, axis=0) >= 18
    image = (60 + 120 * bright + rng.integers(0, 20, bright.shape)).astype(np.uint8)
    p1 = np.clip(0.2 + 0.6 * bright + rng.normal(0, 0.25, bright.shape), 0.02, 0.98)
    p = np.stack([1 - p1, p1], axis=-1).astype(np.float32)
    io.write_image(tmp_path / "cells.png", image)
    io.write_image(tmp_path / "cells_probabilities.tif", p, channel_axis=-1)
    return image, bright, p


def read(path):
    return np.asarray(io.read_image(path))


@pytest.mark.parametrize("method", METHODS)
def test_a_method_by_files(run, tmp_path, scene, method):
    image, bright, p = scene
    path = tmp_path / "cells_probabilities.tif"
    code, out, err = run("refine", path, "-m", method, "--probabilities", "--preview")
    assert code == 0, err
    assert "refined 1 image" in out
    assert "of the pixels changed" in out
    expected = getattr(refine, METHODS[method][0])().refine(p, image)
    np.testing.assert_array_equal(read(tmp_path / "cells_refined_probabilities.tif"), expected)
    labels = io.read_labels(tmp_path / "cells_refined.png")
    np.testing.assert_array_equal(labels, 1 + expected.argmax(axis=-1))
    assert (labels == 1 + bright).mean() > (p.argmax(axis=-1) == bright).mean()
    height, width, _ = read(tmp_path / "cells_refined_preview.png").shape
    assert height > 30
    assert width > 2 * 36
    # Results are neither images nor probabilities to begin with.
    assert run("refine", tmp_path, "-m", method, "-o", tmp_path / "out")[0] == 0
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["cells_refined.png"]
    code, _, err = run("refine", path, "-m", method)
    assert code == 1
    assert "--overwrite" in err


@pytest.mark.parametrize("name", ["graphcut", "graph-cut", "GraphCut"])
def test_names_of_methods_are_taken_as_they_are_said(run, tmp_path, name):
    code, _, err = run("refine", tmp_path / "missing.npy", "-m", name)
    assert code == 1
    assert "--method" not in err


def test_what_predict_writes_and_evaluate_reads(run, folder, model):
    assert run("predict", folder / "more.png", "-m", model, "--probabilities")[0] == 0
    code, _, err = run("refine", folder / "more_probabilities.tif", "-m", "graph_cut")
    assert code == 0, err
    (folder / "more_segmented.png").rename(folder / "more_truth.png")
    refined = folder / "more_refined.png"
    code, out, err = run("evaluate", refined, folder / "more_truth.png")
    assert code == 0, err
    (folder / "results").mkdir()
    refined.rename(folder / "results" / refined.name)
    (folder / "truths").mkdir()
    (folder / "more_truth.png").rename(folder / "truths" / "more_truth.png")
    again = run("evaluate", folder / "results", folder / "truths")[1]
    assert again.split("\n")[:2] == out.split("\n")[:2]
    assert "more " in out


def test_probabilities_of_other_programs(run, tmp_path, scene):
    image, _, p = scene
    expected = 1 + refine.GraphCut(2.0).refine(p, image).argmax(axis=-1)
    first = np.moveaxis(p, -1, 0)
    np.save(tmp_path / "first.npy", first)
    np.save(tmp_path / "half.npy", p.astype(np.float16))
    np.save(tmp_path / "one.npy", p[..., 1].astype(np.float64))
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["exported_data"] = p
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["image"], file["p/first"] = image, first
    method = ("-m", "graph_cut", "--set", "weight=2", "--image", tmp_path / "cells.png")
    for name, options in (
        ("first.npy", ("--class-axis", 0)),
        ("half.npy", ()),
        ("one.npy", ()),
        ("one.h5", ()),
        ("two.h5", ("--class-axis", -3, "--dataset", "/p/first")),
    ):
        code, _, err = run("refine", tmp_path / name, *method, *options, "--overwrite")
        assert code == 0, err
        labels = io.read_labels(tmp_path / "cells_refined.png")
        assert (labels == expected).mean() > 0.998, name
    code, _, err = run("refine", tmp_path / "two.h5", *method, "--overwrite")
    assert code == 1
    assert "two.h5 has 2 arrays (there are: image, p/first): pass the name of one" in err
    options = ("--dataset", "q", "--overwrite")
    assert "two.h5 has no array q" in run("refine", tmp_path / "two.h5", *method, *options)[2]


def test_labels_choose(run, tmp_path, scene):
    image, bright, p = scene
    strokes = np.zeros(bright.shape, np.uint8)
    strokes[2:28:3, 2:34:3] = 1 + bright[2:28:3, 2:34:3]
    io.write_labels(tmp_path / "cells_labels.png", strokes)
    tuning = refine.tune([getattr(refine, cls) for cls, _ in METHODS.values()], p, image, strokes)
    assert tuning.refiner is not None
    path = tmp_path / "cells_probabilities.tif"
    code, out, err = run("refine", path, "--probabilities", "--labels")
    assert code == 0, err
    assert f"labelled pixels: {tuning.choices[tuning.chosen]}" in out
    assert "class 2: IoU" in out
    expected = tuning.refiner.refine(p, image)
    np.testing.assert_array_equal(read(tmp_path / "cells_refined_probabilities.tif"), expected)
    # Labels that are all right already speak for nothing.
    io.write_labels(tmp_path / "right.png", np.where(strokes, 1 + p.argmax(axis=-1), 0))
    words = ("-m", "graph_cut", "--labels", tmp_path / "right.png", "--overwrite")
    code, out, err = run("refine", path, *words)
    assert code == 0, err
    assert "no refinement" in out
    assert "0.0% of the pixels changed" in out


def test_classes_and_pixels_without_any(run, tmp_path, scene):
    _, _, p = scene
    p[:5] = 0
    np.save(tmp_path / "p.npy", p)
    words = ("--image", tmp_path / "cells.png", "--classes", "70000,3", "-m", "guided_filter")
    code, _, err = run("refine", tmp_path / "p.npy", *words, "--set", "sigma=1", "epsilon=0.01")
    assert code == 0, err
    labels = io.read_labels(tmp_path / "cells_refined.tif")
    assert np.unique(labels).tolist() == [0, 3, 70000]
    assert (labels[:5] == 0).all()
    assert (labels[5:] > 0).all()


def test_volumes(run, tmp_path):
    truth = np.indices((4, 12, 12)).sum(axis=0) > 12
    p = np.stack([0.7 - 0.4 * truth, 0.3 + 0.4 * truth], axis=-1)
    p[1, 6, 2] = 0.4, 0.6
    io.write_image(tmp_path / "stack.tif", truth.astype(np.float32) * 9, channel_axis=None)
    np.save(tmp_path / "stack_probabilities.npy", p)
    path = tmp_path / "stack_probabilities.npy"
    code, _, err = run("refine", path, "-m", "graph_cut", "--preview", "--spacing", "2,1,1")
    assert code == 0, err
    np.testing.assert_array_equal(io.read_labels(tmp_path / "stack_refined.tif"), 1 + truth)


def test_mistakes_are_said(run, tmp_path, scene):
    image, _, p = scene
    np.save(tmp_path / "first.npy", np.moveaxis(p, -1, 0))
    np.save(tmp_path / "other.npy", p[1:])
    np.save(tmp_path / "whole.npy", (p * 255).astype(np.uint8))
    np.save(tmp_path / "logits.npy", p * 3)
    np.save(tmp_path / "nan.npy", np.where(p > 0.9, np.nan, p))
    (tmp_path / "damaged.h5").write_bytes(b"x" * 100)
    io.write_image(tmp_path / "cells.jpg", image)
    cells = ("--image", tmp_path / "cells.png")
    for name, options, words in (
        ("first.npy", cells, "whose first axis has the classes: pass --class-axis 0"),
        (
            "other.npy",
            cells,
            "other.npy has shape (29, 36, 2) but image has spatial shape (30, 36)",
        ),
        ("whole.npy", cells, "whole.npy holds uint8 but probabilities are floating-point numbers"),
        ("logits.npy", cells, "logits.npy sums to 3 over the classes at pixel ("),
        ("nan.npy", cells, "nan.npy holds a negative or infinite value or NaN"),
        ("damaged.h5", cells, "damaged.h5 cannot be read"),
        ("first.npy", (*cells, "--class-axis", 5), "pass an axis from -3 to 2"),
        ("missing.npy", cells, "missing.npy does not exist"),
        ("other.npy", (), "other.npy has no image other in"),
        ("cells_probabilities.tif", (), "cells has several images"),
        ("other.npy", ("--image", "a", "b"), "--image names 2 files but there are 1 file"),
        ("other.npy", (*cells, "--set", "sigma=1"), "--set sigma is no setting of graph_cut"),
        ("other.npy", (*cells, "--set", "sigma"), "'sigma' must be like weight=2"),
        ("other.npy", (*cells, "--classes", "1,1"), "'1,1' must be different labels"),
        ("cells_probabilities.tif", (*cells, "--classes", "1"), "--classes names 1 label but"),
        ("cells_probabilities.tif", (*cells, "--set", "weight=-1"), "weight is -1"),
    ):
        code, _, err = run("refine", tmp_path / name, "-m", "graph_cut", *options)
        assert code != 0, name
        assert words in err
    code, _, err = run("refine", tmp_path / "other.npy", *cells)
    assert code == 1
    assert "neither --method nor --labels is given" in err
    words = ("--labels", tmp_path / "cells.png", "--set", "sigma=1", *cells)
    assert "--set and --labels are both given" in run("refine", tmp_path / "other.npy", *words)[2]
    two = (tmp_path / "first.npy", tmp_path / "other.npy")
    code, _, err = run("refine", *two, "-m", "graph_cut", "--image", *cells[1:], cells[1])
    assert code == 1
    assert "are both of" in err
    (tmp_path / "empty").mkdir()
    code, _, err = run("refine", tmp_path / "empty", "-m", "graph_cut")
    assert code == 1
    assert "empty is a folder without probabilities (_probabilities.png" in err


def test_without_h5py(run, tmp_path, scene, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "p.h5").write_bytes(b"")
    words = ("-m", "graph_cut", "--image", tmp_path / "cells.png")
    code, _, err = run("refine", tmp_path / "p.h5", *words)
    assert code == 1
    assert "p.h5 is an HDF5 file, which h5py reads: pip install h5py" in err
