"""The loop over files and the plan of outputs, which all commands share."""

from argparse import Namespace

import pytest

from pixelseg.cli import _batch as batch
from pixelseg.cli import _files as files


def test_a_failing_item_is_named_and_stops_no_other(capsys):
    jobs = {f"in/{name}.png": name for name in "abcd"}
    done = []

    def work(name, progress):
        progress(1, 2)
        if name == "b":
            raise ValueError("it is broken")
        if name == "c":
            raise OSError("in/c.png cannot be read")
        done.append(name)

    outcome = batch.run_each(jobs, work, description="test")
    assert done == ["a", "d"]
    assert outcome.report("drew", ", all else beside") == 1
    out, err = capsys.readouterr()
    assert out.startswith("drew 2 images in ")
    assert out.endswith(" s, all else beside\n")
    assert err.splitlines() == [
        "pixelseg: error: in/b.png: it is broken",
        "pixelseg: error: in/c.png cannot be read",
        "pixelseg: error: 2 of 4 images failed",
    ]
    assert batch.run_each({}, work, description="test").report() == 0


def test_a_mistake_in_the_program_is_not_hidden():
    def work(item, progress):
        raise KeyError("no such thing")

    with pytest.raises(KeyError):
        batch.run_each({"a.png": 1}, work, description="test")


def test_outputs_neither_exist_nor_coincide(tmp_path):
    images = [tmp_path / "a.png", tmp_path / "b.tif"]
    endings = (files.SEGMENTED, files.PREVIEW)

    def plan(images=images, **options):
        args = Namespace(**{"output": None, "overwrite": False, "skip_existing": False, **options})
        return batch.plan_outputs(args, images, endings)

    first, second = plan()
    assert first.outputs == {
        files.SEGMENTED: tmp_path / "a_segmented.png",
        files.PREVIEW: tmp_path / "a_preview.png",
    }
    for path in (*first.outputs.values(), second.outputs[files.PREVIEW]):
        path.touch()
    with pytest.raises(FileExistsError, match=r"a_segmented\.png exists \(and so .* 1 more\)"):
        plan()
    assert plan(overwrite=True) == [first, second]
    assert plan(skip_existing=True) == [second], "half of its results are not enough"
    with pytest.raises(ValueError, match=r"a\.png and .*a\.tif would both write .*a_preview\.png"):
        plan([tmp_path / "a.png", tmp_path / "a.tif"])
