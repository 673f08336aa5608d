"""Cases of starting up: what an import and a call for help take, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from .case import Case, Peer

_NUMPY = "import numpy"


def _run(size: str, arguments: tuple[str, ...]) -> int:
    return subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL
    ).returncode


def _import(statement: str) -> partial[int]:
    return partial(_run, arguments=("-c", statement))


CASES = (
    Case(
        name="import pixelseg",
        covers=("import",),
        make=lambda size: size,
        ours=_import("import numpy, pixelseg"),
        peers=(Peer(_NUMPY, _import("import numpy")),),
        sizes=("process",),
        quick=("process",),
        limit=0.1,
        limit_over=_NUMPY,
        children=True,
    ),
    Case(
        name="pixelseg --help",
        covers=("cli",),
        make=lambda size: size,
        ours=partial(_run, arguments=("-m", "pixelseg", "--help")),
        sizes=("process",),
        quick=("process",),
        limit=0.3,
        children=True,
    ),
)
