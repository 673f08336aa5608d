"""Colours as superpixels compare them, against scikit-image."""

import numpy as np
import pytest
from skimage import color, data

from pixelseg._core.image import as_image
from pixelseg.superpixels.colour import CONTRAST, STEPS, as_color, read_colours


def lab_of(image, **kwargs):
    planes = read_colours(as_image(image, **kwargs))
    assert planes.dtype == np.int16
    return np.moveaxis(planes[:, 0], 0, -1) / STEPS


@pytest.mark.kernels
def test_lab_is_that_of_scikit_image(rng):
    image = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    image[:6] //= 16
    expected = color.rgb2lab(image)
    for version in (image, image / 255, (image / 255).astype(np.float32)):
        np.testing.assert_allclose(lab_of(version), expected, atol=0.3)
        assert abs(lab_of(version) - expected).mean() < 0.02
    np.testing.assert_array_equal(lab_of(np.moveaxis(image, -1, 0), channel_axis=0), lab_of(image))
    np.testing.assert_array_equal(lab_of(image[::-1, ::2])[::-1], lab_of(image)[:, ::2])


def test_blocks_and_volumes(monkeypatch, rng):
    image = rng.integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    whole = read_colours(as_image(image, channel_axis=3))
    grey = read_colours(as_image(image[..., 0], channel_axis=None))
    monkeypatch.setattr("pixelseg.superpixels.colour._BLOCK", 50)
    np.testing.assert_array_equal(read_colours(as_image(image, channel_axis=3)), whole)
    np.testing.assert_array_equal(
        read_colours(as_image(image[..., 0], channel_axis=None), n_jobs=2), grey
    )
    assert whole.shape == (3, 5, 6, 7)
    assert grey.shape == (1, 5, 6, 7)


def test_what_is_lab_follows_from_the_form_alone():
    def settled(dtype, n_channels, color):
        return as_color(color, as_image(np.zeros((2, 2, n_channels), dtype), channel_axis=2))

    assert settled("u1", 3, "auto") == settled("f4", 3, "auto") == settled("f8", 3, "auto") == "lab"
    assert settled("u2", 3, "auto") is settled("u1", 4, "auto") is settled("u1", 1, "auto") is None
    assert settled("i4", 3, "auto") is settled("u1", 3, None) is None
    assert settled("u2", 3, "lab") == "lab"
    with pytest.raises(ValueError, match="color is 'lab' but image has 4 channels of uint8"):
        settled("u1", 4, "lab")
    with pytest.raises(ValueError, match="color is 'hsv' but must be 'auto', 'lab' or None"):
        settled("u1", 3, "hsv")


def test_floats_beyond_0_to_1_are_no_rgb():
    image = np.full((4, 4, 3), 0.5)
    image[1, 2, 0] = 1.05
    assert np.abs(lab_of(image)).max() < 120
    image[1, 2, 0] = 37
    with pytest.raises(ValueError, match="image holds 37 but three channels of floats"):
        lab_of(image)
    assert read_colours(as_image(image), None).shape == (3, 1, 4, 4)


def test_one_scale_for_every_dtype():
    image = data.camera()[::4, ::4]
    expected = lab_of(image)[..., 0]
    low, high = np.quantile(expected, [0.001, 0.999])
    assert high - low == pytest.approx(CONTRAST, rel=0.02)
    versions = [
        image.astype(np.uint16) * 257,
        image.astype(np.uint16) * 16,
        image / 255,
        image.astype(np.float32) * 1e30,
        image.astype(np.int32) - 1000,
        image.astype(np.float64) * 1e-200,
    ]
    for version in versions:
        np.testing.assert_allclose(lab_of(version)[..., 0], expected, atol=1.01 / STEPS)


@pytest.mark.parametrize("hot", [1e4, -1e4, 3e38])
def test_a_hot_pixel_moves_nothing(hot):
    image = data.camera()[::4, ::4].astype(np.float32)
    expected = lab_of(image)[..., 0]
    image[20, 30] = hot
    changed = lab_of(image)[..., 0]
    changed[20, 30] = expected[20, 30]
    np.testing.assert_allclose(changed, expected, atol=0.02 * CONTRAST)


def test_outside_the_mask_does_no_harm():
    image = data.camera()[::4, ::4].astype(np.float32)
    mask = np.ones(image.shape, bool)
    mask[:50] = False
    other = image.copy()
    other[:50] = np.nan
    other[:20] = 1e9
    inside = [lab_of(version, mask=mask)[mask] for version in (image, other)]
    np.testing.assert_array_equal(*inside)
    with pytest.raises(ValueError, match=r"image holds nan at pixel \(20, 0\)"):
        lab_of(other)


@pytest.mark.parametrize("value", [0, 7.5, -1e30])
def test_constant_and_nearly_constant_images(value):
    image = np.full((30, 40), value, np.float64)
    assert np.ptp(lab_of(image)) == 0
    image[3, 4] += 1
    assert np.ptp(lab_of(image)) == pytest.approx(CONTRAST if abs(value) < 1e9 else 0, abs=0.1)


def test_one_pixel():
    assert read_colours(as_image(np.array([[3.0]]))).shape == (1, 1, 1, 1)
