"""Flat forests against scikit-learn's own bits, and against arrays that somebody tampered with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from pixelseg.forest import FlatForest
from pixelseg.forest.from_sklearn import flatten_forest, flatten_trees

from ..oracles import forest as oracle

FORESTS = (RandomForestClassifier, ExtraTreesClassifier)


def make_rows(n, n_features=7, n_classes=3, seed=0):
    """Rows with many equal values, as grey values are, and classes that hang on them."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.standard_normal((n, n_features)) * 8) / 8
    noisy = X[:, 0] + X[:, 1 % n_features] + 0.5 * rng.standard_normal(n)
    y = np.searchsorted(np.quantile(noisy, np.arange(1, n_classes) / n_classes), noisy)
    return X, y


def grow(kind=RandomForestClassifier, n_estimators=10, *, n_classes=3, n_features=7, **params):
    X, y = make_rows(300, n_features, n_classes)
    return kind(n_estimators, random_state=0, **params).fit(X, y)


@pytest.mark.kernels
@pytest.mark.parametrize("kind", FORESTS)
def test_oracle_sklearn_and_flat_forest_agree(kind):
    X, _ = make_rows(20, seed=1)
    forest = grow(kind, 5)
    flat = flatten_forest(forest)
    expected = oracle.forest_probabilities(forest.estimators_, X)
    np.testing.assert_array_equal(forest.predict_proba(X), expected)
    np.testing.assert_array_equal(flat.predict_planes(X.T), expected)
    np.testing.assert_array_equal(oracle.flat_probabilities(flat.arrays(), X), expected)


@pytest.mark.parametrize("kind", FORESTS)
@pytest.mark.parametrize("max_depth", [1, 3, 10, None])
@pytest.mark.parametrize("n_classes", [2, 3, 11])
@pytest.mark.parametrize("n_estimators", [1, 37])
def test_bits_are_those_of_sklearn(kind, max_depth, n_classes, n_estimators):
    X, _ = make_rows(500, n_classes=n_classes, seed=1)
    forest = grow(kind, n_estimators, n_classes=n_classes, max_depth=max_depth)
    flat = flatten_forest(forest)
    np.testing.assert_array_equal(flat.predict_planes(X.T), forest.predict_proba(X))
    assert flat.n_trees == n_estimators
    assert flat.n_classes == n_classes
    assert flat.n_nodes == sum(tree.tree_.node_count for tree in forest.estimators_)
    assert flat.depth == max(tree.get_depth() for tree in forest.estimators_)
    np.testing.assert_array_equal(flat.importances, forest.feature_importances_)


@pytest.mark.parametrize("n_features", [1, 2, 64, 65])
def test_any_number_of_features(n_features):
    X, _ = make_rows(100, n_features, seed=1)
    forest = grow(n_features=n_features)
    flat = flatten_forest(forest)
    assert flat.n_features == n_features
    np.testing.assert_array_equal(flat.predict_planes(X.T), forest.predict_proba(X))


@pytest.mark.kernels
@pytest.mark.parametrize("n", [0, 1, 7, 11, 12, 13, 239, 240, 241, 300])
def test_any_number_of_rows(n):
    X, _ = make_rows(300, seed=1)
    forest = grow(n_estimators=3)
    expected = forest.predict_proba(X)[:n]
    flat = flatten_forest(forest)
    np.testing.assert_array_equal(flat.predict_planes(X[:n].T), expected)
    np.testing.assert_array_equal(flat.predict_early_exit(X[:n].T), most_probable(expected))


def test_unchecked_values_that_are_not_finite_stay_within_the_trees():
    X, _ = make_rows(300, seed=1)
    bits = np.array([0x7F800000, 0xFF800000, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000], np.uint32)
    X = X.astype(np.float32)
    X[:25] = np.repeat(bits.view(np.float32), 5)[:, None]
    flat = flatten_forest(grow(n_estimators=30))
    result = flat.predict_planes(X.T, check_finite=False)
    np.testing.assert_allclose(result.sum(axis=1), 1)
    np.testing.assert_array_equal(result[25:], flat.predict_planes(X[25:].T))


def test_negative_zero_is_zero():
    X, _ = make_rows(300, seed=1)
    X = np.where(np.abs(X) < 1, np.copysign(0.0, X), X)
    forest = RandomForestClassifier(5, random_state=0).fit(X, X[:, 0] >= 0)
    for threshold in (0.0, -0.0):
        arrays = flatten_forest(forest).arrays()
        middle = np.abs(arrays["threshold"]) < 0.6
        arrays["threshold"] = np.where(middle, np.float32(threshold), arrays["threshold"])
        flat = FlatForest.from_arrays(arrays)
        expected = oracle.flat_probabilities(arrays, X)
        np.testing.assert_array_equal(flat.predict_planes(X.T), expected)


def test_rows_beyond_one_thread_s_share():
    X, _ = make_rows(20_000, seed=1)
    forest = grow()
    flat = flatten_forest(forest)
    expected = forest.predict_proba(X)
    for n_jobs in (None, 1, 2, -1):
        np.testing.assert_array_equal(flat.predict_planes(X.T, n_jobs=n_jobs), expected)


def layouts(X):
    """The same rows in every layout that a caller may have."""
    wide = np.zeros((2 * len(X), 2 * X.shape[1]), X.dtype)
    wide[::2, ::2] = X
    frozen = X.copy()
    frozen.flags.writeable = False
    return {
        "rows": X,
        "planes": np.asfortranarray(X),
        "strided": wide[::2, ::2],
        "backwards": np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
        "byte-swapped": X.astype(X.dtype.newbyteorder()),
        "read-only": frozen,
        "list": X.tolist(),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("layout", layouts(np.zeros((1, 1))))
def test_any_layout(layout, dtype):
    X, _ = make_rows(270, seed=1)
    X = (8 * X).astype(dtype)
    forest = grow()
    given_rows = layouts(X)[layout]
    result = flatten_forest(forest).predict_planes(np.asarray(given_rows).T)
    np.testing.assert_array_equal(result, forest.predict_proba(X))


def test_planes_of_an_image():
    planes = np.random.default_rng(1).standard_normal((7, 19, 31)).astype(np.float32)
    forest = grow()
    result = flatten_forest(forest).predict_planes(planes.reshape(7, -1))
    expected = forest.predict_proba(np.moveaxis(planes, 0, -1).reshape(-1, 7))
    np.testing.assert_array_equal(result, expected)


def test_rows_on_the_threshold_and_beside_it():
    forest = grow(ExtraTreesClassifier, n_features=2)
    trees = [tree.tree_ for tree in forest.estimators_]
    edges = np.concatenate([tree.threshold[tree.feature == 0] for tree in trees])
    near = edges.astype(np.float32)
    values = np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)])
    X = np.column_stack([values, np.zeros_like(values)])
    result = flatten_forest(forest).predict_planes(X.T)
    np.testing.assert_array_equal(result, forest.predict_proba(X))


def test_features_as_large_as_float32_holds():
    X, y = make_rows(200)
    largest = np.finfo(np.float32).max
    X[::3] = largest
    X[1::3] = -largest
    X = X.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn sums X to look for NaN
        forest = RandomForestClassifier(5, random_state=0).fit(X, y)
        expected = forest.predict_proba(X)
    np.testing.assert_array_equal(flatten_forest(forest).predict_planes(X.T), expected)


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, ExtraTreeClassifier])
def test_single_trees(kind):
    X, y = make_rows(300)
    tree = kind(random_state=0).fit(X, y)
    flat = flatten_forest(tree)
    assert flat.n_trees == 1
    np.testing.assert_array_equal(flat.predict_planes(X.T), tree.predict_proba(X))


def test_trees_of_one_leaf():
    X, y = make_rows(40)
    forest = RandomForestClassifier(4, min_samples_leaf=30, random_state=0).fit(X, y)
    flat = flatten_forest(forest)
    assert flat.n_nodes == 4
    assert flat.depth == 0
    np.testing.assert_array_equal(flat.predict_planes(X.T), forest.predict_proba(X))


def test_one_class():
    X, _ = make_rows(40)
    forest = RandomForestClassifier(4, random_state=0).fit(X, np.zeros(40))
    result = flatten_forest(forest).predict_planes(X.T)
    np.testing.assert_array_equal(result, np.ones((40, 1)))


@pytest.mark.parametrize("kind", FORESTS)
def test_a_forest_grown_on_missing_values_reads_finite_rows(kind):
    X, y = make_rows(300)
    X[y == 0, 0] = np.nan
    forest = kind(10, random_state=0).fit(X, y)
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest.estimators_])
    assert np.isinf(thresholds).any() or kind is ExtraTreesClassifier
    flat = flatten_forest(forest)
    rows, _ = make_rows(300, seed=1)
    np.testing.assert_array_equal(flat.predict_planes(rows.T), forest.predict_proba(rows))
    np.testing.assert_array_equal(
        FlatForest.from_arrays(flat.arrays()).predict_planes(rows.T), forest.predict_proba(rows)
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(bad):
    X, _ = make_rows(300, seed=1)
    X[123, 4] = bad
    flat = flatten_forest(grow())
    with pytest.raises(ValueError, match=r"planes holds (nan|-?inf) in feature 4, row 123"):
        flat.predict_planes(X.T)


@pytest.mark.parametrize("shape", [(6, 10), (8, 10), (10,), (7, 5, 2)])
def test_planes_of_another_shape_are_refused(shape):
    flat = flatten_forest(grow())
    with pytest.raises(ValueError, match="trained on 7 features"):
        flat.predict_planes(np.zeros(shape))


def test_out_is_filled_and_returned():
    X, _ = make_rows(300, seed=1)
    flat = flatten_forest(grow())
    out = np.full((300, 3), np.nan)
    assert flat.predict_planes(X.T, out=out) is out
    np.testing.assert_array_equal(out, flat.predict_planes(X.T))


@pytest.mark.parametrize(
    "out",
    [
        np.empty((300, 2)),
        np.empty((299, 3)),
        np.empty((300, 3), np.float32),
        np.empty((300, 6))[:, ::2],
        [[0.0] * 3] * 300,
    ],
)
def test_another_out_is_refused(out):
    X, _ = make_rows(300, seed=1)
    flat = flatten_forest(grow())
    with pytest.raises(ValueError, match=r"out .* float64 .*\(300, 3\)"):
        flat.predict_planes(X.T, out=out)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestRegressor(2).fit([[0.0], [1.0]], [0.0, 1.0]),
        GradientBoostingClassifier(n_estimators=2).fit([[0.0], [1.0]], [0, 1]),
        "forest",
    ],
)
def test_other_estimators_are_refused(estimator):
    with pytest.raises(TypeError, match="RandomForestClassifier"):
        flatten_forest(estimator)


@pytest.mark.parametrize("kind", [RandomForestClassifier, DecisionTreeClassifier])
def test_several_outputs_are_refused(kind):
    X, y = make_rows(40)
    with pytest.raises(TypeError, match="2 outputs"):
        flatten_forest(kind().fit(X, np.column_stack([y, y])))


@pytest.mark.parametrize("kind", [RandomForestClassifier, DecisionTreeClassifier])
def test_unfitted_estimators_are_refused(kind):
    with pytest.raises(NotFittedError):
        flatten_forest(kind())


def test_a_forest_says_what_it_is():
    flat = flatten_forest(grow())
    text = repr(flat)
    assert f"10 trees, {flat.n_nodes} nodes" in text
    assert "7 features, 3 classes" in text


def test_equality_is_that_of_the_arrays():
    flat = flatten_forest(grow())
    again = flatten_forest(grow())
    assert flat.equals(again)
    assert not flat.equals(flatten_forest(grow(n_estimators=9)))
    arrays = {name: array.copy() for name, array in flat.arrays().items()}
    arrays["importances"][0] += 1e-9
    assert not flat.equals(FlatForest.from_arrays(arrays))


def test_arrays_make_the_forest_again():
    X, _ = make_rows(300, seed=1)
    flat = flatten_forest(grow())
    again = FlatForest.from_arrays(flat.arrays())
    assert again.equals(flat)
    np.testing.assert_array_equal(again.predict_planes(X.T), flat.predict_planes(X.T))


def test_joined_forests_are_one_of_all_trees():
    forest = grow(n_estimators=10)
    trees = forest.estimators_
    parts = [flatten_trees(trees[:3]), flatten_trees(trees[3:])]
    joined = FlatForest.join(parts, forest.feature_importances_)
    assert joined.equals(flatten_forest(forest))
    assert FlatForest.from_arrays(joined.arrays()).equals(joined)


def first_inner(arrays):
    return int(np.flatnonzero(arrays["left"] != np.arange(len(arrays["left"])))[0])


def first_leaf(arrays):
    return int(np.flatnonzero(arrays["left"] == np.arange(len(arrays["left"])))[0])


def set_(name, place, value):
    def tamper(arrays):
        at = place(arrays) if callable(place) else place
        arrays[name][at] = value(arrays) if callable(value) else value

    return tamper


def replace(name, make):
    def tamper(arrays):
        arrays[name] = make(arrays[name])

    return tamper


def n_nodes(arrays):
    return len(arrays["left"])


TAMPERED = {
    "an array is missing": lambda arrays: arrays.pop("roots"),
    "an array too many": lambda arrays: arrays.update(more=np.zeros(3)),
    "left as int64": replace("left", lambda a: a.astype(np.int64)),
    "threshold as float64": replace("threshold", lambda a: a.astype(np.float64)),
    "threshold byte-swapped": replace("threshold", lambda a: a.astype(">f4")),
    "values in one axis": replace("values", np.ravel),
    "left in two axes": replace("left", lambda a: a[None]),
    "roots as objects": replace("roots", lambda a: a.astype(object)),
    "roots as a list": replace("roots", lambda a: a.tolist()),
    "roots empty": replace("roots", lambda a: a[:0]),
    "values without classes": replace("values", lambda a: a[:, :0]),
    "no features": replace("importances", lambda a: a[:0]),
    "threshold too short": replace("threshold", lambda a: a[:-1]),
    "left too short": replace("left", lambda a: a[:-1]),
    "feature too long": replace("feature", lambda a: np.append(a, a[-1:])),
    "roots do not start at 0": set_("roots", 0, 1),
    "root below 0": set_("roots", 0, -1),
    "roots descend": set_("roots", 2, 1),
    "root repeated": set_("roots", 2, lambda a: a["roots"][1]),
    "root beyond the nodes": set_("roots", -1, n_nodes),
    "a split made a leaf": set_("left", first_inner, first_inner),
    "two parents of one child": set_("left", first_inner, lambda a: a["left"][0] + 2),
    "a child before its parent": set_("left", 2, 1),
    "a child is the root": set_("left", 2, 0),
    "a left child beyond the nodes": set_("left", 0, n_nodes),
    "a right child beyond the nodes": set_("left", first_inner, lambda a: n_nodes(a) - 1),
    "a left child at the end of int32": set_("left", 0, 2**31 - 1),
    "a left child below 0": set_("left", 0, -1),
    "a child in the next tree": set_("left", 0, lambda a: a["roots"][1] + 1),
    "a right child in the next tree": set_("left", 0, lambda a: a["roots"][1] - 1),
    "feature below 0": set_("feature", 0, -1),
    "feature beyond the last": set_("feature", 0, 7),
    "feature of a leaf beyond the last": set_("feature", first_leaf, 7),
    "threshold NaN": set_("threshold", first_inner, np.nan),
    "threshold infinite at a split": set_("threshold", first_inner, np.inf),
    "threshold finite at a leaf": set_("threshold", first_leaf, 0),
    "threshold NaN at a leaf": set_("threshold", first_leaf, np.nan),
    "leaf value below 0": set_("leaf_values", 0, -1),
    "leaf value beyond the values": set_("leaf_values", 0, lambda a: len(a["values"])),
    "a leaf without value": replace("leaf_values", lambda a: a[:-1]),
    "a value without leaf": replace("leaf_values", lambda a: np.append(a, a[-1:])),
    "value NaN": set_("values", (0, 0), np.nan),
    "value infinite": set_("values", (0, 0), np.inf),
    "value negative": set_("values", 0, (-0.5, 1.0, 0.5)),
    "values that do not sum to 1": set_("values", 0, (0.5, 0.5, 0.5)),
    "importance NaN": set_("importances", 0, np.nan),
    "importance negative": set_("importances", 0, -1),
}

#: A refusal names the array that is wrong.
NAMED = r"arrays|threshold|left|feature|roots|leaf_values|values|importances"


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_arrays_are_refused(what):
    arrays = {name: a.copy() for name, a in flatten_forest(grow()).arrays().items()}
    TAMPERED[what](arrays)
    with pytest.raises(ValueError, match=NAMED):
        FlatForest.from_arrays(arrays)


def test_a_tree_larger_than_a_link_can_tell_is_refused():
    rng = np.random.default_rng(0)
    tree = ExtraTreeClassifier(random_state=0)
    tree.fit(rng.random((6000, 1)), rng.integers(0, 2, 6000))
    arrays = flatten_forest(tree).arrays()
    assert len(arrays["left"]) > 2**12
    arrays["importances"] = np.zeros(2**20)
    with pytest.raises(ValueError, match="nodes on 1048576 features"):
        FlatForest.from_arrays(arrays)


def test_more_values_than_a_leaf_can_name_are_refused():
    arrays = flatten_forest(grow(n_classes=2)).arrays()
    arrays["values"] = np.tile([0.5, 0.5], (2**22 + 1, 1))
    with pytest.raises(ValueError, match="4194305 different values"):
        FlatForest.from_arrays(arrays)
    arrays["values"] = arrays["values"][1:]
    arrays["leaf_values"] = np.full_like(arrays["leaf_values"], 2**22 - 1)
    arrays["values"][-1] = 0.25, 0.75
    result = FlatForest.from_arrays(arrays).predict_planes(np.zeros((7, 3)))
    np.testing.assert_array_equal(result, [[0.25, 0.75]] * 3)


@given(data=st.data())
def test_tampered_words_are_refused_or_harmless(data):
    """Whatever stands in one place of one array: refused, or read without leaving the arrays."""
    flat = flatten_forest(grow(n_estimators=2, max_depth=3))
    arrays = {name: array.copy() for name, array in flat.arrays().items()}
    name = data.draw(st.sampled_from(sorted(arrays)))
    words = arrays[name].reshape(-1).view(np.int32)
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(st.integers(-3, 40) | st.integers(-(2**31), 2**31 - 1))
    X, _ = make_rows(20, seed=1)
    try:
        forest = FlatForest.from_arrays(arrays)
    except ValueError:
        return
    expected = oracle.flat_probabilities(arrays, X)
    np.testing.assert_array_equal(forest.predict_planes(X.T), expected)


def most_probable(rows, prior_ratio=None):
    """Place of the class of the largest probability, as images of probabilities round it."""
    if prior_ratio is not None:
        rows = rows * prior_ratio
        rows /= np.cumsum(rows, axis=1)[:, -1:]
    return rows.astype(np.float32).argmax(axis=1)


RATIOS = {
    "as it is": None,
    "a little": [0.97, 1.01, 1.02],
    "rare": [0.05, 0.3, 2.6],
    "hardly ever": [1.0, 1e-12, 1.0],
}


@pytest.mark.kernels
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("n_estimators", [1, 2, 9, 24])
def test_decisions_are_those_of_all_trees(n_estimators, ratio):
    X, _ = make_rows(300, seed=1)
    prior_ratio = None if RATIOS[ratio] is None else np.array(RATIOS[ratio])
    for params in ({}, {"max_depth": 2}):
        flat = flatten_forest(grow(n_estimators=n_estimators, **params))
        every = flat.predict_planes(X.T)
        np.testing.assert_array_equal(
            flat.predict_early_exit(X.T, prior_ratio), most_probable(every, prior_ratio)
        )


@pytest.mark.parametrize("kind", FORESTS)
@pytest.mark.parametrize("n_classes", [2, 3, 11])
@pytest.mark.parametrize("skew", [0, 1, 3])
def test_decisions_of_many_trees_and_rows(kind, n_classes, skew):
    X, _ = make_rows(20_000, n_classes=n_classes, seed=1)
    flat = flatten_forest(grow(kind, 100, n_classes=n_classes))
    ratio = np.exp(skew * np.random.default_rng(0).standard_normal(n_classes))
    every = flat.predict_planes(X.T)
    few = flat.predict_early_exit(X.T, ratio)
    np.testing.assert_array_equal(few, most_probable(every, ratio))
    np.testing.assert_array_equal(flat.predict_early_exit(X.T, ratio, n_jobs=2), few)


@pytest.mark.kernels
def test_decided_rows_leave_the_block():
    from pixelseg.forest._flat_kernels import BLOCK, PITCH, retire_decided

    n, n_features, n_classes = 7, 2, 3
    for undecided in ([0, 3, 5], [], list(range(7)), [0, 1, 2, 4, 5, 6]):
        leader = np.array([-1 if i in undecided else i % 3 for i in range(n)])
        row, kept, chosen = np.arange(10, 10 + n), np.empty(n, np.int64), np.full(20, -9)
        row = np.append(row, np.zeros(BLOCK - n, np.int64))
        x = np.arange(n_features * int(PITCH)).astype(np.uint32)
        sums = np.arange(float(n_classes * BLOCK))
        old_x, old_sums = x.reshape(n_features, -1).copy(), sums.reshape(n_classes, -1).copy()
        left = retire_decided(leader, n, row, kept, n_features, n_classes, x, sums, chosen)
        moves = 4 * len(undecided) <= 3 * n
        stay = undecided if moves else list(range(n))
        assert left == len(stay)
        np.testing.assert_array_equal(row[:left] - 10, stay)
        np.testing.assert_array_equal(x.reshape(n_features, -1)[:, :left], old_x[:, stay])
        np.testing.assert_array_equal(sums.reshape(n_classes, -1)[:, :left], old_sums[:, stay])
        gone = [i for i in range(n) if moves and i not in undecided]
        assert {i: chosen[i + 10] for i in gone} == {i: i % 3 for i in gone}
        assert (np.delete(chosen, [i + 10 for i in gone]) == -9).all()


def constant_forest(shares):
    """A forest of single leaves, one a tree, with these shares of the classes."""
    shares = np.asarray(shares, np.float64)
    n = len(shares)
    return FlatForest.from_arrays(
        {
            "threshold": np.full(n, np.inf, np.float32),
            "left": np.arange(n, dtype=np.int32),
            "feature": np.zeros(n, np.int32),
            "roots": np.arange(n, dtype=np.int32),
            "leaf_values": np.arange(n, dtype=np.int32),
            "values": shares,
            "importances": np.zeros(1),
        }
    )


def test_the_first_of_equal_classes_wins():
    votes = np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0)
    X = np.zeros((40, 1))

    def winners(shares):
        return set(constant_forest(shares).predict_early_exit(X.T).tolist())

    assert winners(votes) == {0}
    assert winners(votes[::-1]) == {0}
    # One vote more decides, and one that float32 cannot tell does not.
    assert winners(np.concatenate([votes, [[0.0, 1.0]]])) == {1}
    assert winners(np.concatenate([votes, [[0.5 - 1e-9, 0.5 + 1e-9]]])) == {0}


def test_kernels_are_compiled_once():
    """Whatever the layout, and whether or not the arrays may be written."""
    kernels = pytest.importorskip("pixelseg.forest._flat_kernels")
    if not hasattr(kernels.evaluate_rows, "signatures"):
        pytest.skip("kernels are not compiled in this run")
    flat = flatten_forest(grow())
    X, _ = make_rows(300, seed=1)
    flat.predict_planes(X.T)
    before = len(kernels.evaluate_rows.signatures)
    stored = {
        name: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape)
        for name, a in flat.arrays().items()
    }
    for forest in (flat, FlatForest.from_arrays(stored)):
        for rows in layouts(X).values():
            forest.predict_planes(np.asarray(rows).T)
            forest.predict_planes(np.asarray(rows).T.copy())
    assert len(kernels.evaluate_rows.signatures) == before


def test_batches_of_trees_make_the_same_forest(monkeypatch):
    from pixelseg import ForestClassifier
    from pixelseg.forest import classifier

    X, y = make_rows(300)
    for params in ({}, {"splitter": "best", "class_weight": "balanced"}):
        whole = ForestClassifier(23, **params).fit(X, y)
        monkeypatch.setattr(classifier, "_ROWS_AT_ONCE", 100)
        parts = ForestClassifier(23, **params).fit(X, y)
        monkeypatch.undo()
        assert parts.flat_.n_nodes == whole.flat_.n_nodes
        np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))
        np.testing.assert_allclose(parts.feature_importances_, whole.feature_importances_)
