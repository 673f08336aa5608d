"""Importing the metrics compiles nothing, and names are functions, whatever a file is called."""

import inspect
import subprocess
import sys

from pixelseg import metrics


def test_import_loads_no_numba():
    code = "import sys, pixelseg.metrics; print('numba' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_public_names_are_functions_and_types():
    assert len(set(metrics.__all__)) == len(metrics.__all__)
    for name in metrics.__all__:
        public = getattr(metrics, name)
        assert inspect.isfunction(public) or inspect.isclass(public), name
        assert public.__doc__, name
