"""This tree against another commit: `python -m benchmarks.compare COMMIT`.

The commit is checked out into a temporary worktree. This tree's benchmarks then run over either
library in turn, each time in a fresh process, so that a slow minute of the machine hits both;
a case that one of them does not have is named. A small mosaic stands for quality.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .report import Row, markdown, read_json, seconds_text

ROOT = Path(__file__).resolve().parents[1]
#: Slower or faster by less than this is noise on a shared machine.
_NOISE = 1.15
#: Mean IoU worse by more than this is a finding.
_WORSE = 0.002


@dataclass(frozen=True)
class Change:
    """What a figure was and is; `ratio` above 1 is slower (or, for quality, the loss)."""

    what: str
    before: float | None
    after: float | None


@contextlib.contextmanager
def worktree(commit: str, root: Path = ROOT) -> Iterator[Path]:
    """A temporary checkout of a commit, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="pixelseg-compare-") as name:
        folder = Path(name) / "tree"
        git = ["git", "-C", str(root), "worktree"]
        subprocess.run([*git, "add", "--detach", str(folder), commit], check=True,
                       capture_output=True, text=True)  # fmt: skip
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def run_speed(library: Path, work: Path, only: str | None) -> dict[str, float]:
    """CPU seconds of every quick case with the library of one tree.

    A case that calls what that library does not have yet, a parameter by its new name, is run as
    that tree's own benchmarks have it.
    """
    rows = _speed_rows(library, work, only)
    failed = [f"{row.case} {row.size}" for row in rows if row.missing]
    if (library / "benchmarks").is_dir() and library != ROOT:
        rows += [row for name in failed for row in _speed_rows(library, library, name)]
    return {f"{row.case} {row.size}": row.ours for row in rows if not row.missing}


def _speed_rows(library: Path, work: Path, only: str | None) -> list[Row]:
    target = work / "speed.json"
    target.unlink(missing_ok=True)
    arguments = ["--quick", "--no-peers", "--no-memory", "--json", str(target)]
    arguments += ["--only", only] if only else []
    _run(["-m", "benchmarks.speed", *arguments], library, work)
    return read_json(target, "speed", Row) if target.exists() else []


def run_quality(library: Path, work: Path) -> dict[str, float]:
    """Mean IoU on the mosaic with the library of one tree."""
    done = _run(["-m", "benchmarks.compare", "--mosaic"], library, work)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}


def _run(arguments: Sequence[str], library: Path, work: Path) -> subprocess.CompletedProcess[str]:
    """Run Python where `benchmarks` is this tree's and `pixelseg` the given tree's."""
    link = work / "benchmarks"
    if not link.exists():
        link.symlink_to(ROOT / "benchmarks", target_is_directory=True)
    environment = {**os.environ, "PYTHONPATH": str(library)}
    return subprocess.run([sys.executable, *arguments], cwd=work, env=environment, check=False,
                          capture_output=True, text=True)  # fmt: skip


def mosaic_quality() -> dict[str, float]:
    """Mean IoU of the default model and the MLP on a mosaic of textures, trained on five others."""
    from pixelseg import PixelClassifier, metrics

    from . import images

    *train, (image, truth) = [images.mosaic(256, 256, seed) for seed in range(6)]
    labels = [
        np.where(images.strokes(256, 256, 3000, seed=seed) > 0, known, 0)
        for seed, (_, known) in enumerate(train)
    ]
    found = {}
    for classifier in ("forest", "mlp"):
        model = PixelClassifier(classifier=classifier).fit([piece for piece, _ in train], labels)
        confusion = metrics.confusion_matrix(truth, model.predict(image))
        found[f"mosaic, {classifier}"] = float(metrics.mean_iou(confusion))
    return found


def changes(before: Sequence[dict[str, float]], after: Sequence[dict[str, float]]) -> list[Change]:
    """Medians over the rounds, for every figure that either tree has."""
    names = list(dict.fromkeys(name for found in (*before, *after) for name in found))
    return [Change(name, _median(before, name), _median(after, name)) for name in names]


def _median(rounds: Sequence[dict[str, float]], name: str) -> float | None:
    values = [found[name] for found in rounds if name in found]
    return float(np.median(values)) if values else None


def speed_changes(found: Sequence[Change], commit: str) -> str:
    """A table of all cases; a verdict where a change is more than noise."""
    lines = []
    for change in found:
        if change.before is None or change.after is None:
            absent = commit if change.before is None else "this tree"
            lines.append([change.what, _time(change.before), _time(change.after), "",
                          f"not in {absent}"])  # fmt: skip
            continue
        ratio = change.after / change.before
        verdict = "SLOWER" if ratio > _NOISE else "faster" if ratio < 1 / _NOISE else ""
        lines.append(
            [change.what, _time(change.before), _time(change.after), f"{ratio:.2f}", verdict]
        )
    return markdown(("case", commit, "this tree", "time now / then", ""), lines)


def quality_changes(found: Sequence[Change], commit: str) -> str:
    """A table of the mean IoU then and now."""
    lines = []
    for change in found:
        known = change.before is not None and change.after is not None
        gain = change.after - change.before if known else 0.0  # type: ignore[operator]
        verdict = "WORSE" if gain < -_WORSE else "better" if gain > _WORSE else ""
        values = ["" if v is None else f"{v:.4f}" for v in (change.before, change.after)]
        lines.append([change.what, *values, f"{gain:+.4f}" if known else "", verdict])
    return markdown(("quality", commit, "this tree", "difference", ""), lines)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else seconds_text(seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both trees in turn and print what changed; exit code 1 if anything got worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("commit", nargs="?", default="HEAD", help="what to compare with")
    parser.add_argument("--only", metavar="PATTERN", help="speed cases that match")
    parser.add_argument("--rounds", type=int, default=3, help="how often each tree is run")
    parser.add_argument("--mosaic", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.mosaic:
        print(json.dumps(mosaic_quality()))
        return 0
    speeds: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    with worktree(options.commit) as old, tempfile.TemporaryDirectory() as name:
        work = Path(name)
        trees = {"before": old, "after": ROOT}
        for number in range(options.rounds):
            for side, library in trees.items():
                print(f"round {number + 1}, {side}", file=sys.stderr, flush=True)
                speeds[side].append(run_speed(library, work, options.only))
        qualities = {side: run_quality(library, work) for side, library in trees.items()}
    tables = [
        speed_changes(changes(speeds["before"], speeds["after"]), options.commit),
        quality_changes(changes([qualities["before"]], [qualities["after"]]), options.commit),
    ]
    text = "\n\n".join(tables)
    print(text)
    return 1 if "SLOWER" in text or "WORSE" in text else 0


if __name__ == "__main__":
    sys.exit(main())
