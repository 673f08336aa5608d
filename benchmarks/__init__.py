"""Speed, quality and memory of pixelseg, measured beside its peers.

    python -m benchmarks.speed      every public algorithm x size x installed peer
    python -m benchmarks.quality    mean IoU on real sets, from sparse labels
    python -m benchmarks.memory     peak memory of the jobs that are larger than memory
    python -m benchmarks.compare    this tree against another commit
    python -m benchmarks.gate       no method segments worse than it did
    python -m benchmarks.readme     the README's tables from stored figures

Importing this package asks the numerical libraries for one thread. They read these variables
once, when they are loaded, so they must be set before NumPy is.
"""

import os

for _variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ.setdefault(_variable, "1")
