"""The one shared pool of threads.

Numba's own parallel loops are not used: its default threading layer is not safe under two calling
threads, and an answer must not depend on the number of threads. `run_chunks` gives chunks of
compiled work to threads of one pool; a chunk owns its pixels, and its borders depend on the data.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from .checks import as_integer, shown

Item = TypeVar("Item")
Result = TypeVar("Result")


def n_cores() -> int:
    """The cores this process may use (fewer than the machine's in a container or a job)."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


#: More threads than this no machine has.
_MOST_JOBS = 1024


def effective_n_jobs(n_jobs: int | None) -> int:
    """Turn scikit-learn's `n_jobs` (None is 1, -1 all cores, -2 all but one) into a count."""
    if n_jobs is None:
        return 1
    count = as_integer("n_jobs", n_jobs, "None (one thread) or an integer other than 0")
    if abs(count) > _MOST_JOBS:
        raise ValueError(
            f"n_jobs is {shown(n_jobs)} but must be from -{_MOST_JOBS} to {_MOST_JOBS}."
        )
    if count == 0:
        raise ValueError(
            "n_jobs is 0 but must be None (one thread) or an integer other than 0: pass -1 for all "
            "cores."
        )
    return count if count > 0 else max(1, n_cores() + 1 + count)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(32, n_cores()), thread_name_prefix="pixelseg")


def run_chunks(
    function: Callable[[Item], Result], chunks: Iterable[Item], n_jobs: int | None = None
) -> list[Result]:
    """Call `function` on every chunk, up to `n_jobs` at a time; results in the chunks' order.

    The calling thread works too, so that a chunk may itself call `run_chunks` without waiting
    for a free thread. The first exception, in the order of the chunks, stops the rest.
    """
    todo = list(enumerate(chunks))
    results: list[Any] = [None] * len(todo)
    errors: dict[int, BaseException] = {}
    lock = threading.Lock()
    todo.reverse()

    def work() -> None:
        while True:
            with lock:
                if errors or not todo:
                    return
                index, chunk = todo.pop()
            try:
                results[index] = function(chunk)
            except BaseException as error:
                errors[index] = error

    helpers = min(effective_n_jobs(n_jobs), len(todo)) - 1
    futures: list[Future[None]] = [_pool().submit(work) for _ in range(helpers)]
    work()
    for future in futures:
        if not future.cancel():
            future.result()
    if errors:
        raise errors[min(errors)]
    return results
