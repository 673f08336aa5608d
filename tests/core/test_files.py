"""Files appear whole or not at all, and killed processes leave nothing for long."""

import os
import subprocess
import sys

import pytest

from pixelseg._core import files


def finished_process() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture(autouse=True)
def forget_folders():
    files._remove_leftovers.cache_clear()


def write(path):
    with files.replacing(path) as temporary:
        temporary.write_text("whole")


def test_an_error_leaves_nothing(tmp_path):
    path = tmp_path / "a.txt"
    write(path)

    def fail():
        with files.replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "whole"


@pytest.mark.skipif(os.name != "posix", reason="processes can be asked on POSIX alone")
def test_leftovers_of_dead_processes_are_removed(tmp_path):
    dead, machine = finished_process(), files._machine()
    kept = [
        f".a.txt.{machine}-{os.getppid()}-0123abcd.part",  # alive
        f".a.txt.ffffffff-{dead}-0123abcd.part",  # of another machine
        f".a.txt.{machine}-{dead}-0123abcd.part.gz",
        "a.part",
    ]
    gone = [f".a.txt.{machine}-{dead}-0123abcd.part", f".other.npy.{machine}-{dead}-99999999.part"]
    for name in kept + gone:
        (tmp_path / name).touch()
    write(tmp_path / "a.txt")
    assert {file.name for file in tmp_path.iterdir()} == {"a.txt", *kept}


def test_names_as_long_as_they_may_be(tmp_path):
    path = tmp_path / ("x" * 251 + ".txt")
    write(path)
    assert path.read_text() == "whole"


def test_a_folder_that_cannot_be_written_is_found_out_first(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=rf"{tmp_path.name}.*read-only"):
        files.check_target(tmp_path / "a.txt", overwrite=False)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs posix_fallocate")
def test_a_file_with_holes_gets_its_room(tmp_path):
    path = tmp_path / "holes"
    with path.open("wb") as file:
        file.truncate(2**20)
    assert path.stat().st_blocks * 512 < 2**20
    files.reserve(path)
    assert path.stat().st_blocks * 512 >= 2**20


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs posix_fallocate")
def test_a_full_disk_is_an_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    (tmp_path / "a").write_bytes(b"12345")
    with pytest.raises(OSError, match=r"No space left.*5 bytes"):
        files.reserve(tmp_path / "a")
