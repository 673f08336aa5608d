"""Fixtures that every test may use."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import pixelseg

# The same examples in every run, and no deadline: the first call of a kernel compiles it.
settings.register_profile("pixelseg", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("pixelseg")

ROOT = Path(__file__).resolve().parents[1]


def delete_stale_caches(package: Path, *folders: Path) -> list[Path]:
    """Delete compiled code older than any kernel file, and return what was deleted.

    Numba looks at the file of a function alone: a kernel that calls one of another file would go
    on with what was compiled into it before that file was edited.
    """
    sources = [*package.rglob("_*_kernels.py"), *package.rglob("jit.py")]
    newest = max((path.stat().st_mtime for path in sources), default=0.0)
    caches = [path for folder in (package, *folders) for path in folder.rglob("*.nb[ic]")]
    stale = [path for path in caches if path.stat().st_mtime < newest]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def pytest_sessionstart():
    folders = [Path(os.environ["NUMBA_CACHE_DIR"])] if "NUMBA_CACHE_DIR" in os.environ else []
    delete_stale_caches(Path(pixelseg.__file__).parent, *folders)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and reference results that lies beside the project, if any."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (images with truth, reference results) is absent")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that draws the same numbers in every run."""
    return np.random.default_rng(0)
