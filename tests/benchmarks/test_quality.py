"""The quality benchmark on a tiny set of our own: cells, strokes, resuming, tables."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import quality, quality_sets, quality_tables, readme, report
from benchmarks.quality_methods import CHOICES, METHODS, OURS, PEERS
from benchmarks.quality_sets import Cell
from benchmarks.quality_strokes import STROKES

LOADER = """
import json
from pathlib import Path
import numpy as np
from PIL import Image
ROOT = Path(__file__).parent
def names():
    return ["discs"]
def info(name):
    return json.loads((ROOT / name / "set.json").read_text())
def read(path):
    return np.array(Image.open(path))
def sparse(labels, per_class, seed):
    rng, out = np.random.default_rng(seed), np.zeros_like(labels)
    for value in (1, 2):
        where = np.flatnonzero(labels == value)
        out.flat[rng.choice(where, min(per_class, len(where)), replace=False)] = value
    return out
"""


def discs(seed):
    """Bright discs on a dark ground in noise, and their truth; a rim is not labelled."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((48, 64))
    distance = np.hypot((rows + 3 * seed) % 24 - 12, columns % 32 - 16)
    truth = np.where(distance < 8, 2, 1).astype(np.uint8)
    image = np.clip(60 + 80 * (truth == 2) + rng.normal(0, 15, truth.shape), 0, 255)
    truth[0] = 0
    return image.astype(np.uint8), truth


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "load.py").write_text(LOADER)
    for kind in ("images", "labels"):
        (tmp_path / "discs" / kind).mkdir(parents=True)
    for seed in range(4):
        for kind, array in zip(("images", "labels"), discs(seed), strict=True):
            Image.fromarray(array).save(tmp_path / "discs" / kind / f"{seed}.png")
    info = {"classes": ["ground", "disc"], "train": ["0", "1"], "test": ["2", "3"], "channels": 1}
    (tmp_path / "discs" / "set.json").write_text(json.dumps(info))
    return tmp_path


def score(name, method, seed, value, n_images=3):
    return quality_tables.Score(
        name, method, n_images, 100, "scattered", seed, value, 0.9, [value], 1.0, 1.0
    )


def test_methods_are_scored_and_a_second_run_computes_nothing(folder, tmp_path, monkeypatch):
    path = tmp_path / "quality.json"
    options = ["--data", str(folder), "--json", str(path), "--seeds", "1", "--labels", "40"]
    methods = ["scikit-image", "ilastik", "ilastik, our prior", "forest, unrefined", "forest"]
    assert quality.main([*options, "--images", "1", "2", "8", "--methods", *methods]) == 0
    scores = report.read_json(path, "quality", quality_tables.Score)
    assert {score.key for score in scores} == {
        ("discs", method, n, 40, "scattered", 1) for method in methods for n in (1, 2)
    }
    assert min(score.mean_iou for score in scores) > 0.5
    asked = []

    def evaluate(data, group, cell):
        asked.extend((method.name, cell.strokes) for method in group)
        return []

    monkeypatch.setattr(quality, "evaluate", evaluate)
    options += ["--images", "1", "--methods", "forest"]
    assert quality.main(options) == 0
    assert asked == []
    assert quality.main([*options, "--strokes", "scattered", "lines", "--again"]) == 0
    assert asked == [("forest", "scattered"), ("forest", "lines")]


def test_a_refined_answer_is_that_of_whole_images(folder):
    from pixelseg import PixelClassifier

    class Last:
        """Give every pixel the last class."""

        def refine(self, probabilities, image):
            return np.eye(probabilities.shape[-1], dtype=np.float32)[
                np.full(image.spatial_shape, probabilities.shape[-1] - 1)
            ]

    data = quality_sets.QualitySet("discs", folder, quality_sets.import_loader(folder))
    runner = quality.METHODS[-1].runner
    model = PixelClassifier(refine=Last()).fit(*discs(0))
    for truth, found in runner.predictions(model, data, {"default", "unrefined", "labels' prior"}):
        assert (found["default"] == 2).all()
        for answer in ("unrefined", "labels' prior"):
            assert (found[answer] == truth).mean() > 0.8
    plain = PixelClassifier(refine=None).fit(*discs(0))
    (sample, pixels), *_ = data.test_pixels()
    (_, found), *_ = runner.predictions(plain, data, {"default"})
    assert (found["default"] == plain.predict(sample.image).reshape(-1)[pixels]).all()


@pytest.mark.parametrize("way", STROKES)
@pytest.mark.parametrize("shape", [(48, 64), (2, 48, 64)])
def test_strokes_mark_pixels_of_their_class(way, shape):
    truth = np.broadcast_to(discs(0)[1], shape).copy()
    truth[..., 40, 60] = 5  # a class of one pixel
    labels = STROKES[way](truth, 90, 1)
    assert (labels[labels > 0] == truth[labels > 0]).all()
    for value in (1, 2):
        assert 90 <= (labels == value).sum() < 100
    assert 1 <= (labels == 5).sum() <= 2
    assert (labels == STROKES[way](truth, 90, 1)).all()
    assert (labels != STROKES[way](truth, 90, 2)).any()
    most_of_it = STROKES[way](truth[..., :32], 10**4, 1)
    assert set(np.unique(most_of_it)) == {0, 1, 2}


def test_a_cell_without_two_classes_is_left_out(folder):
    truth = np.ones((48, 64), np.uint8)
    Image.fromarray(truth).save(folder / "discs" / "labels" / "0.png")
    data = quality_sets.QualitySet("discs", folder, quality_sets.import_loader(folder))
    assert not data.is_learnable(Cell(1, 40, seed=0))
    assert data.is_learnable(Cell(2, 40, seed=0))


def test_training_images_are_spread_and_other_seeds_take_others():
    ids = [str(k) for k in range(10)]
    for n in (1, 3, 8, 20):
        for seed in range(5):
            taken = quality_sets.spread(ids, n, seed)
            assert len(set(taken)) == len(taken) == min(n, 10)
    assert len({quality_sets.spread(ids, 1, seed)[0] for seed in range(3)}) == 3
    assert quality_sets.subset(ids, 4) == ["0", "2", "4", "6"]


def test_test_pixels_are_labelled_and_alike_in_every_run():
    truth = np.arange(100).reshape(10, 10) % 3
    draws = [quality_sets.draw_pixels(truth, np.random.default_rng(0), 20) for _ in range(2)]
    assert (draws[0] == draws[1]).all()
    assert (truth.ravel()[draws[0]] > 0).all()
    assert len(np.unique(draws[0])) == 20


def test_tables_compare_on_equal_seeds_and_name_what_is_behind():
    scores = [score("drive", "scikit-image", s, 0.5) for s in (0, 1)]
    scores += [score("drive", "ilastik", s, v) for s, v in ((0, 0.4), (1, 0.7), (2, 0.1))]
    scores += [score("drive", OURS, s, v) for s, v in ((0, 0.6), (1, 0.7))]
    scores += [score("vnc", "scikit-image", 0, 0.6), score("vnc", OURS, 0, 0.58)]
    figures = quality_tables.figures_of(scores)
    grid = quality_tables.Grid(figures)
    drive = grid.places[0]
    assert grid.lead(drive, OURS) == pytest.approx(0.1)  # ilastik has 0.55 on these seeds
    assert grid.better_peer(drive) == "scikit-image"
    assert "**-0.020**" in quality_tables.cells_table(figures)
    behind = quality_tables.behind_table(figures)
    assert "vnc 3/100" in behind
    assert "drive" not in behind
    line = next(
        line
        for line in quality_tables.methods_table(figures).splitlines()
        if line.startswith(f"| {OURS} ")
    )
    assert "+0.040" in line
    assert "1 of 2" in line
    assert "-0.020 (vnc 3/100)" in line
    assert "in no cell" in quality_tables.behind_table(figures[:1])


def test_what_is_kept_of_the_same_is_replaced(tmp_path):
    report.write_json(tmp_path / "a.json", "quality", [score("drive", OURS, 0, 0.61234)])
    kept = {"quality": quality_tables.figures_of([score("drive", OURS, 0, 0.5)])}
    readme.take(tmp_path / "a.json", kept)
    assert [row["cells"] for row in kept["quality"]] == [{"3/100": {"0": 0.6123}}]
    assert json.loads(readme.figures_text(kept)) == kept


def test_the_tables_name_methods_that_there_are():
    names = {method.name for method in METHODS}
    assert {OURS, *PEERS, *(name for pair in CHOICES for name in pair)} <= names
    assert Cell(3, 100) == Cell(3, 100, "scattered", 0)
