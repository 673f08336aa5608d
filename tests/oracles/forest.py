"""Forests and networks read one row at a time, from scikit-learn's own fitted objects."""

import math

import numpy as np


def forest_probabilities(trees, X):
    """Walk every tree with every row; add the leaves' shares in the trees' order, then divide."""
    X = np.asarray(X, np.float32)
    n_classes = trees[0].tree_.value.shape[2]
    result = np.zeros((len(X), n_classes))
    for i, row in enumerate(X):
        total = [0.0] * n_classes
        for tree in trees:
            shares = tree.tree_.value[leaf_of(tree.tree_, row), 0]
            total = [a + float(b) for a, b in zip(total, shares, strict=True)]
        result[i] = [value / len(trees) for value in total]
    return result


def leaf_of(tree, row):
    """The leaf of one tree that a row of float32 features reaches."""
    node = 0
    while tree.children_left[node] != -1:
        if float(row[tree.feature[node]]) <= tree.threshold[node]:
            node = tree.children_left[node]
        else:
            node = tree.children_right[node]
    return node


def flat_probabilities(arrays, X):
    """The same walk over the arrays of a flat forest."""
    X = np.asarray(X, np.float32)
    leaves = np.flatnonzero(arrays["left"] == np.arange(len(arrays["left"])))
    values_of = dict(zip(leaves.tolist(), arrays["leaf_values"].tolist(), strict=True))
    result = np.zeros((len(X), arrays["values"].shape[1]))
    for i, row in enumerate(X):
        for root in arrays["roots"]:
            node = int(root)
            while node not in values_of:
                right = row[arrays["feature"][node]] > arrays["threshold"][node]
                node = int(arrays["left"][node]) + int(right)
            result[i] += arrays["values"][values_of[node]]
    return result / len(arrays["roots"])


ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "logistic": lambda z: 1 / (1 + math.exp(-z)),
}


def network_probabilities(weights, biases, activation, row):
    """One row through the layers of a network whose last layer is a softmax, in float64."""
    values = [float(value) for value in row]
    for depth, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        sums = [
            float(b) + sum(value * float(w) for value, w in zip(values, column, strict=True))
            for column, b in zip(matrix.T, bias, strict=True)
        ]
        last = depth == len(weights) - 1
        values = sums if last else [ACTIVATIONS[activation](z) for z in sums]
    powers = [math.exp(value - max(values)) for value in values]
    return [power / sum(powers) for power in powers]
