"""Files appear whole or not at all, and killed processes leave nothing for long."""

import errno
import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest

from pixelseg import io
from pixelseg._core import files

real = os.scandir
#: Locks are not tied to ids of processes: those of containers repeat.
DEAD = ".a.npy.{}-0123abcd.part"


@pytest.fixture(autouse=True)
def forget_folders():
    """Each test is a process that has not looked into any folder."""
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


def test_leftovers_of_dead_writers_go_and_those_of_living_stay(tmp_path):
    path = tmp_path / "a.npy"
    for pid in (1, os.getpid(), 2**22 + 5):
        (tmp_path / DEAD.format(pid)).write_bytes(b"left")
    (tmp_path / ".b.npy.77-0123abcd.part").touch()
    (unlike := tmp_path / ".a.npy.notes.part").touch()
    living, descriptor = files._create_locked(path)
    with files.replacing(path) as temporary:
        assert sorted(tmp_path.iterdir()) == sorted([unlike, living, temporary])
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    os.close(descriptor)
    files._remove_leftovers.cache_clear()
    with files.replacing(path) as temporary:
        temporary.write_bytes(b"newer")
    assert sorted(tmp_path.iterdir()) == sorted([unlike, path])


def test_a_process_looks_into_a_folder_once(tmp_path, monkeypatch):
    listed = []
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or real(path))
    for k in range(3):
        write(tmp_path / f"{k}.txt")
    assert listed == [tmp_path]


def test_a_killed_process_lets_its_file_go(tmp_path):
    code = "import sys; from pathlib import Path; from pixelseg._core.files import replacing\n"
    code += "with replacing(Path(sys.argv[1])): print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / "a.npy")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdout.readline()
        io.write_image(tmp_path / "a.npy", np.zeros((2, 2)))
        assert len(list(tmp_path.glob(".a.npy.*.part"))) == 1
        process.kill()
        process.communicate()
    files._remove_leftovers.cache_clear()
    io.write_image(tmp_path / "a.npy", np.zeros((2, 2)), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def write_often(folder):
    for k in range(40):
        io.write_image(folder / "a.npy", np.full((20, 20), k), overwrite=True)


def test_processes_that_write_one_file_do_not_take_each_others(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_often, args=(tmp_path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


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


def test_a_full_disk_names_the_file(tmp_path):
    with (
        pytest.raises(OSError, match=r"no room.*a\.npy") as caught,
        files.replacing(tmp_path / "a.npy"),
    ):
        raise OSError(errno.ENOSPC, "no room")
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_a_mapped_result_has_its_blocks_before_it_is_filled(tmp_path):
    with io.create_image(tmp_path / "big.npy", (12000, 12000), "uint8"):
        (temporary,) = tmp_path.iterdir()
        assert temporary.stat().st_blocks * 512 >= 12000 * 12000
