"""Answers in windows: they hold no more of an image than they need."""

import numpy as np

from pixelseg.refine.answers import ask
from pixelseg.refine.out_of_fold import from_probabilities


def test_a_window_does_not_keep_the_whole_image():
    image = np.random.default_rng(0).random((600, 700))
    p = np.full((600, 700, 2), 0.5, np.float32)
    labels = np.zeros(image.shape, int)
    labels[10:13, 20:30], labels[590:593, 680:690] = 1, 2
    (held,) = from_probabilities(p, image, labels).images
    answers, in_time = ask(from_probabilities(p, image, labels), [], 2 * 200**2, np.inf)
    assert in_time
    assert len(answers) == 2
    assert sum(len(window.truth) for window in answers) == len(held.positions)
    for window in answers:
        assert window.image.spatial_shape == window.places[0].shape
        assert not np.shares_memory(np.asarray(window.image.source), image)
    _, in_time = ask(from_probabilities(p, image, labels), [], 2 * 200**2, -1.0)
    assert not in_time
