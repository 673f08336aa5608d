"""The forest as an estimator of scikit-learn."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from pixelseg import ForestClassifier
from pixelseg.forest import FlatForest, classifier
from pixelseg.forest.from_sklearn import flatten_forest

#: Checks of scikit-learn that cannot hold, and why.
EXCLUDED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "rows are drawn at random: repeating a row draws others than weighting it does"
    ),
}
#: Rows are drawn by their weights from scikit-learn 1.9 on.
DRAWN_BY_WEIGHT = parse_version(sklearn.__version__) >= parse_version("1.9")


def excluded(estimator):
    """The checks that cannot hold of an estimator with this version of scikit-learn."""
    if DRAWN_BY_WEIGHT or estimator.splitter == "random":
        return EXCLUDED
    reason = "rows are drawn alike and then weighted, which pure leaves do not show"
    return {**EXCLUDED, "check_class_weight_classifiers": reason}


@parametrize_with_checks(
    [ForestClassifier(n_estimators=5), ForestClassifier(n_estimators=5, splitter="best")],
    expected_failed_checks=excluded,
)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    X, y = load_iris(return_X_y=True)
    return X, np.array([-7, 3, 1000])[y]


@pytest.mark.parametrize(
    ("splitter", "peer"), [("random", ExtraTreesClassifier), ("best", RandomForestClassifier)]
)
def test_bits_are_those_of_sklearn(rows, splitter, peer):
    X, y = rows
    params = {"n_estimators": 20, "max_features": "sqrt", "bootstrap": True, "random_state": 3}
    ours = ForestClassifier(splitter=splitter, max_samples=None, min_samples_leaf=1, **params)
    theirs = peer(**params).fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(ours.fit(X, y).predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.classes_, [-7, 3, 1000])
    np.testing.assert_array_equal(ours.feature_importances_, theirs.feature_importances_)
    assert ours.n_features_in_ == 4


def test_n_jobs_changes_nothing(rows):
    X, y = rows
    one, two = (ForestClassifier(20, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert one.flat_.equals(two.flat_)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"class_weight": "balanced"},
        {"splitter": "best", "class_weight": "balanced_subsample"},
        {"bootstrap": False},
    ],
)
def test_batches_of_trees_are_those_of_one_fit(params, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    y = (X[:, 0] + rng.standard_normal(300) > 0.8).astype(int)
    whole = ForestClassifier(25, **params).fit(X, y)
    monkeypatch.setattr(classifier, "_ROWS_AT_ONCE", 299)
    in_batches = ForestClassifier(25, **params).fit(X, y)
    assert in_batches.flat_.equals(whole.flat_)


def test_the_same_call_grows_the_same_forest(rows):
    X, y = rows
    first, again = (ForestClassifier(20).fit(X, y) for _ in range(2))
    assert first.flat_.equals(again.flat_)
    assert not first.flat_.equals(ForestClassifier(20, random_state=1).fit(X, y).flat_)


def test_only_arrays_are_kept(rows):
    fitted = ForestClassifier(5).fit(*rows)
    learned = {name for name in vars(fitted) if name.endswith("_")}
    assert learned == {"classes_", "n_features_in_", "flat_"}
    assert isinstance(fitted.flat_, FlatForest)


def test_weights_move_the_answer(rows):
    X, y = rows
    params = {"n_estimators": 20, "max_depth": 1}
    plain = ForestClassifier(**params).fit(X, y).predict_proba(X).mean(axis=0)
    by_class = ForestClassifier(**params, class_weight={-7: 9.0}).fit(X, y)
    by_row = ForestClassifier(**params).fit(X, y, sample_weight=np.where(y == -7, 9.0, 1.0))
    assert by_class.predict_proba(X).mean(axis=0)[0] > plain[0] + 0.1
    assert by_row.predict_proba(X).mean(axis=0)[0] > plain[0] + 0.1


@pytest.mark.parametrize("n", [3, 10, 20])
def test_a_few_rows_are_enough(rows, n):
    X, y = rows
    some = np.linspace(0, len(X) - 1, n).astype(int)
    fitted = ForestClassifier(min_samples_leaf=1).fit(X[some], y[some])
    assert fitted.score(X[some], y[some]) == 1


def test_a_share_of_the_rows_is_not_next_to_nothing(rows):
    X, y = rows
    by_share = ForestClassifier(10, max_samples=0.01).fit(X, y)
    by_number = ForestClassifier(10, max_samples=100).fit(X, y)
    assert by_share.flat_.equals(by_number.flat_)


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_a_fitted_forest_of_sklearn_is_compiled(rows, kind):
    X, y = rows
    theirs = kind(20, max_depth=4, min_samples_leaf=3, random_state=5).fit(X, y)
    ours = ForestClassifier.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    again = clone(ours).fit(X.astype(np.float32), y)
    expected = flatten_forest(clone(theirs).fit(X.astype(np.float32), y))
    assert again.flat_.equals(expected)


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, ExtraTreeClassifier])
def test_a_fitted_tree_of_sklearn_is_compiled(rows, kind):
    X, y = rows
    theirs = kind(max_depth=3, random_state=5).fit(X, y)
    ours = ForestClassifier.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    params = ours.get_params()
    assert params["n_estimators"] == 1
    assert params["max_depth"] == 3
    assert params["bootstrap"] is False


def test_other_estimators_are_not_compiled():
    with pytest.raises(TypeError, match="RandomForestClassifier"):
        ForestClassifier.from_sklearn(GridSearchCV(ForestClassifier(), {}))


def test_a_search_over_its_parameters(rows):
    search = GridSearchCV(ForestClassifier(5), {"max_depth": [1, 5]}, cv=3).fit(*rows)
    assert search.best_params_ == {"max_depth": 5}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"splitter": "worst"}, "splitter is 'worst'"),
        ({"max_samples": 1.5}, r"max_samples is 1\.5"),
        ({"max_samples": 0.0}, r"max_samples is 0\.0"),
        ({"n_estimators": 0}, "n_estimators"),
    ],
)
def test_bad_parameters_are_refused(rows, params, message):
    with pytest.raises(ValueError, match=message):
        ForestClassifier(**params).fit(*rows)


def test_trees_do_not_depend_on_the_unit_of_a_feature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6)).astype(np.float32)
    y = X[:, 0] + X[:, 1] > 0
    powers = np.array([0, -30, -60, 20, -10, 40])
    forest = ForestClassifier(10).fit(X, y)
    scaled = ForestClassifier(10).fit(np.ldexp(X, powers), y)
    np.testing.assert_array_equal(scaled.flat_.feature, forest.flat_.feature)
    expected = forest.predict_proba(X)
    np.testing.assert_array_equal(scaled.predict_proba(np.ldexp(X, powers)), expected)
