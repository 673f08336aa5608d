"""From probabilities to answers, as a textbook writes it."""

import numpy as np


def reweight(probabilities, ratio):
    """Bayes' rule for another prior: (n, k) times ratio (k,), each row summing to 1."""
    weighted = np.asarray(probabilities, float) * ratio
    return weighted / weighted.sum(axis=1, keepdims=True)


def most_probable(probabilities):
    """Place of the largest of each row, the first of equals; -1 where all are 0."""
    return [int(np.argmax(row)) if max(row) > 0 else -1 for row in probabilities]
