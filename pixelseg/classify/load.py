"""`load`: a fitted estimator from a model file."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from typing import Any

from sklearn.base import clone

from .._core.arrays import as_spacing
from .._core.image import as_channel_axis
from . import model_file
from .base import ImageClassifier
from .pixel import PixelClassifier

_ESTIMATORS: dict[str, Any] = {cls.__name__: cls for cls in (PixelClassifier,)}


def load(path: str | PathLike[str]) -> ImageClassifier:
    """Read a model that `PixelClassifier.save` wrote.

    Parameters
    ----------
    path : path of the file

    Returns
    -------
    PixelClassifier
        The estimator that the file names, fitted; its `n_jobs` and `max_memory` are the defaults.

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
    model = model_file.load(path)
    if model.estimator not in _ESTIMATORS:
        raise ValueError(
            f"{path} holds a {model.estimator!r}, which this pixelseg does not know: use the "
            "version that wrote it."
        )
    with model_file.naming(path):
        estimator: ImageClassifier = _ESTIMATORS[model.estimator](
            features=clone(model.features),
            classifier=clone(model.rows.classifier),
            class_names=model.class_names,
            **{**model.params, "refine": model.params.get("refine") or model.refiner},
        )
        estimator._settled()
        ndim = model.input_spec.ndim
        axis = as_channel_axis(estimator.channel_axis)
        if isinstance(axis, int) and not -ndim - 1 <= axis <= ndim:
            raise ValueError(f"channel_axis is {axis}, but images have {ndim} spatial axes")
        if estimator.spacing is not None:
            spacing = as_spacing(estimator.spacing, ndim)
            model_file.check_work(model.features, replace(model.input_spec, spacing=spacing))
    estimator.model_ = model
    return estimator
