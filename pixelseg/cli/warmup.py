"""`pixelseg warmup`: run every package once on tiny data, so that Numba's cache is full."""

from __future__ import annotations

import argparse
from importlib import import_module

from ._report import Stopwatch

#: The packages that have kernels: each has a module `warm_up` with a function of that name.
PACKAGES = ("features", "forest", "graph", "refine", "classify", "metrics", "superpixels")

EPILOG = """examples:
  pixelseg warmup          # once after installing, or in the recipe of a container

The machine code is kept on disk (NUMBA_CACHE_DIR tells where else), so this is needed once for
each version and kind of processor.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no arguments."""


def run(args: argparse.Namespace) -> int:
    """Warm up one package after the other."""
    whole = Stopwatch()
    for name in PACKAGES:
        watch = Stopwatch()
        import_module(f"pixelseg.{name}.warm_up").warm_up()
        print(f"{name:<12}{watch}")
    print(f"{'all':<12}{whole}")
    return 0
