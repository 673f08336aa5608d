"""Mean IoU on real sets from sparse labels: `python -m benchmarks.quality`.

For each set: sparse labels on the training images, one model, 20,000 random labelled pixels of
each test image, one confusion matrix over all of them, mean IoU over the classes that occur.
Seeds draw other strokes and other forests; methods are compared on equal seeds.

The work is long: with `--json FILE` each result is kept as it comes, and what FILE already holds
is not computed again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .quality_methods import METHODS, Method
from .quality_sets import SUBSETS, QualitySet, import_loader
from .report import machine, markdown, read_json, write_json

#: What the others are compared with.
REFERENCE = "scikit-image"
#: scikit-image's recipe as it was measured before this project began, 1000 labels a class.
PUBLISHED = {
    "drive": 0.583,
    "vnc": 0.615,
    "dsb2018": 0.889,
    "crackforest": 0.485,
    "sandstone": 0.832,
    "camvid": 0.191,
}


@dataclass
class Score:
    """One method on one set with one seed."""

    set: str
    method: str
    seed: int
    per_class: int
    mean_iou: float
    accuracy: float
    iou: list[float]
    fit_seconds: float
    predict_seconds: float

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What this score is the score of."""
        return self.set, self.method, self.seed, self.per_class


def evaluate(data: QualitySet, methods: Sequence[Method], seed: int, per_class: int) -> list[Score]:
    """Fit and test methods that share one fitted model."""
    from pixelseg import metrics

    runner = methods[0].runner
    start = time.process_time()
    model = runner.fit(data, seed, per_class)
    fitted = time.process_time() - start
    n_classes = len(data.loader.info(data.name)["classes"])
    confusions = {m.name: np.zeros((n_classes, n_classes), np.int64) for m in methods}
    start = time.process_time()
    for truth, by_prior in runner.predictions(model, data, seed, per_class):
        for method in methods:
            confusions[method.name] += metrics.confusion_matrix(
                truth, by_prior[method.prior], n_classes=n_classes
            )
    predicted = time.process_time() - start
    scores = []
    for method in methods:
        confusion = confusions[method.name]
        occurs = confusion.sum(axis=1) > 0
        iou = np.asarray(metrics.iou(confusion))
        scores.append(
            Score(
                set=data.name,
                method=method.name,
                seed=seed,
                per_class=per_class,
                mean_iou=float(iou[occurs].mean()),
                accuracy=float(metrics.accuracy(confusion)),
                iou=[float(value) for value in iou],
                fit_seconds=fitted,
                predict_seconds=predicted,
            )
        )
    return scores


def tables(scores: Sequence[Score]) -> str:
    """Mean over the seeds by set and method, and the differences to scikit-image's recipe."""
    parts = []
    for per_class in sorted({score.per_class for score in scores}):
        own = [score for score in scores if score.per_class == per_class]
        parts.append(f"Mean IoU, {per_class} labels a class and image, mean over the seeds")
        parts.append(_table(own, "mean_iou"))
        parts.append(f"Accuracy, {per_class} labels a class and image, mean over the seeds")
        parts.append(_table(own, "accuracy"))
    return "\n\n".join(parts)


def means(scores: Sequence[Score], value: str) -> dict[tuple[str, str], float]:
    """Mean over the seeds for each (set, method)."""
    found: dict[tuple[str, str], list[float]] = {}
    for score in scores:
        found.setdefault((score.set, score.method), []).append(getattr(score, value))
    return {key: float(np.mean(values)) for key, values in found.items()}


def _table(scores: Sequence[Score], value: str) -> str:
    sets = [name for name in SUBSETS if any(score.set == name for score in scores)]
    names = [m.name for m in METHODS if any(score.method == m.name for score in scores)]
    mean = means(scores, value)
    lines = []
    if value == "mean_iou" and any(score.per_class == 1000 for score in scores):
        known = [f"{PUBLISHED[s]:.3f}" if s in PUBLISHED else "" for s in sets]
        lines.append(["scikit-image, measured before", "", *known, "", ""])
    for name in names:
        n_seeds = len({score.seed for score in scores if score.method == name})
        shown = [f"{mean[s, name]:.3f}" if (s, name) in mean else "" for s in sets]
        worst, average = _difference(mean, sets, name)
        lines.append([name, str(n_seeds), *shown, average, worst])
    header = ["method", "seeds", *sets, "mean difference to scikit-image", "worst set"]
    return markdown(header, lines)


def _difference(
    mean: dict[tuple[str, str], float], sets: Sequence[str], name: str
) -> tuple[str, str]:
    """The worst and the mean difference to scikit-image's recipe, over the sets of both."""
    both = [s for s in sets if (s, name) in mean and (s, REFERENCE) in mean]
    if name == REFERENCE or not both:
        return "", ""
    gains = {s: mean[s, name] - mean[s, REFERENCE] for s in both}
    worst = min(both, key=lambda s: gains[s])
    return f"{gains[worst]:+.3f} ({worst})", f"{np.mean(list(gains.values())):+.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and print the tables."""
    names = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", default="../shared/data", help="folder of the sets")
    parser.add_argument("--sets", nargs="+", choices=list(SUBSETS), default=list(SUBSETS))
    parser.add_argument("--methods", nargs="+", choices=names, default=names, metavar="METHOD",
                        help="some of: " + "; ".join(names))  # fmt: skip
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--per-class", type=int, default=1000, help="labels a class and image")
    parser.add_argument("--json", metavar="FILE", help="keep the results here, and resume")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables here")
    options = parser.parse_args(arguments)
    folder = Path(options.data).resolve()
    loader = import_loader(folder)
    scores: list[Score] = []
    if options.json and Path(options.json).exists():
        scores = read_json(options.json, "quality", Score)
    for name in options.sets:
        data = QualitySet(name, folder, loader)
        _run_set(data, options, scores)
    text = tables(scores)
    text += "\n\n" + ", ".join(f"{key} {value}" for key, value in machine().items())
    print(text)
    if options.markdown:
        Path(options.markdown).write_text(text + "\n")
    return 0


def _run_set(data: QualitySet, options: argparse.Namespace, scores: list[Score]) -> None:
    """Compute what is missing of one set, and keep every result as it comes."""
    known = {score.key for score in scores}
    for seed in options.seeds:
        todo: dict[str, list[Method]] = {}
        for method in METHODS:
            key = (data.name, method.name, seed, options.per_class)
            if method.name in options.methods and key not in known:
                todo.setdefault(method.runner.name, []).append(method)
        for group in todo.values():
            new = evaluate(data, group, seed, options.per_class)
            scores += new
            if options.json:
                write_json(options.json, "quality", scores)
            for score in new:
                print(
                    f"{score.set} seed {score.seed} {score.method}: mean IoU "
                    f"{score.mean_iou:.4f}, accuracy {score.accuracy:.4f} "
                    f"(fit {score.fit_seconds:.0f} s, predict {score.predict_seconds:.0f} s)",
                    file=sys.stderr,
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(main())
