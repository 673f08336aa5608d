"""No method segments worse than it did: `python -m benchmarks.gate` has the scores."""

import pytest

from benchmarks import gate


@pytest.mark.parametrize("method", gate.METHODS, ids=lambda method: method.name)
def test_no_method_loses_more_than_a_hundredth(method):
    before, now = gate.stored()[method.name], method.score()
    assert now >= before * (1 - gate.TOLERANCE), f"{method.name}: {before:.4f} then, {now:.4f} now"


def test_every_method_has_a_stored_score_and_no_other_has():
    assert list(gate.stored()) == [method.name for method in gate.METHODS]
