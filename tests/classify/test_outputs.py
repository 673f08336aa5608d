"""Answers from probabilities, and writing them so that no tile is lost."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelseg.classify.outputs import Outputs, label_dtype, output_form, uncertainty_of
from pixelseg.classify.row_classifier import most_probable

from ..oracles import classify as oracle
from .scenes import make_scene

CLASSES = np.array([3, 7, 300])


def some_rows(seed, n=50, k=3):
    rows = np.random.default_rng(seed).random((n, k))
    rows[::7] = rows[::7].round()  # ties, and rows of zeros
    return rows


@pytest.mark.kernels
@given(st.integers(0, 20), st.integers(2, 6))
def test_reweighted_rows_are_bayes_rule(seed, k):
    from pixelseg.classify._output_kernels import reweight_rows

    rows = some_rows(seed, k=k) + 1e-3
    ratio = np.random.default_rng(seed).random(k) + 0.1
    out = np.empty(rows.shape, np.float32)
    reweight_rows(rows, ratio, out)
    np.testing.assert_allclose(out, oracle.reweight(rows, ratio), rtol=1e-6)


@pytest.mark.kernels
@given(st.integers(0, 20), st.integers(2, 6))
def test_the_most_probable_class_is_the_first_of_equals(seed, k):
    rows = some_rows(seed, k=k).astype(np.float32)
    assert most_probable(rows).tolist() == oracle.most_probable(rows)
    planes = np.asfortranarray(rows)[:, ::-1]
    assert most_probable(planes).tolist() == oracle.most_probable(planes)


@pytest.mark.kernels
def test_what_is_written_of_a_box():
    probabilities = some_rows(1, 12).astype(np.float32).reshape(3, 4, 3)
    mask = np.random.default_rng(0).random((3, 4)) < 0.7
    labels, uncertainty = np.zeros((5, 6), np.uint16), np.zeros((5, 6))
    outputs = Outputs(CLASSES, labels, uncertainty=uncertainty)
    box = ((1, 4), (2, 6))
    outputs.write_probabilities(box, probabilities.copy(), mask)
    places = np.array(oracle.most_probable(probabilities.reshape(-1, 3))).reshape(3, 4)
    expected = np.where(mask & (places >= 0), CLASSES[places], 0)
    np.testing.assert_array_equal(labels[1:4, 2:6], expected)
    assert labels.sum() == expected.sum()
    assert (uncertainty[1:4, 2:6][~mask] == 0).all()

    again = np.zeros_like(labels)
    Outputs(CLASSES, again).write_places(box, places, mask)
    np.testing.assert_array_equal(again, labels)


def test_uncertainty_of_known_rows():
    rows = np.array([[0.5, 0.5], [1, 0], [0.75, 0.25], [0, 0]], np.float32)
    np.testing.assert_allclose(uncertainty_of(rows, "margin"), [1, 0, 0.5, 0])
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    np.testing.assert_allclose(uncertainty_of(rows, "entropy"), [1, 0, entropy, 0], rtol=1e-6)


def test_label_dtypes_hold_every_class():
    assert [label_dtype(np.array([1, top])) for top in (255, 256, 65536)] == ["u1", "u2", "u4"]
    assert output_form("labels", (2, 3), CLASSES) == ((2, 3), "u2")
    assert output_form("probabilities", (2, 3), CLASSES) == ((2, 3, 3), "f4")


class ReadChangeWrite:
    """An array-like that stores all in one chunk and takes its time to change it, as zarr does."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.array = np.zeros(shape, dtype)
        self.n_writing = 0
        self.n_overlaps = 0

    def __setitem__(self, index, block):
        self.n_writing += 1
        chunk = self.array.copy()
        chunk[index] = block
        for _ in range(2000):
            os.sched_yield()  # others may take over
        self.n_overlaps += self.n_writing > 1
        self.array = chunk
        self.n_writing -= 1


@pytest.mark.parametrize("answer", ["predict", "predict_proba", "predict_uncertainty"])
def test_threads_lose_no_tile_of_an_array_like(quick, answer):
    image, _, strokes = make_scene(shape=(120, 130), dtype=np.float32)
    model = quick(max_memory="4MB").fit(image, strokes)
    expected = getattr(model, answer)(image)
    model.set_params(n_jobs=4, max_memory="6MB")
    plan = model.plan_predict(image)
    assert plan.n_parallel > 1
    assert len(plan.boxes(2)) > 4
    out = ReadChangeWrite(expected.shape, expected.dtype)
    assert getattr(model, answer)(image, out=out) is out
    assert out.n_overlaps == 0
    np.testing.assert_array_equal(out.array, expected)


def test_threads_lose_no_tile_of_zarr(quick, tmp_path):
    zarr = pytest.importorskip("zarr")
    image, _, strokes = make_scene(shape=(120, 130), dtype=np.float32)
    model = quick(max_memory="4MB").fit(image, strokes)
    expected = model.predict(image)
    model.set_params(n_jobs=4, max_memory="6MB")
    for run in range(3):
        out = zarr.open_array(
            tmp_path / f"{run}.zarr", mode="w", shape=image.shape, chunks=(50, 50), dtype="u1"
        )
        model.predict(image, out=out)
        np.testing.assert_array_equal(out[:], expected)


def test_numpy_arrays_and_memory_maps_are_written_side_by_side(tmp_path):
    mapped = np.lib.format.open_memmap(
        tmp_path / "out.npy", mode="w+", dtype=np.uint16, shape=(4, 4)
    )
    outputs = Outputs(CLASSES, mapped)
    with outputs._lock:  # held elsewhere, and not waited for
        outputs.write_places(((0, 2), (0, 2)), np.zeros((2, 2), int), None)
    assert mapped[1, 1] == 3
