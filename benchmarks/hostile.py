"""Damaged and hostile files, and killed runs: nothing hangs, swells, or is left behind.

    python -m benchmarks.hostile                     # 1,000 models, 500 images, 100 kills
    python -m benchmarks.hostile --models 50 --images 50 --kills 0 --seed 7

Each file is read in a process of its own making, bounds-checked, in which every file's time and
peak memory are measured. A file is refused by a ValueError that names it, or read; within 5 s of
computing, and 500 MB beyond 64 times its size. Runs of train, predict and evaluate are killed at
random moments: what exists is whole, the same run again is right, and nothing else stays.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .hostile_files import make_images, make_models, mutate_image, mutate_model

#: What a file may cost: seconds of computing, bytes, and bytes for each byte of it.
MOST_SECONDS, MOST_BYTES, BYTES_PER_BYTE = 5.0, 500e6, 64
#: Seconds after which a process that says nothing is stopped.
_HANGS = 120


@dataclass
class Outcome:
    """What came of a kind of trial."""

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    peak: float = 0.0
    faults: list[str] = field(default_factory=list)


# One process reads all files, as long as it lives


_READER = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
import pixelseg
from pixelseg import io

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

def rewind():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

def read(path):
    if path.endswith(".pixelseg"):
        model = pixelseg.load(path)
        spec = model.input_spec_
        shape = (9,) * spec.ndim + (spec.n_channels,) * (spec.n_channels > 1)
        model.predict(np.zeros(shape))
    else:
        np.asarray(io.read_image(path)[:64])
        io.read_labels(path)

for path in map(str.strip, sys.stdin):
    rewind()
    before, start = peak(), time.process_time()
    try:
        read(path)
        said = "read"
    except ValueError as error:
        said = "refused" if path in str(error) else f"no path: {error}"
    except (TypeError, OSError, MemoryError) as error:
        said = f"{type(error).__name__}: {error}"
    except Exception as error:
        said = f"raw {type(error).__name__}: {error}"
    print(json.dumps([said[:300], time.process_time() - start, peak() - before]), flush=True)
"""


class Reader:
    """A bounds-checked process that reads files, begun anew after a crash."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        # Numba does not tell code that checks bounds from code that does not.
        self._cache = tempfile.TemporaryDirectory()

    def read(self, path: Path) -> tuple[str, float, float]:
        """What came of a file, and the seconds and bytes that it took."""
        if self._process is None:
            environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "OMP_NUM_THREADS": "1"}
            environment["NUMBA_CACHE_DIR"] = self._cache.name
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            command = [sys.executable, "-c", _READER]
            self._process = subprocess.Popen(command, env=environment, text=True, **pipes)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        print(path, file=process.stdin, flush=True)
        if not select.select([process.stdout], [], [], _HANGS)[0]:
            process.kill()
        line = process.stdout.readline()
        if not line:
            process.communicate()
            self._process = None
            return f"ended by {process.returncode}", _HANGS, 0.0
        said, seconds, n_bytes = json.loads(line)
        return said, seconds, n_bytes

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
        self._cache.cleanup()


def try_files(kind: str, files: Iterator[tuple[str, bytes]], warm: list[tuple[str, bytes]]) -> Any:
    """Read all files, after those of `warm`, which compile what is compiled once."""
    outcome, reader = Outcome(kind), Reader()
    with tempfile.TemporaryDirectory() as name:
        for number, (file_name, data) in enumerate([*warm, *files]):
            path = Path(name, f"{number}_{file_name}")
            path.write_bytes(data)
            said, seconds, n_bytes = reader.read(path)
            path.unlink()
            if number < len(warm):
                if said != "read":
                    outcome.faults.append(f"{file_name}, whole: {said}")
                continue
            beyond = n_bytes - BYTES_PER_BYTE * len(data)
            outcome.counts[said if said in ("read", "refused") else "raw"] += 1
            outcome.seconds = max(outcome.seconds, seconds)
            outcome.peak = max(outcome.peak, beyond)
            dear = seconds > MOST_SECONDS or beyond > MOST_BYTES
            if said not in ("read", "refused") or dear:
                cost = f"{seconds:.1f} s, {n_bytes / 1e6:.0f} MB of {len(data)} bytes"
                outcome.faults.append(f"{path.name}: {said} ({cost})")
    reader.close()
    return outcome


def try_models(count: int, seed: int) -> Outcome:
    """Load mutated model files, and predict with those that load."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        models = make_models(Path(name))
    originals = [("whole.pixelseg", data) for data in models]
    files = (("m.pixelseg", mutate_model(rng.choice(models), rng)) for _ in range(count))
    return try_files("models", files, originals)


def try_images(count: int, seed: int) -> Outcome:
    """Read mutated images, as images and as labels."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        images = make_images(Path(name))

    def mutated() -> Iterator[tuple[str, bytes]]:
        for _ in range(count):
            name, data = rng.choice(images)
            yield name, mutate_image(name, data, rng)

    return try_files("images", mutated(), [pair for pair in images if pair[0] == "grey.png"])


# Kills


def try_kills(count: int, seed: int, only: Sequence[str] = ()) -> Outcome:
    """Kill commands at random moments, run them again, and compare with runs that were not.

    `only` names those that are tried, the first ones of train, predict and evaluate.
    """
    from pixelseg import io as files

    outcome, rng = Outcome("kills"), random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        noise = np.random.default_rng(0)
        truth = np.repeat([[1] * 40 + [2] * 40], 64, axis=0)
        image = noise.normal(truth * 60.0, 20).clip(0, 255).astype(np.uint8)
        strokes = np.zeros_like(truth)
        strokes[5:8, 5:35], strokes[50:53, 45:75] = 1, 2
        for stem in "ab":
            files.write_image(folder / f"{stem}.tif", image)
            files.write_labels(folder / f"{stem}_labels.tif", strokes)
            files.write_labels(folder / f"{stem}_truth.tif", truth)
        commands = {
            "train": ["train", "a.tif", "b.tif", "-o", "m.pixelseg", "--sigmas", "1"],
            "predict": ["predict", "a.tif", "b.tif", "-m", "m.pixelseg", "--probabilities"],
            "evaluate": ["evaluate", "a_segmented.tif", "a_truth.tif", "--csv", "scores.csv"],
        }
        commands = {what: words for what, words in commands.items() if what in (only or commands)}
        seconds, right = {}, {}
        before = _contents(folder)
        for what, words in commands.items():
            _command(folder, words).wait()  # compiles, where that is to be done
            start = time.perf_counter()
            if _command(folder, [*words, "--overwrite"]).wait():
                raise RuntimeError(f"{what} failed before anything was killed")
            seconds[what] = time.perf_counter() - start
            after = _contents(folder)
            right[what] = {key: data for key, data in after.items() if before.get(key) != data}
            before = after
        for number in range(count):
            what = list(commands)[number % len(commands)]
            for file_name in right[what] if rng.random() < 0.5 else ():
                (folder / file_name).unlink(missing_ok=True)
            process = _command(folder, [*commands[what], "--overwrite"])
            time.sleep(rng.uniform(0.2, 1.05) * seconds[what])
            process.kill()
            process.wait()
            now = _contents(folder)
            broken = [key for key, data in right[what].items() if now.get(key, data) != data]
            left = len(now.keys() - before.keys())
            code = _command(folder, [*commands[what], "--overwrite"]).wait()
            outcome.counts["with leftovers" if left else "without leftovers"] += 1
            if broken or code or _contents(folder) != before:
                outcome.faults.append(
                    f"{what}: damaged {broken}, then exit code {code}, left "
                    f"{sorted(_contents(folder).keys() - before.keys())}"
                )
    return outcome


def _command(folder: Path, words: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pixelseg", *words]
    root = str(Path(__file__).parents[1])
    paths = {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=folder, env=os.environ | paths, **quiet)


def _contents(folder: Path) -> dict[str, bytes]:
    """What each file of a folder holds, without its dates and random identifiers."""
    return {path.name: _content(path) for path in folder.iterdir()}


def _content(path: Path) -> bytes:
    import tifffile

    if path.name.startswith("."):
        return b"unfinished"
    try:
        if path.suffix == ".tif":
            return tifffile.imread(path).tobytes()
        if path.suffix == ".pixelseg":
            with zipfile.ZipFile(path) as archive:
                return b"".join(archive.read(name) for name in sorted(archive.namelist()))
        return path.read_bytes()
    except Exception as error:
        return f"damaged: {error}".encode()


def main() -> int:
    """Run all trials, print a table, and list what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    trials = {try_models: args.models, try_images: args.images, try_kills: args.kills}
    outcomes = [trial(count, args.seed) for trial, count in trials.items() if count]
    print("| trial | outcome | most seconds | most MB beyond its bytes | faults |")
    print("| --- | --- | --- | --- | --- |")
    for one in outcomes:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(one.counts.items()))
        cost = f"{one.seconds:.1f} | {one.peak / 1e6:.0f}" if one.kind != "kills" else " | "
        print(f"| {one.kind} | {counts} | {cost} | {len(one.faults)} |")
    faults = [f"{one.kind}: {fault}" for one in outcomes for fault in one.faults]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
