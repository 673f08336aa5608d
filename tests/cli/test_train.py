"""Training from files, and inspecting the model."""

import json

import numpy as np
import pytest

import pixelseg
from pixelseg import io
from pixelseg.classify.refiners import TUNED
from pixelseg.cli import main

from .conftest import two_halves


def test_train_writes_a_model_and_says_what_it_learned(run, folder):
    path = folder / "m.pixelseg"
    code, out, err = run(
        "train", folder, "-o", path, "--sigmas", "1,2", "--classes", "1:dark,2:bright", "-j", 1
    )
    assert code == 0, err
    assert "class 1 dark: 96 pixels" in out
    assert "class 2 bright: 96 pixels" in out
    assert "1 image without labels left out" in err
    model = pixelseg.load(path)
    assert model.class_names == {1: "dark", 2: "bright"}
    image, strokes = two_halves()
    bank = pixelseg.FeatureBank(sigmas=(1.0, 2.0))
    same = pixelseg.PixelClassifier(bank).fit(image, strokes)
    np.testing.assert_array_equal(model.predict(image), same.predict(image))


def test_cross_validation_is_kept_in_the_model(run, folder):
    path = folder / "m.pixelseg"
    words = ["train", folder / "cells.png", "-o", path, "--sigmas", 1]
    code, out, _ = run(*words, "--cross-validate", "--classifier", "mlp", "--seed", 3)
    assert code == 0
    assert "cross-validated over strokes: mean IoU" in out
    code, out, _ = run("inspect", path, "--json")
    record = json.loads(out)
    assert record["classifier"] == "mlp"
    assert record["params"]["random_state"] == 3
    assert 0.5 < record["cross_validated_mean_iou"] <= 1


def test_a_refiner_is_chosen_and_told(run, folder):
    path = folder / "m.pixelseg"
    words = ["train", folder / "cells.png", "-o", path, "--sigmas", 1]
    code, out, err = run(*words, "--refine", "graph_cut")
    assert code == 0, err
    assert "of 12 settings: mean IoU at held-out strokes" in out
    code, out, _ = run("inspect", path)
    assert "refiner:" in out
    assert "IoU at held-out strokes" in out
    assert "2: IoU" in out
    code, out, _ = run(*words, "--refine", "none", "--overwrite")
    assert "refiner:" not in out
    code, out, _ = run("inspect", path)
    assert "refiner:     none" in out


def test_refiners_have_the_names_of_the_parameter(run):
    _, listed, _ = run("train", "--help")
    assert f"{{none,{','.join(TUNED)}}}" in listed


def test_inspect_shows_what_the_model_knows(run, model):
    code, out, _ = run("inspect", model)
    assert code == 0
    for text in ("forest on 17 features", "uint8", "1 dark: 96 pixels", "1, 2", "numba", "none ("):
        assert text in out
    assert "same bits" in out
    code, out, _ = run("inspect", model, "--features")
    assert code == 0
    assert "gaussian_s1" in out


def test_channels_stored_first_are_trained_and_predicted(run, folder):
    image, strokes = two_halves()
    stack = np.stack([image, 255 - image], axis=0)
    io.write_image(folder / "two.tif", stack, channel_axis=0, spacing=0.5)
    io.write_labels(folder / "two_labels.tif", strokes)
    path = folder / "m.pixelseg"
    assert run("train", folder / "two.tif", "-o", path, "--sigmas", 1)[0] == 0
    model, last = pixelseg.load(path), np.moveaxis(stack, 0, -1)
    assert model.predict(last).shape == image.shape
    code, _, err = run("predict", folder / "two.tif", "-m", path)
    assert code == 0, err
    result = io.read_image(folder / "two_segmented.tif")
    np.testing.assert_array_equal(np.asarray(result), model.predict(last))
    assert result.spacing == (0.5, 0.5)


def test_volumes_with_the_files_spacing(run, folder):
    image, strokes = two_halves()
    volume = np.stack([image] * 6)
    labels = np.zeros(volume.shape, np.uint8)
    labels[2] = strokes
    io.write_image(folder / "v.tif", volume, channel_axis=None, spacing=(2, 0.5, 0.5))
    io.write_labels(folder / "v_labels.npy", labels)
    path = folder / "m.pixelseg"
    words = ["train", folder / "v.tif", "-o", path, "--sigmas", "0.5,1"]
    code, _, err = run(*words, "--spacing", "file")
    assert code == 0, err
    assert pixelseg.load(path).input_spec_.spacing == (2, 0.5, 0.5)
    code, _, err = run("predict", folder / "v.tif", "-m", path, "--preview")
    assert code == 0, err
    assert io.read_image(folder / "v_segmented.tif").shape == volume.shape
    assert io.read_image(folder / "v_preview.png").shape == (*image.shape, 3)

    np.save(folder / "w.npy", volume)
    code, _, err = run("predict", folder / "w.npy", "-m", path)
    assert code == 0, "the model knows that a 3-D array is a volume: " + err
    np.testing.assert_array_equal(
        np.asarray(io.read_image(folder / "w_segmented.npy", channel_axis=None)),
        np.asarray(io.read_image(folder / "v_segmented.tif")),
    )


def test_dry_run_writes_nothing(run, folder):
    before = sorted(folder.iterdir())
    code, out, _ = run("train", folder, "-o", folder / "m.pixelseg", "--dry-run")
    assert code == 0
    assert "class 1: 96 pixels" in out
    assert "would train a forest" in out
    assert sorted(folder.iterdir()) == before


def test_mistakes_get_one_sentence(run, folder):
    path = folder / "m.pixelseg"
    io.write_labels(folder / "small_labels.png", np.eye(3, 4, dtype=int) + 1)
    io.write_labels(folder / "one_labels.png", np.ones((40, 48), int))
    io.write_image(folder / "flat.npy", np.zeros((5, 40, 48), np.uint8), channel_axis=None)
    io.write_labels(folder / "flat_labels.npy", np.zeros((5, 40, 48), int))
    cells = folder / "cells.png"
    cases = [
        (["nowhere.png", "-o", path], "nowhere.png does not exist"),
        ([folder / "more.png", "-o", path], "more_labels.png"),
        ([cells, "-o", folder], "is a folder"),
        ([cells, "-o", folder / "missing" / "m"], "create it first"),
        ([cells, "-o", path, "--labels", folder / "small_labels.png"], "labels has shape (3, 4)"),
        ([cells, "-o", path, "--labels", folder / "one_labels.png"], "only class [1]"),
        ([cells, "-o", path, "--max-memory", "1kB"], "max_memory"),
        ([cells, "-o", path, "--max-memory", "much"], "max_memory is 'much'"),
        ([cells, "-o", path, "--spacing", "file"], "--spacing Z,Y,X"),
        ([cells, "-o", path, "--spacing", "1,1,1"], "spacing is (1.0, 1.0, 1.0)"),
        ([folder / "flat.npy", "-o", path], "channel_axis"),
    ]
    for words, message in cases:
        code, _, err = run("train", *words)
        assert code == 1, words
        assert message in err, words
        assert "Traceback" not in err
        assert not path.exists()


def test_an_existing_model_is_kept(run, folder):
    path = folder / "m.pixelseg"
    path.write_text("mine")
    code, _, err = run("train", folder / "cells.png", "-o", path)
    assert code == 1
    assert "--overwrite" in err
    assert path.read_text() == "mine"
    assert run("train", folder / "cells.png", "-o", path, "--overwrite", "--sigmas", 1)[0] == 0
    assert pixelseg.load(path).classes_.tolist() == [1, 2]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"text"])
def test_inspect_refuses_what_is_no_model(run, tmp_path, content):
    (tmp_path / "m.pixelseg").write_bytes(content)
    code, _, err = run("inspect", tmp_path / "m.pixelseg")
    assert code == 1
    assert "not a whole pixelseg model" in err


def test_nan_and_turned_pictures_and_pixel_sizes(tmp_path, capsys):
    from PIL import Image

    image = np.random.default_rng(0).normal(100, 9, (40, 50)).astype(np.float32)
    image[:, :9] = np.nan
    strokes = np.zeros((40, 50), np.uint8)
    strokes[5, 15:40], strokes[30, 15:40] = 1, 2
    for name, size in (("a", 0.5), ("b", 5.0)):
        io.write_image(tmp_path / f"{name}.tif", image, spacing=size)
        io.write_labels(tmp_path / f"{name}_labels.tif", strokes)
    images = [str(tmp_path / f"{name}.tif") for name in "ab"]
    model = str(tmp_path / "m.pixelseg")
    train = ["train", *images, "-o", model, "--sigmas", "1"]
    assert main([*train, "--spacing", "file"]) == 0
    assert main(["predict", *images, "-m", model]) == 0
    said = capsys.readouterr().err
    assert "b.tif says that its pixels are 5 x 5" in said
    assert "a.tif says" not in said
    segmented = io.read_labels(tmp_path / "a_segmented.tif")
    assert not segmented[:, :9].any()
    assert segmented[:, 9:].all()
    assert main(["predict", *images, "-m", model, "--overwrite", "--spacing", "file"]) == 0
    assert "says" not in capsys.readouterr().err

    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(np.nan_to_num(image).astype(np.uint8)).save(tmp_path / "c.png", exif=exif)
    io.write_labels(tmp_path / "c_labels.png", strokes)
    turned = ["train", str(tmp_path / "c.png"), "-o", str(tmp_path / "c"), "--sigmas", "1"]
    assert main(turned) == 0
    assert "c.png asks viewers to turn or mirror it (orientation 3)" in capsys.readouterr().err


def test_intensity_jitter(run, folder, tmp_path):
    def trained(*words):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.pixelseg"
        code, _, err = run("train", folder, "-o", path, "--sigmas", "1", *words)
        assert code == 0, err
        return pixelseg.load(path).model_.params["intensity_jitter"]

    assert trained() == "auto"
    assert trained("--intensity-jitter", "0") == 0
    code, _, err = run("train", folder, "-o", tmp_path / "m", "--intensity-jitter", "-1")
    assert code == 1
    assert "intensity_jitter is -1.0 but must be" in err
