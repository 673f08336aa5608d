"""`pixelseg refine`: saved probabilities and their images in, better labels out."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.image import Image, as_image
from ..io import read_labels, write_image, write_labels
from ..plot import montage, overlay
from . import _arguments as arguments
from . import _files as files
from ._batch import Job, place_of, plan_outputs, run_jobs
from ._images import open_image, write_preview
from ._pairs import pair_labels
from ._probabilities import read_probabilities
from ._report import plural

#: Methods: the class of `pixelseg.refine` that each is, and what it is good for.
METHODS = {
    "guided_filter": ("GuidedFilter", "smooth where the image is, keep its edges; quick"),
    "graph_cut": ("GraphCut", "labels of least energy: regions hold together"),
    "dense_crf": ("DenseCRF", "every pixel hears all others of its colour; whole images"),
}

EPILOG = """methods:
{methods}
  A setting is a parameter of the class: --set weight=2. `python -c "import pixelseg;
  help(pixelseg.GraphCut)"` explains them.

probabilities:
  What `pixelseg predict --probabilities` writes, or those of any other program: .npy, TIFF or HDF5
  (with h5py), floating point, the classes along the last axis or --class-axis, summing to 1 at
  every pixel. A file with one number a pixel holds the probability of the second of two classes.
  The image of cells_probabilities.tif is cells.png (or .tif, .npy, ...) beside it, or by --image.

labels:
  With --labels, which may be a few strokes that the classifier has not seen, the settings (and,
  without --method, the method) are those that raise mean IoU there; where none does, nothing is
  changed. They are given as to train: files, a folder, or cells_labels.png beside cells.png.

results:
  The labels of cells.png go to cells_refined.png, as those of predict. With the options below there
  are also cells_refined_probabilities.tif and cells_refined_preview.png, before and after side by
  side.

examples:
  pixelseg refine cells_probabilities.tif --method graph_cut --preview
  pixelseg refine results/ --image images/ --method guided_filter --set sigma=4 -o refined/
  pixelseg refine network.npy --image photo.jpg --class-axis 0 --method graph_cut
  pixelseg refine results/ --image images/ --labels strokes/ -o refined/ --preview
""".format(methods="\n".join(f"  {name:<15}{purpose}" for name, (_, purpose) in METHODS.items()))

#: The endings of results beside labels; the option of the same name asks for each.
_ENDINGS = {
    "probabilities": files.REFINED_PROBABILITIES,
    "preview": files.REFINED_PREVIEW,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    arguments.add_batch(parser, "inputs", "PROBABILITIES")
    parser.add_argument(
        "--image",
        nargs="+",
        metavar="PATH",
        help="a folder of images, or a file for each file of probabilities (default: beside)",
    )
    parser.add_argument("--probabilities", action="store_true", help="also write probabilities")
    parser.add_argument("--preview", action="store_true", help="also write before and after")
    group = parser.add_argument_group("method")
    group.add_argument(
        "-m",
        "--method",
        type=_method,
        choices=METHODS,
        metavar="METHOD",
        help=", ".join(METHODS),
    )
    group.add_argument(
        "--set",
        type=_setting,
        nargs="+",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="settings of the method",
    )
    group.add_argument(
        "-l",
        "--labels",
        nargs="*",
        metavar="PATH",
        help="choose by labels: a folder, a file an image, or nothing for those beside the images",
    )
    group.add_argument(
        "--time-budget", type=float, metavar="SECONDS", help="for choosing (default: what it takes)"
    )
    group = parser.add_argument_group("what the files hold")
    group.add_argument(
        "--classes", type=_classes, metavar="C,C,...", help="label of each class (default: 1,2,...)"
    )
    group.add_argument("--class-axis", type=int, metavar="AXIS", help="(default: the last one)")
    group.add_argument("--dataset", metavar="NAME", help="array of an HDF5 file with several")
    group.add_argument(
        "--spacing",
        type=arguments.spacing,
        metavar="Z,Y,X",
        help="size of a pixel in the unit of the settings, or 'file' (default: 1)",
    )
    arguments.add_channel_axis(group)


def _method(text: str) -> str:
    """A method by its name, with or without underscores or hyphens."""
    plain = text.lower().replace("-", "").replace("_", "")
    return next((name for name in METHODS if name.replace("_", "") == plain), text)


def run(args: argparse.Namespace) -> int:
    """Refine one image at a time; one that fails does not stop the others."""
    refiner = None if args.labels is not None else _make_refiner(args.method, dict(args.settings))
    sources = _pair(files.find_probabilities(args.inputs), args.image)
    wanted = [ending for name, ending in _ENDINGS.items() if getattr(args, name)]
    largest = 1 if args.classes is None else max(args.classes)
    jobs = plan_outputs(args, list(sources), [files.REFINED, *wanted], largest_label=largest)
    if args.labels is not None:
        refiner = _choose_refiner(sources, args)
    outcome = run_jobs(jobs, partial(_refine, refiner, sources, args), description="refine")
    return outcome.report("refined", f", results {place_of(args.output)}")


def _make_refiner(method: str | None, settings: dict[str, Any]) -> Any:
    """The method with its settings, all of which it must have."""
    from .. import refine

    if method is None:
        raise ValueError(
            f"neither --method nor --labels is given: name a method ({', '.join(METHODS)}), or "
            "pass labels to choose it by."
        )
    cls = getattr(refine, METHODS[method][0])
    names = list(cls().get_params())
    for name in settings:
        if name not in names:
            raise ValueError(
                f"--set {name} is no setting of {method}, which has {', '.join(names)}."
            )
    return cls(**settings)


def _choose_refiner(sources: dict[Path, Path], args: argparse.Namespace) -> Any:
    """The method and settings that labels speak for; None if for none."""
    from .. import refine

    if args.settings:
        raise ValueError("--set and --labels are both given, but labels choose settings: drop one.")
    pairs = pair_labels(list(sources), args.labels, must_have=False)
    opened = [_open(image, sources[image], args) for image, _ in pairs]
    names = METHODS if args.method is None else [args.method]
    tuning = refine.tune(
        [getattr(refine, METHODS[name][0]) for name in names],
        [p for p, _ in opened],
        [image for _, image in opened],
        [read_labels(path) for _, path in pairs],
        classes=args.classes,
        time_budget=args.time_budget,
        progress=sys.stderr.isatty(),
    )
    print(f"chosen by {plural(tuning.n_pixels, 'labelled pixel')}: {tuning.choices[tuning.chosen]}")
    print(f"  {tuning.reason}")
    for label, before, after in zip(
        tuning.classes, tuning.iou_before, tuning.iou_after, strict=True
    ):
        print(f"  class {label}: IoU {before:.3f}, refined {after:.3f}")
    return tuning.refiner


def _pair(found: Sequence[Path], images: Sequence[str] | None) -> dict[Path, Path]:
    """Files of probabilities by their images, which are beside them, in a folder, or named."""
    if images and not (len(images) == 1 and Path(images[0]).is_dir()):
        if len(images) != len(found):
            raise ValueError(
                f"--image names {plural(len(images), 'file')} but there are "
                f"{plural(len(found), 'file')} of probabilities: name a folder, or one image for "
                "each, in their order."
            )
        paths = [Path(word) for word in images]
    else:
        folder = Path(images[0]) if images else None
        paths = [files.image_of(path, folder or path.parent) for path in found]
    pairs: dict[Path, Path] = {}
    for path, own in zip(paths, found, strict=True):
        if path in pairs:
            raise ValueError(f"{pairs[path]} and {own} are both of {path}: refine them one by one.")
        pairs[path] = own
    return pairs


def _refine(
    refiner: Any, sources: dict[Path, Path], args: argparse.Namespace, job: Job, progress: Any
) -> None:
    """Refine the probabilities of one image into its files."""
    from ..refine.refiner import apply_refiner

    before, image = _open(job.image, sources[job.image], args)
    classes = _check_classes(args.classes, before.shape[-1], sources[job.image])
    after = before if refiner is None else apply_refiner(refiner, before, image)
    labels = np.stack([_labels_of(p, classes) for p in (before, after)], axis=-1)
    overwrite = args.overwrite or args.skip_existing
    options: dict[str, Any] = {"spacing": image.source.spacing, "overwrite": overwrite}
    write_labels(job.outputs[files.REFINED], labels[..., 1], **options)
    if args.probabilities:
        write_image(job.outputs[files.REFINED_PROBABILITIES], after, channel_axis=-1, **options)
    if args.preview:
        preview = job.outputs[files.REFINED_PREVIEW]
        write_preview(preview, image, labels, _before_and_after, overwrite=overwrite)
    changed = (labels[..., 0] != labels[..., 1]).mean()
    print(f"{job.image}  {changed:.1%} of the pixels changed")


def _open(path: Path, own: Path, args: argparse.Namespace) -> tuple[Array, Image]:
    """Probabilities and their image, whose mask leaves out what no class has."""
    image = open_image(path, channel_axis=args.channel_axis, spacing=args.spacing)
    p = read_probabilities(own, image, class_axis=args.class_axis, dataset=args.dataset)
    return p, as_image(image, mask=p.any(axis=-1))


def _labels_of(probabilities: Array, classes: Array) -> Array:
    """The most probable class of each pixel; 0 where there is none."""
    labels = classes[probabilities.argmax(axis=-1)]
    labels[~probabilities.any(axis=-1)] = 0
    return labels


def _before_and_after(picture: Any, labels: Array, *, channel_axis: int | None) -> Array:
    pictures = [overlay(picture, labels[..., k], channel_axis=channel_axis) for k in range(2)]
    return montage(pictures, titles=["before", "after"])


def _check_classes(classes: tuple[int, ...] | None, n_classes: int, path: Path) -> Array:
    """The label of each class, in the order of the file."""
    if classes is None:
        return np.arange(1, n_classes + 1)
    if len(classes) != n_classes:
        raise ValueError(
            f"--classes names {plural(len(classes), 'label')} but {path} has {n_classes} classes: "
            "name one label for each, in the file's order."
        )
    return np.array(classes)


def _classes(text: str) -> tuple[int, ...]:
    """Labels with commas between them, each once."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts) or len(set(parts)) < len(
        parts
    ):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be different labels of 1 or more with commas between them"
        )
    return tuple(int(part) for part in parts)


def _setting(text: str) -> tuple[str, Any]:
    """A setting such as weight=2, sigma=(1,2,2) or mode=exact."""
    name, sign, value = text.partition("=")
    if not (name.isidentifier() and sign and value):
        raise argparse.ArgumentTypeError(f"{text!r} must be like weight=2 (a name and a value)")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
