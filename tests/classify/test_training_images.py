"""Pairs of images and labels: what does not fit is refused, what is labelled is counted."""

import numpy as np
import pytest

from pixelseg._core.image import as_image
from pixelseg.classify.training_images import (
    check_pairs,
    iterate_pairs,
    summarise,
    survey_labels,
)


def open_image(image, mask):
    return as_image(image, mask=mask)


class Loader:
    """A re-iterable that loads one array at a time."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __iter__(self):
        return iter(self.arrays)


def test_pairs():
    a, b = np.zeros((2, 2)), np.zeros((3, 3))
    assert len(list(iterate_pairs(a, a))) == 1
    assert len(list(iterate_pairs([a, b], (a, b)))) == 2
    assert len(list(iterate_pairs(Loader([a, b]), Loader([a, b]), [None, None]))) == 2


@pytest.mark.parametrize(
    ("images", "labels", "kind", "words"),
    [
        ([np.zeros((2, 2))] * 2, [np.zeros((2, 2), int)], ValueError, "different lengths"),
        ([], [], ValueError, "empty"),
        ([np.zeros((2, 2))], np.zeros((2, 2), int), ValueError, "one label image for each"),
        (iter([np.zeros((2, 2))]), [np.zeros((2, 2), int)], TypeError, "only once"),
    ],
)
def test_bad_pairs(images, labels, kind, words):
    with pytest.raises(kind, match=words):
        list(iterate_pairs(images, labels))


def test_lists_are_checked_before_work():
    good, bad = np.zeros((3, 3)), np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(4, 3\)"):
        check_pairs([good, bad], [np.zeros((3, 3), int)] * 2, None, open_image)


@pytest.mark.parametrize("dtype", ["u1", "u2", ">i4", "i8", "u8"])
@pytest.mark.parametrize("largest", [3, 100, 70_000])
def test_marked_pixels_are_counted(rng, dtype, largest):
    if largest > np.iinfo(dtype).max:
        pytest.skip(f"{dtype} does not hold {largest}")
    labels = rng.choice([0, 1, 2, largest], 300_000).astype(dtype)
    inside = rng.random(len(labels)) < 0.5
    for mask in (None, inside):
        seen = labels if mask is None else labels[mask]
        expected = {v: int((seen == v).sum()) for v in (1, 2, largest)}
        assert summarise(labels, mask).n_marked == expected
    assert summarise(labels * 0, None).n_marked == {}


def test_survey_sums_up_what_is_labelled_inside_the_masks(rng):
    images = [rng.normal(size=(20, 30)) for _ in range(3)]
    labels = [rng.integers(0, 3, (20, 30)) for _ in images]
    masks = [rng.random((20, 30)) < 0.5 for _ in images]
    summaries, is_final = survey_labels(images, labels, masks, open_image)
    assert is_final
    for summary, own, mask in zip(summaries, labels, masks, strict=True):
        assert list(summary.n_marked) == [1, 2]
        assert summary.n_marked == {value: (own[mask] == value).sum() for value in (1, 2)}
        assert summary.n_labelled == summary.n_kept(None) == (own[mask] > 0).sum()
        counts = [min(50, (own[mask] == value).sum()) for value in (1, 2)]
        assert summary.n_kept(50) == sum(counts)
    lazy, is_final = survey_labels(Loader(images), Loader(labels), Loader(masks), open_image)
    assert not is_final
    assert [summary.n_labelled for summary in lazy] == [(own > 0).sum() for own in labels]


def test_digests_know_values_shapes_and_masks_but_no_dtype(rng):
    labels = rng.integers(0, 3, (20, 30))
    mask = rng.random(labels.shape) < 0.5
    digest = summarise(labels, None).digest
    for same in (labels.astype(np.uint8), np.asfortranarray(labels), labels.astype(">i4")):
        assert summarise(same, None).digest == digest
    for other in (labels[::-1], labels.reshape(30, 20), labels + 256):
        assert summarise(other, None).digest != digest
    assert summarise(labels, mask).digest == summarise(labels * mask, None).digest
