"""Superpixels on real images with drawn truth: `python -m benchmarks.superpixel_quality`.

The protocol of Stutz, Hermans and Leibe (2018) on BSDS500: first five annotators, the worst counts,
a border is found within one pixel; miss rate (AMR), undersegmentation error (AUE) and unexplained
variation (AUV) are averaged over the number of segments that there really are, from 200 to 5200.
Wiggly outlines raise recall for nothing: so the share of pixels on outlines is beside it, and
recall at equal share. Images of "val" are scored; `--tune` tries settings on those of "train".

Times are CPU time, one thread, whole calls from uint8 RGB to labels; the methods take turns. With
`--json FILE` the results are kept, and joined with what FILE holds of other methods.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from pixelseg import metrics

from .report import machine, markdown, read_json, write_json
from .superpixel_methods import METHODS, Method

Array = np.ndarray
#: Numbers that are asked for, until a method gives the last of the range on average.
ASKED = (200, 400, 700, 1100, 1700, 2500, 3600, 5200, 7500)
K_MIN, K_MAX = 200, 5200
#: Numbers that are enough to compare settings.
ASKED_TO_TUNE = (200, 600, 1600, 5200)
#: Time, recall and the others are told at this number; times of the nearest one asked for.
K_SHOWN = 1000
#: Recall is told where so many of the pixels lie on outlines.
SHARES = (0.3, 0.4, 0.5)
N_ANNOTATORS = 5


@dataclass
class Scores:
    """One method at one number of segments: means over the images."""

    method: str
    asked: int
    n_images: int
    n_segments: float
    boundary_recall: float
    undersegmentation_error: float
    explained_variation: float
    boundary_density: float
    compactness: float
    milliseconds: float


@dataclass(frozen=True)
class Curve:
    """One method over all numbers of segments."""

    scores: list[Scores]

    def average(self, values: Sequence[float]) -> float:
        """A curve's mean height over the range of numbers, in per cent."""
        found = np.array([one.n_segments for one in self.scores])
        # Some peers give one number of segments for several that are asked for.
        counts = np.unique(found)
        heights = [float(np.mean(np.array(values)[found == count])) for count in counts]
        return 100 * metrics.average_over_k(counts, heights, k_min=K_MIN, k_max=K_MAX)

    @property
    def miss_rate(self) -> float:
        """AMR."""
        return self.average([1 - one.boundary_recall for one in self.scores])

    @property
    def undersegmentation_error(self) -> float:
        """AUE."""
        return self.average([one.undersegmentation_error for one in self.scores])

    @property
    def unexplained_variation(self) -> float:
        """AUV."""
        return self.average([1 - one.explained_variation for one in self.scores])

    def at(self, x: str, place: float, y: str) -> float:
        """The curve of y over x at a place, straight between numbers; NaN beyond the ends."""
        order = sorted(self.scores, key=lambda one: getattr(one, x))
        xs, ys = ([getattr(one, name) for one in order] for name in (x, y))
        return float(np.interp(place, xs, ys, np.nan, np.nan))

    @property
    def milliseconds(self) -> float:
        """A call's CPU time near `K_SHOWN` segments."""
        return min(self.scores, key=lambda one: abs(one.n_segments - K_SHOWN)).milliseconds


@dataclass(frozen=True)
class Picture:
    """An image and what people drew on it."""

    name: str
    image: Array
    truths: list[Array]


def read_pictures(folder: Path, split: str, n: int | None, seed: int = 0) -> list[Picture]:
    """Images of a split, or `n` of them at random."""
    if not (folder / "set.json").exists():
        raise FileNotFoundError(
            f"{folder / 'set.json'} does not exist: pass --data with the folder that holds bsds500."
        )
    names = json.loads((folder / "set.json").read_text())[split]
    if n is not None and n < len(names):
        chosen = np.random.default_rng(seed).choice(len(names), n, replace=False)
        names = [names[k] for k in sorted(chosen)]
    pictures = []
    for name in names:
        with PillowImage.open(folder / "images" / f"{name}.jpg") as file:
            image = np.array(file)
        truths = np.load(folder / "truth" / f"{name}.npz")["segmentations"][:N_ANNOTATORS]
        pictures.append(Picture(name, image, list(truths.astype(np.int32))))
    return pictures


def evaluate(
    runs: dict[str, Callable[[Array, int], Array]],
    pictures: dict[str, list[Picture]],
    asked: Sequence[int] = ASKED,
) -> list[Scores]:
    """Score named functions, number by number, the functions taking turns at each image.

    `pictures` are those that each is scored on.
    """
    found: list[Scores] = []
    going = dict(runs)
    for k in asked:
        scores = {
            name: metrics.SuperpixelAccumulator(background=None, ignore=None) for name in going
        }
        times: dict[str, list[float]] = {name: [] for name in going}
        every = {picture.name: picture for name in going for picture in pictures[name]}
        mine = {name: {picture.name for picture in pictures[name]} for name in going}
        for picture in every.values():
            for name, run in going.items():
                if picture.name not in mine[name]:
                    continue
                start = time.process_time()
                segments = run(picture.image, k)
                times[name].append(time.process_time() - start)
                scores[name].update(picture.truths, segments, picture.image)
        for name in list(going):
            result = scores[name].result()
            found.append(_scores(name, k, result, times[name]))
            print(_line(found[-1]), file=sys.stderr, flush=True)
            if result.mean.n_segments >= K_MAX:
                del going[name]
    return found


def _scores(name: str, asked: int, result: Any, times: list[float]) -> Scores:
    mean = result.mean
    return Scores(
        method=name,
        asked=asked,
        n_images=len(result.images),
        n_segments=mean.n_segments,
        boundary_recall=mean.boundary_recall,
        undersegmentation_error=mean.undersegmentation_error,
        explained_variation=mean.explained_variation,
        boundary_density=mean.boundary_density,
        compactness=mean.compactness,
        milliseconds=1e3 * float(np.median(times)),
    )


def _line(one: Scores) -> str:
    return (
        f"{one.method}, {one.asked} asked, {one.n_segments:.0f} found: recall "
        f"{one.boundary_recall:.3f}, undersegmentation {one.undersegmentation_error:.4f}, "
        f"variation {one.explained_variation:.3f}, {one.milliseconds:.1f} ms"
    )


def curves(scores: Sequence[Scores]) -> dict[str, Curve]:
    """Scores by method, in the order of their first."""
    found: dict[str, Curve] = {}
    for one in scores:
        found.setdefault(one.method, Curve([])).scores.append(one)
    return found


def table(scores: Sequence[Scores]) -> str:
    """A line a method: the averages, some points of the curves, the time."""
    header = (
        "method", "AMR", "AUE", "AUV", "recall", "undersegmentation", "variation", "share",
        *(f"recall at share {share}" for share in SHARES), "ms", "images",
    )  # fmt: skip
    lines = []
    for name, curve in curves(scores).items():
        shown = [
            curve.at("n_segments", K_SHOWN, metric)
            for metric in (
                "boundary_recall",
                "undersegmentation_error",
                "explained_variation",
                "boundary_density",
            )
        ]
        shares = [curve.at("boundary_density", share, "boundary_recall") for share in SHARES]
        averages = curve.miss_rate, curve.undersegmentation_error, curve.unexplained_variation
        lines.append(
            [
                name,
                *(f"{value:.2f}" for value in averages),
                *("" if np.isnan(value) else f"{value:.3f}" for value in (*shown, *shares)),
                f"{curve.milliseconds:.1f}",
                str(curve.scores[0].n_images),
            ]
        )
    return markdown(header, lines)


def tune(method: Method, pictures: list[Picture]) -> list[tuple[float, dict[str, Any], Curve]]:
    """Every choice of a method's grid with AMR + AUE, the best first."""
    choices = {repr(choice): choice for choice in method.choices()}
    runs = {
        name: lambda image, k, choice=choice: method(image, k, **choice)
        for name, choice in choices.items()
    }
    scores = evaluate(runs, dict.fromkeys(runs, pictures), ASKED_TO_TUNE)
    found = [
        (curve.miss_rate + curve.undersegmentation_error, choices[name], curve)
        for name, curve in curves(scores).items()
    ]
    return sorted(found, key=lambda one: one[0])


def draw(scores: Sequence[Scores], path: Path) -> None:
    """Draw AMR and AUE against time, and recall against the share of pixels on outlines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    words = ("average miss rate (AMR), %", "average undersegmentation error (AUE), %")
    own = {m.name for m in METHODS if m.needs.startswith("pixelseg")}
    for k, (name, curve) in enumerate(curves(scores).items()):
        color, marker = f"C{k % 10}", "o" if name in own else "s"
        values = curve.miss_rate, curve.undersegmentation_error
        for axis, value in zip(axes, values, strict=False):
            axis.plot(curve.milliseconds, value, marker, color=color, markersize=8)
            place, above = (curve.milliseconds, value), 6 if k % 2 else -12
            axis.annotate(str(k + 1), place, (3, above), textcoords="offset points", fontsize=9)
        shares = [one.boundary_density for one in curve.scores]
        recalls = [one.boundary_recall for one in curve.scores]
        line = "-" if name in own else "--"
        axes[2].plot(shares, recalls, line, color=color, label=f"{k + 1} {name}", linewidth=1.4)
    for axis, word in zip(axes, words, strict=False):
        axis.set(xscale="log", xlabel=f"ms an image at {K_SHOWN} segments", ylabel=word)
        axis.grid(alpha=0.3, which="both")
    axes[2].set(xlabel="share of pixels on outlines", ylabel="boundary recall", ylim=(0.5, 1))
    axes[2].grid(alpha=0.3)
    axes[2].legend(fontsize=8)
    figure.suptitle("Superpixels on BSDS500 val, 481x321, one thread: circles are ours; lower left "
                    "is better, at the right upper left", fontsize=10)  # fmt: skip
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score what is there, print the table, draw the picture."""
    names = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.superpixel_quality", description=__doc__
    )
    parser.add_argument("--data", default="../shared/data", help="folder that holds bsds500")
    parser.add_argument("--methods", nargs="+", choices=names, default=names, metavar="METHOD",
                        help="some of: " + "; ".join(names))  # fmt: skip
    parser.add_argument("--images", type=int, help="so many images at random; all if left out")
    parser.add_argument("--tune", action="store_true", help="compare settings on train instead")
    parser.add_argument("--json", metavar="FILE", help="keep the results here")
    parser.add_argument("--markdown", metavar="FILE", help="write the table here")
    parser.add_argument("--picture", metavar="FILE", help="draw the picture here")
    options = parser.parse_args(arguments)
    split = "train" if options.tune else "val"
    pictures = read_pictures(Path(options.data) / "bsds500", split, options.images)
    methods = []
    for method in METHODS:
        if method.name in options.methods:
            if reason := method.missing():
                print(f"{method.name} is left out: {reason}", file=sys.stderr)
            else:
                methods.append(method)
    if options.tune:
        for method in methods:
            for total, choice, curve in tune(method, pictures)[:5]:
                print(
                    f"{method.name} {choice}: AMR {curve.miss_rate:.2f}, AUE "
                    f"{curve.undersegmentation_error:.2f}, sum {total:.2f}",
                    flush=True,
                )
        return 0
    scores: list[Scores] = []
    if options.json and Path(options.json).exists():
        done = {method.name for method in methods}
        scores = [one for one in read_json(options.json, "superpixels", Scores)
                  if one.method not in done]  # fmt: skip
    runs: dict[str, Callable[[Array, int], Array]] = {}
    for method in methods:
        runs[method.name] = method
        method(pictures[0].image, K_SHOWN)  # compiles
    scores += evaluate(runs, {m.name: pictures[:: m.every] for m in methods})
    scores.sort(key=lambda one: (names.index(one.method), one.asked))
    text = table(scores) + "\n\n" + ", ".join(f"{k} {v}" for k, v in machine().items())
    print(text)
    if options.json:
        write_json(options.json, "superpixels", scores)
    if options.markdown:
        Path(options.markdown).write_text(text + "\n")
    if options.picture:
        draw(scores, Path(options.picture))
    return 0


if __name__ == "__main__":
    sys.exit(main())
