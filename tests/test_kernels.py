"""Every compiled function runs in a small case, bounds-checked and uncompiled."""

import json
import os
import subprocess
import sys

from pixelseg.cli import warmup

from . import house

#: Functions that no small case can call, with the reason.
EXCLUDED: dict[tuple[str, str], str] = {}

# Runs in a process of its own, where kernels are plain Python: what they enter is seen.
_CODE = """
import json, sys, threading
import pytest

entered = set()

def watch(frame, event, argument):
    code = frame.f_code
    if event == "call" and code.co_filename.endswith("_kernels.py"):
        entered.add((code.co_filename, code.co_name))

sys.setprofile(watch)
threading.setprofile(watch)
code = pytest.main(["-q", "-m", "kernels", "tests", "-p", "no:cacheprovider", "--no-header"])
sys.setprofile(None)
with open(sys.argv[1], "w") as file:
    json.dump(sorted(entered), file)
raise SystemExit(code)
"""


def test_every_kernel_runs_in_a_case_marked_kernels(tmp_path):
    """The cases of kind `kernels` pass uncompiled, and enter every function of a kernel file."""
    file = tmp_path / "entered.json"
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(file)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=house.FOLDER.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    files = {str(path): house.relative(path) for path in house.kernel_files()}
    entered = {(files.get(path), function) for path, function in json.loads(file.read_text())}
    wanted = house.kernel_functions()
    missed = sorted(wanted - entered - set(EXCLUDED))
    assert not missed, f"kernels that no test marked `kernels` calls: {missed}"
    assert set(EXCLUDED) <= wanted - entered, "excluded, but called or gone"


def test_every_package_with_kernels_is_warmed_up():
    packages = {path.split("/")[0] for path, _ in house.kernel_functions()} - {"_core"}
    assert packages == set(warmup.PACKAGES)
