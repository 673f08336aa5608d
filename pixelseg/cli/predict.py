"""`pixelseg predict`: images and a model file in, label images out."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _arguments as arguments
from . import _files as files
from ._report import Stopwatch, complain, file_bar, note, plural

EPILOG = """results:
  The labels of cells.png go to cells_segmented.png; those of a TIFF to a TIFF (with its axes
  and pixel size), those of a .npy to a .npy. With the options below there are also
  cells_probabilities.tif (float32, a page for each class), cells_uncertainty.tif (0 sure, 1
  unsure) and cells_preview.png. In folders and lists, files with these endings and labels are
  never taken for images.

examples:
  pixelseg predict cells.png -m cells.pixelseg
  pixelseg predict images/ -m cells.pixelseg -o results/ --preview --uncertainty
  pixelseg predict 'scans/*.tif' -m roots.pixelseg --max-memory 2GB --dry-run
  pixelseg predict images/ -m cells.pixelseg -o results/ --skip-existing   # go on after a stop
"""

#: Longest side of a preview.
_PREVIEW_SIDE = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, folders or patterns")
    parser.add_argument(
        "-m", "--model", required=True, type=Path, metavar="MODEL", help="a file that train wrote"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="for the results (default: beside)"
    )
    parser.add_argument("--probabilities", action="store_true", help="also write probabilities")
    parser.add_argument("--uncertainty", action="store_true", help="also write the uncertainty")
    parser.add_argument("--preview", action="store_true", help="also write a coloured overlay")
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave out images whose results exist"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show tiles, memory and outputs; write nothing"
    )
    arguments.add_channel_axis(parser)
    arguments.add_resources(parser)


@dataclass(frozen=True)
class Job:
    """An image and the files that its results go to (None: not wanted)."""

    image: Path
    labels: Path
    probabilities: Path | None
    uncertainty: Path | None
    preview: Path | None

    @property
    def outputs(self) -> list[Path]:
        """The files that are wanted."""
        every = (self.labels, self.probabilities, self.uncertainty, self.preview)
        return [path for path in every if path is not None]


def run(args: argparse.Namespace) -> int:
    """Predict one image at a time; one that fails does not stop the others."""
    from ..classify import load

    watch = Stopwatch()
    jobs = _plan_jobs(args)
    model = load(args.model)
    model.set_params(n_jobs=args.jobs, max_memory=args.max_memory)
    if args.output is not None and not args.dry_run:
        args.output.mkdir(parents=True, exist_ok=True)
    n_failed = 0
    with file_bar(len(jobs), "predict") as bar:
        for job in jobs:
            bar.start(job.image.name)
            try:
                if args.dry_run:
                    _show_plan(model, job, args)
                else:
                    _predict(model, job, args, bar.part)
            except (ValueError, TypeError, OSError, MemoryError) as error:
                n_failed += 1
                text = str(error)
                complain(text if str(job.image) in text else f"{job.image}: {text}")
            bar.finish()
    if not args.dry_run:
        place = "beside the images" if args.output is None else f"in {args.output}"
        print(f"segmented {plural(len(jobs) - n_failed, 'image')} in {watch}, results {place}")
    if n_failed:
        complain(f"{n_failed} of {plural(len(jobs), 'image')} failed")
    return 1 if n_failed else 0


def _plan_jobs(args: argparse.Namespace) -> list[Job]:
    """All images with their outputs, which must neither exist nor coincide."""
    jobs = [_job(path, args) for path in files.find_images(args.images)]
    owners: dict[Path, Path] = {}
    for job in jobs:
        for path in job.outputs:
            if path in owners:
                raise ValueError(
                    f"{owners[path]} and {job.image} would both write {path}: predict them into "
                    "different folders."
                )
            owners[path] = job.image
    taken = [job for job in jobs if any(path.exists() for path in job.outputs)]
    if args.skip_existing:
        done = [job for job in jobs if all(path.exists() for path in job.outputs)]
        if done:
            note(f"{plural(len(done), 'image')} left out: results exist")
        return [job for job in jobs if job not in done]
    if taken and not args.overwrite and not args.dry_run:
        first = next(path for path in taken[0].outputs if path.exists())
        more = f" (and so do results of {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise FileExistsError(
            f"{first} exists{more}: pass --overwrite to replace results, --skip-existing to leave "
            "such images out, or -o for another folder."
        )
    return jobs


def _job(image: Path, args: argparse.Namespace) -> Job:
    suffix = image.suffix.lower()
    labels = suffix if suffix in (".tif", ".tiff", ".btf", ".npy") else ".png"
    values = ".npy" if suffix == ".npy" else ".tif"

    def path(wanted: bool, ending: str, suffix: str) -> Path | None:
        return files.result_path(image, ending, suffix, args.output) if wanted else None

    return Job(
        image=image,
        labels=files.result_path(image, files.SEGMENTED, labels, args.output),
        probabilities=path(args.probabilities, files.PROBABILITIES, values),
        uncertainty=path(args.uncertainty, files.UNCERTAINTY, values),
        preview=path(args.preview, files.PREVIEW, ".png"),
    )


def _open(model: Any, job: Job, args: argparse.Namespace) -> tuple[Any, Any]:
    from ._images import open_image

    return open_image(
        job.image,
        channel_axis=args.channel_axis,
        spacing=model.spacing,
        ndim=model.input_spec_.ndim,
    )


def _show_plan(model: Any, job: Job, args: argparse.Namespace) -> None:
    """Print one image's tiles, memory and outputs."""
    from .._core.memory import format_bytes

    file, image = _open(model, job, args)
    plan = model.plan_predict(image)
    shape = " x ".join(map(str, file.shape))
    tile = " x ".join(map(str, plan.tile_shape[-image.ndim :]))
    outputs = ", ".join(f"{path}{' (exists)' if path.exists() else ''}" for path in job.outputs)
    print(
        f"{job.image}  {shape} {file.dtype}: {plural(len(plan.boxes(image.ndim)), 'tile')} of "
        f"{tile}, {format_bytes(plan.bytes)} beyond input and output; to {outputs}"
    )


def _predict(model: Any, job: Job, args: argparse.Namespace, progress: Any) -> None:
    """Predict one image into its files, in a single pass whatever is wanted."""
    from ..classify.outputs import label_dtype
    from ..io import create_image

    file, image = _open(model, job, args)
    shape, n_classes = image.spatial_shape, len(model.classes_)
    options = {"spacing": file.spacing, "overwrite": args.overwrite or args.skip_existing}
    with ExitStack() as stack:
        labels = stack.enter_context(
            create_image(job.labels, shape, label_dtype(model.classes_), **options)
        )
        probabilities = uncertainty = None
        if job.probabilities is not None:
            all_shape = (*shape, n_classes)
            probabilities = stack.enter_context(
                create_image(job.probabilities, all_shape, "float32", has_channels=True, **options)
            )
        if job.uncertainty is not None:
            uncertainty = stack.enter_context(
                create_image(job.uncertainty, shape, "float32", **options)
            )
        model.predict_into(
            image,
            labels=labels,
            probabilities=probabilities,
            uncertainty=uncertainty,
            progress=progress,
        )
        if job.preview is not None:
            _write_preview(job.preview, file, image, labels, options["overwrite"])


def _write_preview(path: Path, file: Any, image: Any, labels: Any, overwrite: bool) -> None:
    """Write an overlay of at most 2000 pixels a side; of a volume, its middle slice."""
    from ..io import write_image
    from ..plot import overlay

    step = max(1, -(-max(image.spatial_shape[-2:]) // _PREVIEW_SIDE))
    index: tuple[Any, ...] = (slice(None, None, step),) * 2
    if image.ndim == 3:
        index = (image.spatial_shape[0] // 2, *index)
    axis = None if image.channel_axis is None else -1
    picture = overlay(file[index], labels[index], channel_axis=axis)
    write_image(path, picture, overwrite=overwrite)
