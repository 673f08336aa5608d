"""Checks of single values, in one wording: integers, counts, numbers, choices, seeds.

NumPy's integers are integers; bool is none. What is refused is a ValueError, whatever its type:
to a caller, 1.5 threads and "two" threads are the same mistake.
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: No count of anything is larger; kernels and NumPy count with at least these.
_MOST = 2**31 - 1
_CLASS_WEIGHTS = ("balanced", "balanced_subsample")

#: Seeds are below 2**32, as NumPy's legacy generator and scikit-learn want them.
_SEEDS = 2**32


def shown(value: Any) -> str:
    """A value in an error message: an array by its shape, anything long cut short."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if hasattr(value, "toarray"):
        return f"a sparse array of shape {value.shape}"
    return reprlib.repr(value)


def as_integer(name: str, value: Any, rule: str = "an integer") -> int:
    """An integer of any integer type; `rule` says in words what the parameter must be."""
    try:
        if isinstance(value, bool | np.bool_ | np.ndarray):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} is {shown(value)} but must be {rule}.") from None


def as_count(name: str, value: Any, *, least: int = 1, most: int = _MOST) -> int:
    """An integer that is not below `least` nor above `most`."""
    rule = f"an integer of {least} or more" if most == _MOST else f"an integer of {least} to {most}"
    count = as_integer(name, value, rule)
    if count > _MOST:
        raise ValueError(f"{name} is {shown(value)} but must be at most {most}.")
    if not least <= count <= most:
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return count


def as_shape(shape: Any, name: str = "shape") -> tuple[int, ...]:
    """The shape of an array, of at least one element."""
    listed = isinstance(shape, Sequence) or (isinstance(shape, np.ndarray) and shape.ndim == 1)
    if not listed or isinstance(shape, str | bytes):
        raise TypeError(f"{name} is {shown(shape)} but must be a sequence of sizes.")
    sizes = tuple(as_count(name, size) for size in shape)
    if not sizes:
        raise ValueError(f"{name} is {shown(shape)} but must hold at least one size.")
    return sizes


def as_flag(name: str, value: Any) -> bool:
    """True or False; NumPy's are these, and 0, "no" or an array is neither."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {shown(value)} but must be True or False.")
    return bool(value)


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
    try:
        if isinstance(value, bool | np.bool_ | str | bytes | Sequence | np.datetime64):
            raise TypeError
        if isinstance(value, np.ndarray) and value.ndim:
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {shown(value)} but must be {rule}.") from None
    if not (np.isfinite(number) and number >= least and number > above and number <= most):
        raise ValueError(f"{name} is {value!r} but must be {rule}.")
    return number


def as_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of some words."""
    if not (isinstance(value, str) and value in choices):
        *others, last = (repr(choice) for choice in choices)
        rule = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(f"{name} is {shown(value)} but must be {rule}.")
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
        raise ValueError(f"{name} is {shown(value)} but must be {rule}.")
    return seed


def check_class_weight(class_weight: Any) -> None:
    """Refuse a `class_weight` that is none of scikit-learn's."""
    if class_weight is None or isinstance(class_weight, str):
        as_choice("class_weight", class_weight or "balanced", _CLASS_WEIGHTS)
        return
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"class_weight is {shown(class_weight)} but must be None, 'balanced' or a mapping from "
            "classes to weights."
        )
    for label, weight in class_weight.items():
        as_number(f"class_weight[{shown(label)}]", weight, least=0)
