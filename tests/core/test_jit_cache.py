"""Compiled code on disk: damaged or missing, it never stops a computation."""

import importlib.util
import warnings

import pytest
from numba.core import event

from pixelseg._core import jit_cache

SOURCE = """
from pixelseg._core.jit import kernel

@kernel
def double(x):
    return 2 * x
"""


@pytest.fixture(autouse=True)
def compiles():
    import numba

    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled")


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A function that imports a file with a kernel anew; its cache is beside the file."""
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    (tmp_path / "doubles.py").write_text(SOURCE)

    def load_module():
        spec = importlib.util.spec_from_file_location("doubles", tmp_path / "doubles.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.double

    return load_module


def count_compiled(function):
    with event.install_recorder("numba:compile") as recorder:
        assert function(21) == 42
    return sum(one.is_start for _, one in recorder.buffer)


def test_what_was_compiled_is_read_again(load):
    assert count_compiled(load()) == 1
    assert count_compiled(load()) == 0


@pytest.mark.parametrize("suffix", [".nbc", ".nbi"])
@pytest.mark.parametrize("damage", ["a bit", "its end", "all"])
def test_a_damaged_file_is_made_anew(load, tmp_path, suffix, damage):
    load()(21)
    (path,) = (tmp_path / "__pycache__").glob(f"*{suffix}")
    content = bytearray(path.read_bytes())
    if damage == "a bit":
        content[len(content) // 2] ^= 1
    path.write_bytes(b"" if damage == "all" else content[: len(content) // 2] if damage != "a bit"
                     else content)  # fmt: skip
    assert count_compiled(load()) == 1
    assert count_compiled(load()) == 0


def test_without_a_folder_it_compiles_and_says_so_once(load, tmp_path, monkeypatch):
    (tmp_path / "__pycache__").touch()  # where nobody can make a folder
    monkeypatch.setattr(jit_cache._Impl, "_locator_classes", [jit_cache._ReadOnlyLocator])
    monkeypatch.setattr(jit_cache, "_said", False)
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR"):
        assert count_compiled(load()) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert count_compiled(load()) == 1


def test_what_the_package_brings_is_read_where_nobody_can_write(load, monkeypatch):
    load()(21)
    monkeypatch.setattr(jit_cache._Impl, "_locator_classes", [jit_cache._ReadOnlyLocator])
    assert count_compiled(load()) == 0


def test_what_the_package_brings_is_read_beside_a_folder_of_ones_own(load, tmp_path, monkeypatch):
    load()(21)
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "own"))
    assert count_compiled(load()) == 0


def test_a_folder_that_is_shared_is_read_where_nobody_can_write(load, tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "shared"))
    load()(21)
    monkeypatch.setattr(jit_cache._Impl, "_locator_classes", [jit_cache._ReadOnlyLocator])
    assert count_compiled(load()) == 0


def test_code_of_other_types_is_not_run(load, tmp_path):
    load()(21)
    load()(1.5)
    files = sorted((tmp_path / "__pycache__").glob("*.nbc"))
    contents = [path.read_bytes() for path in files]
    # As two processes leave it that compile for two types at the same moment.
    for path, content in zip(files, reversed(contents), strict=True):
        path.write_bytes(content)
    assert count_compiled(load()) == 1
