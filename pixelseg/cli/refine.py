"""`pixelseg refine`: saved probabilities and their images in, better labels out."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.image import as_image
from ..plot import montage, overlay
from . import _arguments as arguments
from . import _files as files
from ._batch import Job, place_of, plan_outputs, run_jobs
from ._images import open_image, write_preview
from ._report import plural

#: Methods: the class of `pixelseg` that each is, and what it is good for.
METHODS = {
    "guided_filter": ("GuidedFilter", "smooth where the image is, keep its edges; quick"),
    "graph_cut": ("GraphCut", "labels of least energy: regions hold together"),
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

results:
  The labels of cells.png go to cells_refined.png, as those of predict. With the options below there
  are also cells_refined_probabilities.tif and cells_refined_preview.png, before and after side by
  side.

examples:
  pixelseg refine cells_probabilities.tif --method graph_cut --preview
  pixelseg refine results/ --image images/ --method guided_filter --set sigma=4 -o refined/
  pixelseg refine network.npy --image photo.jpg --class-axis 0 --method graph_cut
""".format(methods="\n".join(f"  {name:<15}{purpose}" for name, (_, purpose) in METHODS.items()))

#: The endings of results; the option of the same name asks for each, and labels are always wanted.
_ENDINGS = {
    "labels": files.REFINED,
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
        "-m", "--method", choices=METHODS, required=True, metavar="METHOD", help=", ".join(METHODS)
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


def run(args: argparse.Namespace) -> int:
    """Refine one image at a time; one that fails does not stop the others."""
    refiner = _make_refiner(args.method, dict(args.settings))
    sources = _pair(files.find_probabilities(args.inputs), args.image)
    endings = [ending for name, ending in _ENDINGS.items() if getattr(args, name, True)]
    largest = 1 if args.classes is None else max(args.classes)
    jobs = plan_outputs(args, list(sources), endings, largest_label=largest)
    outcome = run_jobs(jobs, partial(_refine, refiner, sources, args), description=args.method)
    return outcome.report("refined", f", results {place_of(args.output)}")


def _make_refiner(method: str, settings: dict[str, Any]) -> Any:
    """The method with its settings, all of which it must have."""
    import pixelseg

    cls = getattr(pixelseg, METHODS[method][0])
    names = list(cls().get_params())
    for name in settings:
        if name not in names:
            raise ValueError(
                f"--set {name} is no setting of {method}, which has {', '.join(names)}."
            )
    return cls(**settings)


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
    from ..io import write_image, write_labels
    from ..refine.refiner import apply_refiner
    from ._probabilities import read_probabilities

    path = sources[job.image]
    image = open_image(job.image, channel_axis=args.channel_axis, spacing=args.spacing)
    before = read_probabilities(path, image, class_axis=args.class_axis, dataset=args.dataset)
    classes = _check_classes(args.classes, before.shape[-1], path)
    spacing = image.source.spacing
    # What no class has was outside a mask when it was predicted.
    image = as_image(image, mask=before.any(axis=-1))
    after = apply_refiner(refiner, before, image)
    labels = np.stack([_labels_of(p, classes) for p in (before, after)], axis=-1)
    options: dict[str, Any] = {
        "spacing": spacing,
        "overwrite": args.overwrite or args.skip_existing,
    }
    write_labels(job.outputs[files.REFINED], labels[..., 1], **options)
    if args.probabilities:
        write_image(job.outputs[files.REFINED_PROBABILITIES], after, channel_axis=-1, **options)
    if args.preview:
        preview = job.outputs[files.REFINED_PREVIEW]
        write_preview(preview, image, labels, _before_and_after, overwrite=options["overwrite"])
    changed = (labels[..., 0] != labels[..., 1]).mean()
    print(f"{job.image}  {changed:.1%} of the pixels changed")


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
