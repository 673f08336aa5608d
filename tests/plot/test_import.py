"""What pictures need, and what they do not."""

import subprocess
import sys


def test_neither_numba_nor_matplotlib_is_loaded():
    code = (
        "import sys, numpy as np; from pixelseg import plot; "
        "plot.boundaries(np.eye(3), np.eye(3, dtype=int)); "
        "print([m for m in ('numba', 'matplotlib', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
