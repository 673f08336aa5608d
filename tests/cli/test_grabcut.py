"""Objects cut out of files."""

import numpy as np
import pytest

from pixelseg import graph, io


@pytest.fixture
def scene(tmp_path):
    """A bright disk in noise, with seeds."""
    rows, columns = np.indices((60, 70))
    disk = np.hypot(rows - 30, columns - 35) < 15
    image = np.where(disk, 180, 60) + np.random.default_rng(0).integers(0, 40, disk.shape)
    io.write_image(tmp_path / "disk.png", image.astype(np.uint8))
    seeds = np.zeros(disk.shape, np.uint8)
    seeds[28:32, 33:37], seeds[:3] = 1, 2
    io.write_labels(tmp_path / "disk_labels.png", seeds)
    return image.astype(np.uint8), disk, seeds


def test_a_box_and_a_preview(run, tmp_path, scene):
    image, disk, _ = scene
    path = tmp_path / "disk.png"
    code, out, err = run("grabcut", path, "--box", "10,15,50,55", "--preview")
    assert code == 0, err
    assert "cut 1 image" in out
    found = io.read_labels(tmp_path / "disk_object.png")
    np.testing.assert_array_equal(found > 0, graph.grabcut(image, box=(10, 15, 50, 55)).mask)
    assert (found == disk).mean() > 0.97
    assert io.read_image(tmp_path / "disk_object_preview.png").shape == (60, 70, 3)
    code, _, err = run("grabcut", path, "--box", "10,15,50,55")
    assert code == 1
    assert "--overwrite" in err
    assert run("grabcut", tmp_path, "--box", "10,15,50,55", "-o", tmp_path / "out")[0] == 0
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["disk_object.png"]


def test_seeds(run, tmp_path, scene):
    image, _, seeds = scene
    labels = tmp_path / "disk_labels.png"
    code, _, err = run("grabcut", tmp_path / "disk.png", "--seeds", labels, "--weight", 20)
    assert code == 0, err
    expected = graph.grabcut(image, seeds=seeds, weight=20).mask
    np.testing.assert_array_equal(io.read_labels(tmp_path / "disk_object.png") > 0, expected)


@pytest.mark.usefixtures("scene")
def test_mistakes(run, tmp_path):
    path = tmp_path / "disk.png"
    for arguments, words in (
        ((path,), "neither --box nor --seeds"),
        ((path, "--seeds", path, path), "--seeds names 2 files but there are 1 image"),
        ((path, "--box", "0,0,60,70"), "disk.png: box"),
        ((path, "--box", "1,2,3"), "'1,2,3' must be four whole numbers"),
    ):
        code, _, err = run("grabcut", *arguments)
        assert code != 0
        assert words in err
