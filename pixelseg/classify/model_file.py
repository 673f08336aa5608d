"""Model files: a zip of one JSON text and plain arrays, which anyone may open and trust.

    model.json            what the model is: features, classes, traits, versions, hashes, score
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
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core.arrays import Array
from .._core.files import check_target, replacing
from .._core.memory import format_bytes
from ..features import FeatureBank
from ..forest import FlatForest, FlatMLP, ForestClassifier, ScaledMLPClassifier
from .parts import flat_part
from .training import TrainingRecord
from .traits import ImageTraits

if TYPE_CHECKING:
    from .pixel import PixelClassifier

FORMAT = "pixelseg model"
FORMAT_VERSION = 1
#: Bytes that a model may unpack to: ten times a forest of 100 full trees on 200,000 rows.
_MAX_BYTES = 4 * 2**30
_MAX_JSON_BYTES = 2**24
_KINDS: dict[str, tuple[Any, Any]] = {
    "forest": (ForestClassifier, FlatForest),
    "mlp": (ScaledMLPClassifier, FlatMLP),
}
#: Parameters of the pixel classifier that a file keeps. Threads and memory belong to a machine.
_PARAMS = ("class_weight", "class_prior", "max_samples", "random_state", "channel_axis", "spacing")


def save(model: PixelClassifier, path: str | PathLike[str], *, overwrite: bool = False) -> None:
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


def load(path: str | PathLike[str]) -> PixelClassifier:
    """Read a model that `PixelClassifier.save` wrote.

    Parameters
    ----------
    path : path of the file

    Returns
    -------
    PixelClassifier
        Fitted; its `n_jobs` and `max_memory` are the defaults.

    Raises
    ------
    ValueError
        Where the file is no model, truncated, too large, of another version, or holds anything
        that does not fit together. Nothing in it is ever executed.

    Warns
    -----
    UserWarning
        Where the small patch that the file carries gets other probabilities than when it was
        saved, as another processor or library version may cause; the text says by how much.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> image = np.arange(64.0).reshape(8, 8)
    >>> strokes = np.zeros((8, 8), int)
    >>> strokes[0], strokes[7] = 1, 2
    >>> model = pixelseg.PixelClassifier().fit(image, strokes)
    >>> path = getfixture("tmp_path") / "ramp.pixelseg"
    >>> model.save(path)
    >>> bool((pixelseg.load(path).predict(image) == model.predict(image)).all())
    True
    """
    record, arrays = read_file(path)
    try:
        model = _rebuild(record, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ValueError(
            f"{path} does not hold a usable model ({error}): the file is damaged or was edited."
        ) from error
    _compare_check(model, arrays, path)
    return model


def read_file(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The JSON record and the arrays of a model file, checked as far as a file can be."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder but must be a model file.")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: pass a file that `save` wrote.")
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(archive, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise ValueError(
            f"{path} is not a whole pixelseg model ({error}): it is truncated or another kind of "
            "file."
        ) from error


def _read_archive(archive: zipfile.ZipFile, path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    n_bytes = sum(entry.file_size for entry in entries.values())
    if n_bytes > _MAX_BYTES:
        raise ValueError(
            f"{path} unpacks to {format_bytes(n_bytes)}, more than the {format_bytes(_MAX_BYTES)} "
            "that a model may have: it was not loaded."
        )
    if "model.json" not in entries or entries["model.json"].file_size > _MAX_JSON_BYTES:
        raise ValueError(f"{path} has no model.json of a sensible size: it is no pixelseg model.")
    try:
        record = json.loads(archive.read("model.json"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} has a model.json that is not JSON ({error}).") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"{path} does not say that it is a pixelseg model: it was not loaded.")
    if record.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format version {record.get('format_version')!r} but this pixelseg reads "
            f"version {FORMAT_VERSION}: use pixelseg {record.get('versions', {}).get('pixelseg')}, "
            "which wrote it, or train again."
        )
    arrays = {}
    for name in entries:
        if name == "model.json":
            continue
        if not name.endswith(".npy"):
            raise ValueError(f"{path} holds {name!r}, which no pixelseg model has: not loaded.")
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
        n_values = 1
        for size in shape:
            n_values *= size
        rest = data[stream.tell() :]
        if len(rest) != n_values * dtype.itemsize:
            raise ValueError(f"shape {shape} does not fit its {len(rest)} bytes")
    except (ValueError, TypeError, SyntaxError) as error:
        raise ValueError(f"{path} holds a bad array {name!r} ({error}): not loaded.") from error
    return np.frombuffer(rest, dtype).reshape(shape)


def _describe(model: PixelClassifier) -> tuple[dict[str, Any], dict[str, Array]]:
    """The record and the arrays that a file holds; TypeError for what is not data."""
    kind = next(
        (name for name, (cls, _) in _KINDS.items() if isinstance(model.classifier_, cls)), None
    )
    flat = flat_part(model.classifier_)
    if kind is None or flat is None:
        raise TypeError(
            f"classifier is a {type(model.classifier_).__name__}, which cannot be stored as data: "
            "only forests and small networks can be saved."
        )
    if model.refine is not None:
        raise TypeError(
            f"refine is {model.refine!r}, which cannot be stored as data: save the model with "
            "refine=None and set it again after load."
        )
    arrays = {f"classifier/{name}": array for name, array in flat.arrays().items()}
    arrays["classes"] = model.classes_
    arrays["class_prior"] = model.class_prior_
    if model.prior_ratio_ is not None:
        arrays["prior_ratio"] = model.prior_ratio_
    arrays["check/image"] = model.training_.check_patch
    arrays["check/probabilities"] = model.check_probabilities_
    training = model.training_
    record = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": versions(),
        "features": _features_to_json(model.features_),
        "feature_names": list(model.feature_names_out_),
        "classifier": kind,
        "classifier_params": {
            name: _plain(value) for name, value in model.classifier_.get_params(deep=False).items()
        },
        "params": {name: _plain(getattr(model, name)) for name in _PARAMS},
        "class_names": {str(k): str(v) for k, v in (model.class_names or {}).items()},
        "traits": model.traits_.to_json(),
        "training": {
            "classes": list(training.classes),
            "n_marked": list(training.n_marked),
            "n_kept": list(training.n_kept),
            "n_images": training.n_images,
            "label_hash": training.label_hash,
        },
        "cross_validated_mean_iou": _score(model),
    }
    return record, arrays


def _score(model: PixelClassifier) -> float | None:
    """The cross-validated score, if it is one of this model's labels and parameters."""
    from .evaluate import fingerprint_of

    validation = getattr(model, "cross_validation_", None)
    own = fingerprint_of(model, model.training_.label_hash)
    if validation is not None and validation.fingerprint == own:
        return validation.mean_iou
    return model.training_.cross_validated_mean_iou


def versions() -> dict[str, str]:
    """Versions of what computes a model, for the record."""
    from importlib.metadata import version

    names = ("pixelseg", "numpy", "scipy", "scikit-learn", "numba")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _features_to_json(bank: FeatureBank) -> dict[str, Any]:
    ops = bank.ops
    names = list(ops) if ops is not None else []
    if any(not isinstance(op, str) for op in names):
        raise TypeError(
            "features holds a user's own function, which cannot be stored as data: save models of "
            "built-in ops only."
        )
    if isinstance(ops, Mapping):
        stored: Any = {name: [float(sigma) for sigma in np.atleast_1d(ops[name])] for name in ops}
    else:
        stored = None if ops is None else names
    return {"ops": stored, "sigmas": [float(sigma) for sigma in np.atleast_1d(bank.sigmas)]}


def _plain(value: Any) -> Any:
    """A parameter as JSON: numbers, text, None, lists, and mappings as {"pairs": [...]}."""
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"parameter {value!r} cannot be stored as data.")


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _from_plain(item) for key, item in value["pairs"]}
    return value


def _rebuild(record: dict[str, Any], arrays: dict[str, Array]) -> PixelClassifier:
    """A fitted model from checked parts."""
    from .pixel import PixelClassifier

    kind = record["classifier"]
    estimator, flat_class = _KINDS[kind]
    features = FeatureBank(ops=record["features"]["ops"], sigmas=record["features"]["sigmas"])
    params = {name: _from_plain(record["params"][name]) for name in _PARAMS}
    model = PixelClassifier(
        features=features,
        classifier=kind,
        class_names={int(key): str(name) for key, name in record["class_names"].items()} or None,
        **params,
    )
    prefix = "classifier/"
    flat = flat_class.from_arrays(
        {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
    )
    classes = arrays["classes"]
    if not (
        classes.dtype == np.int64
        and classes.ndim == 1
        and len(classes) >= 2
        and (np.diff(classes) > 0).all()
        and classes[0] >= 1
    ):
        raise ValueError("classes are not ascending positive integers")
    ratio = arrays.get("prior_ratio")
    names = tuple(str(name) for name in record["feature_names"])
    known = record["classifier_params"]
    fitted = estimator.from_flat(flat, classes, **{k: _from_plain(v) for k, v in known.items()})
    for name, array in (("class_prior", arrays["class_prior"]), ("prior_ratio", ratio)):
        if array is not None and not (
            array.shape == classes.shape and np.isfinite(array).all() and (array > 0).all()
        ):
            raise ValueError(f"{name} does not hold one positive number for each class")
    if flat.n_classes != len(classes) or flat.n_features != len(names):
        raise ValueError("the classifier has other features or classes than the model says")
    training, score = record["training"], record["cross_validated_mean_iou"]
    model.traits_ = ImageTraits.from_json(record["traits"])
    model.features_ = features
    model.classifier_ = fitted
    model.classes_ = classes
    model.class_prior_ = arrays["class_prior"].astype(np.float64)
    model.prior_ratio_ = None if ratio is None else ratio.astype(np.float64)
    model.training_ = TrainingRecord(
        classes=tuple(int(value) for value in training["classes"]),
        n_marked=tuple(int(count) for count in training["n_marked"]),
        n_kept=tuple(int(count) for count in training["n_kept"]),
        n_images=int(training["n_images"]),
        label_hash=str(training["label_hash"]),
        check_patch=arrays["check/image"],
        cross_validated_mean_iou=None if score is None else float(score),
    )
    model.feature_names_out_ = names
    if features.plan(model._as_image(arrays["check/image"], None)).names != names:
        raise ValueError("the features make other columns than the model says")
    model._make_check()
    saved = arrays["check/probabilities"]
    if saved.shape != model.check_probabilities_.shape or not np.isfinite(saved).all():
        raise ValueError("the check patch and its probabilities do not fit")
    return model


def _compare_check(
    model: PixelClassifier, arrays: dict[str, Array], path: str | PathLike[str]
) -> None:
    """Tell the user where this machine's answer differs from that of the machine that saved."""
    saved = arrays["check/probabilities"]
    difference = np.abs(model.check_probabilities_ - saved)
    if not (difference == 0).all():
        changed = (model.check_probabilities_.argmax(-1) != saved.argmax(-1)).mean()
        warnings.warn(
            f"{path} predicts its check patch differently here: probabilities by up to "
            f"{difference.max():.2g}, labels at {changed:.2%} of the pixels. Another processor or "
            "other library versions are the likely cause.",
            UserWarning,
            stacklevel=3,
        )
