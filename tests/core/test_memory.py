"""What a call may hold, in bytes and words."""

import pytest

from pixelseg._core.memory import Allowance, physical_memory


def test_an_allowance_is_what_was_given_or_what_the_machine_has(monkeypatch):
    allowance = Allowance("the call", "1 kB")
    allowance.take(600)
    allowance.check(400)
    with pytest.raises(ValueError, match=r"max_memory is 1.0 kB but the call needs about 1.1 kB"):
        allowance.take(500)
    assert physical_memory() is None or physical_memory() > 2**20
    monkeypatch.setattr("pixelseg._core.memory.physical_memory", lambda: 1000)
    with pytest.raises(MemoryError, match=r"the machine has 1\.0 kB"):
        Allowance("the call", None).take(1001)
