"""The demo and the warm-up, run whole."""

import re
import subprocess
import sys

import numpy as np
import pytest

from pixelseg import io, metrics
from pixelseg.cli import _demo_images, warmup
from pixelseg.cli.demo import packaged_strokes


def test_demo_writes_everything_and_scores_well(run, tmp_path):
    folder = tmp_path / "demo"
    code, out, err = run("demo", "-o", folder, "-j", 1)
    assert code == 0, err
    for number in (1, 2):
        truth = io.read_labels(folder / f"mosaic{number}_truth.png")
        labels = io.read_labels(folder / f"mosaic{number}_segmented.png")
        confusion = metrics.confusion_matrix(truth, labels)
        assert metrics.mean_iou(confusion) > 0.75
        assert f"mean IoU {metrics.mean_iou(confusion):.3f}" in out
    for name in ("mosaic", "tissue", "coffee"):
        assert (folder / f"{name}.pixelseg").stat().st_size > 1000
        assert io.read_labels(folder / f"{name}_labels.png").max() >= 3
    tissue = np.bincount(io.read_labels(folder / "tissue1_segmented.png").ravel())[1:]
    assert (tissue > 0.05 * tissue.sum()).all()
    assert io.read_image(folder / "demo_preview.png").channel_axis == 2
    assert re.search(r"done in [\d.]+ s", out)


def test_strokes_of_the_mosaic_are_right_and_thin():
    strokes = packaged_strokes("mosaic")
    _, truth = _demo_images.mosaic(0)
    marked = strokes > 0
    np.testing.assert_array_equal(strokes[marked], truth[marked])
    assert marked.mean() < 0.05


@pytest.mark.parametrize("number", [0, 1, 2])
def test_mosaics_show_every_texture(number):
    image, truth = _demo_images.mosaic(number)
    assert image.shape == truth.shape == _demo_images.MOSAIC_SHAPE
    assert set(np.unique(truth)) == set(_demo_images.TEXTURES)


def test_demo_needs_a_folder(run, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("demo", "-o", tmp_path / "file")
    assert code == 1
    assert "must be a folder" in err


def test_warmup_runs_every_kernel_file_and_says_how_long_it_took():
    code = (
        "import sys; from pathlib import Path; import pixelseg; "
        "from pixelseg.cli import main; assert main(['warmup']) == 0; "
        "root = Path(pixelseg.__file__).parents[1]; "
        "found = root.glob('pixelseg/*/_*_kernels.py'); "
        "names = {'.'.join(p.relative_to(root).with_suffix('').parts) for p in found}; "
        "print(sorted(names - set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, missing = done.stdout.splitlines()
    assert missing == "[]"
    assert [line.split()[0] for line in lines] == [*warmup.PACKAGES, "all"]
    assert re.fullmatch(r"all +[\d.]+ s", lines[-1])
