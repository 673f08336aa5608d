"""Small networks: the same bits at any place, scikit-learn's answer, and tampered arrays."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pixelseg.forest import FlatMLP, ScaledMLPClassifier

from ..oracles import forest as oracle


@parametrize_with_checks([ScaledMLPClassifier()])
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def make_network(n_features=5, hidden=(9,), n_classes=3, activation="relu", seed=0):
    """A network of random weights; its scales and shifts are those of real features."""
    rng = np.random.default_rng(seed)
    sizes = [n_features, *hidden, n_classes]
    weights = [
        (rng.standard_normal((n, m)) / np.sqrt(n)).astype(np.float32) for n, m in pairwise(sizes)
    ]
    biases = [rng.standard_normal(m).astype(np.float32) for m in sizes[1:]]
    mean = rng.standard_normal(n_features).astype(np.float32)
    scale = rng.uniform(0.5, 2, n_features).astype(np.float32)
    return FlatMLP(mean, scale, tuple(weights), tuple(biases), activation)


def make_rows(n, n_features=5, seed=1):
    return np.random.default_rng(seed).standard_normal((n, n_features)).astype(np.float32)


@pytest.mark.kernels
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
@pytest.mark.parametrize(
    ("n_features", "hidden", "n_classes"),
    [(1, (1,), 2), (5, (9,), 3), (4, (8,), 4), (7, (6, 5), 11), (3, (), 2)],
)
def test_oracle(n_features, hidden, n_classes, activation):
    network = make_network(n_features, hidden, n_classes, activation)
    X = make_rows(5, n_features)
    scaled = (X.astype(np.float64) - network.mean) / network.scale
    expected = [
        oracle.network_probabilities(network.weights, network.biases, activation, row)
        for row in scaled
    ]
    result = network.predict_planes(X.T)
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
@pytest.mark.parametrize(("n_features", "hidden"), [(1, (3,)), (24, (64,)), (150, (100, 7))])
def test_a_row_has_the_same_bits_at_any_place(n_features, hidden, activation):
    network = make_network(n_features, hidden, 3, activation)
    row = make_rows(1, n_features)
    alone = network.predict_planes(row.T)
    X = make_rows(8192 + 300, n_features, seed=2)
    places = [*range(150), 255, 256, 8190, 8191, 8192, 8193, len(X) - 1]
    X[places] = row
    result = network.predict_planes(X.T)
    np.testing.assert_array_equal(result[places], np.repeat(alone, len(places), axis=0))
    some = [5, 170, 300, 8300]
    np.testing.assert_array_equal(network.predict_planes(X[some].T), result[some])


@pytest.mark.parametrize("n", [0, 1, 7, 127, 128, 129])
def test_any_number_of_rows(n):
    network = make_network()
    X = make_rows(200)
    np.testing.assert_array_equal(network.predict_planes(X[:n].T), network.predict_planes(X.T)[:n])


def test_any_layout_any_number_of_threads():
    network = make_network()
    X = make_rows(20_000)
    expected = network.predict_planes(X.T)
    wide = np.zeros((40_000, 10), np.float32)
    wide[::2, ::2] = X
    frozen = np.asfortranarray(X)
    frozen.flags.writeable = False
    for rows in (np.asfortranarray(X), wide[::2, ::2], frozen, X.astype(">f4"), X.astype(float)):
        for n_jobs in (None, 2):
            np.testing.assert_array_equal(network.predict_planes(rows.T, n_jobs=n_jobs), expected)
    out = np.empty((20_000, 3))
    assert network.predict_planes(X.T, out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "scalers",
    [
        (),
        (StandardScaler(),),
        (StandardScaler(with_mean=False),),
        (StandardScaler(with_std=False),),
    ],
)
def test_answers_are_those_of_sklearn(scalers, n_classes, activation):
    X, y = load_iris(return_X_y=True)
    X, y = X[y < n_classes], y[y < n_classes]
    peer = make_pipeline(
        *(clone(scaler) for scaler in scalers),
        MLPClassifier((9, 5), activation=activation, max_iter=20, random_state=0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer.fit(X, y)
    expected = peer.predict_proba(X)
    for flat in (
        FlatMLP.from_sklearn(peer),
        FlatMLP.from_sklearn(*(step for _, step in peer.steps)),
    ):
        np.testing.assert_allclose(flat.predict_planes(X.T), expected, rtol=0, atol=1e-5)
    ours = ScaledMLPClassifier.from_sklearn(peer if scalers else peer[-1])
    np.testing.assert_allclose(ours.predict_proba(X), expected, rtol=0, atol=1e-5)
    assert ours.get_params()["hidden_layer_sizes"] == (9, 5)


@pytest.mark.parametrize(
    "steps",
    [
        (LogisticRegression(),),
        (MinMaxScaler(), MLPClassifier()),
        (StandardScaler(), StandardScaler(), MLPClassifier()),
        (make_pipeline(StandardScaler(), LogisticRegression()),),
    ],
)
def test_other_estimators_are_refused(steps):
    with pytest.raises(TypeError, match="MLPClassifier"):
        FlatMLP.from_sklearn(*steps)


def test_several_labels_a_row_are_refused():
    X = np.arange(20.0).reshape(-1, 1)
    y = np.column_stack([X[:, 0] > 5, X[:, 0] > 12]).astype(int)
    network = MLPClassifier((2,), max_iter=1000, tol=1e-2, random_state=0).fit(X, y)
    with pytest.raises(TypeError, match="2 labels"):
        FlatMLP.from_sklearn(network)


def test_unfitted_networks_are_refused():
    with pytest.raises(NotFittedError):
        FlatMLP.from_sklearn(StandardScaler(), MLPClassifier())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_refused(bad):
    X = make_rows(10)
    X[3, 2] = bad
    with pytest.raises(ValueError, match=r"planes holds (nan|inf) in feature 2, row 3"):
        make_network().predict_planes(X.T)


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="trained on 5 features"):
        make_network().predict_planes(make_rows(10, 6).T)


def test_a_network_says_what_it_is():
    assert repr(make_network(hidden=(9, 4))) == "FlatMLP(5 - 9 - 4 - 3, relu)"


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
def test_arrays_make_the_network_again(activation):
    network = make_network(hidden=(9, 4), activation=activation)
    X = make_rows(30)
    again = FlatMLP.from_arrays(network.arrays())
    assert again.activation == activation
    np.testing.assert_array_equal(again.predict_planes(X.T), network.predict_planes(X.T))
    assert again.equals(network)
    assert not again.equals(make_network(hidden=(9, 4), activation=activation, seed=1))
    assert not again.equals(make_network(hidden=(9,), activation=activation))


def replace(name, make):
    def tamper(arrays):
        arrays[name] = make(arrays[name])

    return tamper


def set_(name, place, value):
    def tamper(arrays):
        arrays[name][place] = value

    return tamper


TAMPERED = {
    "an array is missing": lambda arrays: arrays.pop("biases_1"),
    "an array too many": lambda arrays: arrays.update(more=np.zeros(3, np.float32)),
    "a layer without its neighbour": lambda arrays: arrays.update(
        weights_2=arrays["weights_1"], biases_9=arrays["biases_1"]
    ),
    "no layers": lambda arrays: [arrays.pop(name) for name in list(arrays) if name[-1] in "01"],
    "weights as float64": replace("weights_0", lambda a: a.astype(float)),
    "weights as a list": replace("weights_0", lambda a: a.tolist()),
    "weights in one axis": replace("weights_0", np.ravel),
    "weights empty": replace("weights_0", lambda a: a[:0]),
    "weights turned": replace("weights_0", lambda a: a.T),
    "biases too short": replace("biases_0", lambda a: a[:-1]),
    "biases in two axes": replace("biases_0", lambda a: a[None]),
    "one class": lambda arrays: arrays.update(
        weights_1=arrays["weights_1"][:, :1], biases_1=arrays["biases_1"][:1]
    ),
    "mean too long": replace("mean", lambda a: np.append(a, a)),
    "scale too short": replace("scale", lambda a: a[:-1]),
    "scale zero": set_("scale", 0, 0),
    "scale negative": set_("scale", 0, -1),
    "scale NaN": set_("scale", 0, np.nan),
    "mean infinite": set_("mean", 0, np.inf),
    "weight NaN": set_("weights_1", (0, 0), np.nan),
    "bias infinite": set_("biases_0", 0, np.inf),
    "activation unknown": set_("activation", 0, 4),
    "activation as float": replace("activation", lambda a: a.astype(np.float32)),
    "two activations": replace("activation", lambda a: np.append(a, a)),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_arrays_are_refused(what):
    arrays = {name: array.copy() for name, array in make_network().arrays().items()}
    TAMPERED[what](arrays)
    with pytest.raises(ValueError, match=r"arrays|mean|scale|weights|biases|activation"):
        FlatMLP.from_arrays(arrays)


def test_only_arrays_are_kept():
    fitted = ScaledMLPClassifier((4,)).fit(*load_iris(return_X_y=True))
    learned = {name for name in vars(fitted) if name.endswith("_")}
    assert learned == {"classes_", "flat_", "n_features_in_", "n_iter_"}


def test_it_learns_and_repeats_itself():
    X, y = load_iris(return_X_y=True)
    y = np.array([-7, 3, 1000])[y]
    first, again = (ScaledMLPClassifier(16, max_iter=1000).fit(X, y) for _ in range(2))
    assert first.score(X, y) > 0.95
    np.testing.assert_array_equal(first.classes_, [-7, 3, 1000])
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))


def test_training_that_runs_out_of_epochs_says_nothing():
    X, y = load_iris(return_X_y=True)
    assert ScaledMLPClassifier((4,), max_iter=2).fit(X, y).n_iter_ == 2


def test_early_stopping_needs_rows_to_hold_out():
    X, y = load_iris(return_X_y=True)
    X, y = np.tile(X, (20, 1)), np.tile(y, 20)
    params = {"hidden_layer_sizes": (4,), "max_iter": 100, "alpha": 1e-3}
    stopped = ScaledMLPClassifier(**params).fit(X, y)
    ran_on = ScaledMLPClassifier(**params, early_stopping=False).fit(X, y)
    assert stopped.n_iter_ < ran_on.n_iter_
    lonely = y.copy()
    lonely[0] = 7
    np.testing.assert_array_equal(
        ScaledMLPClassifier(**params).fit(X, lonely).classes_, [0, 1, 2, 7]
    )


@pytest.mark.parametrize("n", [2, 3, 10])
def test_a_few_rows_are_enough(n):
    X, y = load_iris(return_X_y=True)
    some = np.linspace(0, len(X) - 1, n).astype(int)
    fitted = ScaledMLPClassifier(alpha=1e-3, max_iter=1000).fit(X[some], y[some])
    assert fitted.score(X[some], y[some]) == 1


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="y has one class"):
        ScaledMLPClassifier().fit([[0.0], [1.0]], [1, 1])
