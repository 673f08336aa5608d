"""What commands over many files share: the plan of outputs, and the loop in which one may fail."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from . import _files as files
from ._report import Stopwatch, complain, note, plural

#: What may be wrong with one file or machine; anything else is a mistake in the program.
FAILURES = (ValueError, TypeError, OSError, MemoryError)


Item = TypeVar("Item")


@dataclass(frozen=True)
class Job:
    """An image and the files that its results go to, by their endings."""

    image: Path
    outputs: dict[str, Path]


@dataclass(frozen=True)
class Outcome:
    """How many images there were, how many of them failed, and how long it took."""

    n_items: int
    n_failed: int
    watch: Stopwatch

    def report(self, done: str = "", rest: str = "") -> int:
        """Say how many images were `done` and how many failed; return the exit code."""
        if done:
            n_done = self.n_items - self.n_failed
            print(f"{done} {plural(n_done, 'image')} in {self.watch}{rest}")
        if self.n_failed:
            complain(f"{self.n_failed} of {plural(self.n_items, 'image')} failed")
        return 1 if self.n_failed else 0


def run_each(
    items: Mapping[str, Item],
    work: Callable[[Item, Callable[[int, int], None]], None],
    *,
    description: str,
) -> Outcome:
    """Do `work(item, progress)` for each item; one that fails is named and stops no other.

    The keys of `items` are what messages call them: paths, or what begins or ends with one.
    """
    from tqdm import tqdm

    watch = Stopwatch()
    n_failed = 0
    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left {postfix}"
    # With disable=None nothing is drawn where stderr is not a terminal, as in a log.
    options = {"desc": description, "bar_format": layout, "disable": None, "leave": False}
    with tqdm(total=len(items), **options) as bar:
        for number, (name, item) in enumerate(items.items()):
            bar.set_postfix_str(Path(name).name)

            def progress(done: int, total: int, number: int = number) -> None:
                """Count what is done of the current item in part."""
                bar.n = number + done / total
                bar.refresh()

            try:
                work(item, progress)
            except FAILURES as error:
                n_failed += 1
                text = str(error)
                complain(text if name in text else f"{name}: {text}")
            progress(1, 1)
    return Outcome(len(items), n_failed, watch)


def run_jobs(
    jobs: Sequence[Job], work: Callable[[Job, Callable[[int, int], None]], None], description: str
) -> Outcome:
    """Do `work(job, progress)` for each job, as `run_each`."""
    return run_each({str(job.image): job for job in jobs}, work, description=description)


def plan_outputs(
    args: argparse.Namespace,
    images: Sequence[Path],
    endings: Sequence[str],
    *,
    largest_label: int = 0,
    dry_run: bool = False,
) -> list[Job]:
    """Name the results of all images, which must neither exist nor coincide, and make their folder.

    With `--skip-existing`, images all of whose results exist are left out. A dry run makes no
    folder, and asks for no leave to overwrite.
    """
    folder: Path | None = args.output
    jobs = [
        Job(image, {end: files.result_path(image, end, folder, largest_label) for end in endings})
        for image in images
    ]
    owners: dict[Path, Path] = {}
    for job in jobs:
        for path in job.outputs.values():
            if path in owners:
                raise ValueError(
                    f"{owners[path]} and {job.image} would both write {path}: send their results "
                    "to different folders."
                )
            owners[path] = job.image
    taken = [path for path in owners if path.exists()]
    if args.skip_existing:
        todo = [job for job in jobs if not set(job.outputs.values()) <= set(taken)]
        if len(todo) < len(jobs):
            note(f"{plural(len(jobs) - len(todo), 'image')} left out: results exist")
        jobs = todo
    elif taken and not (args.overwrite or dry_run):
        n_more = len({owners[path] for path in taken}) - 1
        more = f" (and so do results of {n_more} more)" if n_more else ""
        raise FileExistsError(
            f"{taken[0]} exists{more}: pass --overwrite to replace results, --skip-existing to "
            "leave such images out, or -o for another folder."
        )
    if folder is not None and not dry_run:
        make_folder(folder, "--output")
    return jobs


def place_of(folder: Path | None) -> str:
    """Where results went, in words."""
    return "beside the images" if folder is None else f"in {folder}"


def make_folder(path: Path, option: str) -> None:
    """Make a folder for results, with those around it; there may be one already."""
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file but {option} must be a folder.")
    path.mkdir(parents=True, exist_ok=True)
