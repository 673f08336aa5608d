"""Time and memory of calls: interleaved rounds, CPU time, one thread, a forked child for memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: A sample shorter than this is repeated within its round, so that the clock's grain is small.
_SHORTEST = 0.01
#: A first call longer than this is long enough by any account.
_LONG = 2.0


@dataclass
class Timing:
    """Seconds of one call in every round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def cpu_seconds(children: bool = False) -> float:
    """CPU time of this process, and with `children` of the children that have ended."""
    own = time.process_time()
    if children:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        own += usage.ru_utime + usage.ru_stime
    return own


def measure(
    calls: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 7,
    seconds: float = 20.0,
    at_least: int = 3,
    children: bool = False,
) -> tuple[dict[str, Timing], dict[str, Any]]:
    """Time calls in turn, round after round; also returns the results of the warm-up.

    The warm-up compiles, loads and fills caches, and is not counted. Rounds end after `rounds`,
    or when `seconds` of CPU time are spent and there are `at_least` so many.
    """
    results: dict[str, Any] = {}
    repeats: dict[str, int] = {}
    for name, call in calls.items():
        start = time.perf_counter()
        results[name] = call()
        repeats[name] = 1
        if time.perf_counter() - start < _LONG:
            # The first call may have compiled or loaded: only the second tells how long it is.
            start = time.perf_counter()
            call()
            repeats[name] = max(1, int(_SHORTEST / max(time.perf_counter() - start, 1e-7)))
    _settle(calls)
    timings = {name: Timing() for name in calls}
    begin = cpu_seconds(children)
    for done in range(rounds):
        if done >= at_least and cpu_seconds(children) - begin > seconds:
            break
        gc.collect()
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), cpu_seconds(children)
            for _ in range(repeats[name]):
                call()
            timings[name].cpu.append((cpu_seconds(children) - cpu) / repeats[name])
            timings[name].wall.append((time.perf_counter() - wall) / repeats[name])
    return timings, results


def _settle(calls: Mapping[str, Callable[[], Any]]) -> None:
    """Two rounds that are not counted, if they are short: until memory is handed around.

    The first calls after one another touch pages that the system has yet to provide, which was
    seen to triple the time of a call that fills 50 MB.
    """
    for _ in range(2):
        start = time.perf_counter()
        for call in calls.values():
            call()
        if time.perf_counter() - start > _LONG / 2:
            break


def read_status(field_name: str, pid: int | str = "self") -> int | None:
    """A field of /proc/PID/status in bytes, such as VmHWM; None where there is no such file."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return None
    for line in path.read_text().splitlines():
        if line.startswith(f"{field_name}:"):
            return int(line.split()[1]) * 1024
    return None


def peak_memory(call: Callable[[], Any]) -> int | None:
    """Bytes by which a call raises the resident memory at its peak, result included.

    The call runs once in a forked child, whose high-water mark is reset first. None where the
    system has no such mark, or where the child fails.
    """
    if not Path("/proc/self/clear_refs").exists():
        return None
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read_end)
            _return_free_memory()
            Path("/proc/self/clear_refs").write_text("5")
            before = read_status("VmRSS") or 0
            kept = call()
            peak = read_status("VmHWM") or 0
            del kept
            os.write(write_end, str(peak - before).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return int(text) if text else None


def _return_free_memory() -> None:
    """Give freed memory back to the system, so that a call cannot use it unseen."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak_resident() -> int | None:
    """The high-water mark of this process's resident memory in bytes, mapped pages included."""
    return read_status("VmHWM")


def limit_threads() -> None:
    """One thread for the libraries that read no environment variable."""
    try:
        import cv2
    except ImportError:
        return
    cv2.setNumThreads(1)
