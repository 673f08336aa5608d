"""`max_memory` holds what it says, also where calls before left memory."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.budget import BAR, SETTINGS


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's /proc/self/clear_refs"
)
def test_repeated_predictions_keep_to_their_budget():
    tight = SETTINGS.index(("grey", (1200, 1100), "forest", 60, 1, "labels", ""))
    command = [sys.executable, "-m", "benchmarks.budget", "--child", str(tight)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) <= BAR
