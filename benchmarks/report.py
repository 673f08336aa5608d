"""Results as records (JSON) and as tables (Markdown)."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Row:
    """One line of the speed table: a case at a size beside one peer (or beside none)."""

    case: str
    size: str
    ours: float
    unit: str
    ours_wall: float = 0.0
    ours_memory: int | None = None
    peer: str = ""
    theirs: float | None = None
    theirs_wall: float | None = None
    theirs_memory: int | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    bar: str = ""
    met: bool | None = None
    difference: float | None = None
    tolerance: float | None = None
    missing: str = ""
    rounds: int = 0


def ratio_of(
    ours: Sequence[float], theirs: Sequence[float], ours_units: float, theirs_units: float
) -> tuple[float, float, float]:
    """Median and quartiles of the rounds' ratios: their time for a unit of work over ours."""
    each = (np.asarray(theirs) / theirs_units) / (np.asarray(ours) / ours_units)
    low, middle, high = np.percentile(each, (25, 50, 75))
    return float(middle), float(low), float(high)


def machine() -> dict[str, str]:
    """What the figures depend on: processor, Python, library versions."""
    names = ("pixelseg", "numpy", "scipy", "scikit-image", "scikit-learn", "numba")
    names += ("opencv-python-headless", "fastfilters")
    found = {"python": platform.python_version(), "cores": str(os.cpu_count())}
    found["processor"] = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                found["processor"] = line.split(":", 1)[1].strip()
                break
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_json(path: str | Path, kind: str, rows: Iterable[Any]) -> None:
    """Write records with the machine they were measured on; the file is replaced as a whole."""
    path = Path(path)
    content = {"benchmark": kind, "machine": machine(), "rows": [asdict(row) for row in rows]}
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(content, indent=1))
    temporary.replace(path)


def read_json(path: str | Path, kind: str, row_type: type) -> list[Any]:
    """Read what `write_json` wrote."""
    content = json.loads(Path(path).read_text())
    if content.get("benchmark") != kind:
        raise ValueError(
            f"{path} holds the benchmark {content.get('benchmark')!r} but must hold {kind!r}."
        )
    return [row_type(**row) for row in content["rows"]]


def seconds_text(seconds: float) -> str:
    """A time with three digits and its unit.

    >>> seconds_text(0.01234)
    '12.3 ms'
    """
    if seconds == 0:
        return "0 s"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def bytes_text(number: int | None) -> str:
    """Bytes in MB, or a dash where they were not measured."""
    return "-" if number is None else f"{number / 1e6:.0f} MB"


def markdown(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns are padded to one width."""
    cells = [list(header), *[list(line) for line in lines]]
    widths = [max(len(row[k]) for row in cells) for k in range(len(header))]
    rows = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in cells
    ]
    rows.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(rows)


def speed_table(rows: Iterable[Row]) -> str:
    """The speed table; a ratio above 1 means that we are faster."""
    header = (
        "case", "size", "ours", "memory", "peer", "theirs", "memory", "ratio (quartiles)",
        "bar", "", "difference",
    )  # fmt: skip
    return markdown(header, (_speed_line(row) for row in rows))


def _speed_line(row: Row) -> list[str]:
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    difference = ""
    if row.difference is not None and row.tolerance is not None:
        sign = "<=" if row.difference <= row.tolerance else "EXCEEDS"
        difference = f"{row.difference:.1e} {sign} {row.tolerance:.0e}"
    ratio = ""
    if row.ratio is not None:
        ratio = f"{row.ratio:.2f}x ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
        if row.ratio < 1:
            ratio += " slower"
    per = "" if row.unit == "call" else f" a {row.unit}"
    return [
        row.case,
        row.size,
        seconds_text(row.ours) + per,
        bytes_text(row.ours_memory),
        row.peer or "no peer has this",
        row.missing or ("" if row.theirs is None else seconds_text(row.theirs) + per),
        "" if row.theirs is None else bytes_text(row.theirs_memory),
        ratio,
        row.bar,
        verdict,
        difference,
    ]
