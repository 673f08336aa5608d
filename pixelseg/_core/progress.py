"""`progress=` means the same everywhere: no report, a bar on stderr, or a callable."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

Progress = bool | Callable[[int, int], Any]


class Reporter:
    """Counts finished parts and tells whoever `progress` names; a context manager.

    `progress` is False, True (a `tqdm` bar on stderr) or a callable that gets `(done, total)`.
    Parts may finish on several threads: each says so by `advance`.
    """

    def __init__(self, progress: Progress, total: int, description: str):
        if not (callable(progress) or isinstance(progress, bool)):
            raise TypeError(
                f"progress is {progress!r} but must be False, True (a bar) or a callable that "
                "takes (done, total)."
            )
        if callable(progress):
            _check_call(progress)
        self.total = total
        self.done = 0
        self._lock = threading.Lock()
        self._callback = progress if callable(progress) else None
        self._bar: Any = None
        if progress is True:
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=description, leave=False)

    def advance(self) -> None:
        """Report one more part as finished."""
        with self._lock:
            self.done += 1
            if self._bar is not None:
                self._bar.update()
            if self._callback is not None:
                self._callback(self.done, self.total)

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _check_call(progress: Callable[..., Any]) -> None:
    """Refuse a callable that takes something else, before the work that it would end."""
    try:
        signature = inspect.signature(progress)
    except ValueError:  # of what is compiled, it is not always known
        return
    try:
        signature.bind(0, 1)
    except TypeError:
        raise TypeError(
            f"progress is a callable with the signature {signature} but is called as "
            "progress(done, total)."
        ) from None
