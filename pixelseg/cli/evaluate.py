"""`pixelseg evaluate`: predictions and truths in, scores out."""

from __future__ import annotations

import argparse
import csv
import json
import math
from pathlib import Path
from typing import Any

from ._report import Stopwatch, complain, file_bar, note, plural

#: What --metrics can name: the families of pixelseg.metrics.
FAMILIES = ("classes", "regions", "boundaries", "instances", "superpixels")

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
    from ._evaluation import Scorer, find_pairs

    watch = Stopwatch()
    pairs = find_pairs(args.predictions, args.truth)
    _check_outputs(args)
    scorers = [Scorer(family, args.ignore) for family in args.metrics]
    failed = set()
    with file_bar(len(pairs), "evaluate") as bar:
        for pair in pairs:
            bar.start(pair[0])
            for scorer in scorers:
                try:
                    _score(scorer, *pair)
                except (ValueError, TypeError, OSError, MemoryError) as error:
                    failed.add(pair[0])
                    complain(f"{pair[1]} against {pair[2]}, {scorer.family}: {error}")
            bar.finish()
    results = {scorer.family: scorer.result() for scorer in scorers}
    for family, (images, total) in results.items():
        if images:
            print("\n".join(_table(family, images, total)), end="\n\n")
    if args.csv is not None:
        _write_csv(args.csv, pairs, results)
    if args.json is not None:
        _write_json(args.json, pairs, results)
    if args.pictures is not None:
        _write_pictures(args, pairs, results[args.metrics[0]][0])
    print(f"evaluated {plural(len(pairs) - len(failed), 'image')} in {watch}")
    if failed:
        complain(f"{len(failed)} of {plural(len(pairs), 'image')} failed")
    return 1 if failed else 0


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse before any work what could not be written after it."""
    if "instances" in args.metrics and 0 in (args.ignore or ()):
        raise ValueError("--ignore 0 is not for instances: their 0 is background, and is scored.")
    for path in (args.csv, args.json):
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir():
            raise FileNotFoundError(f"{path} must be a file in a folder that exists.")
        if path.exists() and not args.overwrite:
            raise FileExistsError(f"{path} exists: pass --overwrite to replace it.")
    if args.pictures is not None:
        args.pictures.mkdir(parents=True, exist_ok=True)
        from ._files import ERRORS

        old = sorted(args.pictures.glob(f"*{ERRORS}.png"))
        if old and not args.overwrite:
            raise FileExistsError(f"{old[0]} exists: pass --overwrite, or name another folder.")


def _score(scorer: Any, name: str, prediction: Path, truth: Path) -> None:
    from ..io import read_labels
    from ._evaluation import read_prediction

    scorer.update(name, read_labels(truth), read_prediction(prediction, scorer.family))


def _table(family: str, images: dict[str, Any], total: dict[str, float]) -> list[str]:
    """A row for each image and one for all; what an image has no value for is a dash."""
    width = max(len(name) for name in (*images, family, "all"))
    lines = [f"{family:<{width}}  " + "  ".join(total)]
    for name, scores in {**images, "all": total}.items():
        cells = [_cell(scores.get(column, math.nan), len(column)) for column in total]
        lines.append(f"{name:<{width}}  " + "  ".join(cells))
    return lines


def _cell(value: float, width: int) -> str:
    return f"{'-' if math.isnan(value) else f'{value:.4f}':>{width}}"


def _write_csv(path: Path, pairs: Any, results: dict[str, Any]) -> None:
    """Write a row for each image and a last one, `all`; a cell without a value is empty."""
    from .._core.files import replacing

    columns = [(family, name) for family, (_, total) in results.items() for name in total]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(f"{family}.{name}" for family, name in columns)])
        for image in (*(name for name, *_ in pairs), None):
            cells = []
            for family, name in columns:
                images, total = results[family]
                scores = total if image is None else images.get(image, {})
                value = scores.get(name, math.nan)
                cells.append("" if math.isnan(value) else repr(float(value)))
            writer.writerow(["all" if image is None else image, *cells])


def _write_json(path: Path, pairs: Any, results: dict[str, Any]) -> None:
    """Write each image's scores and those of all; a value that is not defined is null."""
    from .._core.files import replacing

    record = {
        "images": [
            {
                "image": name,
                "prediction": str(prediction),
                "truth": str(truth),
                **{family: _plain(images.get(name)) for family, (images, _) in results.items()},
            }
            for name, prediction, truth in pairs
        ],
        "all": {
            family: {"n_images": len(images), **(_plain(total) or {})}
            for family, (images, total) in results.items()
        },
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _plain(scores: dict[str, float] | None) -> dict[str, float | None] | None:
    if scores is None:
        return None
    return {name: None if math.isnan(v) else float(v) for name, v in scores.items()}


def _write_pictures(args: argparse.Namespace, pairs: Any, images: dict[str, Any]) -> None:
    """Draw the images whose headline (the first score of the first family) is least."""
    from ..io import read_labels, write_image
    from ._evaluation import draw, read_prediction
    from ._files import ERRORS

    family = args.metrics[0]
    headline = {name: next(iter(scores.values())) for name, scores in images.items()}
    known = [name for name, value in headline.items() if not math.isnan(value)]
    files = {name: (prediction, truth) for name, prediction, truth in pairs}
    for name in sorted(known, key=lambda name: headline[name])[: args.worst]:
        prediction = read_prediction(files[name][0], family)
        cut = images[name].get("threshold", math.nan)
        picture = draw(family, read_labels(files[name][1]), prediction, args.ignore, cut)
        path = args.pictures / f"{name}{ERRORS}.png"
        write_image(path, picture, overwrite=args.overwrite)
        note(f"{headline[name]:.4f}  {path}")
