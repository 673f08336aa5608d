"""What the tests prepare for themselves."""

import os

from .conftest import delete_stale_caches


def test_compiled_code_older_than_a_kernel_file_is_deleted(tmp_path):
    package, elsewhere = tmp_path / "package", tmp_path / "cache"
    for time, name in enumerate(
        (
            "package/__pycache__/_a_kernels.f.nbi",
            "cache/b/old.1.nbc",
            "package/_a_kernels.py",
            "package/people.py",
            "package/__pycache__/_a_kernels.g.nbc",
            "cache/b/new.nbi",
        )
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1000 + time, 1000 + time))
    (package / "people.py").touch()
    stale = delete_stale_caches(package, elsewhere)
    assert sorted(path.name for path in stale) == ["_a_kernels.f.nbi", "old.1.nbc"]
    assert sorted(path.name for path in tmp_path.rglob("*.nb?")) == ["_a_kernels.g.nbc", "new.nbi"]
