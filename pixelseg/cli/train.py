"""`pixelseg train`: images and strokes in, a model file out."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from .._core.files import check_target
from ..io import read_labels
from . import _arguments as arguments
from ._files import find_images
from ._images import Reread, open_image
from ._pairs import pair_labels
from ._report import Stopwatch, describe_tuning, note, plural

EPILOG = """strokes:
  The labels of cells.png are in cells_labels.png (or .tif, .npy) beside it, or by --labels:
  a folder that holds cells_labels.png or cells.png, or one file for each image. Their grey
  values are the classes 1, 2, ...; 0 is unlabelled. In a folder, images without labels are
  left out.

examples:
  pixelseg train cells.png -o cells.pixelseg
  pixelseg train images/ --labels strokes/ -o roots.pixelseg --classes 1:root,2:soil
  pixelseg train stack.tif -o stack.pixelseg --sigmas 1,2,4 --spacing file --max-memory 2GB
  pixelseg train images/ -o fast.pixelseg --classifier mlp --cross-validate
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders or patterns")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="MODEL", help="the model file to write"
    )
    parser.add_argument(
        "-l", "--labels", nargs="+", metavar="PATH", help="a folder of labels, or a file an image"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model file")
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything, train nothing, write nothing"
    )
    learning = parser.add_argument_group("learning")
    learning.add_argument(
        "--sigmas",
        type=arguments.positive_numbers,
        metavar="S,S,...",
        help="scales of the filters (default: 0.7,1,1.6,3.5,5,10)",
    )
    learning.add_argument(
        "--classifier", choices=["forest", "mlp"], default="forest", help="(default: forest)"
    )
    learning.add_argument(
        "--class-prior",
        choices=["estimate", "labels"],
        default="estimate",
        help="how common the classes are: estimated from unlabelled pixels, or as in the labels",
    )
    learning.add_argument(
        "--refine",
        choices=["none", "auto", "guided_filter", "graph_cut", "dense_crf"],
        default="auto",
        help="what smooths the answers, if that is better at strokes held out from training: 'auto'"
        " is the guided filter (default: auto)",
    )
    learning.add_argument(
        "--intensity-jitter",
        type=arguments.intensity_jitter,
        default="auto",
        metavar="S",
        help="how much brighter or darker other images may be, as a standard deviation of the "
        "logarithm; 0 is off (default: auto, by the labels)",
    )
    learning.add_argument(
        "--classes", type=arguments.class_names, metavar="1:NAME,2:NAME", help="names of classes"
    )
    learning.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    learning.add_argument(
        "--cross-validate",
        action="store_true",
        help="also score models on images (or strokes) held out from training",
    )
    axes = parser.add_argument_group("axes")
    axes.add_argument(
        "--spacing",
        type=arguments.spacing,
        metavar="Z,Y,X",
        help="size of a pixel in the unit of the sigmas, or 'file' for the files' own micrometres "
        "(default: 1, so that sigmas are in pixels)",
    )
    arguments.add_channel_axis(axes)
    arguments.add_resources(parser)


def run(args: argparse.Namespace) -> int:
    """Train and save; every check that needs no training comes first."""
    watch = Stopwatch()
    check_target(args.output, args.overwrite, option="--overwrite")
    paths = find_images(args.images)
    from_folder = any(Path(word).is_dir() for word in args.images)
    pairs = pair_labels(paths, args.labels, must_have=not from_folder)
    if len(pairs) < len(paths):
        note(f"{plural(len(paths) - len(pairs), 'image')} without labels left out")
    first = open_image(pairs[0][0], channel_axis=args.channel_axis, spacing=args.spacing)
    spacing = first.spacing if args.spacing == "file" else args.spacing
    options = {"channel_axis": args.channel_axis, "spacing": args.spacing}  # "file": each its own
    images = Reread([image for image, _ in pairs], partial(open_image, **options))
    labels = Reread([path for _, path in pairs], read_labels)
    model = _make_model(args, spacing)
    bar = sys.stderr.isatty()  # but not into a log
    score = None
    try:
        if args.dry_run:
            return _show_plan(args, images, labels)
        model.fit(images, labels, progress=bar)
        _show_training(model, watch)
        if args.cross_validate:
            score = model.cross_validate(images, labels, progress=bar)
            _show_score(score, model.class_names)
    except (ValueError, TypeError) as error:
        current = images.current or labels.current
        if current is None:
            raise
        raise ValueError(f"{current}: {error}") from error
    model.save(args.output, score=score, overwrite=args.overwrite)
    print(f"wrote {args.output} ({args.output.stat().st_size / 1e6:.1f} MB)")
    return 0


def _make_model(args: argparse.Namespace, spacing: Any) -> Any:
    """An untrained model; images come to it with their axes."""
    import pixelseg

    bank = None if args.sigmas is None else pixelseg.FeatureBank(sigmas=args.sigmas)
    return pixelseg.PixelClassifier(
        bank,
        args.classifier,
        refine=None if args.refine == "none" else args.refine,
        class_prior=args.class_prior,
        intensity_jitter=args.intensity_jitter,
        max_memory=args.max_memory,
        n_jobs=args.jobs,
        random_state=args.seed,
        spacing=spacing,
        class_names=args.classes,
    )


def _show_plan(args: argparse.Namespace, images: Any, labels: Any) -> int:
    """Read everything, count the labelled pixels, and say what would happen."""
    import numpy as np

    from .._core.arrays import as_labels

    totals: Counter[int] = Counter()
    for image, strokes in zip(images, labels, strict=True):
        values, counts = np.unique(as_labels(strokes, image.spatial_shape), return_counts=True)
        totals.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        shape = " x ".join(map(str, image.spatial_shape))
        place = f"labels in {labels.current.name}"
        print(f"{images.current}  {shape}, {image.n_channels} channel(s), {place}")
    for value in sorted(totals.keys() - {0}):
        print(f"class {_name(value, args.classes)}: {plural(totals[value], 'pixel')}")
    print(f"would train a {args.classifier} and write {args.output}")
    return 0


def _show_training(model: Any, watch: Stopwatch) -> None:
    training = model.training_
    rows = zip(training.classes, training.n_marked, training.n_kept, strict=True)
    for (value, marked, kept), prior in zip(rows, model.class_prior_, strict=True):
        used = "" if kept == marked else f", {kept:,} used"
        name = _name(value, model.class_names)
        print(f"class {name}: {plural(marked, 'pixel')}{used}; assumed share {prior:.1%}")
    if model.tuning_ is not None:
        print(f"refiner: {describe_tuning(model.tuning_)}")
    print(f"trained on {plural(training.n_images, 'image')} in {watch}")


def _show_score(result: Any, names: dict[int, str] | None) -> None:
    print(
        f"cross-validated over {result.groups}: mean IoU {result.mean_iou:.3f}, accuracy "
        f"{result.accuracy:.3f}"
    )
    for value, score in zip(result.classes.tolist(), result.iou, strict=True):
        print(f"  class {_name(value, names)}: IoU {score:.3f}")


def _name(value: int, names: dict[int, str] | None) -> str:
    return f"{value} {names[value]}" if names and value in names else str(value)
