"""What files need, and what they do not."""

import subprocess
import sys


def test_the_package_loads_neither_numba_nor_a_reading_library():
    code = (
        "import sys; from pixelseg import io; io.read_image; "
        "print([m for m in ('numba', 'tifffile', 'PIL', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
