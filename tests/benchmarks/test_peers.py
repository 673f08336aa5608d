"""Every case of the benchmarks, on small inputs: we and the peers compute the same."""

import inspect

import pytest

import pixelseg
from benchmarks.case import TINY
from benchmarks.cases import CASES

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
def test_a_case_runs_at_the_smallest_size(case):
    result = case.ours(case.make(TINY))
    assert case.units(result) > 0


def test_names_of_cases_and_of_a_cases_peers_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert len({peer.name for peer in case.peers}) == len(case.peers)


def test_every_public_algorithm_has_a_case():
    covered = {name for case in CASES for name in case.covers}
    functions = {
        f"{package}.{name}"
        for package in ("metrics", "superpixels")
        for name in getattr(pixelseg, package).__all__
        if inspect.isfunction(getattr(getattr(pixelseg, package), name))
    }
    methods = {f"PixelClassifier.{name}" for name in ("fit", "predict", "predict_uncertainty")}
    wanted = {"FeatureBank", "ForestClassifier", "load", *functions, *methods}
    assert wanted <= covered
