"""Scores as a table on the screen, as CSV and as JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

from .._core.files import replacing
from ._pairs import Pair

Scores = dict[str, float]
#: By family, the scores of each image by its name, and those of all together.
Results = dict[str, tuple[dict[str, Scores], Scores]]


def table_of(family: str, images: dict[str, Scores], total: Scores) -> list[str]:
    """Lines with a row for each image and one for all; what an image has no value for is a dash."""
    width = max(len(name) for name in (*images, family, "all"))
    lines = [f"{family:<{width}}  " + "  ".join(total)]
    for name, scores in {**images, "all": total}.items():
        cells = [_cell(scores.get(column, math.nan), len(column)) for column in total]
        lines.append(f"{name:<{width}}  " + "  ".join(cells))
    return lines


def _cell(value: float, width: int) -> str:
    return f"{'-' if math.isnan(value) else f'{value:.4f}':>{width}}"


def write_csv(path: Path, pairs: Sequence[Pair], results: Results) -> None:
    """Write a row for each image and a last one, `all`; a cell without a value is empty."""
    columns = [(family, name) for family, (_, total) in results.items() for name in total]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(f"{family}.{name}" for family, name in columns)])
        for image in (*(name for name, *_ in pairs), None):
            cells = []
            for family, name in columns:
                images, total = results[family]
                scores = total if image is None else images.get(image, {})
                value = scores.get(name, math.nan)
                cells.append("" if math.isnan(value) else repr(float(value)))
            writer.writerow(["all" if image is None else image, *cells])


def write_json(path: Path, pairs: Sequence[Pair], results: Results) -> None:
    """Write each image's scores and those of all; a value that is not defined is null."""
    record = {
        "images": [
            {
                "image": name,
                "prediction": str(prediction),
                "truth": str(truth),
                **{family: _plain(images.get(name)) for family, (images, _) in results.items()},
            }
            for name, prediction, truth in pairs
        ],
        "all": {
            family: {"n_images": len(images), **(_plain(total) or {})}
            for family, (images, total) in results.items()
        },
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _plain(scores: Scores | None) -> dict[str, float | None] | None:
    if scores is None:
        return None
    return {name: None if math.isnan(v) else float(v) for name, v in scores.items()}
