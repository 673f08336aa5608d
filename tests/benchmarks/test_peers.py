"""Every case of the benchmarks, on small inputs: we and the peers compute the same."""

import dataclasses

import joblib
import pytest

from benchmarks.case import TINY
from benchmarks.cases import CASES

from .. import house

PAIRS = [
    pytest.param(case, peer, id=f"{case.name} / {peer.name}")
    for case in CASES
    for peer in case.peers
    if peer.difference is not None and peer.runs_at(TINY)
]


@pytest.mark.parametrize(("case", "peer"), PAIRS)
def test_our_result_is_the_peers(case, peer):
    missing = peer.missing()
    if missing:
        pytest.skip(missing)
    inputs = case.make(TINY)
    difference = peer.difference(case.ours(inputs), peer.call(inputs))
    assert difference <= peer.tolerance


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if not case.children]
)
def test_a_case_has_the_same_result_twice_and_leaves_its_inputs_alone(case):
    inputs = case.make(TINY)
    result = case.ours(inputs)
    before = joblib.hash(inputs)  # with what they compute on first use
    assert case.units(result) > 0
    assert joblib.hash(case.ours(inputs)) == joblib.hash(result)
    if not case.name.endswith("memory at hand"):  # which is written into
        assert joblib.hash(inputs) == before


def test_names_of_cases_and_of_a_cases_peers_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert len({peer.name for peer in case.peers}) == len(case.peers)


#: The methods of a public class that do its work: each wants a row, or the class has one for all.
WORK = {"fit", "predict", "predict_uncertainty", "refine", "transform"}

#: What has no row, with the reason. A whole package is named by its name and a dot.
EXCLUDED = {
    "io.": "files are read and written by tifffile and Pillow",
    "plot.": "pictures to look at, made once",
    "classify.FittedModel.predict": "what PixelClassifier.predict runs, which has rows",
    "features.compute_box": "a part of transform, which has rows",
    "features.workspace_bytes": "arithmetic on a plan",
    "metrics.ClassAccumulator": "adds up confusion_matrix, which has a row",
    "metrics.InstanceAccumulator": "adds up instance_scores, which has a row",
    "metrics.RegionAccumulator": "adds up region_scores, which has a row",
    "metrics.SuperpixelAccumulator": "adds up superpixel_scores, which has a row",
}


def is_excluded(name):
    return name in EXCLUDED or f"{name.partition('.')[0]}." in EXCLUDED


def wanted_rows():
    """Every public function, and the class or the methods of every public class that works.

    A dataclass is a result or a table's entry: it has no row unless it has a method of `WORK`
    or accumulates by `update`.
    """
    for name, thing in house.public_objects().items():
        work = sorted(method for method in WORK if house.can(thing, method))
        if work:
            yield from (f"{name}.{method}" for method in work)
        elif house.is_protocol(thing):
            continue
        elif house.can(thing, "update") or not dataclasses.is_dataclass(thing):
            yield name


def test_every_public_algorithm_has_a_row():
    covered = {name for case in CASES for name in case.covers}
    missing = [
        name
        for name in wanted_rows()
        if name not in covered and name.rpartition(".")[0] not in covered and not is_excluded(name)
    ]
    assert not missing, f"public, but without a row in the table of cases: {missing}"


def test_what_is_excluded_exists_and_has_no_row():
    covered = {name for case in CASES for name in case.covers}
    wanted = {
        *wanted_rows(),
        *(f"{package.split('.')[-1]}." for package in house.public_packages()),
    }
    assert set(EXCLUDED) <= wanted - covered
