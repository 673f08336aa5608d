"""`pixelseg grabcut`: an object cut out of each image, by a box or by seeds."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..plot import overlay
from . import _arguments as arguments
from . import _files as files
from ._batch import Job, place_of, plan_outputs, run_jobs
from ._images import open_image, write_preview
from ._report import plural

EPILOG = """seeds:
  A label image for each image, in the same order: 1 where the object is for good, 2 where the
  background is, 0 where the cut decides.

results:
  The object of cells.png goes to cells_object.png (1 object, 0 background); that of a TIFF to a
  TIFF, that of a .npy to a .npy. With --preview there is also cells_object_preview.png, the image
  with the object coloured.

examples:
  pixelseg grabcut cat.png --box 40,120,300,420 --preview
  pixelseg grabcut cat.png --seeds cat_labels.png -o cut/
  pixelseg grabcut cat.png --box 40,120,300,420 --seeds cat_labels.png --weight 30
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    arguments.add_batch(parser)
    parser.add_argument("--preview", action="store_true", help="also write the object coloured")
    group = parser.add_argument_group("object")
    group.add_argument(
        "--box",
        type=_box,
        metavar="R0,C0,R1,C1",
        help="rows and columns of a box around it, the end left out (volumes: Z0,R0,C0,Z1,R1,C1)",
    )
    group.add_argument(
        "--seeds", type=Path, nargs="+", metavar="LABELS", help="a label image an image"
    )
    group.add_argument(
        "--weight", type=float, metavar="N", help="what a border costs (default: 50)"
    )
    arguments.add_channel_axis(parser)


def run(args: argparse.Namespace) -> int:
    """Cut one image at a time; one that fails does not stop the others."""
    if args.box is None and args.seeds is None:
        raise ValueError("neither --box nor --seeds says where the object is: pass one or both.")
    images = files.find_images(args.images)
    if args.seeds is not None and len(args.seeds) != len(images):
        raise ValueError(
            f"--seeds names {plural(len(args.seeds), 'file')} but there are "
            f"{plural(len(images), 'image')}: pass one label image for each, in the same order."
        )
    seeds = dict(zip(images, args.seeds or [None] * len(images), strict=True))
    endings = [files.OBJECT, files.OBJECT_PREVIEW]
    jobs = plan_outputs(args, images, endings[: 1 + args.preview])
    outcome = run_jobs(jobs, partial(_cut, args, seeds), description="grabcut")
    return outcome.report("cut", f", objects {place_of(args.output)}")


def _box(text: str) -> tuple[int, ...]:
    """Four or six whole numbers with commas between them."""
    try:
        box = tuple(int(part) for part in text.split(","))
    except ValueError:
        box = ()
    if len(box) not in (4, 6):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be four whole numbers with commas between them (six for a volume)"
        )
    return box


def _cut(args: argparse.Namespace, seeds: dict[Path, Path | None], job: Job, progress: Any) -> None:
    """Cut the object out of one image into its files."""
    from ..graph import grabcut
    from ..io import read_labels, write_labels

    image = open_image(job.image, channel_axis=args.channel_axis, spacing=None)
    path = seeds[job.image]
    weight = {} if args.weight is None else {"weight": args.weight}
    own = None if path is None else read_labels(path)
    cut = grabcut(image, box=args.box, seeds=own, **weight)
    labels = cut.mask.astype(np.uint8)
    spacing, overwrite = image.source.spacing, args.overwrite or args.skip_existing
    write_labels(job.outputs[files.OBJECT], labels, spacing=spacing, overwrite=overwrite)
    if args.preview:
        preview = job.outputs[files.OBJECT_PREVIEW]
        write_preview(preview, image, labels, overlay, overwrite=overwrite)
    print(f"{job.image}  {cut.mask.mean():.1%} object, {plural(len(cut.energies), 'round')}")
