"""Model files: a zip of one JSON text and plain arrays, which anyone may open and trust.

    model.json            what the model is: estimator, features, input, versions, hashes, score
    classifier/NAME.npy   the arrays of the forest or the network
    prior_ratio.npy       (if any) ratio of priors by which probabilities are multiplied
    check/image.npy       a small piece of a training image ...
    check/probabilities.npy  ... and what the model said of it when it was saved

No pickle is written and none is read. Every array's header is compared with the bytes that are
there before anything is allocated, and every index inside a forest is checked, so that a file
from a stranger can be wrong but not harmful. The check patch is predicted again at `load`.
"""

from __future__ import annotations

import io
import json
import platform
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from .._core.arrays import Array, as_numbers
from .._core.checks import shown
from .._core.files import as_path, check_target, replacing
from .._core.memory import format_bytes
from ..features import FeatureBank
from ..forest import FlatForest
from ..refine.refiner import reach_of
from .input_spec import InputSpec, check_input
from .model import PATCH_SIDES, FittedModel, TrainingRecord
from .refiners import (
    refiner_from_record,
    refiner_to_record,
    tuning_from_record,
    tuning_to_record,
)
from .row_classifier import FLAT, KINDS, RowClassifier, kind_of

FORMAT = "pixelseg model"
FORMAT_VERSION = 2
#: Bytes that a model may unpack to: ten times a forest of 100 full trees on 200,000 rows.
_MAX_BYTES = 4 * 2**30
_MAX_JSON_BYTES = 2**24
#: And beyond so many bytes only by so much of the file, as no array of numbers is packed tighter.
_MAX_SMALL_BYTES = 2**28
_MAX_RATIO = 32
#: What a file may ask of who loads it: the features of its check patch are computed.
_MAX_SIGMAS = 100
_MAX_SIGMA_PIXELS = 2000
_MAX_CHANNELS = 4096
#: And so is its classifier asked: nodes that a pixel goes through, weights of a network.
_MAX_STEPS = 2**19
_MAX_WEIGHTS = 2**22
_PREFIX = "classifier/"
_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_TRAINING = ("classes", "n_marked", "n_kept", "n_images", "label_hash")


def save(model: FittedModel, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a fitted model; the file appears whole or not at all."""
    path = check_target(path, overwrite)
    record, arrays = _describe(model)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        text = json.dumps(record, indent=1, allow_nan=False)
        archive.writestr("model.json", text, zipfile.ZIP_DEFLATED, compresslevel=6)
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue(), zipfile.ZIP_DEFLATED, 1)


def load(path: str | PathLike[str]) -> FittedModel:
    """Read a fitted model and compare it with what it said when it was saved.

    Raises and warns as `pixelseg.load` says.
    """
    record, arrays = read_file(path)
    with naming(path):
        model = _rebuild(record, arrays)
        saved = arrays["check/probabilities"]
        shape = (*model.open_check_patch().spatial_shape, model.rows.n_classes)
        if saved.shape != shape or not np.isfinite(saved).all():
            raise ValueError("the check patch and its probabilities do not fit")
        probabilities = model.predict_check()
    _compare_check(probabilities, saved, path)
    return model


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Turn whatever the content of a model file leads to into a ValueError about the file."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise ValueError(
            f"{path} does not hold a usable model ({reason}): the file is damaged or was edited."
        ) from error


def read_file(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The JSON record and the arrays of a model file, checked as far as a file can be."""
    path = as_path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be a model file.")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: pass a file that `save` wrote.")
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(archive, path)
    except (PermissionError, _RefusedError):
        raise
    except Exception as error:  # zipfile has no one name for what may be wrong with an archive
        raise ValueError(
            f"{path} is not a whole pixelseg model ({error}): it is truncated or another kind of "
            "file."
        ) from error


class _RefusedError(ValueError):
    """What is wrong with a file; the message says it all."""


def _read_archive(archive: zipfile.ZipFile, path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    n_bytes = sum(entry.file_size for entry in archive.infolist())
    most = min(_MAX_BYTES, max(_MAX_SMALL_BYTES, _MAX_RATIO * path.stat().st_size))
    if n_bytes > most:
        raise _RefusedError(
            f"{path} unpacks to {format_bytes(n_bytes)}, more than the {format_bytes(most)} that a "
            "model of its size may have: it was not loaded."
        )
    if any(entry.compress_type not in _COMPRESSION for entry in entries.values()):
        raise _RefusedError(f"{path} is packed as no pixelseg model is: it was not loaded.")
    if "model.json" not in entries or entries["model.json"].file_size > _MAX_JSON_BYTES:
        raise _RefusedError(
            f"{path} has no model.json of a sensible size: it is no pixelseg model."
        )
    try:
        record = json.loads(archive.read("model.json"))
    except (ValueError, RecursionError) as error:
        raise _RefusedError(f"{path} has a model.json that is not JSON ({error}).") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise _RefusedError(f"{path} does not say that it is a pixelseg model: it was not loaded.")
    if record.get("format_version") != FORMAT_VERSION:
        versions = record.get("versions")
        writer = versions.get("pixelseg") if isinstance(versions, dict) else "of another version"
        raise _RefusedError(
            f"{path} has format version {shown(record.get('format_version'))} but this pixelseg "
            f"reads version {FORMAT_VERSION}: use pixelseg {shown(writer)}, which wrote it, or "
            "train again."
        )
    arrays = {}
    for name in entries:
        if name == "model.json":
            continue
        if not name.endswith(".npy"):
            raise _RefusedError(f"{path} holds {name!r}, which no pixelseg model has: not loaded.")
        arrays[name.removesuffix(".npy")] = _read_array(archive.read(name), name, path)
    return record, arrays


def _read_array(data: bytes, name: str, path: Path) -> Array:
    """An array from the bytes of an .npy file, without pickle and without trust in its header."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"npy version {version} is not 1.0")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.hasobject or dtype.kind not in "biuf" or fortran_order:
            raise ValueError(f"dtype {dtype} is not a plain number in C order")
        rest = stream.read()
        if len(rest) != prod(shape) * dtype.itemsize:
            raise ValueError(f"shape {shape} does not fit its {len(rest)} bytes")
        return np.frombuffer(rest, dtype).reshape(shape)
    except Exception as error:  # NumPy's parser of headers has no one name for what is wrong
        raise _RefusedError(f"{path} holds a bad array {name!r} ({error}): not loaded.") from error


def _describe(model: FittedModel) -> tuple[dict[str, Any], dict[str, Array]]:
    """The record and the arrays that a file holds; TypeError for what is not data."""
    rows, training = model.rows, model.training
    kind = kind_of(rows.classifier)
    if kind is None:
        raise TypeError(
            f"classifier is a {type(rows.classifier).__name__}, which cannot be stored as data: "
            "only forests and small networks can be saved."
        )
    check_work(model.features, model.input_spec)
    arrays = {f"{_PREFIX}{name}": array for name, array in rows.classifier.flat_.arrays().items()}
    arrays["classes"] = rows.classes
    arrays["class_prior"] = rows.prior
    if rows.prior_ratio is not None:
        arrays["prior_ratio"] = rows.prior_ratio
    record = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": versions(),
        "estimator": model.estimator,
        "params": _plain(model.params),
        "features": _features_to_json(model.features),
        "feature_names": list(model.feature_names),
        "classifier": kind,
        "classifier_params": _plain(_own_params(rows.classifier)),
        "refiner": _plain(refiner_to_record(model.refiner)),
        "tuning": tuning_to_record(model.tuning),
        "class_names": _plain(model.class_names),
        "input": asdict(model.input_spec),
        "training": {name: getattr(training, name) for name in _TRAINING},
        "cross_validated_mean_iou": training.cross_validated_mean_iou,
    }
    arrays["check/image"] = training.check_patch
    arrays["check/probabilities"] = model.predict_check()
    return record, arrays


def _own_params(classifier: Any) -> dict[str, Any]:
    """Parameters of a classifier without its threads, which belong to a machine."""
    return {k: v for k, v in classifier.get_params(deep=False).items() if k != "n_jobs"}


def versions() -> dict[str, str]:
    """Versions of what computes a model, for the record."""
    from importlib.metadata import version

    names = ("pixelseg", "numpy", "scipy", "scikit-learn", "numba")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _features_to_json(bank: FeatureBank) -> dict[str, Any]:
    if any(not isinstance(op, str) for op in bank.ops or ()):
        raise TypeError(
            "features holds a user's own function, which cannot be stored as data: save models of "
            "built-in ops only."
        )
    return {"ops": _plain(bank.ops), "sigmas": _plain(np.atleast_1d(bank.sigmas))}


def _plain(value: Any) -> Any:
    """A parameter as JSON: numbers, text, None, lists, and mappings as {"pairs": [...]}.

    A mapping whose keys are all text stays one.
    """
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and "pairs" not in value:
            return {key: _plain(item) for key, item in value.items()}
        return {"pairs": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"parameter {value!r} cannot be stored as data.")


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_plain(item) for item in value]
    if isinstance(value, dict):
        if "pairs" in value:
            return {key: _from_plain(item) for key, item in value["pairs"]}
        return {key: _from_plain(item) for key, item in value.items()}
    return value


def _typed(kind: type, record: dict[str, Any]) -> dict[str, Any]:
    """What a file says of the fields of a dataclass, each as its declared type."""
    fields = {}
    for name, declared in get_type_hints(kind).items():
        if name in record:
            items = get_args(declared)
            fields[name] = tuple(map(items[0], record[name])) if items else declared(record[name])
    return fields


def _rebuild(record: dict[str, Any], arrays: dict[str, Array]) -> FittedModel:
    """A fitted model from what a file holds; every part is checked."""
    names = tuple(str(name) for name in record["feature_names"])
    features = FeatureBank(ops=record["features"]["ops"], sigmas=record["features"]["sigmas"])
    score = record["cross_validated_mean_iou"]
    spec = InputSpec(**_typed(InputSpec, record["input"]))
    sizes = len(spec.spacing), len(spec.peaks), len({np.dtype(name) for name in spec.dtypes})
    if spec.ndim not in (2, 3) or spec.n_channels < 1 or sizes != (spec.ndim, 2, len(spec.dtypes)):
        raise ValueError(f"input {shown(record['input'])} does not describe an image")
    check_work(features, spec)
    patch = arrays["check/image"]
    if patch.ndim != spec.ndim + 1 or max(patch.shape[1:]) > PATCH_SIDES[spec.ndim]:
        raise ValueError(f"the check patch has shape {patch.shape}")
    if features.count_features(spec.ndim, spec.n_channels) != len(names):
        raise ValueError("the features make other columns than the model says")
    refiner = refiner_from_record(_from_plain(record["refiner"]))
    model = FittedModel(
        estimator=str(record["estimator"]),
        params=_from_plain(record["params"]),
        features=features,
        feature_names=names,
        rows=_rebuild_rows(record, arrays, len(names)),
        input_spec=spec,
        training=TrainingRecord(
            **_typed(TrainingRecord, record["training"]),
            check_patch=patch,
            cross_validated_mean_iou=None if score is None else float(score),
        ),
        refiner=refiner,
        tuning=tuning_from_record(record["tuning"], refiner),
        class_names=_from_plain(record["class_names"]),
    )
    image = model.open_check_patch()
    check_input(image, model.input_spec, "the record")
    if features.plan(image).names != names:
        raise ValueError("the features make other columns than the model says")
    if model.refiner is not None:
        reach_of(model.refiner, image)  # which checks its settings
    return model


def check_work(bank: FeatureBank, spec: InputSpec) -> None:
    """Refuse features that take too long to compute even for a check patch."""
    sigmas = as_numbers("sigmas", bank.sigmas, "a list of numbers").ravel()
    pixels = sigmas.max() / min(spec.spacing)
    if (
        len(sigmas) > _MAX_SIGMAS
        or not pixels <= _MAX_SIGMA_PIXELS
        or spec.n_channels > _MAX_CHANNELS
    ):
        raise ValueError(
            f"{len(sigmas)} sigmas of up to {pixels:g} pixels on {spec.n_channels} channels are "
            f"more than the {_MAX_SIGMAS}, {_MAX_SIGMA_PIXELS} and {_MAX_CHANNELS} of a model that "
            "is saved or loaded"
        )


def _rebuild_rows(
    record: dict[str, Any], arrays: dict[str, Array], n_features: int
) -> RowClassifier:
    """The classifier and its prior."""
    classes, prior, ratio = arrays["classes"], arrays["class_prior"], arrays.get("prior_ratio")
    ascending = np.array_equal(classes, np.unique(classes))
    if classes.dtype != np.int64 or not ascending or len(classes) < 2 or classes[0] < 1:
        raise ValueError("classes are not ascending positive integers")
    for name, array in (("class_prior", prior), ("prior_ratio", ratio)):
        if array is not None and not (
            array.shape == classes.shape and np.isfinite(array).all() and (array > 0).all()
        ):
            raise ValueError(f"{name} does not hold one positive number for each class")
    kind = record["classifier"]
    flat = FLAT[kind].from_arrays(
        {k.removeprefix(_PREFIX): array for k, array in arrays.items() if k.startswith(_PREFIX)}
    )
    if flat.n_classes != len(classes) or flat.n_features != n_features:
        raise ValueError("the classifier has other features or classes than the model says")
    if isinstance(flat, FlatForest):
        bearable = flat.is_walked_within(_MAX_STEPS)
    else:
        bearable = sum(array.size for array in flat.arrays().values()) <= _MAX_WEIGHTS
    if not bearable:
        raise ValueError("the classifier has too many trees, levels or weights")
    params = _from_plain(record["classifier_params"])
    return RowClassifier(
        KINDS[kind].from_flat(flat, classes, **params),
        classes,
        prior.astype(np.float64),
        None if ratio is None else ratio.astype(np.float64),
    )


def _compare_check(here: Array, saved: Array, path: str | PathLike[str]) -> None:
    """Tell the user where this machine's answer differs from that of the machine that saved."""
    difference = np.abs(here - saved)
    if not (difference == 0).all():
        changed = (here.argmax(-1) != saved.argmax(-1)).mean()
        warnings.warn(
            f"{path} predicts its check patch differently here: probabilities by up to "
            f"{difference.max():.2g}, labels at {changed:.2%} of the pixels. Another processor or "
            "other library versions are the likely cause.",
            UserWarning,
            stacklevel=4,
        )
