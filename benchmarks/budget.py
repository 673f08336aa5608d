"""How well `max_memory` is kept: `python -m benchmarks.budget`.

Each setting runs in a fresh process, which first predicts a small image, so that everything is
compiled, and then a large one three times over. What counts is the most that was resident above
what was resident before, the answers' own arrays left out. Linux alone can say it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .report import markdown
from .timing import peak_resident

#: What may be taken, as a share of `max_memory`.
BAR = 1.05
#: Name, shape (channels last if any), classifier, max_memory in MB, n_jobs, answers, refiner.
SETTINGS: list[tuple[str, tuple[int, ...], str, int, int, str, str]] = [
    ("grey", (1200, 1100), "forest", 60, 1, "labels", ""),
    ("grey", (1200, 1100), "forest", 30, 1, "labels", ""),
    ("grey", (1200, 1100), "forest", 120, 1, "labels", ""),
    ("grey", (1200, 1100), "forest", 250, 1, "labels", ""),
    ("grey", (1200, 1100), "forest", 60, 2, "labels", ""),
    ("grey", (1200, 1100), "forest", 150, 2, "labels", ""),
    ("grey", (1200, 1100), "forest", 60, 1, "probabilities", ""),
    ("grey", (1200, 1100), "forest", 60, 1, "all", ""),
    ("grey", (1200, 1100), "forest", 120, 2, "all", ""),
    ("colour", (900, 1000, 3), "forest", 80, 1, "labels", ""),
    ("colour", (900, 1000, 3), "forest", 160, 2, "all", ""),
    ("grey", (1200, 1100), "mlp", 60, 1, "labels", ""),
    ("grey", (1200, 1100), "mlp", 120, 2, "all", ""),
    ("grey", (900, 900), "scikit-learn logistic", 60, 1, "labels", ""),
    ("grey", (600, 600), "scikit-learn boosting", 80, 1, "probabilities", ""),
    ("volume", (40, 160, 170), "forest", 150, 1, "labels", ""),
    ("volume", (40, 160, 170), "forest", 300, 2, "all", ""),
    ("volume", (24, 128, 128), "mlp", 200, 1, "probabilities", ""),
    ("grey", (1200, 1100), "forest", 100, 1, "labels", "guided filter"),
    ("colour", (900, 1000, 3), "forest", 200, 2, "all", "guided filter"),
]


def measure(setting: Sequence[Any]) -> float:
    """The largest share of `max_memory` that three predictions take."""
    import gc

    _, shape, classifier, megabytes, n_jobs, answers, refiner = setting
    channel_axis = -1 if shape[-1] == 3 else None
    small, big = (_image(sizes, channel_axis) for sizes in (_cut(shape, channel_axis), shape))
    spatial = small.shape[:-1] if channel_axis else small.shape
    strokes = np.where(np.arange(spatial[-1]) < spatial[-1] // 2, 1, 2) * np.ones(spatial, int)
    model = _model(classifier, refiner).set_params(
        max_memory=f"{megabytes}MB", n_jobs=n_jobs, channel_axis=channel_axis
    )
    model.fit(small, strokes)
    outs = _answers(answers, big.shape[:-1] if channel_axis else big.shape)
    model.predict_into(small, **_answers(answers, spatial))
    gc.collect()
    before, shares = _resident(), []
    for _ in range(3):
        Path("/proc/self/clear_refs").write_text("5")
        model.predict_into(big, **outs)
        shares.append((peak_resident() - before) / (megabytes * 1e6))
    return max(shares)


def _model(classifier: str, refiner: str) -> Any:
    import pixelseg

    chosen: Any = classifier
    if classifier == "scikit-learn logistic":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        chosen = make_pipeline(StandardScaler(), LogisticRegression())
    elif classifier == "scikit-learn boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        chosen = HistGradientBoostingClassifier(max_iter=10)
    elif classifier == "forest":
        chosen = pixelseg.ForestClassifier(20)
    refine = pixelseg.GuidedFilter() if refiner else None
    return pixelseg.PixelClassifier(None, chosen, refine=refine)


def _image(shape: tuple[int, ...], channel_axis: int | None) -> np.ndarray:
    image = np.random.default_rng(0).random(shape, np.float32) * 50
    columns = image if channel_axis is None else np.moveaxis(image, -1, 0)
    columns[..., : columns.shape[-1] // 2] += 20
    return image


def _cut(shape: tuple[int, ...], channel_axis: int | None) -> tuple[int, ...]:
    channels = shape[-1:] if channel_axis else ()
    return (*(min(40, size) for size in shape[: len(shape) - len(channels)]), *channels)


def _answers(answers: str, spatial: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Arrays for the answers, touched so that their own pages do not count."""
    arrays = {
        "labels": np.ones(spatial, np.uint8),
        "probabilities": np.ones((*spatial, 2), np.float32),
        "uncertainty": np.ones(spatial, np.float32),
    }
    return arrays if answers == "all" else {answers: arrays[answers]}


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status does not say what is resident")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every setting in its own process and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(SETTINGS[options.child])))
        return 0
    rows, missed = [], 0
    for place, setting in enumerate(SETTINGS):
        kind, shape, classifier, megabytes, n_jobs, answers, refiner = setting
        command = [sys.executable, "-m", "benchmarks.budget", "--child", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        share = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else float("inf")
        missed += not share <= BAR
        size = "x".join(map(str, shape))
        verdict = "met" if share <= BAR else "MISSED" if done.returncode == 0 else "FAILED"
        row = [f"{kind} {size}", classifier, refiner, answers, str(n_jobs), f"{megabytes} MB"]
        rows.append([*row, f"{share:.2f}", verdict])
        print(*rows[-1], done.stderr[-300:], sep=" | ", file=sys.stderr)
    head = ("image", "classifier", "refine", "answers", "n_jobs", "max_memory", "taken", "")
    print(markdown(head, rows))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
