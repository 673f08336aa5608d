"""`pixelseg evaluate`: predictions and truths in, scores out."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from .._core.files import check_target
from ..io import read_labels, write_image
from ._batch import FAILURES, make_folder, run_each
from ._evaluation import FAMILIES, Scorer, draw, read_prediction
from ._files import ERRORS
from ._pairs import Pair, pair_predictions
from ._report import note
from ._scores import table_of, write_csv, write_json

EPILOG = """pairs:
  Two files, or two folders: cells_segmented.png (or cells.png) belongs to cells_truth, or
  cells_labels, or cells. Plain names count only in folders where no file has such an ending.
  Boundaries also take a .tif or .npy of floats from 0 to 1, a soft map.

examples:
  pixelseg evaluate results/ truths/
  pixelseg evaluate results/ truths/ --metrics regions,boundaries --csv scores.csv
  pixelseg evaluate results/ truths/ --metrics instances --worst 5 --pictures worst/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="file or folder")
    parser.add_argument("truth", type=Path, metavar="TRUTH", help="file or folder")
    parser.add_argument(
        "--metrics",
        type=_families,
        default=("classes",),
        metavar="NAME[,NAME]",
        help=f"of {', '.join(FAMILIES)} (default: classes)",
    )
    parser.add_argument(
        "--ignore",
        type=_labels,
        metavar="LABEL[,LABEL]",
        help="labels of the truth that are not scored, or none (default: 0; for instances none)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each image")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all scores")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="for pictures of the worst images"
    )
    parser.add_argument(
        "--worst", type=_count, default=3, metavar="N", help="how many of them (default: 3)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def _families(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in FAMILIES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(FAMILIES)}")
    return names


def _labels(text: str) -> tuple[int, ...]:
    parts = [] if text.lower() == "none" else text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} must be labels with commas between, or none")
    return tuple(int(part) for part in parts)


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Score one image at a time; one that fails does not stop the others."""
    pairs = pair_predictions(args.predictions, args.truth)
    _check_outputs(args)
    scorers = [Scorer(family, args.ignore) for family in args.metrics]

    def score(pair: Pair, progress: Any) -> None:
        """Score an image by all families; one that cannot score it does not stop the others."""
        truth = read_labels(pair.truth)
        errors = []
        for scorer in scorers:
            try:
                prediction = read_prediction(pair.prediction, scorer.family)
                scorer.update(pair.name, truth, prediction)
            except FAILURES as error:
                errors.append(f"{scorer.family}: {error}")
        if errors:
            raise ValueError(" ".join(errors))

    by_name = {f"{pair.prediction} against {pair.truth}": pair for pair in pairs}
    outcome = run_each(by_name, score, description="evaluate")
    results = {scorer.family: scorer.result() for scorer in scorers}
    for family, (images, total) in results.items():
        if images:
            print("\n".join(table_of(family, images, total)), end="\n\n")
    if args.csv is not None:
        write_csv(args.csv, pairs, results)
    if args.json is not None:
        write_json(args.json, pairs, results)
    if args.pictures is not None:
        _write_pictures(args, pairs, results[args.metrics[0]][0])
    return outcome.report("evaluated")


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse before any work what could not be written after it."""
    if "instances" in args.metrics and 0 in (args.ignore or ()):
        raise ValueError("--ignore 0 is not for instances: their 0 is background, and is scored.")
    for path in (args.csv, args.json):
        if path is not None:
            check_target(path, args.overwrite, option="--overwrite")
    if args.pictures is not None:
        make_folder(args.pictures, "--pictures")
        old = sorted(args.pictures.glob(f"*{ERRORS}.png"))
        if old and not args.overwrite:
            raise FileExistsError(f"{old[0]} exists: pass --overwrite, or name another folder.")


def _write_pictures(args: argparse.Namespace, pairs: Any, images: dict[str, Any]) -> None:
    """Draw the images whose headline (the first score of the first family) is least."""
    family = args.metrics[0]
    headline = {name: next(iter(scores.values())) for name, scores in images.items()}
    known = [name for name, value in headline.items() if not math.isnan(value)]
    by_name = {pair.name: pair for pair in pairs}
    for name in sorted(known, key=lambda name: headline[name])[: args.worst]:
        prediction = read_prediction(by_name[name].prediction, family)
        cut = images[name].get("threshold", math.nan)
        picture = draw(family, read_labels(by_name[name].truth), prediction, args.ignore, cut)
        path = args.pictures / f"{name}{ERRORS}.png"
        write_image(path, picture, overwrite=args.overwrite)
        note(f"{headline[name]:.4f}  {path}")
