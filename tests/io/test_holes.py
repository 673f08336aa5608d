"""What a file says is no measurement: values for no data, mask pages; and previews."""

import numpy as np
import pytest
import tifffile

from pixelseg import io

SHAPE = (24, 30)


def gdal_nodata(text):
    return (42113, "s", len(text) + 1, text, True)


def gdal_metadata(*items):
    text = f"<GDALMetadata>{''.join(items)}</GDALMetadata>\n"
    return (42112, "s", len(text) + 1, text, True)


def with_hole(dtype, value, shape=SHAPE):
    pixels = np.random.default_rng(0).integers(1, 100, shape).astype(dtype)
    pixels[:, :5] = value
    return pixels, np.broadcast_to(np.arange(SHAPE[1]) >= 5, SHAPE)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    ("dtype", "value", "text"),
    [
        ("uint8", 255, "255"),
        ("uint8", 0, "0"),
        ("uint16", 65535, " 65535 "),
        ("int16", -32768, "-32768"),
        ("int32", -9999, "-9999.0"),
        ("float32", -9999, "-9999"),
        ("float32", np.nan, "nan"),
        ("float32", np.finfo(np.float32).min, "-3.40282346638529e+38"),
        ("float32", np.finfo(np.float32).min, "-1.79769313486232e+308"),
        ("float32", 1e20, "1e+20"),
        ("float64", -1.7e308, "-1.7e308"),
    ],
)
def test_a_value_for_no_data_is_a_hole(tmp_path, dtype, value, text, compression):
    pixels, counts = with_hole(dtype, value)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, extratags=[gdal_nodata(text)], compression=compression)
    image = io.read_image(path)
    np.testing.assert_array_equal(image, pixels)
    np.testing.assert_array_equal(image.mask, counts)


@pytest.mark.parametrize("text", ["-9999", "1.5", "1e99", "none", "300"])
def test_a_value_that_no_pixel_can_have_makes_no_hole(tmp_path, text):
    tifffile.imwrite(tmp_path / "a.tif", np.ones(SHAPE, np.uint8), extratags=[gdal_nodata(text)])
    assert io.read_image(tmp_path / "a.tif").mask is None


def test_a_pixel_that_lacks_one_band_is_a_hole(tmp_path):
    pixels, counts = with_hole("int16", 7, (*SHAPE, 3))
    pixels[:, 5:] = 1
    pixels[:, :5, :2] = 1
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(tmp_path / "a.tif", pixels, extratags=[gdal_nodata("7")], **options)
    np.testing.assert_array_equal(io.read_image(tmp_path / "a.tif").mask, counts)
    item = '<Item name="NODATA" sample="2">7</Item>'
    tifffile.imwrite(tmp_path / "b.tif", pixels, extratags=[gdal_metadata(item)], **options)
    np.testing.assert_array_equal(io.read_image(tmp_path / "b.tif").mask, counts)


def test_values_for_all_bands_together_make_a_hole_together(tmp_path):
    pixels, counts = with_hole("uint8", 9, (*SHAPE, 3))
    pixels[3, 20, 1] = 9
    item = '<Item name="NODATA_VALUES">9 9 9</Item>'
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extratags=[gdal_metadata(item)])
    np.testing.assert_array_equal(io.read_image(tmp_path / "a.tif").mask, counts)


def test_no_data_is_no_label(tmp_path):
    labels, counts = with_hole("int16", -1)
    tifffile.imwrite(tmp_path / "a_labels.tif", labels, extratags=[gdal_nodata("-1")])
    np.testing.assert_array_equal(io.read_labels(tmp_path / "a_labels.tif"), labels * counts)


def write_pages(path, pages):
    with tifffile.TiffWriter(path) as file:
        for pixels, options in pages:
            file.write(pixels, metadata=None, **options)


PREVIEW = {"subfiletype": 1}
MASK = {"subfiletype": 4, "photometric": "mask"}
RGB = {"photometric": "rgb"}


def test_previews_do_not_count_wherever_they_are(tmp_path):
    colour = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    previews = [(colour[::step, ::step], RGB | PREVIEW) for step in (2, 4)]
    write_pages(tmp_path / "a.tif", [*previews, (colour, RGB)])
    write_pages(tmp_path / "b.tif", [previews[0], (colour, RGB), previews[1]])
    # One of the image's own size and layout, which tifffile takes for a slice.
    write_pages(tmp_path / "c.tif", [(colour, RGB), (255 - colour, RGB | PREVIEW)])
    for name in "abc":
        np.testing.assert_array_equal(io.read_image(tmp_path / f"{name}.tif"), colour)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_mask_page_is_the_mask(tmp_path, compression):
    grey = np.random.default_rng(0).integers(0, 255, SHAPE).astype(np.uint8)
    counts = np.broadcast_to(np.arange(SHAPE[1]) >= 5, SHAPE)
    mask = (counts, MASK | {"compression": compression})
    small = (counts[::2, ::2], MASK | {"subfiletype": 5})
    write_pages(tmp_path / "a.tif", [(grey, {}), mask])
    write_pages(tmp_path / "b.tif", [(grey, {}), (grey[::2, ::2], PREVIEW), mask, small])
    for name in "ab":
        image = io.read_image(tmp_path / f"{name}.tif")
        np.testing.assert_array_equal(image, grey)
        np.testing.assert_array_equal(image.mask, counts)


def test_a_mask_page_of_the_images_own_layout_is_no_slice(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, SHAPE).astype(np.uint8)
    counts = np.broadcast_to(np.arange(SHAPE[1]) >= 5, SHAPE)
    write_pages(tmp_path / "a.tif", [(grey, {}), (counts * np.uint8(255), {"subfiletype": 2})])
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[1].tags[254].overwrite(4)
    image = io.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image, grey)
    np.testing.assert_array_equal(image.mask, counts)


def test_each_slice_has_its_mask_page(tmp_path):
    volume = np.random.default_rng(0).integers(0, 255, (3, *SHAPE)).astype(np.uint8)
    counts = volume > 20
    pages = [page for z in range(3) for page in ((volume[z], {}), (counts[z], MASK))]
    write_pages(tmp_path / "a.tif", pages)
    image = io.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image, volume)
    np.testing.assert_array_equal(image.mask, counts)


def test_a_mask_of_another_shape_is_refused(tmp_path):
    pages = [(np.ones(SHAPE, np.uint8), {}), (np.ones((5, 5), bool), MASK)]
    write_pages(tmp_path / "a.tif", pages)
    with pytest.raises(ValueError, match=r"a\.tif has a mask page of shape \(5, 5\)"):
        io.read_image(tmp_path / "a.tif")
