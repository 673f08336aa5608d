"""The benchmarks' own machinery: ratios, bars, missing peers, files, tables."""

import itertools
import shutil
import subprocess

import numpy as np
import pytest

from benchmarks import compare, images, memory, report, speed, timing
from benchmarks.case import Case, Peer, column_difference, largest_difference


def make_case(**changes):
    fields = {
        "name": "sum",
        "covers": ("sum",),
        "make": lambda size: np.ones(1000),
        "ours": lambda x: x.sum(),
        "sizes": ("small", "large"),
        "quick": ("small",),
    }
    return Case(**{**fields, **changes})


def test_ratio_is_the_median_of_the_rounds_for_a_unit_of_work():
    ratio, low, high = report.ratio_of([1.0, 2.0, 1.0], [2.0, 8.0, 3.0], 2.0, 1.0)
    assert (ratio, low, high) == (6.0, 5.0, 7.0)


def test_rows_compare_results_and_hold_the_bar_against_the_ratio():
    same = Peer("same", lambda x: 1000.0, bar=0.0, difference=largest_difference, tolerance=0.0)
    hopeless = Peer("hopeless", lambda x: 999.0, bar=1e9, difference=largest_difference)
    rows = speed.run_case(make_case(peers=(same, hopeless)), "small", memory=False)
    assert [row.peer for row in rows] == ["same", "hopeless"]
    assert [row.met for row in rows] == [True, False]
    assert [row.difference for row in rows] == [0.0, 1.0]
    assert rows[0].ours > 0
    assert rows[0].ratio > 0
    assert "EXCEEDS" in report.speed_table(rows)
    assert "Missed: sum small / hopeless." in speed.summary(rows)


def test_a_missing_peer_is_named():
    absent = Peer("absent", lambda x: x, needs="no_such_module_anywhere", bar=2.0)
    rows = speed.run_case(make_case(peers=(absent,)), "small", memory=False)
    assert rows[0].missing == "not installed: no_such_module_anywhere"
    assert rows[0].met is None
    assert "not installed: no_such_module_anywhere" in report.speed_table(rows)
    assert "absent (not installed" in speed.summary(rows)


def test_a_case_without_peers_has_a_row_and_a_limit_is_a_bar():
    assert speed.run_case(make_case(), "small", memory=False)[0].peer == ""
    met = speed.run_case(make_case(limit=1e3), "small", memory=False)
    assert (met[0].bar, met[0].met) == ("1000 s", True)


def test_a_limit_beyond_a_peer_leaves_out_the_peers_time():
    peer = Peer("numpy", lambda x: x)
    case = make_case(peers=(peer,), limit=0.1, limit_over="numpy")
    own = timing.Timing(cpu=[0.35] * 3, wall=[0.35] * 3)
    other = timing.Timing(cpu=[0.30] * 3, wall=[0.30] * 3)
    row = speed._limit_row(case, "small", {"": own, "numpy": other}, 1.0, None)
    assert row.met is True
    assert row.ours == pytest.approx(0.05)


def test_only_matches_a_part_of_the_name_or_a_pattern():
    cases = [make_case(), make_case(name="product")]
    assert [c.name for c, _ in speed.chosen(cases, True, "prod")] == ["product"]
    assert [s for _, s in speed.chosen(cases, False, "sum*large")] == ["large"]
    assert len(speed.chosen(cases, False, None)) == 4


def test_rounds_are_interleaved_and_warm_up_is_not_counted():
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    timings, results = timing.measure(calls, rounds=4, seconds=1e9)
    assert {name: len(t.cpu) for name, t in timings.items()} == {"a": 4, "b": 4}
    assert set(results) == {"a", "b"}
    changes = sum(x != y for x, y in itertools.pairwise(order))
    assert changes >= 2 * 4


def test_peak_memory_sees_what_a_call_allocates():
    peak = timing.peak_memory(lambda: np.ones(4_000_000))
    if peak is None:
        pytest.skip("this system does not tell a process's peak memory")
    assert 30e6 < peak < 50e6


def test_json_comes_back_as_it_was(tmp_path):
    row = report.Row("case", "small", 0.5, "call", peer="peer", ratio=2.0, bar="2x", met=True)
    path = tmp_path / "speed.json"
    report.write_json(path, "speed", [row])
    assert report.read_json(path, "speed", report.Row) == [row]
    with pytest.raises(ValueError, match="must hold 'quality'"):
        report.read_json(path, "quality", report.Row)


def test_markdown_has_one_line_a_row_of_one_width():
    lines = report.markdown(("a", "long header"), [("x", "y"), ("longer", "z")]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1


def test_differences_of_columns_are_relative_to_the_column():
    ours = np.zeros((2, 2, 2))
    planes = [np.full((2, 2), 10.0), np.zeros((2, 2))]
    ours[..., 0] = 9.0
    assert column_difference(ours, planes) == pytest.approx(0.1)
    with pytest.raises(AssertionError, match="2 columns against 1"):
        column_difference(ours, planes[:1])


def test_compare_names_what_only_one_tree_has_and_what_is_slower():
    before = [{"a": 1.0, "gone": 1.0}, {"a": 1.2, "gone": 1.0}]
    after = [{"a": 2.0, "new": 1.0}, {"a": 2.2, "new": 1.0}]
    text = compare.speed_changes(compare.changes(before, after), "abc")
    lines = {line.split("|")[1].strip(): line for line in text.splitlines()[2:]}
    assert "SLOWER" in lines["a"]
    assert "not in this tree" in lines["gone"]
    assert "not in abc" in lines["new"]
    worse = compare.changes([{"m": 0.9}], [{"m": 0.8}])
    assert "WORSE" in compare.quality_changes(worse, "abc")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_compare_checks_a_commit_out_and_takes_it_away_again(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "file.txt").write_text("then")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    (tmp_path / "file.txt").write_text("now")
    with compare.worktree("HEAD", tmp_path) as folder:
        assert (folder / "file.txt").read_text() == "then"
    assert not folder.exists()
    listed = subprocess.run([*git, "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 1


def test_compare_runs_these_benchmarks_over_that_trees_library(tmp_path):
    library, work = tmp_path / "library", tmp_path / "work"
    (library / "pixelseg").mkdir(parents=True)
    (library / "pixelseg" / "__init__.py").touch()
    work.mkdir()
    code = "import benchmarks, pixelseg; print(benchmarks.__file__); print(pixelseg.__file__)"
    ours, theirs = compare._run(["-c", code], library, work).stdout.splitlines()
    assert (work / "benchmarks").resolve() == compare.ROOT / "benchmarks"
    assert str(work) in ours
    assert str(library) in theirs


def test_compare_falls_back_on_that_trees_own_benchmarks(tmp_path, monkeypatch):
    library, work = tmp_path / "library", tmp_path / "work"
    (library / "benchmarks").mkdir(parents=True)
    asked = []

    def run(arguments, over, folder):
        asked.append((folder, arguments[-1]))
        renamed = report.Row("renamed", "small", 2.0, "call")
        rows = [renamed]
        if folder == work:
            renamed.missing = "FAILED: an argument of today"
            rows = [report.Row("same", "small", 1.0, "call"), renamed]
        report.write_json(folder / "speed.json", "speed", rows)

    work.mkdir()
    monkeypatch.setattr(compare, "_run", run)
    assert compare.run_speed(library, work, None) == {"same small": 1.0, "renamed small": 2.0}
    assert asked[1] == (library, "renamed small")


def test_memory_table_holds_the_bar():
    jobs = [memory.Job("fit", "1 MP", 10**8, 1.0, 10**9), memory.Job("x", "1", 2 * 10**9, 1, 10**9)]
    text = memory.memory_table(jobs)
    assert "met" in text
    assert "MISSED" in text


def test_segments_are_connected_and_numbered_without_gaps():
    from scipy import ndimage

    segments = images.segments(60, 80, 15)
    assert (np.unique(segments) == np.arange(1, segments.max() + 1)).all()
    for value in range(1, segments.max() + 1):
        assert ndimage.label(segments == value)[1] == 1


def test_mosaics_hold_every_texture_and_differ_by_seed():
    image, truth = images.mosaic(128, 128, 0)
    assert image.dtype == np.uint8
    assert set(np.unique(truth)) == {1, 2, 3}
    assert (images.mosaic(128, 128, 1)[1] != truth).any()
