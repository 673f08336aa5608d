"""Scoring a set of images."""


def score_set(accumulator, truths, predictions):
    """The result of an accumulator that was given the images one by one."""
    for truth, prediction in zip(truths, predictions, strict=True):
        assert accumulator.update(truth, prediction) is accumulator
    return accumulator.result()
