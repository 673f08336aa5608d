"""Compiled code on disk: a help that never stops a computation.

Numba's cache is used with three differences. Where no folder can be written (an installation that
is read-only, a user without a home, a full disk) kernels are compiled in each process, and one
warning says how to change that; with Numba alone nothing would run. What was compiled into the
package, as by `pixelseg warmup` in the recipe of a container, is read by every user, also by those
who may not write there. And what is read is held against its checksum: a damaged file is compiled
anew, where machine code with a wrong byte would end the process.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from typing import Any, ClassVar

from numba.core import caching

_DIGEST_BYTES = 32
#: Numba renamed its classes; they are found by what the names share.
_LOCATORS = list(caching.CacheImpl._locator_classes)
_IN_PACKAGE = next(cls for cls in _LOCATORS if cls.__name__.strip("_") == "InTreeCacheLocator")


class _ReadOnlyLocator(_IN_PACKAGE):  # type: ignore[misc, valid-type]
    """The last resort: the folder beside the source, which is read if it is there."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        return cls(py_func, py_file)


class _Impl(caching.CompileResultCacheImpl):
    _locator_classes: ClassVar = [*_LOCATORS, _ReadOnlyLocator]


class _CheckedFile(caching.IndexDataCacheFile):
    """Numba's two files of a function, machine code after its checksum."""

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest())
            file.write(content)

    def _load_data(self, name: str) -> Any:
        path = self._data_path(name)
        with open(path, "rb") as file:
            digest, content = file.read(_DIGEST_BYTES), file.read()
        if hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest() != digest:
            raise ValueError(f"{path} is damaged")
        return caching.pickle.loads(content)


class KernelCache(caching.FunctionCache):
    """The compiled versions of one kernel, in a folder that can be written and in the package."""

    _impl_class = _Impl

    def __init__(self, py_func: Any) -> None:
        super().__init__(py_func)
        names = self._impl.filename_base, self._impl.locator.get_source_stamp()
        package = os.path.join(os.path.dirname(py_func.__code__.co_filename), "__pycache__")
        self._cache_file: Any = _CheckedFile(self._cache_path, *names)
        self._in_package = _CheckedFile(package, *names)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled version for some types, or None where it is to be compiled."""
        own = self._cache_file
        try:
            for file in (own, self._in_package):
                self._cache_file = file
                found = self._load_one(sig, target_context)
                if found is not None:
                    return found
        finally:
            self._cache_file = own
        return None

    def _load_one(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except OSError:  # no folder, or none that this user may read
            return None
        except Exception:  # whatever a damaged file makes of pickle
            try:
                self._cache_file.flush()
            except OSError:
                warnings.warn(
                    f"compiled code in {self._cache_file._cache_path} is damaged and cannot be "
                    "replaced: remove that folder.",
                    stacklevel=2,
                )
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled version for the next process, if some folder can be written."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _say_once(error)


_said = False


def _say_once(error: OSError) -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            f"compiled code cannot be kept ({error.strerror or error}), so that each process "
            "compiles for some seconds: set the environment variable NUMBA_CACHE_DIR to a folder "
            "that can be written.",
            stacklevel=2,
        )
