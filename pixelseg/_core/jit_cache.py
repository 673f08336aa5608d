"""Where machine code is kept between sessions: Numba's cache, made safe for other users' folders.

Numba looks for one folder that can be written, and fails where there is none. Here what cannot be
written is still read, so that what `pixelseg warmup` compiled serves all users of a machine or a
container; where nothing can be written, functions are compiled anew in each session, which is said
once. A file that is damaged is not there: each ends in a checksum, and holds the key that it was
written for, so that no foreign or broken code is ever run.
"""

from __future__ import annotations

import inspect
import pickle
import warnings
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numba
from numba.core import caching
from numba.core.serialize import dumps

_CHECKSUM_BYTES = 4
#: Numba renamed its classes; they are found by what the names share.
_LOCATORS = {cls.__name__.strip("_"): cls for cls in caching.CacheImpl._locator_classes}
_IN_PACKAGE = _LOCATORS["InTreeCacheLocator"]


class _ReadOnlyLocator(_IN_PACKAGE):  # type: ignore[misc, valid-type]
    """The last resort: the folder beside the source, which is read if it is there."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        return cls(py_func, py_file)


class _Impl(caching.CompileResultCacheImpl):
    _locator_classes: ClassVar = [*_LOCATORS.values(), _ReadOnlyLocator]


class _CheckedFile(caching.IndexDataCacheFile):
    """Numba's pair of an index and data, of which nothing damaged is believed."""

    def load(self, key: Any) -> Any:
        name = self._load_index().get(key)
        entry = None if name is None else self._unpickle(Path(self._data_path(name)))
        # Two processes may have given one name to the code of two signatures.
        return entry[1] if entry is not None and entry[0] == key else None

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def _load_index(self) -> Any:
        entry = self._unpickle(Path(self._index_path))
        return entry[1] if entry is not None and entry[0] == self._stamp else {}

    def _save_index(self, overloads: Any) -> None:
        with self._open_for_write(self._index_path) as file:
            file.write(self._dump((self._stamp, overloads)))

    def _dump(self, value: Any) -> bytes:
        data = dumps(value)
        return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")

    @property
    def _stamp(self) -> Any:
        """What the entries hold for: this version of Numba and of the source."""
        return self._version, self._source_stamp

    @staticmethod
    def _unpickle(path: Path) -> Any:
        """What a file holds, None where it is missing, unreadable or damaged."""
        try:
            data = path.read_bytes()
        except OSError:
            return None
        body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        if zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
            return None
        try:
            return pickle.loads(body)
        except Exception:  # a whole file of another version of Python, NumPy or Numba
            return None


class KernelCache(caching.FunctionCache):
    """The cache of one compiled function, over all folders that may hold it."""

    _impl_class = _Impl

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        # Another user may have filled the folder that NUMBA_CACHE_DIR names, or the package's own.
        shared = [_LOCATORS["UserProvidedCacheLocator"]] if numba.config.CACHE_DIR else []
        source = inspect.getfile(function)
        others = [kind(function, source).get_cache_path() for kind in (*shared, _IN_PACKAGE)]
        names = self._impl.filename_base, self._impl.locator.get_source_stamp()
        folders = dict.fromkeys([self._cache_path, *others])
        self._files = [_CheckedFile(folder, *names) for folder in folders]
        self._cache_file: Any = self._files[0]

    def _load_overload(self, signature: Any, target_context: Any) -> Any:
        key = self._index_key(signature, target_context.codegen())
        for file in self._files:
            data = file.load(key)
            if data is not None:
                return self._impl.rebuild(target_context, data)
        return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep what was compiled; a folder that cannot take it is no reason to stop."""
        try:
            super().save_overload(signature, data)
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
