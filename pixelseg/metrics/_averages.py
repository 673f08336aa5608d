"""Shares, means and worst values, by one rule: what is 0 / 0 is NaN, and is left out of means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np


def ratio(part: Any, whole: Any) -> Any:
    """The share of a part, NaN where there is no whole."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)


def mean(values: Sequence[float]) -> float:
    """The mean of the values that are not NaN, NaN if there is none."""
    known = [float(value) for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def mean_of(records: Sequence[Any]) -> Any:
    """The mean of numbers, or of each field of dataclasses of one kind, however deep."""
    if not is_dataclass(records[0]):
        return mean(records)
    first: Any = records[0]
    columns = {one.name: [getattr(record, one.name) for record in records] for one in fields(first)}
    return replace(first, **{name: mean_of(column) for name, column in columns.items()})


def aggregate(values: Sequence[float], annotators: str, worst: Callable) -> float:
    """Aggregate one metric over the annotators for whom it is defined."""
    known = [float(value) for value in values if not math.isnan(value)]
    return worst(known) if known and annotators == "worst" else mean(known)
