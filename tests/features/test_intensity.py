"""How features follow brightness: the table of ops is held against the filters themselves."""

import numpy as np
import pytest

from pixelseg import FeatureBank
from pixelseg._core.image import as_image
from pixelseg.features import OPS, Op, compute_box
from pixelseg.features.intensity import find_intensity_law


def law_of(bank, image, **axes):
    opened = as_image(image, **axes)
    return find_intensity_law(bank.plan(opened), opened.read()[:, 0])


@pytest.fixture
def image():
    return np.random.default_rng(0).uniform(1, 200, (48, 40)).astype(np.float32)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("shape", [(32, 24), (12, 14, 16)])
def test_the_table_says_what_filters_do(name, shape):
    bank = FeatureBank(ops=[name], sigmas=(1.0, 3.0))
    image = np.random.default_rng(1).uniform(1, 200, shape)

    def features(values):
        return bank.transform(values, channel_axis=None).astype(np.float64)

    once, op = features(image), OPS[name]
    size = np.abs(once).max()
    np.testing.assert_allclose(features(4 * image), 4**op.degree * once, atol=1e-4 * size)
    # Of local contrast, a share of the mean counts as deviation.
    tolerance = 0.02 if op.is_local else 1e-4
    np.testing.assert_allclose(features(image + 9), once + 9 * op.offset, atol=tolerance * size)


def test_brightness_is_the_smoothed_image_of_each_channel():
    names = FeatureBank().get_feature_names_out(n_channels=3)
    image = np.random.default_rng(0).uniform(size=(30, 30, 3))
    law = law_of(FeatureBank(), image)
    assert [names[k] for k in law.brightness] == [f"channel{c}_gaussian_s1.6" for c in range(3)]
    assert len(law.degrees) == len(law.offsets) == len(names)
    assert law_of(FeatureBank(ops=["hessian"]), image).brightness == ()


@pytest.mark.parametrize(
    ("function", "degree", "offset"),
    [
        (lambda p, s, _: 3 * p, 1, 3),
        (lambda p, s, _: p * p, 2, np.nan),
        (lambda p, s, _: np.sqrt(p), 0.5, np.nan),
        (lambda p, s, _: p / p.mean(), 0, np.nan),
        (lambda p, s, _: p - p.mean(), 1, 0),
        (lambda p, s, _: 0 * p, 0, 0),
        (lambda p, s, _: p > 100, np.nan, np.nan),
    ],
)
def test_a_function_of_a_user_is_tried(image, function, degree, offset):
    law = law_of(FeatureBank(ops=["gaussian", function], sigmas=(1.0,)), image)
    np.testing.assert_array_equal(law.degrees, [1, degree])
    np.testing.assert_array_equal(law.offsets, [1, offset])


def test_what_an_op_states_is_believed(image):
    def refuse(plane, sigma, spacing):
        raise AssertionError

    stated = Op("stated", refuse, ("_a", "_b"), degree=0.0, offset=0.0)
    law = law_of(FeatureBank(ops=[stated], sigmas=(1.0,)), image)
    np.testing.assert_array_equal(law.degrees, [0, 0])
    half = Op("half", lambda p, s, _: p * p, degree=3.0)
    law = law_of(FeatureBank(ops=[half], sigmas=(1.0,)), image)
    np.testing.assert_array_equal(law.degrees, [3])
    np.testing.assert_array_equal(law.offsets, [np.nan])


def test_values_that_float32_cannot_square_are_refused_by_name(image):
    image[20, 10] = 1e25
    opened = as_image(image)
    bank = FeatureBank(sigmas=(1.0,))
    with pytest.raises(ValueError, match=r"image has values up to 1e\+25"):
        compute_box(bank.plan(opened), opened, opened.whole)
    with pytest.raises(ValueError, match="image has values up to"):
        bank.transform(-image)
    image[20, 10] = 1e16
    assert np.isfinite(bank.transform(image)).all()
