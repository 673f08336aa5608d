"""`pixelseg superpixels`: images in, label images of superpixels out."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from ..plot import boundaries
from . import _arguments as arguments
from . import _files as files
from ._batch import Job, place_of, plan_outputs, run_jobs
from ._images import open_image, write_preview
from ._report import plural

METHODS = {
    "slic": "compact and even, fast",
    "snic": "as slic, in one pass",
    "etps": "the best outlines, some three times as long as slic",
    "watershed": "follow the edges of the image",
    "felzenszwalb": "as large as the image allows",
    "grid": "regular cells, whatever the image shows",
}

EPILOG = """methods:
{methods}

results:
  The superpixels of cells.png go to cells_superpixels.tif (ids 1, 2, ...; 0 in the image's holes);
  those of a .npy to a .npy. With --preview there is also cells_superpixels_preview.png, the image
  with their boundaries.

examples:
  pixelseg superpixels slic cells.png -n 1000 --preview
  pixelseg superpixels watershed 'scans/*.tif' -n 2000 --compactness 5 -o superpixels/
  pixelseg superpixels felzenszwalb images/ --scale 300 --min-size 50 -o superpixels/ --preview
""".format(methods="\n".join(f"  {name:<14}{purpose}" for name, purpose in METHODS.items()))

#: Options of some methods: the parameter that each sets, how it is read, what it means.
_OPTIONS: dict[str, tuple[Callable[[str], Any], str]] = {
    "n_segments": (int, "how many superpixels (default: 400)"),
    "compactness": (float, "even shapes (high) or shapes that follow the image (low)"),
    "sampling": (int, "slic: look at every so many-th pixel only while clustering"),
    "smoothness": (float, "etps: calmer outlines"),
    "scale": (float, "felzenszwalb: larger values favour larger segments"),
    "sigma": (float, "etps, felzenszwalb: smooth the image by this first"),
    "min_size": (int, "felzenszwalb: the least number of pixels of a segment"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("method", choices=METHODS, metavar="METHOD", help=", ".join(METHODS))
    arguments.add_batch(parser)
    parser.add_argument("--preview", action="store_true", help="also write the boundaries drawn")
    group = parser.add_argument_group("method")
    for name, (read, purpose) in _OPTIONS.items():
        short = ["-n"] if name == "n_segments" else []
        option = f"--{name.replace('_', '-')}"
        group.add_argument(*short, option, type=read, metavar="N", help=purpose)
    group.add_argument(
        "--spacing",
        type=arguments.spacing,
        metavar="SIZES",
        help='size of a pixel along each axis, such as 2,1,1, or "file": as the file says '
        "(default: 1)",
    )
    arguments.add_channel_axis(parser)
    parser.add_argument(
        "-j", "--jobs", type=arguments.jobs, default=-1, metavar="N", help="threads (default: all)"
    )


def run(args: argparse.Namespace) -> int:
    """Segment one image at a time; one that fails does not stop the others."""
    method = _choose(args)
    endings = [files.SUPERPIXELS, files.SUPERPIXELS_PREVIEW]
    jobs = plan_outputs(args, files.find_images(args.images), endings[: 1 + args.preview])
    outcome = run_jobs(jobs, partial(_segment, method, args), description=args.method)
    return outcome.report("segmented", f", superpixels {place_of(args.output)}")


def _choose(args: argparse.Namespace) -> Callable[..., Any]:
    """The method with the options that were given, all of which it must have."""
    from .. import superpixels

    method = getattr(superpixels, args.method)
    takes = inspect.signature(method).parameters
    given = {name: getattr(args, name) for name in _OPTIONS if getattr(args, name) is not None}
    for name in given:
        if name not in takes:
            having = [
                other
                for other in METHODS
                if name in inspect.signature(getattr(superpixels, other)).parameters
            ]
            raise ValueError(
                f"--{name.replace('_', '-')} is no option of {args.method}, but of "
                f"{', '.join(having)}: leave it out."
            )
    if "n_jobs" in takes:
        given["n_jobs"] = args.jobs
    return partial(method, **given)


def _segment(method: Callable[..., Any], args: argparse.Namespace, job: Job, progress: Any) -> None:
    """Segment one image into its files."""
    from ..io import write_labels

    image = open_image(job.image, channel_axis=args.channel_axis, spacing=args.spacing)
    segments = method(image)
    spacing, overwrite = image.source.spacing, args.overwrite or args.skip_existing
    write_labels(job.outputs[files.SUPERPIXELS], segments, spacing=spacing, overwrite=overwrite)
    if args.preview:
        preview = job.outputs[files.SUPERPIXELS_PREVIEW]
        write_preview(preview, image, segments, boundaries, overwrite=overwrite)
    print(f"{job.image}  {plural(int(segments.max()), 'superpixel')}")
