"""What every estimator of images keeps: threads, memory, crops, layouts, masks, files."""

import pickle
from functools import cache

import numpy as np
import pytest
from sklearn.base import clone

import pixelseg

from .generate import DTYPES, LAYOUTS, laid_out, over, scene
from .registry import CLASSIFIERS, ESTIMATORS

same = np.testing.assert_array_equal


@cache
def fitted(entry, ndim=2, dtype="uint8"):
    """An estimator fitted to the scene; nothing that a check does may change it."""
    image, labels, _ = scene(ndim)
    axes = {} if ndim == 2 else {"channel_axis": None}
    return entry.make(**axes).fit(image.astype(dtype), labels)


@over(ESTIMATORS)
def test_parameters_are_stored_and_nothing_else(entry):
    estimator = entry.make()
    params = estimator.get_params(deep=False)
    assert set(params) == set(vars(estimator)), "__init__ stores its parameters, and no more"
    assert all(getattr(estimator, name) is value for name, value in params.items())
    again = clone(estimator)
    assert repr(again.get_params()) == repr(estimator.get_params())
    assert again.set_params(**params) is again
    assert not [name for name in vars(again) if name.endswith("_")]


@over(ESTIMATORS)
def test_fit_gives_itself_and_keeps_its_parameters(entry):
    image, labels, _ = scene()
    estimator = entry.make()
    before = repr(estimator.get_params())
    assert estimator.fit(image, labels) is estimator
    assert repr(estimator.get_params()) == before


@pytest.mark.parametrize("ndim", [2, 3])
@over(ESTIMATORS)
def test_twice_the_same_bits(entry, ndim):
    image, labels, _ = scene(ndim)
    first = fitted(entry, ndim)
    second = clone(first).fit(image, labels)
    same(entry.answer(first, image), entry.answer(second, image))
    same(entry.answer(first, image), entry.answer(first, image))


@pytest.mark.parametrize("ndim", [2, 3])
@over(ESTIMATORS)
def test_threads_change_no_bit(entry, ndim):
    image, labels, mask = scene(ndim)
    model = fitted(entry, ndim)
    for hole in (None, mask):
        expected = entry.answer(model, image, hole, n_jobs=1)
        same(entry.answer(model, image, hole, n_jobs=2), expected)
        same(entry.answer(model, image, hole, n_jobs=np.int64(-1)), expected)
    if "n_jobs" in model.get_params():
        other = clone(model).set_params(n_jobs=2).fit(image, labels)
        same(entry.answer(other, image), entry.answer(model, image))


def with_least_memory(call):
    """The answer within the smallest power of two of bytes that is not refused."""
    for power in range(16, 31):
        try:
            return call(2**power)
        except ValueError as refused:
            if "max_memory" not in str(refused):
                raise
    raise AssertionError("no budget up to a gigabyte suffices")


@over(ESTIMATORS)
def test_memory_changes_no_bit(entry):
    image, _, mask = scene(seed=1, shape=(300, 280))
    model = fitted(entry)
    for hole in (None, mask):
        little = with_least_memory(
            lambda n, hole=hole: entry.answer(model, image, hole, max_memory=n)
        )
        same(little, entry.answer(model, image, hole))
        same(little, entry.answer(model, image, hole, max_memory="1GB"))


@over(ESTIMATORS)
def test_crops_have_the_same_bits_away_from_their_border(entry):
    image, _, _ = scene(seed=2, shape=(150, 170))
    model = fitted(entry)
    whole = entry.answer(model, image)
    for top, left, bottom, right in ((3, 5, 120, 140), (20, 0, 150, 111)):
        part = entry.answer(model, image[top:bottom, left:right])
        inner = (slice(entry.margin, bottom - top - entry.margin),
                 slice(entry.margin, right - left - entry.margin))  # fmt: skip
        assert part[inner].size > 0
        same(part[inner], whole[top:bottom, left:right][inner])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ndim", [2, 3])
@over(ESTIMATORS)
def test_layouts_have_the_same_bits_and_stay_as_they_are(entry, ndim, layout, tmp_path):
    image, labels, mask = scene(ndim)
    image = image.astype(np.uint16)
    other = laid_out(image, layout, tmp_path)
    model = fitted(entry, ndim, "uint16")
    same(entry.answer(model, other, mask), entry.answer(model, image, mask))
    again = clone(model).fit(other, laid_out(labels, "read-only", tmp_path))
    same(entry.answer(again, image), entry.answer(model, image))
    same(other, image)


@pytest.mark.parametrize("dtype", DTYPES)
@over(ESTIMATORS)
def test_whole_numbers_of_any_dtype_have_the_same_bits(entry, dtype):
    image, _, _ = scene()
    other = image.astype(dtype)
    same(entry.answer(fitted(entry, dtype=dtype), other), entry.answer(fitted(entry), image))


@pytest.mark.parametrize("ndim", [2, 3])
@over(ESTIMATORS)
def test_what_is_outside_the_mask_never_matters_and_comes_out_as_0(entry, ndim):
    image, _, mask = scene(ndim)
    image = image.astype(np.float32)
    model = fitted(entry, ndim, "float32")
    answers = entry.answer(model, image, mask)
    assert not answers[~mask].any()
    assert np.isfinite(answers).all()
    for value in (np.nan, np.inf, -1e30, 0):
        same(entry.answer(model, np.where(mask, image, np.float32(value)), mask), answers)


@over(ESTIMATORS)
def test_pickled(entry):
    image, _, _ = scene()
    model = fitted(entry)
    same(entry.answer(pickle.loads(pickle.dumps(model)), image), entry.answer(model, image))


@pytest.mark.parametrize("ndim", [2, 3])
@over(ESTIMATORS)
def test_saved_and_loaded(entry, ndim, tmp_path):
    image, _, mask = scene(ndim)
    model = fitted(entry, ndim)
    model.save(tmp_path / "model.pixelseg")
    loaded = pixelseg.load(tmp_path / "model.pixelseg")
    assert type(loaded) is type(model)
    same(entry.answer(loaded, image, mask), entry.answer(model, image, mask))


@over(CLASSIFIERS)
def test_rows_have_the_same_bits_in_any_layout_and_number(entry, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 6)).astype(np.float32)
    y = 1 + (X[:, 0] + X[:, 1] > 0)
    model = entry.make().fit(X, y)
    expected = model.predict_proba(X)
    assert expected.shape == (400, 2)
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-6)
    same(entry.make().fit(X, y).predict_proba(X), expected)
    same(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    same(model.predict_proba(X[100:103]), expected[100:103])
    for layout in LAYOUTS:
        other = laid_out(X, layout, tmp_path)
        same(model.predict_proba(other), expected)
        same(entry.make().fit(other, y).predict_proba(X), expected)
    same(model.predict_proba(X.astype(np.float64)), expected)


@over(CLASSIFIERS)
def test_classifiers_change_no_bit_with_threads(entry):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9000, 4)).astype(np.float32)
    y = rng.integers(0, 3, 9000)
    model = entry.make().fit(X[:500], y[:500])
    if "n_jobs" not in model.get_params():
        pytest.skip(f"{entry.name} has no n_jobs: the estimator that holds it gives it")
    expected = model.predict_proba(X)
    same(clone(model).set_params(n_jobs=2).fit(X[:500], y[:500]).predict_proba(X), expected)
