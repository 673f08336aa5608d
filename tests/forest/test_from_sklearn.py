"""From scikit-learn's trees to flat ones, whatever their size."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from pixelseg.forest import _layout_kernels
from pixelseg.forest.from_sklearn import flatten_forest


def test_trees_of_one_node_and_of_many_are_compiled_once():
    order = _layout_kernels.order_depth_first
    if not hasattr(order, "signatures"):
        pytest.skip("uncompiled kernels have no signatures")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    n_nodes = []
    for least in (1, 40):
        flat = flatten_forest(ExtraTreesClassifier(3, min_samples_leaf=least).fit(X, y))
        n_nodes.append(len(flat.threshold))
    assert n_nodes[1] == 3 < n_nodes[0]
    assert len(order.signatures) == 1
