"""A small image with strokes, a model trained on it, and the command line as a function."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pixelseg import io
from pixelseg.cli import main


@pytest.fixture
def run(capsys):
    """Call the command line; returns exit code, stdout and stderr."""

    def call(*words):
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def two_halves(seed=0, shape=(40, 48)):
    """A dark and a bright half with noise, and two strokes."""
    rng = np.random.default_rng(seed)
    bright = np.arange(shape[1]) >= shape[1] // 2
    image = (80 + 90 * bright + rng.normal(0, 12, shape)).astype(np.uint8)
    strokes = np.zeros(shape, np.uint8)
    strokes[5:8, 4:20], strokes[20:23, 28:44] = 1, 2
    strokes[30:33, 4:20], strokes[33:36, 28:44] = 1, 2
    return image, strokes


@pytest.fixture
def folder(tmp_path):
    """A folder with two images, of which cells.png has labels."""
    image, strokes = two_halves()
    io.write_image(tmp_path / "cells.png", image)
    io.write_labels(tmp_path / "cells_labels.png", strokes)
    io.write_image(tmp_path / "more.png", two_halves(1)[0])
    return tmp_path


@pytest.fixture(scope="session")
def _model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    image, strokes = two_halves()
    io.write_image(folder / "cells.png", image)
    io.write_labels(folder / "cells_labels.png", strokes)
    path = folder / "cells.pixelseg"
    words = ["train", folder / "cells.png", "-o", path, "--sigmas", "1,2", "--classes", "1:dark"]
    assert main([str(word) for word in words]) == 0
    return path


@pytest.fixture
def model(_model, folder):
    """A model file beside the images."""
    return shutil.copy(_model, folder / "cells.pixelseg")
