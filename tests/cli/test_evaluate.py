"""Scoring files against truths."""

import csv
import json
import math

import numpy as np
import pytest

from pixelseg import io, metrics
from tests.metrics.sets import score_set

TRUTHS = {
    "a": np.repeat([[1] * 8 + [2] * 8], 16, axis=0),
    "b": np.repeat([[0] * 2 + [1] * 6 + [2] * 4 + [3] * 4], 16, axis=0),
}
RESULTS = {
    "a": np.repeat([[1] * 7 + [2] * 9], 16, axis=0),
    "b": np.repeat([[1] * 10 + [3] * 6], 16, axis=0),
}


@pytest.fixture
def sets(tmp_path):
    """A folder of predictions and a folder of truths, of two images."""
    results, truths = tmp_path / "results", tmp_path / "truths"
    results.mkdir()
    truths.mkdir()
    for name in TRUTHS:
        io.write_labels(results / f"{name}_segmented.png", RESULTS[name])
    io.write_labels(truths / "a_truth.png", TRUTHS["a"])
    io.write_labels(truths / "b_labels.tif", TRUTHS["b"])
    return results, truths


def of(accumulator, names="ab"):
    for name in names:
        accumulator.update(TRUTHS[name], RESULTS[name])
    return accumulator.result()


def test_scores_are_those_of_the_library(run, sets, tmp_path):
    families = "classes,regions,boundaries,instances,superpixels"
    path = tmp_path / "scores.json"
    code, out, err = run("evaluate", *sets, "--metrics", families, "--json", path)
    assert code == 0, err
    assert "evaluated 2 images" in out
    record = json.loads(path.read_text())
    first, second = record["images"]
    total = record["all"]
    assert [first["image"], second["image"]] == ["a", "b"]
    assert {scores["n_images"] for scores in total.values()} == {2}

    assert total["classes"]["mean_iou"] == of(metrics.ClassAccumulator()).mean_iou
    assert second["classes"]["accuracy"] == of(metrics.ClassAccumulator(), "b").accuracy
    regions = of(metrics.RegionAccumulator())
    assert total["regions"]["covering"] == regions.mean.covering.of_truth
    assert first["regions"]["voi_merge"] == regions.images[0].variation_of_information.merge
    instances = of(metrics.InstanceAccumulator())
    assert total["instances"]["panoptic_quality"] == instances.panoptic.quality
    assert total["instances"]["mean_average_precision"] == instances.mean_average_precision
    assert second["instances"]["aji"] == instances.images[1].aji
    superpixels = of(metrics.SuperpixelAccumulator())
    assert total["superpixels"]["boundary_recall"] == superpixels.mean.boundary_recall
    curve = score_set(
        metrics.BoundaryAccumulator(), TRUTHS.values(), [[one] for one in RESULTS.values()]
    )
    assert total["boundaries"]["f1"] == curve.ods.f1
    assert second["boundaries"]["precision"] == curve.images[1].precision


def test_the_table_and_the_csv_have_a_row_for_each_image_and_for_all(run, sets, tmp_path):
    path = tmp_path / "scores.csv"
    code, out, err = run("evaluate", *sets, "--metrics", "classes,boundaries", "--csv", path)
    assert code == 0, err
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["a", "b", "all"]
    assert float(rows[2]["classes.accuracy"]) == of(metrics.ClassAccumulator()).accuracy
    assert rows[0]["boundaries.ois_f1"] == ""
    lines = out.splitlines()
    assert lines[0].split()[:2] == ["classes", "mean_iou"]
    assert [line.split()[0] for line in lines[1:4]] == ["a", "b", "all"]
    assert f"{of(metrics.ClassAccumulator()).mean_iou:.4f}" in lines[3]


def test_ignored_labels(run, sets, tmp_path):
    path = tmp_path / "scores.json"
    code, _, err = run("evaluate", *sets, "--ignore", "0,3", "--json", path)
    assert code == 0, err
    expected = of(metrics.ClassAccumulator(ignore=(0, 3))).accuracy
    assert json.loads(path.read_text())["all"]["classes"]["accuracy"] == expected
    code, _, err = run("evaluate", *sets, "--metrics", "instances", "--ignore", 0)
    assert code == 1
    assert "background" in err


# In b, columns 8 to 11 are of class 2, of which half are predicted 1 and half 3. In a, the line
# between the two classes is one column off, and the tolerance is less than a pixel.
@pytest.mark.parametrize(
    ("family", "worst", "n_columns"),
    [("classes", "b", 4), ("regions", "b", 4), ("superpixels", "b", 4), ("boundaries", "a", 2)],
)
def test_a_picture_of_the_worst(run, sets, tmp_path, family, worst, n_columns):
    pictures = tmp_path / "worst"
    words = ("evaluate", *sets, "--metrics", family, "--pictures", pictures, "--worst", 1)
    assert run(*words)[0] == 0
    assert [path.name for path in pictures.iterdir()] == [f"{worst}_errors.png"]
    picture = np.asarray(io.read_image(pictures / f"{worst}_errors.png"))
    n_wrong = np.count_nonzero((picture == (0xE0, 0x20, 0x20)).all(axis=-1))
    assert n_wrong == 16 * n_columns
    code, _, err = run(*words)
    assert code == 1
    assert "--overwrite" in err
    assert run(*words, "--overwrite")[0] == 0


def test_a_soft_boundary_map(run, tmp_path):
    soft = np.zeros((16, 16))
    soft[:, 7], soft[:, 11] = 0.8, 0.3
    np.save(tmp_path / "soft.npy", soft)
    io.write_labels(tmp_path / "truth.png", TRUTHS["a"])
    out = tmp_path / "scores.json"
    code, _, err = run(
        "evaluate", tmp_path / "soft.npy", tmp_path / "truth.png", "--metrics", "boundaries",
        "--json", out, "--pictures", tmp_path,
    )  # fmt: skip
    assert code == 0, err
    expected = metrics.BoundaryAccumulator().update(TRUTHS["a"], soft).result()
    total = json.loads(out.read_text())["all"]["boundaries"]
    assert total["f1"] == expected.ods.f1 == 1
    assert total["average_precision"] == expected.average_precision
    assert (tmp_path / "soft_errors.png").exists()


def test_a_failing_image_does_not_stop_the_others(run, sets, tmp_path):
    io.write_labels(sets[0] / "b_segmented.png", RESULTS["b"][:9], overwrite=True)
    path = tmp_path / "scores.csv"
    code, out, err = run("evaluate", *sets, "--csv", path)
    assert code == 1
    assert "(9, 16)" in err
    assert "(16, 16)" in err
    assert "1 of 2 images failed" in err
    assert "evaluated 1 image" in out
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["classes.accuracy"] == ""
    expected = of(metrics.ClassAccumulator(), "a").accuracy
    assert math.isclose(float(rows[2]["classes.accuracy"]), expected, rel_tol=0)


def test_plain_names_count_where_no_file_has_an_ending(run, sets):
    for path in list(sets[0].iterdir()):
        path.rename(path.with_name(path.name.replace("_segmented", "")))
    assert run("evaluate", *sets)[0] == 0
    (sets[0] / "a.npy").touch()
    code, _, err = run("evaluate", *sets)
    assert code == 1
    assert "keep one" in err


def test_files_without_a_partner_are_named(run, sets):
    (sets[1] / "a_truth.png").rename(sets[1] / "c_truth.png")
    code, _, err = run("evaluate", *sets)
    assert code == 1
    assert "a_segmented.png has no partner" in err
    assert "c_truth.png has no partner" in err


def test_what_cannot_be_is_said_before_any_work(run, sets, tmp_path):
    code, _, err = run("evaluate", sets[0], sets[1] / "a_truth.png")
    assert code == 1
    assert "is a folder but" in err
    (tmp_path / "old.csv").write_text("old")
    code, out, err = run("evaluate", *sets, "--csv", tmp_path / "old.csv")
    assert (code, out) == (1, "")
    assert "--overwrite" in err
    assert (tmp_path / "old.csv").read_text() == "old"
    assert run("evaluate", tmp_path / "none", sets[1])[0] == 1
    assert run("evaluate", *sets, "--metrics", "magic")[0] == 2
    assert run("evaluate", *sets, "--ignore", "x")[0] == 2
    assert run("evaluate", *sets, "--worst", "0")[0] == 2
