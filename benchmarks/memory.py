"""Peak memory of the jobs that are larger than memory: `python -m benchmarks.memory`.

Each job runs in a fresh process, whose high-water mark of resident memory (VmHWM: libraries,
compiled code and mapped pages included) is read when it is done. Without --quick the whole takes
some ten minutes and 500 MB of disk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .report import bytes_text, markdown, seconds_text, write_json
from .timing import peak_resident


@dataclass
class Job:
    """What one child process did, and what it took."""

    name: str
    size: str
    peak: int | None
    seconds: float
    limit: int


@dataclass(frozen=True)
class Size:
    """How large the jobs are."""

    side: int
    n_images: int
    image_side: int


FULL = Size(side=10_000, n_images=50, image_side=2000)
QUICK = Size(side=2000, n_images=4, image_side=1000)
_LIMIT = 10**9


def prepare(folder: Path, size: Size, jobs: Sequence[str]) -> None:
    """Write what the jobs read: a large image and a default model, or two label images."""
    from . import images

    image, truth = images.mosaic(512, 512)
    if {"predict", "refine"} & {*jobs}:
        from pixelseg import PixelClassifier

        labels = np.where(images.strokes(512, 512, 8000) > 0, truth, 0)
        PixelClassifier().fit(image, labels).save(folder / "model.pixelseg")
        _write_tiled(folder / "image.npy", image, size.side)
    if "confusion" in jobs:
        _write_tiled(folder / "truth.npy", truth, size.side)
        _write_tiled(folder / "prediction.npy", truth[::-1], size.side)


def _write_tiled(path: Path, piece: np.ndarray, side: int) -> None:
    """A mapped square image made of copies of a piece, row of copies by row of copies."""
    out = np.lib.format.open_memmap(path, "w+", piece.dtype, (side, side))
    band = np.tile(piece, (1, -(-side // piece.shape[1])))[:, :side]
    for row in range(0, side, len(band)):
        out[row : row + len(band)] = band[: side - row]
    out.flush()


def predict_labels(folder: Path, size: Size) -> None:
    """Labels of a mapped image into a mapped file."""
    import pixelseg

    model = pixelseg.load(folder / "model.pixelseg")
    image = np.load(folder / "image.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.uint8, image.shape)
    model.predict(image, out=out)
    out.flush()


def predict_refined(folder: Path, size: Size) -> None:
    """The same with probabilities refined by the guided filter, with its widest usual windows."""
    import pixelseg

    model = pixelseg.load(folder / "model.pixelseg")
    model.set_params(refine=pixelseg.GuidedFilter(sigma=9.5))
    image = np.load(folder / "image.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(folder / "refined.npy", "w+", np.uint8, image.shape)
    model.predict(image, out=out)
    out.flush()


def fit_dense(folder: Path, size: Size) -> None:
    """Train on many images with dense masks, made one at a time as they are asked for."""
    from pixelseg import PixelClassifier

    from .images import MosaicImages

    side = size.image_side
    images, labels = (MosaicImages(size.n_images, side, side, part) for part in (0, 1))
    PixelClassifier().fit(images, labels)


def count_confusion(folder: Path, size: Size) -> None:
    """The confusion matrix of two mapped label images."""
    from pixelseg import metrics

    truth, prediction = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("truth", "prediction")
    )
    metrics.confusion_matrix(truth, prediction)


JOBS: dict[str, Callable[[Path, Size], None]] = {
    "predict": predict_labels,
    "refine": predict_refined,
    "fit": fit_dense,
    "confusion": count_confusion,
}


def run_child(name: str, folder: Path, quick: bool) -> dict[str, float]:
    """Run one job in a fresh process; its peak memory and CPU time."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", name, "--folder", str(folder)]
    done = subprocess.run(
        command + ["--quick"] * quick, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the job {name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _describe(name: str, size: Size) -> tuple[str, str]:
    if name == "fit":
        megapixels = size.image_side**2 / 1e6
        return "fit on dense masks, one image at a time", f"{size.n_images} x {megapixels:g} MP"
    what = {
        "predict": "labels of a mapped grey image into a mapped file",
        "refine": "the same, refined by a guided filter",
        "confusion": "confusion matrix of two mapped label images",
    }
    return what[name], f"{size.side**2 / 1e6:g} MP"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the files, run every job in its own process, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--only", choices=list(JOBS), nargs="+", default=list(JOBS))
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("--child", choices=list(JOBS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    size = QUICK if options.quick else FULL
    if options.child:
        start = time.process_time()
        JOBS[options.child](options.folder, size)
        print(json.dumps({"peak": peak_resident(), "seconds": time.process_time() - start}))
        return 0
    jobs = []
    with tempfile.TemporaryDirectory(prefix="pixelseg-memory-") as name:
        folder = Path(name)
        prepare(folder, size, options.only)
        for child in options.only:
            taken = run_child(child, folder, options.quick)
            peak = None if taken["peak"] is None else int(taken["peak"])
            jobs.append(Job(*_describe(child, size), peak, taken["seconds"], _LIMIT))
            print(f"{child}: {bytes_text(peak)}, {taken['seconds']:.0f} s", file=sys.stderr)
    text = memory_table(jobs)
    print(text)
    if options.json:
        write_json(options.json, "memory", jobs)
    if options.markdown:
        Path(options.markdown).write_text(text + "\n")
    return 0


def memory_table(jobs: Sequence[Job]) -> str:
    """One line a job: its peak beside the bar."""
    lines = []
    for job in jobs:
        verdict = (
            "not measured" if job.peak is None else "met" if job.peak < job.limit else "MISSED"
        )
        bar = "< " + bytes_text(job.limit)
        cpu = seconds_text(job.seconds)
        lines.append([job.name, job.size, bytes_text(job.peak), bar, verdict, cpu])
    return markdown(("job", "size", "peak resident memory", "bar", "", "CPU time"), lines)


if __name__ == "__main__":
    sys.exit(main())
