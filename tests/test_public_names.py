"""A new public name is a decision: it is written down here."""

import subprocess
import sys

import pytest

import pixelseg


def test_public_names():
    assert sorted(pixelseg.__all__) == [
        "FeatureBank",
        "ForestClassifier",
        "PixelClassifier",
        "features",
        "forest",
        "io",
        "load",
        "metrics",
        "plot",
    ]


def test_every_public_name_loads():
    for name in pixelseg.__all__:
        assert getattr(pixelseg, name) is not None


def test_import_loads_neither_numba_nor_scikit_learn():
    heavy = ["numba", "sklearn", "scipy", "skimage"]
    code = f"import sys, pixelseg; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["features", "forest"])
def test_a_sub_package_loads_on_first_use_and_no_numba(package):
    code = (
        f"import sys, pixelseg; names = pixelseg.{package}.__all__; "
        f"[getattr(pixelseg.{package}, name) for name in names]; print('numba' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
