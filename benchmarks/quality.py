"""Mean IoU on real sets from sparse labels: `python -m benchmarks.quality`.

The whole grid: each set with 1, 3 and 8 training images, 100 and 1000 labels a class and image,
three seeds, which take other images, other labels and other forests. One model for each, 20,000
random labelled pixels of each of at most eight test images, one confusion matrix over all of them,
mean IoU over the classes that occur.

It takes some twenty minutes on one core. With `--json FILE` each result is kept as it comes, and
what FILE already holds is not computed again; `python -m benchmarks.readme --take FILE` then brings
the tables into docs/quality.md and the README. A cell whose training images show a single class
is left out.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .quality_methods import METHODS, Method
from .quality_sets import Cell, QualitySet, import_loader
from .quality_strokes import STROKES
from .quality_tables import (
    MAIN_STROKES,
    Score,
    behind_table,
    cells_table,
    choices_table,
    figures_of,
    methods_table,
    strokes_table,
)
from .report import machine, read_json, write_json


def evaluate(data: QualitySet, methods: Sequence[Method], cell: Cell) -> list[Score]:
    """Fit and test methods that share one fitted model."""
    from pixelseg import metrics

    runner = methods[0].runner
    start = time.process_time()
    model = runner.fit(data, cell)
    fitted = time.process_time() - start
    n_classes = data.n_classes
    confusions = {m.answer: np.zeros((n_classes, n_classes), np.int64) for m in methods}
    start = time.process_time()
    for truth, labels in runner.predictions(model, data, set(confusions)):
        for answer, confusion in confusions.items():
            confusion += metrics.confusion_matrix(truth, labels[answer], n_classes=n_classes)
    predicted = time.process_time() - start
    scores = []
    for method in methods:
        confusion = confusions[method.answer]
        iou = np.asarray(metrics.iou(confusion))
        scores.append(
            Score(
                set=data.name,
                method=method.name,
                n_images=cell.n_images,
                per_class=cell.per_class,
                strokes=cell.strokes,
                seed=cell.seed,
                mean_iou=float(iou[confusion.sum(axis=1) > 0].mean()),
                accuracy=float(metrics.accuracy(confusion)),
                iou=[round(float(value), 4) for value in iou],
                fit_seconds=round(fitted, 3),
                predict_seconds=round(predicted, 3),
            )
        )
    return scores


def tables(scores: Sequence[Score]) -> str:
    """All tables of these scores."""
    figures = figures_of(scores)
    parts = {
        "Mean IoU, mean over the seeds": cells_table,
        "Against the better peer": methods_table,
        "Where a peer is better": behind_table,
        "What the choices gain": choices_table,
        "Ways of painting": strokes_table,
    }
    return "\n\n".join(f"{title}\n\n{table(figures)}" for title, table in parts.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and print the tables."""
    names = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", default="../shared/data", help="folder of the sets")
    parser.add_argument("--sets", nargs="+", help="default: all that the folder has")
    parser.add_argument("--images", nargs="+", type=int, default=[1, 3, 8])
    parser.add_argument("--labels", nargs="+", type=int, default=[100, 1000],
                        help="labels a class and image")  # fmt: skip
    parser.add_argument("--strokes", nargs="+", choices=[MAIN_STROKES, *STROKES],
                        default=[MAIN_STROKES], help="ways of painting")  # fmt: skip
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=names, default=names, metavar="METHOD",
                        help="some of: " + "; ".join(names))  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="keep the results here, and resume")
    parser.add_argument("--again", action="store_true",
                        help="compute what is asked for even if FILE holds it")  # fmt: skip
    parser.add_argument("--markdown", metavar="FILE", help="write the tables here")
    options = parser.parse_args(arguments)
    folder = Path(options.data).resolve()
    loader = import_loader(folder)
    scores: list[Score] = []
    if options.json and Path(options.json).exists():
        scores = read_json(options.json, "quality", Score)
    known = set() if options.again else {score.key for score in scores}
    for name in options.sets or loader.names():
        data = QualitySet(name, folder, loader)
        for cell in filter(data.is_learnable, cells(options, data.n_train)):
            for group in missing(data.name, cell, options.methods, known):
                scores = keep(scores, evaluate(data, group, cell), options.json)
    text = tables(scores)
    text += "\n\n" + ", ".join(f"{key} {value}" for key, value in machine().items())
    print(text)
    if options.markdown:
        Path(options.markdown).write_text(text + "\n")
    return 0


def cells(options: argparse.Namespace, n_train: int) -> Iterator[Cell]:
    """The cells that are asked for of a set of `n_train` images, none of them twice."""
    asked = itertools.product(options.strokes, options.seeds, options.images, options.labels)
    for strokes, seed, n_images, per_class in asked:
        if not any(n_train <= fewer < n_images for fewer in options.images):
            yield Cell(n_images, per_class, strokes, seed)


def missing(name: str, cell: Cell, chosen: Sequence[str], known: set) -> Iterator[list[Method]]:
    """The methods whose scores are not known, those that share a model together."""
    groups: dict[str, list[Method]] = {}
    for method in METHODS:
        key = (name, method.name, cell.n_images, cell.per_class, cell.strokes, cell.seed)
        if method.name in chosen and key not in known:
            groups.setdefault(method.runner.name, []).append(method)
    yield from groups.values()


def keep(scores: Sequence[Score], new: Sequence[Score], path: str | None) -> list[Score]:
    """The scores with new ones in the place of those of the same, told and stored."""
    replaced = {score.key for score in new}
    scores = [score for score in scores if score.key not in replaced] + list(new)
    if path:
        write_json(path, "quality", scores)
    for s in new:
        print(
            f"{s.set} {s.n_images}/{s.per_class} {s.strokes} seed {s.seed} {s.method}: mean IoU "
            f"{s.mean_iou:.4f}, accuracy {s.accuracy:.4f} (fit {s.fit_seconds:.1f} s, predict "
            f"{s.predict_seconds:.1f} s)",
            file=sys.stderr,
            flush=True,
        )
    return scores


if __name__ == "__main__":
    sys.exit(main())
