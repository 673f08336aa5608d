"""Every public algorithm beside its peers: `python -m benchmarks.speed`.

Calls are timed in turn in one process with one thread, as CPU time, after a warm-up; the ratio
is the median of the rounds' own ratios, with quartiles. Neighbours on a shared machine change
absolute times by a third from minute to minute; the ratios hold.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median as _median
from typing import Any

from .case import Case, Peer
from .report import Row, machine, ratio_of, speed_table, write_json
from .timing import Timing, limit_threads, measure, peak_memory

#: CPU seconds that the rounds of one case may take before they end (with three rounds at least).
_SECONDS = {"quick": 2.5, "full": 40.0}
_ROUNDS = {"quick": 5, "full": 9}
#: Peak memory takes one more call: it is measured where that call is shorter than this.
_MEMORY_SECONDS = {"quick": 0.7, "full": 60.0}


def run_case(
    case: Case, size: str, *, quick: bool = True, peers: bool = True, memory: bool = True
) -> list[Row]:
    """Time one case at one size beside all of its peers; one row a peer."""
    inputs = case.make(size)
    present = [p for p in case.peers if peers and p.runs_at(size) and p.missing() is None]
    calls = {"": lambda: case.ours(inputs)}
    calls.update({peer.name: lambda peer=peer: peer.call(inputs) for peer in present})
    mode = "quick" if quick else "full"
    timings, results = measure(
        calls, rounds=_ROUNDS[mode], seconds=_SECONDS[mode], children=case.children
    )

    def cheap(name: str) -> bool:
        return not case.children and _median(timings[name].wall) < _MEMORY_SECONDS[mode]

    measured = {
        name: peak_memory(call) if memory and cheap(name) else None for name, call in calls.items()
    }
    own = timings[""]
    units = case.units(results[""])
    rows = []
    for peer in case.peers if peers else ():
        if not peer.runs_at(size) or peer.name == case.limit_over:
            continue
        row = _own_row(case, size, own, units, measured[""])
        row.peer = peer.name
        _set_bar(row, case, peer)
        if peer in present:
            _compare(row, case, peer, timings, results, units)
            row.theirs_memory = measured[peer.name]
        else:
            row.missing = peer.missing() or ""
            row.met = None
        rows.append(row)
    if case.limit is not None or not rows:
        rows.append(_limit_row(case, size, timings, units, measured[""]))
    return rows


def _own_row(case: Case, size: str, own: Timing, units: float, memory: int | None) -> Row:
    return Row(
        case=case.name,
        size=size,
        ours=_median(own.cpu) / units,
        ours_wall=_median(own.wall) / units,
        ours_memory=memory,
        unit=case.unit,
        rounds=len(own.cpu),
    )


def _set_bar(row: Row, case: Case, peer: Peer) -> None:
    if peer.bar is not None:
        row.bar = f"{peer.bar:g}x"


def _compare(
    row: Row,
    case: Case,
    peer: Peer,
    timings: dict[str, Timing],
    results: dict[str, Any],
    units: float,
) -> None:
    """Fill in what a peer took, the ratio and the agreement."""
    own, other = timings[""], timings[peer.name]
    their_units = case.units(results[peer.name])
    row.theirs = _median(other.cpu) / their_units
    row.theirs_wall = _median(other.wall) / their_units
    row.ratio, row.ratio_low, row.ratio_high = ratio_of(own.cpu, other.cpu, units, their_units)
    if peer.bar is not None:
        row.met = row.ratio >= peer.bar
    if peer.difference is not None:
        row.difference = peer.difference(results[""], results[peer.name])
        row.tolerance = peer.tolerance


def _limit_row(
    case: Case, size: str, timings: dict[str, Timing], units: float, memory: int | None
) -> Row:
    """A row for a bar in seconds, or for a case without any peer."""
    row = _own_row(case, size, timings[""], units, memory)
    if case.limit is None:
        return row
    row.peer = "a limit"
    row.bar = f"{case.limit:g} s"
    if case.limit_over in timings:
        row.peer = f"a limit on the time beyond {case.limit_over}"
        beyond = zip(timings[""].cpu, timings[case.limit_over].cpu, strict=True)
        row.ours = max(0.0, _median([own - other for own, other in beyond]))
    row.met = row.ours < case.limit
    return row


def chosen(cases: Sequence[Case], quick: bool, only: str | None) -> list[tuple[Case, str]]:
    """The cases and sizes to run; `only` is part of a name, or a pattern with * and ?."""
    pattern = None if only is None else (only if set(only) & set("*?[") else f"*{only}*")
    return [
        (case, size)
        for case in cases
        for size in (case.quick if quick else case.sizes)
        if pattern is None or fnmatch.fnmatch(f"{case.name} {size}".lower(), pattern.lower())
    ]


def summary(rows: Sequence[Row]) -> str:
    """How many bars were met, which were missed, and which peers were not there."""
    bars = [row for row in rows if row.met is not None]
    missed = [f"{row.case} {row.size} / {row.peer}" for row in bars if not row.met]
    lines = [f"Bars met: {len(bars) - len(missed)} of {len(bars)}."]
    if missed:
        lines.append("Missed: " + "; ".join(missed) + ".")
    slower = [
        f"{row.case} {row.size} / {row.peer} ({row.ratio:.2f}x)"
        for row in rows
        if row.ratio is not None and row.ratio < 1
    ]
    if slower:
        lines.append("Slower than a peer: " + "; ".join(slower) + ".")
    absent = sorted({f"{row.peer} ({row.missing})" for row in rows if row.missing})
    if absent:
        lines.append("Peers that are not here: " + "; ".join(absent) + ".")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under three minutes")
    parser.add_argument("--only", metavar="PATTERN", help="cases whose name and size match")
    parser.add_argument("--no-peers", action="store_true", help="time pixelseg alone")
    parser.add_argument("--no-memory", action="store_true", help="do not measure peak memory")
    parser.add_argument("--json", metavar="FILE", help="write the figures here")
    parser.add_argument("--markdown", metavar="FILE", help="write the table here")
    options = parser.parse_args(arguments)
    limit_threads()
    from .cases import CASES

    rows: list[Row] = []
    todo = chosen(CASES, options.quick, options.only)
    for number, (case, size) in enumerate(todo, start=1):
        begin = time.perf_counter()
        print(f"[{number}/{len(todo)}] {case.name} {size}", end=" ", file=sys.stderr, flush=True)
        try:
            rows += run_case(
                case,
                size,
                quick=options.quick,
                peers=not options.no_peers,
                memory=not options.no_memory,
            )
        except Exception as error:  # one case that fails must not hide the others
            rows.append(
                Row(case.name, size, float("nan"), case.unit, missing=f"FAILED: {error!r}"[:200])
            )
        print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        if options.json:
            write_json(options.json, "speed", rows)
    text = "\n\n".join((speed_table(rows), summary(rows), _conditions()))
    print(text)
    if options.markdown:
        Path(options.markdown).write_text(text + "\n")
    return 1 if any(row.missing.startswith("FAILED") for row in rows) else 0


def _conditions() -> str:
    facts = ", ".join(f"{key} {value}" for key, value in machine().items())
    return f"CPU time, one thread, medians, interleaved. {facts}."


if __name__ == "__main__":
    sys.exit(main())
