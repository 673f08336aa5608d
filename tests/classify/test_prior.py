"""The estimate of how common a class is, on data whose answer is known."""

import numpy as np
import pytest

from pixelseg.classify.prior import (
    check_class_prior,
    estimate_prior,
    expectation_maximisation,
)


def two_gaussians(share, n=20000, distance=3.0, seed=0):
    """Posteriors under a 50:50 prior of points of which `share` belong to the second class."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + distance * (rng.random(n) < share)
    odds = np.exp(distance * x - distance**2 / 2)
    return np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)


NONE_KNOWN = np.zeros(2)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_expectation_maximisation_finds_the_share(share):
    prior = expectation_maximisation(two_gaussians(share), np.array([0.5, 0.5]), NONE_KNOWN)
    assert abs(prior[1] - share) < 0.01
    assert abs(prior.sum() - 1) < 1e-9


def test_labelled_pixels_count_as_what_they_are():
    trained = np.array([0.5, 0.5])
    p = np.tile([0.5, 0.5], (100, 1))
    prior = expectation_maximisation(p, trained, np.array([100.0, 0.0]))
    assert prior[0] > 0.99
    alone = expectation_maximisation(p[:0], trained, np.array([30.0, 10.0]))
    np.testing.assert_allclose(alone, [0.75, 0.25])


@pytest.mark.parametrize(("n", "trust"), [(1e12, 0.7), (100, 0.35), (300, 0.525), (0, 0.0)])
def test_the_estimate_weighs_more_with_more_labels(n, trust):
    trained = np.array([0.5, 0.5])
    p = two_gaussians(0.05)
    estimate = expectation_maximisation(p, trained, NONE_KNOWN)
    prior = estimate_prior(p, trained, NONE_KNOWN, n)
    np.testing.assert_allclose(prior, (1 - trust) * trained + trust * estimate)


def test_the_estimate_weighs_less_with_more_classes():
    p = np.random.default_rng(0).dirichlet([8, 1, 1], 500)
    two = np.stack([p[:, 0], p[:, 1:].sum(axis=1)], axis=1)
    first = [
        estimate_prior(q, np.full(k, 1 / k), np.zeros(k), 100)[0] * k for q, k in ((two, 2), (p, 3))
    ]
    estimates = [
        expectation_maximisation(q, np.full(k, 1 / k), np.zeros(k))[0] * k
        for q, k in ((two, 2), (p, 3))
    ]
    weights = (np.array(first) - 1) / (np.array(estimates) - 1)
    np.testing.assert_allclose(weights, [0.7 / 2, 0.7 / 3])


def test_dense_labels_are_believed():
    trained = np.array([0.5, 0.5])
    prior = estimate_prior(np.empty((0, 2)), trained, np.array([10.0, 30.0]), 20)
    np.testing.assert_allclose(prior, [0.25, 0.75])


def test_nothing_to_look_at_leaves_the_labels_prior():
    trained = np.array([0.3, 0.7])
    prior = estimate_prior(np.empty((0, 2)), trained, NONE_KNOWN, 100)
    np.testing.assert_array_equal(prior, trained)


def test_no_class_falls_below_three_tenths_of_its_share():
    p = np.tile([0.6, 0.4, 0.0], (100, 1))
    prior = estimate_prior(p, np.full(3, 1 / 3), np.zeros(3), 1e9)
    assert (prior >= 0.1 - 1e-12).all()


def test_check():
    assert check_class_prior("labels") == "labels"
    np.testing.assert_allclose(check_class_prior([1, 3]), [0.25, 0.75])
    for bad in ("balanced", [0.5, -0.5], [[1, 2]], 3, [0.0, 1.0], None):
        with pytest.raises(ValueError, match="class_prior is"):
            check_class_prior(bad)
    with pytest.raises(ValueError, match="now called 'labels'"):
        check_class_prior("strokes")
    with pytest.raises(ValueError, match="2 entries but the labels have 3"):
        check_class_prior([1, 1], 3)
