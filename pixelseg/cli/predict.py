"""`pixelseg predict`: images and a model file in, label images out."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .._core.image import Image
from .._core.memory import format_bytes
from ..io import create_image
from ..plot import overlay
from . import _arguments as arguments
from . import _files as files
from ._batch import Job, place_of, plan_outputs, run_jobs
from ._images import open_image, write_preview
from ._report import note, plural, sizes_text

EPILOG = """results:
  The labels of cells.png go to cells_segmented.png (.tif if a class is above 65535); those of a
  TIFF to a TIFF (with its axes and pixel size), those of a .npy to a .npy. With the options
  below there are also cells_probabilities.tif (float32, a page for each class),
  cells_uncertainty.tif (0 sure, 1 unsure) and cells_preview.png. In folders and lists, files
  with these endings and labels are never taken for images.

examples:
  pixelseg predict cells.png -m cells.pixelseg
  pixelseg predict images/ -m cells.pixelseg -o results/ --preview --uncertainty
  pixelseg predict 'scans/*.tif' -m roots.pixelseg --max-memory 2GB --dry-run
  pixelseg predict images/ -m cells.pixelseg -o results/ --skip-existing   # go on after a stop
"""


#: The endings of results; the option of the same name asks for each, and labels are always wanted.
_ENDINGS = {
    "labels": files.SEGMENTED,
    "probabilities": files.PROBABILITIES,
    "uncertainty": files.UNCERTAINTY,
    "preview": files.PREVIEW,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "-m", "--model", required=True, type=Path, metavar="MODEL", help="a file that train wrote"
    )
    arguments.add_batch(parser)
    parser.add_argument("--probabilities", action="store_true", help="also write probabilities")
    parser.add_argument("--uncertainty", action="store_true", help="also write the uncertainty")
    parser.add_argument("--preview", action="store_true", help="also write a coloured overlay")
    parser.add_argument(
        "--dry-run", action="store_true", help="show tiles, memory and outputs; write nothing"
    )
    parser.add_argument(
        "--spacing",
        type=arguments.spacing,
        metavar="Z,Y,X",
        help="size of a pixel, or 'file' for each file's own (default: the model's)",
    )
    arguments.add_channel_axis(parser)
    arguments.add_resources(parser)


def run(args: argparse.Namespace) -> int:
    """Predict one image at a time; one that fails does not stop the others."""
    from ..classify import load

    images = files.find_images(args.images)
    model = load(args.model)
    model.set_params(n_jobs=args.jobs, max_memory=args.max_memory)
    endings = [ending for name, ending in _ENDINGS.items() if getattr(args, name, True)]
    largest = int(model.classes_.max())
    jobs = plan_outputs(args, images, endings, largest_label=largest, dry_run=args.dry_run)
    work = _show_plan if args.dry_run else _predict
    outcome = run_jobs(jobs, partial(work, model, args), description="predict")
    done = "" if args.dry_run else "segmented"
    return outcome.report(done, f", results {place_of(args.output)}")


def _open(model: Any, job: Job, args: argparse.Namespace) -> Image:
    spacing = model.spacing if args.spacing is None else args.spacing
    ndim = model.input_spec_.ndim
    image = open_image(job.image, channel_axis=args.channel_axis, spacing=spacing, ndim=ndim)
    own = image.source.spacing
    is_known = args.spacing is None and model.spacing is not None and own is not None
    if is_known and not np.allclose(own, image.spacing, rtol=0.01):
        note(
            f"{job.image} says that its pixels are {sizes_text(own)}, and is taken for "
            f"{sizes_text(image.spacing)} as the model was trained: pass --spacing file to take "
            "each file's own"
        )
    return image


def _show_plan(model: Any, args: argparse.Namespace, job: Job, progress: Any) -> None:
    """Print one image's tiles, memory and outputs."""
    image = _open(model, job, args)
    plan = model.plan_predict(image)
    shape = " x ".join(map(str, image.shape))
    tile = " x ".join(map(str, plan.tile_shape[-image.ndim :]))
    outputs = job.outputs.values()
    names = ", ".join(f"{path}{' (exists)' if path.exists() else ''}" for path in outputs)
    print(
        f"{job.image}  {shape} {image.dtype}: {plural(len(plan.boxes(image.ndim)), 'tile')} of "
        f"{tile}, {format_bytes(plan.bytes)} beyond input and output; to {names}"
    )


def _predict(model: Any, args: argparse.Namespace, job: Job, progress: Any) -> None:
    """Predict one image into its files, in a single pass whatever is wanted."""
    from ..classify.outputs import output_form

    image = _open(model, job, args)
    overwrite = args.overwrite or args.skip_existing
    options: dict[str, Any] = {"spacing": image.source.spacing, "overwrite": overwrite}
    with ExitStack() as stack:
        out = {}
        for name in _ENDINGS.keys() - {"preview"}:
            path = job.outputs.get(_ENDINGS[name])
            if path is not None:
                form = output_form(name, image.spatial_shape, model.classes_)
                axis = -1 if name == "probabilities" else None
                file = create_image(path, *form, channel_axis=axis, **options)
                out[name] = stack.enter_context(file)
        model.predict_into(image, **out, progress=progress)
        if files.PREVIEW in job.outputs:
            preview = job.outputs[files.PREVIEW]
            write_preview(preview, image, out["labels"], overlay, overwrite=overwrite)
