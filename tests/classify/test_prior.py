"""The estimate of how common a class is, on data whose answer is known."""

import numpy as np
import pytest

from pixelseg.classify.prior import (
    check_class_prior,
    estimate_prior,
    expectation_maximisation,
    reweight,
)


def two_gaussians(share, n=20000, distance=3.0, seed=0):
    """Posteriors under a 50:50 prior of points of which `share` belong to the second class."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + distance * (rng.random(n) < share)
    odds = np.exp(distance * x - distance**2 / 2)
    return np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_expectation_maximisation_finds_the_share(share):
    prior = expectation_maximisation(two_gaussians(share), np.array([0.5, 0.5]))
    assert abs(prior[1] - share) < 0.01
    assert abs(prior.sum() - 1) < 1e-9


def test_the_default_rule_lies_between_strokes_and_estimate():
    trained = np.array([0.5, 0.5])
    p = two_gaussians(0.05)
    estimate = expectation_maximisation(p, trained)[1]
    assert estimate < estimate_prior(p, trained)[1] < 0.5


def test_a_class_that_never_occurs_keeps_a_share():
    p = np.tile([0.6, 0.4, 0.0], (100, 1))
    prior = estimate_prior(p, np.full(3, 1 / 3))
    assert (prior > 0).all()


def test_reweight_is_bayes_rule():
    p = np.array([[0.5, 0.5], [0.9, 0.1]])
    ratio = np.array([0.2, 1.8])
    expected = p * ratio / (p * ratio).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(reweight(p, ratio), expected)


def test_check():
    assert check_class_prior("strokes") == "strokes"
    np.testing.assert_allclose(check_class_prior([1, 3]), [0.25, 0.75])
    for bad in ("balanced", [0.5, -0.5], [[1, 2]], 3, [0.0, 1.0], None):
        with pytest.raises(ValueError, match="class_prior is"):
            check_class_prior(bad)
    with pytest.raises(ValueError, match="2 entries but the labels have 3"):
        check_class_prior([1, 1], 3)
