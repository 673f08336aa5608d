"""Superpixels of files."""

import numpy as np
import pytest

from pixelseg import io, superpixels
from pixelseg.cli.superpixels import METHODS

from .conftest import two_halves


@pytest.mark.parametrize("method", METHODS)
def test_labels_and_a_preview_stand_beside_the_image(run, folder, method):
    options = ["--scale", 100] if method == "felzenszwalb" else ["-n", 40]
    code, out, err = run("superpixels", method, folder / "cells.png", "--preview", *options)
    assert code == 0, err
    assert "segmented 1 image" in out
    image = two_halves()[0]
    options = {"scale": 100} if method == "felzenszwalb" else {"n_segments": 40}
    expected = getattr(superpixels, method)(image, **options)
    np.testing.assert_array_equal(io.read_labels(folder / "cells_superpixels.tif"), expected)
    assert f"{expected.max()} superpixel" in out
    preview = np.asarray(io.read_image(folder / "cells_superpixels_preview.png"))
    assert preview.shape == (*image.shape, 3)
    assert (preview == (255, 225, 0)).all(axis=-1).any()


def test_a_failing_file_does_not_stop_the_others(run, folder):
    (folder / "broken.png").write_bytes(b"\x89PNG not really")
    io.write_image(folder / "tiny.png", np.zeros((2, 3), np.uint8))
    code, out, err = run("superpixels", "watershed", folder, "-n", 9, "-o", folder / "out")
    assert code == 1
    assert "broken.png cannot be read" in err
    assert "tiny.png: n_segments is 9 but the image has 6 pixels" in err
    assert "2 of 4 images failed" in err
    assert "segmented 2 images" in out
    names = ["cells_superpixels.tif", "more_superpixels.tif"]
    assert sorted(path.name for path in (folder / "out").iterdir()) == names


def test_results_are_neither_replaced_nor_taken_for_images(run, folder):
    assert run("superpixels", "grid", folder, "-n", 9, "--preview")[0] == 0
    n_files = len(list(folder.iterdir()))
    code, _, err = run("superpixels", "grid", folder, "-n", 9)
    assert code == 1
    assert "--overwrite" in err
    assert run("superpixels", "grid", folder, "-n", 16, "--preview", "--overwrite")[0] == 0
    assert len(list(folder.iterdir())) == n_files
    assert io.read_labels(folder / "cells_superpixels.tif").max() == 16
    assert "2 images left out" in run("superpixels", "grid", folder, "--skip-existing")[2]


def test_an_option_of_another_method_is_named(run, folder):
    code, _, err = run("superpixels", "grid", folder, "--min-size", 5)
    assert code == 1
    assert "--min-size is no option of grid, but of felzenszwalb: leave it out." in err


def test_volumes_with_the_spacing_of_their_file(run, tmp_path, rng):
    volume = rng.integers(0, 255, (6, 20, 24), np.uint8)
    path = tmp_path / "stack.tif"
    io.write_image(path, volume, channel_axis=None, spacing=(4, 1, 1))
    code, _, err = run("superpixels", "grid", path, "-n", 12, "--spacing", "file", "--preview")
    assert code == 0, err
    expected = superpixels.grid(volume.shape, 12, spacing=(4, 1, 1))
    np.testing.assert_array_equal(io.read_labels(tmp_path / "stack_superpixels.tif"), expected)
    io.write_image(tmp_path / "plain.png", volume[0])
    code, _, err = run("superpixels", "grid", tmp_path / "plain.png", "-n", 2, "--spacing", "file")
    assert code == 1
    assert "plain.png does not say how large its pixels are" in err
