"""What a file says of itself is heard wherever an image is taken."""

import numpy as np
import pytest
import tifffile
from PIL import Image

import pixelseg
from pixelseg import io


@pytest.fixture
def bank():
    return pixelseg.FeatureBank(["gaussian"], [1.0])


def test_holes_and_channels_of_a_file_reach_the_features(tmp_path, rng, bank):
    pixels = rng.integers(0, 255, (20, 30, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    pixels[:, :10, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "hole.png")
    mask = pixels[..., 3] > 0
    expected = bank.transform(pixels[..., :3], mask=mask)
    np.testing.assert_array_equal(bank.transform(io.read_image(tmp_path / "hole.png")), expected)

    stack = rng.integers(0, 255, (2, 20, 4)).astype(np.uint8)
    for axes, axis in (("CYX", 0), ("ZYX", None)):
        options = {"photometric": "minisblack", "metadata": {"axes": axes}}
        for compression in (None, "zlib"):
            tifffile.imwrite(tmp_path / "stack.ome.tif", stack, compression=compression, **options)
            file = io.read_image(tmp_path / "stack.ome.tif")
            np.testing.assert_array_equal(
                bank.transform(file), bank.transform(stack, channel_axis=axis)
            )


def test_a_model_is_fitted_to_files_and_predicts_files(tmp_path, rng, bank):
    pixels = rng.integers(0, 100, (20, 30, 4)).astype(np.uint8)
    pixels[:, 15:, :3] += 100
    pixels[..., 3] = 255
    pixels[:8, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "hole.png")
    strokes = np.zeros((20, 30), np.uint8)
    strokes[5:15, 3:6], strokes[5:15, 22:25] = 1, 2
    file, mask = io.read_image(tmp_path / "hole.png"), pixels[..., 3] > 0

    model = pixelseg.PixelClassifier(bank, n_jobs=1).fit(file, strokes)
    same = pixelseg.PixelClassifier(bank, n_jobs=1).fit(pixels[..., :3], strokes, mask=mask)
    labels = model.predict(file)
    np.testing.assert_array_equal(labels, same.predict(pixels[..., :3], mask=mask))
    np.testing.assert_array_equal(labels == 0, ~mask)
    np.testing.assert_array_equal(model.predict_proba(file)[~mask], 0)
    assert model.score(file, strokes) > 0.9
