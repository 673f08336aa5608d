"""Checks of single values, in one wording: integers, counts, numbers, choices, seeds.

NumPy's integers are integers; bool is none. What is refused is a ValueError, whatever its type:
to a caller, 1.5 threads and "two" threads are the same mistake.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

#: Seeds are below 2**32, as NumPy's legacy generator and scikit-learn want them.
_SEEDS = 2**32


def as_integer(name: str, value: Any, rule: str = "an integer") -> int:
    """An integer of any integer type; `rule` says in words what the parameter must be."""
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return operator.index(value)


def as_count(name: str, value: Any, *, least: int = 1) -> int:
    """An integer that is not below `least`."""
    rule = f"an integer of {least} or more"
    count = as_integer(name, value, rule)
    if count < least:
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return count


def as_number(
    name: str, value: Any, *, least: float = -np.inf, above: float = -np.inf, most: float = np.inf
) -> float:
    """A finite real number, not below `least`, above `above`, not above `most`."""
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (("of at least", least), ("above", above), ("of at most", most))
        if np.isfinite(bound)
    ]
    rule = f"a finite number {' and '.join(bounds)}".rstrip()
    if isinstance(value, bool | np.bool_) or np.ndim(value) != 0:
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r} but must be {rule}.") from None
    if not (np.isfinite(number) and number >= least and number > above and number <= most):
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return number


def as_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of some words."""
    if not (isinstance(value, str) and value in choices):
        *others, last = (repr(choice) for choice in choices)
        rule = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return value


def as_seed(name: str, value: Any) -> int:
    """A seed from scikit-learn's `random_state`: an integer, None or a generator.

    None draws a fresh seed, a `numpy.random.RandomState` or `Generator` gives its next one.
    """
    if value is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(value, np.random.RandomState):
        return int(value.randint(_SEEDS, dtype=np.uint32))
    if isinstance(value, np.random.Generator):
        return int(value.integers(_SEEDS))
    rule = f"an integer from 0 to {_SEEDS - 1}, None or a NumPy random generator"
    seed = as_integer(name, value, rule)
    if not 0 <= seed < _SEEDS:
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return seed
