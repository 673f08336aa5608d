"""`pixelseg inspect`: what a model file knows, and whether it still predicts as it did."""

from __future__ import annotations

import argparse
import json
import warnings
from typing import Any

from ._report import describe_tuning, plural, sizes_text

EPILOG = """examples:
  pixelseg inspect cells.pixelseg
  pixelseg inspect cells.pixelseg --json | jq .versions
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="a model file that train wrote")
    parser.add_argument("--features", action="store_true", help="list all features by importance")
    parser.add_argument("--json", action="store_true", help="print the file's own record instead")


def run(args: argparse.Namespace) -> int:
    """Print what the file holds."""
    from ..classify import load
    from ..classify.model_file import read_file

    record, arrays = read_file(args.model)
    if args.json:
        print(json.dumps(record, indent=1))
        return 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = load(args.model)
    for name, text in _lines(model, record, arrays["class_prior"]):
        print(f"{name + ':':<13}{text}" if name else f"{'':<13}{text}")
    check = "; ".join(str(warning.message) for warning in caught)
    print(f"{'check:':<13}{check or 'its test patch gets the same bits on this machine'}")
    if args.features:
        for name, share in _importances(model):
            print(f"{'':<13}{share:6.1%}  {name}" if share else f"{'':<13}{name}")
    return 0


def _lines(model: Any, record: dict[str, Any], prior: Any) -> list[tuple[str, str]]:
    """Pairs of a heading and a text."""
    spec, training, versions = model.input_spec_, model.training_, record["versions"]
    kind = "volumes" if spec.ndim == 3 else "images"
    channels = "grey" if spec.n_channels == 1 else f"{spec.n_channels} channels"
    lines = [
        ("model", f"{record['classifier']} on {len(model.feature_names_out_)} features"),
        (
            "images",
            f"{spec.ndim}-D {kind}, {channels}, {spec.dtype}, values {spec.low:g} to {spec.high:g}",
        ),
        ("pixel size", sizes_text(spec.spacing)),
    ]
    names = model.class_names or {}
    for k, (value, count) in enumerate(zip(training.classes, training.n_marked, strict=True)):
        label = f"{value} {names[value]}" if value in names else f"{value}"
        lines.append(
            ("" if k else "classes", f"{label}: {count:,} pixels marked, prior {prior[k]:.1%}")
        )
    features = record["features"]
    ops = features["ops"]
    lines += [
        ("trained on", f"{plural(training.n_images, 'image')}, labels {training.label_hash[:12]}"),
        ("features", "all ops" if ops is None else ", ".join(ops)),
        ("sigmas", ", ".join(f"{sigma:g}" for sigma in features["sigmas"])),
        ("seed", str(model.random_state)),
    ]
    shown = {
        name: value
        for name, value in record["classifier_params"].items()
        if value is not None and name not in ("n_jobs", "random_state")
    }
    settings = ", ".join(f"{name}={value}" for name, value in shown.items())
    lines.append(("parameters", settings or "defaults"))
    if model.tuning_ is not None:
        lines.append(("refiner", describe_tuning(model.tuning_)))
        tuning = model.tuning_
        rows = zip(tuning.classes, tuning.iou_before, tuning.iou_after, strict=True)
        for value, before, after in rows:
            lines.append(("", f"{value}: IoU {before:.3f} before and {after:.3f} after"))
    else:
        lines.append(("refiner", "none" if model.refine is None else repr(model.refine)))
    score = record["cross_validated_mean_iou"]
    lines.append(
        ("score", "none (train --cross-validate)" if score is None else f"mean IoU {score:.3f}")
    )
    lines.append(("versions", ", ".join(f"{name} {text}" for name, text in versions.items())))
    return lines


def _importances(model: Any) -> list[tuple[str, float]]:
    try:
        return list(model.feature_importances().items())
    except AttributeError:
        return [(name, 0.0) for name in model.feature_names_out_]
