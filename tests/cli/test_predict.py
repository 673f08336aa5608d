"""Predicting files."""

import numpy as np

import pixelseg
from pixelseg import io

from .conftest import two_halves


def test_results_stand_beside_the_image(run, folder, model):
    code, out, err = run(
        "predict", folder / "more.png", "-m", model,
        "--probabilities", "--uncertainty", "--preview",
    )  # fmt: skip
    assert code == 0, err
    assert "segmented 1 image" in out
    image = two_halves(1)[0]
    expected = pixelseg.load(model)
    np.testing.assert_array_equal(
        io.read_labels(folder / "more_segmented.png"), expected.predict(image)
    )
    np.testing.assert_array_equal(
        np.asarray(io.read_image(folder / "more_probabilities.tif")), expected.predict_proba(image)
    )
    np.testing.assert_array_equal(
        np.asarray(io.read_image(folder / "more_uncertainty.tif")),
        expected.predict_uncertainty(image),
    )
    assert io.read_image(folder / "more_preview.png").shape == (*image.shape, 3)


def test_a_folder_goes_into_a_folder_and_can_be_run_again(run, folder, model):
    out_folder = folder / "results" / "today"
    code, out, _ = run("predict", folder, "-m", model, "-o", out_folder)
    assert code == 0
    assert "2 images in" in out
    names = ["cells_segmented.png", "more_segmented.png"]
    assert sorted(path.name for path in out_folder.iterdir()) == names

    code, _, err = run("predict", folder, "-m", model, "-o", out_folder)
    assert code == 1
    assert "--overwrite" in err
    assert "1 more" in err
    (out_folder / "more_segmented.png").unlink()
    code, _, err = run("predict", folder, "-m", model, "-o", out_folder, "--skip-existing")
    assert code == 0
    assert "1 image left out" in err
    assert sorted(path.name for path in out_folder.iterdir()) == names
    assert run("predict", folder, "-m", model, "-o", out_folder, "--overwrite")[0] == 0


def test_results_of_an_earlier_run_are_not_predicted(run, folder, model):
    assert run("predict", folder, "-m", model, "--preview")[0] == 0
    n_files = len(list(folder.iterdir()))
    assert run("predict", folder, "-m", model, "--preview", "--overwrite")[0] == 0
    assert len(list(folder.iterdir())) == n_files


def test_a_failing_file_does_not_stop_the_others(run, folder, model):
    (folder / "broken.png").write_bytes(b"\x89PNG not really")
    io.write_image(folder / "colour.png", np.zeros((8, 8, 3), np.uint8))
    code, out, err = run("predict", folder, "-m", model, "-o", folder / "out")
    assert code == 1
    assert "broken.png cannot be read" in err
    assert "image has 3 channels but the model has 1" in err
    assert "2 of 4 images failed" in err
    assert "segmented 2 images" in out
    assert len(list((folder / "out").iterdir())) == 2


def test_holes_become_label_0(run, folder, model):
    image = np.dstack(
        [np.repeat(two_halves()[0][..., np.newaxis], 3, axis=2), np.full((40, 48), 255)]
    )
    image[10:20, 10:20, 3] = 0
    strokes = two_halves()[1]
    io.write_image(folder / "hole.png", image.astype(np.uint8))
    io.write_labels(folder / "hole_labels.png", strokes)
    path = folder / "m.pixelseg"
    assert run("train", folder / "hole.png", "-o", path, "--sigmas", 1)[0] == 0
    assert run("predict", folder / "hole.png", "-m", path)[0] == 0
    labels = io.read_labels(folder / "hole_segmented.png")
    np.testing.assert_array_equal(labels == 0, image[..., 3] == 0)


def test_dry_run_shows_tiles_and_memory(run, folder, model):
    before = sorted(folder.iterdir())
    code, out, err = run("predict", folder, "-m", model, "-o", folder / "out", "-j", 1, "--dry-run")
    assert code == 0, err
    assert "1 tile of 40 x 48" in out
    assert "MB beyond input and output" in out
    assert "more_segmented.png" in out
    assert sorted(folder.iterdir()) == before


def test_memory_and_jobs_do_not_change_the_result(run, folder, model):
    image = np.tile(two_halves()[0], (4, 4))
    io.write_image(folder / "large.tif", image)
    code, _, err = run("predict", folder / "large.tif", "-m", model, "-j", 1)
    assert code == 0, err
    first = io.read_labels(folder / "large_segmented.tif")
    code, _, err = run(
        "predict", folder / "large.tif", "-m", model, "--max-memory", "3MB", "-j", 2, "--overwrite"
    )
    assert code == 0, err
    np.testing.assert_array_equal(io.read_labels(folder / "large_segmented.tif"), first)
    code, _, err = run("predict", folder / "cells.png", "-m", model, "--max-memory", "1kB")
    assert code == 1
    assert "at least" in err


def test_two_images_with_one_result_are_refused(run, folder, model):
    io.write_image(folder / "more.jpg", two_halves(1)[0])
    code, _, err = run("predict", folder, "-m", model)
    assert code == 1
    assert "would both write" in err


def test_warnings_are_sentences(run, folder, model):
    io.write_image(folder / "deep.tif", two_halves()[0].astype(np.uint16) * 100)
    code, _, err = run("predict", folder / "deep.tif", "-m", model)
    assert code == 0
    assert "pixelseg: warning: image has dtype uint16" in err
    assert "warnings.warn" not in err


def test_labels_that_a_png_cannot_hold_go_into_a_tiff(run, folder):
    image, strokes = two_halves()
    io.write_image(folder / "large.png", image)
    io.write_labels(folder / "large_labels.tif", strokes * np.uint32(40_000))
    path = folder / "m.pixelseg"
    assert run("train", folder / "large.png", "-o", path, "--sigmas", 1)[0] == 0
    code, _, err = run("predict", folder / "large.png", "-m", path)
    assert code == 0, err
    assert set(np.unique(io.read_labels(folder / "large_segmented.tif"))) == {40_000, 80_000}


def test_an_output_that_is_a_file_is_named(run, folder, model):
    code, _, err = run("predict", folder, "-m", model, "-o", folder / "more.png")
    assert code == 1
    assert "more.png is a file but --output must be a folder" in err
