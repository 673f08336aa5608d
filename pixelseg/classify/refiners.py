"""The refiners that `refine=` may name and model files may hold, and how they are written down."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from math import isnan, nan
from typing import Any

from .._core.checks import shown
from ..refine import DenseCRF, GraphCut, GuidedFilter, Tuning
from ..refine.refiner import check_refiner

#: Classes of refiners that a model file may name. `get_params()` gives their settings (numbers,
#: text, None, lists of these), and `cls(**settings)` makes one of them again. Add your own class to
#: save and load models with it; nothing that a file names is imported.
REFINERS: dict[str, type] = {
    "DenseCRF": DenseCRF,
    "GraphCut": GraphCut,
    "GuidedFilter": GuidedFilter,
}
#: Iterations that a file may ask for.
_MOST_ROUNDS = 1000
#: The names that `refine=` may have, and the class whose `candidates()` are tried at `fit`.
TUNED: dict[str, Any] = {
    "auto": GuidedFilter,
    "guided_filter": GuidedFilter,
    "graph_cut": GraphCut,
    "dense_crf": DenseCRF,
}


def check_refine(refine: Any) -> None:
    """Refuse what is neither a name, nor None, nor a refiner, before an image is read."""
    if isinstance(refine, str):
        if refine not in TUNED:
            raise ValueError(
                f"refine is {shown(refine)} but must be {', '.join(map(repr, TUNED))}, None, or an "
                "object with refine(probabilities, image)."
            )
    else:
        check_refiner(refine)


def refiner_to_record(refiner: Any) -> dict[str, Any] | None:
    """Name and settings of a refiner; TypeError where it is none that a file may name."""
    if refiner is None:
        return None
    name = next((name for name, cls in REFINERS.items() if type(refiner) is cls), None)
    if name is None:
        raise TypeError(
            f"refine is {refiner!r}, which cannot be stored as data: save the model with "
            "refine=None and set it again after load."
        )
    return {"name": name, "settings": refiner.get_params(deep=False)}


def refiner_from_record(record: dict[str, Any] | None) -> Any:
    """The refiner that a file names; ValueError where it is unknown."""
    if record is None:
        return None
    if record["name"] not in REFINERS:
        known = ", ".join(REFINERS) or "none"
        raise ValueError(f"its refiner {record['name']!r} is not known here (known: {known})")
    counts = [value for name, value in record["settings"].items() if name.startswith("n_")]
    if any(isinstance(count, int | float) and not count <= _MOST_ROUNDS for count in counts):
        raise ValueError(f"its refiner has settings {shown(record['settings'])}")
    return REFINERS[record["name"]](**record["settings"])


def tuning_to_record(tuning: Tuning | None) -> dict[str, Any] | None:
    """What tuning found, without the refiner itself; None in the place of NaN."""
    if tuning is None:
        return None
    record = asdict(replace(tuning, refiner=None))
    del record["refiner"]
    return {name: _without_nan(value) for name, value in record.items()}


def tuning_from_record(record: dict[str, Any] | None, refiner: Any) -> Tuning | None:
    """What tuning found when a model was fitted."""
    if record is None:
        return None
    found = {name: _with_nan(record[name]) for name in (f.name for f in fields(Tuning)[1:])}
    return Tuning(refiner=refiner, **found)


def _without_nan(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and isnan(value) else value


def _with_nan(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(nan if item is None else item for item in value)
    return value
