"""Help, exit codes, and what is imported when."""

import os
import re
import subprocess
import sys

import pytest

from pixelseg import cli


def test_help_lists_every_command_and_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "examples:" in out
    for name in cli.COMMANDS:
        assert re.search(rf"^    {name}( |$)", out, re.MULTILINE)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_purpose_and_examples(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert cli.COMMANDS[name][1:].split(",")[0] in " ".join(out.split())
    assert f"  pixelseg {name}" in out.partition("examples:")[2]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["train"],
        ["train", "a.png"],
        ["predict", "a.png"],
        ["train", "a.png", "-o", "m", "--sigmas", "1,zero"],
        ["train", "a.png", "-o", "m", "--classes", "root"],
        ["train", "a.png", "-o", "m", "--spacing", "-1"],
        ["train", "a.png", "-o", "m", "--channel-axis", "last"],
        ["train", "a.png", "-o", "m", "--jobs", "0"],
    ],
)
def test_what_is_not_understood_is_code_2(run, words):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert "error:" in err
    assert "Traceback" not in err


def test_version(run):
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"pixelseg \d+\.\d+\.\d+\n", out)


def test_ctrl_c_is_code_130(run, monkeypatch, folder, model):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pixelseg.classify.model.FittedModel.predict", stop)
    before = sorted(folder.iterdir())
    code, _, err = run("predict", folder / "more.png", "-m", model, "--probabilities")
    assert code == 130
    assert "stopped" in err
    assert sorted(folder.iterdir()) == before


def test_names_that_the_terminal_cannot_show_stop_nothing(folder, model):
    name = folder / "\u65e5\u672c.png"
    (folder / "more.png").rename(name)
    done = subprocess.run(
        [sys.executable, "-m", "pixelseg", "predict", str(name), "-m", str(model), "--dry-run"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"\u65e5\u672c.png" in done.stdout


def test_help_imports_neither_numpy_nor_a_command():
    code = (
        "import sys; from pixelseg.cli import main; main(['--help']); "
        "print([m for m in sys.modules if m.startswith(('numpy', 'numba', 'pixelseg.cli.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_module_is_the_command():
    words = [sys.executable, "-m", "pixelseg", "inspect", "nowhere.pixelseg"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("pixelseg: error: nowhere.pixelseg does not exist")
