"""Areas under curves against scikit-learn and by counting pairs."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import average_precision, roc_auc

maps = st.tuples(
    hnp.arrays(bool, (4, 6)), hnp.arrays(np.float32, (4, 6), elements=st.sampled_from([0, 0.2, 1]))
)


@given(maps=maps)
def test_equal_to_scikit_learn(maps):
    truth, score = maps
    if truth.any() and not truth.all():
        expected = sklearn.metrics.roc_auc_score(truth.ravel(), score.ravel())
        assert roc_auc(truth, score) == pytest.approx(expected)
    if truth.any():
        expected = sklearn.metrics.average_precision_score(truth.ravel(), score.ravel())
        assert average_precision(truth, score) == pytest.approx(expected)


@given(maps=maps)
def test_area_is_the_share_of_pairs_in_order(maps):
    truth, score = maps
    above, below = score[truth], score[~truth]
    if len(above) and len(below):
        order = np.sign(above[:, None] - below)
        assert roc_auc(truth, score) == pytest.approx((order.mean() + 1) / 2)


def test_a_class_that_is_everywhere_or_nowhere_is_nan():
    truth, score = np.ones((2, 2), bool), np.eye(2)
    assert np.isnan(roc_auc(truth, score))
    assert np.isnan(roc_auc(~truth, score))
    assert average_precision(truth, score) == 1
    assert np.isnan(average_precision(~truth, score))


@pytest.mark.parametrize("metric", [roc_auc, average_precision])
def test_what_is_outside_the_mask_does_not_count(rng, metric):
    truth, score = rng.random((3, 9, 10)) < 0.3, rng.random((3, 9, 10))
    mask = rng.random(truth.shape) < 0.5
    spoilt = np.where(mask, score, np.nan)
    assert metric(truth, spoilt, mask=mask) == metric(truth[mask], score[mask])
    for layout in (np.asfortranarray(spoilt), spoilt.astype(">f8")):
        assert metric(truth, layout, mask=mask) == metric(truth, spoilt, mask=mask)


@pytest.mark.parametrize("metric", [roc_auc, average_precision])
def test_bad_input(metric):
    truth, score = np.array([True, False]), np.array([0.5, 0.1])
    with pytest.raises(TypeError, match="truth has dtype int64 but must be bool"):
        metric(truth.astype(int), score)
    with pytest.raises(ValueError, match=r"score has shape \(2, 1\) but truth has shape \(2,\)"):
        metric(truth, score[:, None])
    with pytest.raises(ValueError, match="score holds NaN or infinity"):
        metric(truth, score * np.nan)
    with pytest.raises(TypeError, match="score has dtype complex128"):
        metric(truth, score * 1j)
    with pytest.raises(TypeError, match="mask has dtype int64"):
        metric(truth, score, mask=np.array([1, 0]))
    with pytest.raises(ValueError, match="truth has no pixel to score"):
        metric(truth, score, mask=~truth & truth)
