"""Odd values for every argument of every public function: a right answer or a sentence.

Each public callable is called with valid arguments of which one is replaced by something odd. It
may answer, if it makes sense of the value; otherwise it raises a ValueError or TypeError of the
house, which names the argument, not one that NumPy raised for something else. NaN never comes out
in silence.
"""

import dataclasses
import inspect
import re
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import pixelseg

from .. import house
from .calls import CALLS, NO_CALLS, TRUTH, Call

HOME = str(Path(pixelseg.__file__).parent)


class Thing:
    """An object that has none of the methods that anything needs."""


def odd_values() -> dict[str, Any]:
    """Fresh values, since a callee may write into an array."""
    shape = TRUTH.shape
    return {
        "None": None,
        "True": True,
        "text": "text",
        "empty text": "",
        "bytes": b"x",
        "NaN": float("nan"),
        "infinity": float("inf"),
        "-infinity": -float("inf"),
        "-1": -1,
        "0": 0,
        "1.5": 1.5,
        "-0.5": -0.5,
        "1e300": 1e300,
        "2**70": 2**70,
        "10**400": 10**400,
        "complex": 1 + 2j,
        "empty list": [],
        "ragged list": [1, [2, 3]],
        "ragged nested list": [[[1]], [[2], [3]]],
        "list of text": ["a", "b"],
        "list of None": [None, None],
        "dict": {"a": 1},
        "set": {1, 2},
        "object": Thing(),
        "class": Thing,
        "function": lambda: 1,
        "generator": (k for k in range(2)),
        "path": Path("missing"),
        "date": np.datetime64("2020-01-01"),
        "array of NaN": np.full(shape, np.nan),
        "array of infinity": np.full(shape, np.inf),
        "array of objects": np.array([Thing()]),
        "array of text": np.array(["a", "b"]),
        "complex array": np.ones(shape, complex),
        "array of records": np.zeros(shape, [("a", float)]),
        "negative array": np.full(shape, -5),
        "array of 2**62": np.full(shape, 2**62),
        "array without axes": np.array(1.0),
        "empty array": np.zeros((0, 0)),
        "array of five axes": np.zeros((2, 2, 2, 2, 2)),
        "array of another shape": np.zeros((3, 3), int),
        "masked array": np.ma.masked_equal(TRUTH, 1),
        "sparse array": sparse.csr_array(TRUTH),
    }


#: (callable, argument, value) whose sentence names something else, with the reason.
SAID_OTHERWISE = {
    ("PixelClassifier.fit", "images", "masked array"): "labels are left of one class only",
    ("PixelClassifier.fit", "images", "array of 2**62"): "features overflow",
    ("graph.alpha_beta_swap", "weights", "sparse array"): "data_cost does not fit the graph",
    ("graph.alpha_expansion", "weights", "sparse array"): "data_cost does not fit the graph",
    ("graph.energy", "weights", "sparse array"): "data_cost does not fit the graph",
}


def cases() -> list[Any]:
    """One case for each public callable."""
    return [pytest.param(name, call, id=name) for name, call in CALLS.items()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "call"), cases())
def test_odd_arguments(name: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # where text is taken for the path of a file to write
    speaks_of_nan = has_nan(call.make(**call.arguments)) or call.may_be_nan
    unclear = []
    for argument in call.arguments:
        for odd in odd_values():
            value = odd_values()[odd]
            said = complaint(call, argument, value, speaks_of_nan)
            if said and (name, argument, odd) not in SAID_OTHERWISE:
                unclear.append(f"{argument}={odd}: {said}")
    assert not unclear, "\n".join(unclear)


def test_every_public_function_is_called():
    things = house.public_objects()
    due = {name for name, thing in things.items() if inspect.isfunction(thing)}
    for name, thing in things.items():
        if house.can(thing, "get_params"):
            due |= {name} | {f"{name}.{method}" for method, _ in house.methods(thing)}
        elif house.can(thing, "update"):
            due.add(name)
    missing = sorted(due - set(CALLS) - set(NO_CALLS))
    assert not missing, f"without a line in CALLS of tests/common/calls.py: {missing}"
    assert not set(NO_CALLS) & set(CALLS)


def complaint(call: Call, argument: str, value: Any, speaks_of_nan: bool) -> str:
    """What is wrong with the answer to an odd value; empty if nothing is."""
    try:
        answer = call.make(**{**call.arguments, argument: value})
    except Exception as error:
        return "" if is_clear(error, argument) else f"{type(error).__name__}: {error}"[:200]
    return "NaN came out" if has_nan(answer) and not speaks_of_nan else ""


def is_clear(error: Exception, argument: str) -> bool:
    """Whether an error is a sentence about the argument, of pixelseg or of scikit-learn."""
    if not isinstance(error, ValueError | TypeError | OSError) or isinstance(error, UnicodeError):
        return False
    raised_in = traceback.extract_tb(error.__traceback__)[-1].filename
    if not (raised_in.startswith(HOME) or "sklearn" in raised_in or isinstance(error, OSError)):
        return False
    if argument == "path":
        return bool(str(error))
    return re.search(rf"\b{re.escape(argument.rstrip('s'))}", str(error)) is not None


def has_nan(answer: Any) -> bool:
    """Whether NaN is anywhere in an answer."""
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind == "f" and bool(np.isnan(answer).any())
    if isinstance(answer, float):
        return answer != answer
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        return any(has_nan(getattr(answer, field.name)) for field in dataclasses.fields(answer))
    if isinstance(answer, dict):
        return any(has_nan(part) for part in answer.values())
    return isinstance(answer, tuple | list) and any(has_nan(part) for part in answer)
