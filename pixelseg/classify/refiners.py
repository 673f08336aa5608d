"""The refiners that a model file may name, and how they are written down."""

from __future__ import annotations

from typing import Any

from ..refine import DenseCRF, GraphCut, GuidedFilter

#: Classes of refiners that a model file may name. `get_params()` gives their settings (numbers,
#: text, None, lists of these), and `cls(**settings)` makes one of them again. Add your own class to
#: save and load models with it; nothing that a file names is imported.
REFINERS: dict[str, type] = {
    "DenseCRF": DenseCRF,
    "GraphCut": GraphCut,
    "GuidedFilter": GuidedFilter,
}


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
    return REFINERS[record["name"]](**record["settings"])
