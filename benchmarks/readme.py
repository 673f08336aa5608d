"""The tables of the README and of docs/quality.md, from stored figures.

    python -m benchmarks.speed --json speed.json        measure (or quality, memory,
                                                        superpixel_quality)
    python -m benchmarks.readme --take speed.json       keep what is shown of it, and write
    python -m benchmarks.readme                         write the documents from what is kept

What is kept lies in `figures.json`; a block of a document stands between `<!-- table: NAME -->`
and `<!-- end -->`, and a test holds it to what the figures say.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from . import quality_tables
from .memory import Job
from .report import Row, bytes_text, markdown, read_json
from .superpixel_quality import K_SHOWN, curves
from .superpixel_quality import Scores as SuperpixelScores

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "quality.md")
FIGURES = Path(__file__).with_name("figures.json")

#: The lines of the speed table: a case, a size and a peer of the benchmark.
SPEED = (
    ("features, grey, ilastik's set", "512x512", "scipy.ndimage, float32, each filter on its own"),
    ("features, grey, ilastik's set", "512x512", "OpenCV sepFilter2D, cut at 4 sigma"),
    ("features, grey, ilastik's set", "512x512", "OpenCV sepFilter2D, cut where ours is"),
    ("features, grey, ilastik's set", "512x512",
     "scikit-image multiscale_basic_features, its own columns"),
    ("features, grey, ilastik's set", "1080x1920",
     "scipy.ndimage, float32, each filter on its own"),
    ("features, grey, ilastik's set", "1080x1920", "OpenCV sepFilter2D, cut at 4 sigma"),
    ("features, grey, ilastik's set", "1080x1920", "OpenCV sepFilter2D, cut where ours is"),
    ("features, grey, ilastik's set", "1080x1920",
     "scikit-image multiscale_basic_features, its own columns"),
    ("features, 3-D, ilastik's set", "32x96x96", "scipy.ndimage, float32, each filter on its own"),
    ("features, 3-D, ilastik's set", "64x256x256",
     "scipy.ndimage, float32, each filter on its own"),
    ("predict, 50 trees of depth 10", "RGB 512x512",
     "scikit-image TrainableSegmenter, its own features"),
    ("predict, 100 full trees", "RGB 512x512",
     "scikit-image TrainableSegmenter, its own features"),
    ("forest predict_proba, 50 trees of depth 10", "262,144 rows", "scikit-learn"),
    ("forest predict_proba, 100 full trees", "262,144 rows", "scikit-learn"),
    ("MLP predict_proba", "262,144 rows", "scikit-learn StandardScaler and MLPClassifier"),
    ("superpixels.slic, sampling=4, small", "321x481, 1000", "fast-slic, every third row"),
    ("superpixels.slic, sampling=4, small", "321x481, 1000", "scikit-image"),
    ("superpixels.slic, sampling=4, large", "3000x4000, 4000", "fast-slic, every third row"),
    ("superpixels.slic, sampling=4, large", "3000x4000, 4000", "scikit-image"),
    ("superpixels.slic", "321x481, 1000", "fast-slic, every third row"),
    ("superpixels.slic", "321x481, 1000", "fast-slic, all rows"),
    ("superpixels.slic", "3000x4000, 4000", "fast-slic, all rows"),
    ("superpixels.slic, volume", "64x256x256, 2000", "scikit-image"),
    ("superpixels.snic", "321x481, 1000", "scikit-image slic"),
    ("superpixels.etps", "321x481, 1000", "fast-slic, every third row"),
    ("superpixels.etps", "321x481, 1000", "OpenCV SEEDS"),
    ("superpixels.etps", "3000x4000, 4000", "OpenCV SEEDS"),
    ("superpixels.watershed, small", "321x481, 1000", "OpenCV"),
    ("superpixels.watershed, small", "321x481, 1000", "scikit-image"),
    ("superpixels.watershed, large", "3000x4000, 4000", "OpenCV"),
    ("superpixels.watershed, large", "3000x4000, 4000", "scikit-image"),
    ("superpixels.watershed, volume", "64x256x256, 2000", "scikit-image"),
    ("superpixels.felzenszwalb, small", "321x481, 1000", "OpenCV"),
    ("superpixels.felzenszwalb, small", "321x481, 1000", "scikit-image"),
    ("superpixels.felzenszwalb, large", "3000x4000, 4000", "OpenCV"),
    ("superpixels.felzenszwalb, large", "3000x4000, 4000", "scikit-image"),
    ("metrics.confusion_matrix", "321x481", "scikit-learn"),
    ("metrics.match_boundaries", "321x481", "scipy min_weight_full_bipartite_matching"),
)  # fmt: skip

#: Methods of the quality benchmark in the README's words.
QUALITY = {
    "scikit-image": "scikit-image's recipe (50 trees of depth 10)",
    "ilastik": "ilastik's set-up (its features, 100 full trees)",
    "forest, labels' prior": "pixelseg, forest, the labels' own prior",
    "mlp": "pixelseg, MLP",
    "forest": "pixelseg, forest",
}

Figures = dict[str, list[dict[str, Any]]]


def take(path: Path, figures: Figures) -> None:
    """Keep what the documents show of a results file, in place of what was kept of the same."""
    kind = json.loads(path.read_text())["benchmark"]
    if kind == "speed":
        new = [
            {"case": row.case, "size": row.size, "peer": row.peer, "ratio": round(row.ratio, 3)}
            for row in read_json(path, kind, Row)
            if row.ratio is not None and (row.case, row.size, row.peer) in SPEED
        ]
        keys: tuple[str, ...] = ("case", "size", "peer")
    elif kind == "quality":
        new = quality_tables.figures_of(read_json(path, kind, quality_tables.Score))
        keys = ("set", "strokes", "method")
    elif kind == "superpixels":
        new = [
            {
                "method": method,
                "amr": round(curve.miss_rate, 3),
                "aue": round(curve.undersegmentation_error, 3),
                "auv": round(curve.unexplained_variation, 3),
                "recall": round(curve.at("n_segments", K_SHOWN, "boundary_recall"), 4),
                "share": round(curve.at("n_segments", K_SHOWN, "boundary_density"), 4),
                "ms": round(curve.milliseconds, 2),
            }
            for method, curve in curves(read_json(path, kind, SuperpixelScores)).items()
        ]
        keys = ("method",)
    else:
        new = [
            {"job": job.name, "size": job.size, "peak": job.peak}
            for job in read_json(path, kind, Job)
            if job.peak is not None
        ]
        keys = ("job", "size")
    merged = {tuple(row[key] for key in keys): row for row in (*figures.get(kind, []), *new)}
    figures[kind] = list(merged.values())


def figures_text(figures: Figures) -> str:
    """Figures as JSON with a line for each row."""
    kinds = (
        f"{json.dumps(kind)}: [\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]"
        for kind, rows in figures.items()
    )
    return "{\n" + ",\n".join(kinds) + "\n}\n"


def speed_table(rows: Iterable[dict[str, Any]]) -> str:
    """How many times faster we are, in the order of `SPEED`."""
    known = {(row["case"], row["size"], row["peer"]): row["ratio"] for row in rows}
    lines = [[*key, _times(known[key])] for key in SPEED if key in known]
    return markdown(("what", "size", "peer", "times as fast"), lines)


def _times(ratio: float) -> str:
    return f"{ratio:.1f}x" if ratio < 9.95 else f"{ratio:.0f}x"


def quality_table(rows: Iterable[dict[str, Any]]) -> str:
    """Mean IoU by method and set, the mean over the cells of the set."""
    return quality_tables.sets_table(rows, QUALITY)


def memory_table(rows: Iterable[dict[str, Any]]) -> str:
    """Peak resident memory of each job."""
    lines = [[row["job"], row["size"], bytes_text(row["peak"])] for row in rows]
    return markdown(("job", "size", "peak resident memory"), lines)


def superpixel_table(rows: Iterable[dict[str, Any]]) -> str:
    """The benchmark's averages of each method, and what it takes and wiggles."""
    header = ("", "AMR, %", "AUE, %", "AUV, %", "recall", "pixels on outlines", "ms")
    lines = [
        [
            row["method"],
            *(f"{row[name]:.2f}" for name in ("amr", "aue", "auv")),
            f"{row['recall']:.3f}",
            f"{row['share']:.2f}",
            f"{row['ms']:.1f}",
        ]
        for row in rows
    ]
    return markdown(header, lines)


#: Each table: what is kept under its kind, and what is made of it.
TABLES: dict[str, tuple[str, Callable[[Iterable[dict[str, Any]]], str]]] = {
    "speed": ("speed", speed_table),
    "quality": ("quality", quality_table),
    "superpixels": ("superpixels", superpixel_table),
    "memory": ("memory", memory_table),
    "quality_methods": ("quality", quality_tables.methods_table),
    "quality_cells": ("quality", quality_tables.cells_table),
    "quality_behind": ("quality", quality_tables.behind_table),
    "quality_choices": ("quality", quality_tables.choices_table),
    "quality_strokes": ("quality", quality_tables.strokes_table),
}


def fill(text: str, figures: Figures) -> str:
    """A text whose marked blocks hold the tables of these figures."""

    def block(match: re.Match[str]) -> str:
        kind, table = TABLES[match[1]]
        return f"<!-- table: {match[1]} -->\n{table(figures[kind])}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep what is to be kept, and write the tables of the documents."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme", description=__doc__)
    parser.add_argument(
        "--take",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="results of speed, quality, memory or superpixel_quality, written by their --json",
    )
    options = parser.parse_args(arguments)
    figures: Figures = json.loads(FIGURES.read_text())
    for path in options.take:
        take(path, figures)
    if options.take:
        FIGURES.write_text(figures_text(figures))
    for document in DOCUMENTS:
        document.write_text(fill(document.read_text(), figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
