"""The one policy for compiling and for threads.

Every compiled function of pixelseg is made by `kernel`, so that Numba's options are named
here and nowhere else: signatures are lazy (nothing compiles at import), machine code is cached
on disk (a second session starts warm), the GIL is released (threads run kernels side by side),
division follows NumPy (no hidden branch), and no entry for C is made (an eighth of the time that
compiling takes).

Threads come from one shared pool through `run_chunks`. Numba's own parallel loops are not
used: its default threading layer is not safe under two calling threads, and an answer must not
depend on the number of threads. A chunk owns its pixels, and its borders depend on the data.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numba

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Lets LLVM fuse a multiplication and an addition and ignore the sign of zero. It keeps NaN,
#: infinity and the order of sums. Only where every pixel runs through the same vector loop, or
#: its bits would hang on its place; the network is read 1.1 to 1.3 times as fast with it.
CONTRACT = frozenset({"contract", "nsz"})


def kernel(function: Callable | None = None, *, fastmath: frozenset[str] | None = None) -> Any:
    """Compile a function of arrays and scalars, on first call, by the policy above."""
    if function is None:
        return lambda function: kernel(function, fastmath=fastmath)
    compile_ = numba.njit(
        cache=True,
        nogil=True,
        error_model="numpy",
        fastmath=set(fastmath or ()),
        no_cfunc_wrapper=True,
    )
    return compile_(function)


def n_cores() -> int:
    """The cores this process may use (fewer than the machine's in a container or a job)."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def effective_n_jobs(n_jobs: int | None) -> int:
    """Turn scikit-learn's `n_jobs` (None is 1, -1 all cores, -2 all but one) into a count."""
    if n_jobs is None:
        return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise ValueError(
            f"n_jobs is {n_jobs!r} but must be None (one thread) or an integer other than 0: "
            "pass -1 for all cores."
        )
    return n_jobs if n_jobs > 0 else max(1, n_cores() + 1 + n_jobs)


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
