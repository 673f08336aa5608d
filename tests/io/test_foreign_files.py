"""Files as other programs write them, and files that are damaged."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

import pixelseg
from pixelseg import io
from pixelseg._core.image import as_image


def png(header, rows):
    """A PNG from its header fields and filtered rows: what Pillow cannot write."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def write_sixteen_bit(path, samples, colour_type):
    height, width = samples.shape[:2]
    lines = samples.astype(">u2").tobytes()
    step = len(lines) // height
    # The filter "Sub" in every second row, so that decoding has to undo one.
    n = 2 * (samples.shape[2] if samples.ndim == 3 else 1)
    rows = []
    for k in range(height):
        line = np.frombuffer(lines[k * step : (k + 1) * step], np.uint8)
        if k % 2:
            line = line - np.concatenate([np.zeros(n, np.uint8), line[:-n]])
        rows.append(bytes([k % 2]) + line.tobytes())

    path.write_bytes(png((width, height, 16, colour_type), b"".join(rows)))


@pytest.mark.parametrize(("colour_type", "n_samples"), [(2, 3), (6, 4), (4, 2), (0, 1)])
def test_png_keeps_all_16_bits_of_colour(tmp_path, rng, colour_type, n_samples):
    samples = rng.integers(1, 2**16, (6, 7, n_samples)).astype(np.uint16)
    write_sixteen_bit(tmp_path / "image.png", samples, colour_type)
    image = io.read_image(tmp_path / "image.png")
    expected = samples[..., : 3 if n_samples > 2 else 1].squeeze()
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_palette_is_colour_in_an_image_and_index_in_labels(tmp_path):
    indices = np.array([[0, 1], [2, 1]], np.uint8)
    picture = Image.new("P", (2, 2))
    picture.putdata(indices.ravel().tolist())
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 9, 255])
    picture.save(tmp_path / "strokes.png")
    np.testing.assert_array_equal(io.read_labels(tmp_path / "strokes.png"), indices)
    image = io.read_image(tmp_path / "strokes.png")
    assert image.channel_axis == 2
    np.testing.assert_array_equal(np.asarray(image)[1, 0], [0, 9, 255])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_is_not_stretched_in_labels(tmp_path, bits):
    # Two rows of packed samples 0, 1, ..., written by hand: no library writes grey like this.
    n = 8 // bits
    values = 2**bits - 1 - np.arange(n) % 2**bits
    byte = int(sum(int(v) << (8 - bits * (k + 1)) for k, v in enumerate(values)))

    image = png((n, 2, bits, 0), bytes([0, byte, 0, byte]))
    (tmp_path / "labels.png").write_bytes(image)
    np.testing.assert_array_equal(io.read_labels(tmp_path / "labels.png"), [values, values])
    assert io.read_image(tmp_path / "labels.png")[0].max() == (1 if bits == 1 else 255)


def test_alpha_becomes_a_mask(tmp_path, rng):
    pixels = rng.integers(0, 255, (5, 6, 4)).astype(np.uint8)
    pixels[..., 3] = 200
    Image.fromarray(pixels).save(tmp_path / "opaque.png")
    image = io.read_image(tmp_path / "opaque.png")
    assert image.shape == (5, 6, 3)
    assert image.mask is None

    pixels[2, 3, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "hole.png")
    for compression in (None, "zlib"):
        tifffile.imwrite(
            tmp_path / "hole.tif",
            pixels,
            photometric="rgb",
            extrasamples=["unassalpha"],
            compression=compression,
        )
        for name in ("hole.png", "hole.tif"):
            image = io.read_image(tmp_path / name)
            np.testing.assert_array_equal(np.asarray(image), pixels[..., :3])
            np.testing.assert_array_equal(image.mask, pixels[..., 3] > 0)


def test_grey_with_alpha_is_grey(tmp_path):
    pixels = np.full((3, 4, 2), 255, np.uint8)
    pixels[..., 0] = np.arange(12).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    image = io.read_image(tmp_path / "image.png")
    assert image.channel_axis is None
    np.testing.assert_array_equal(np.asarray(image), pixels[..., 0])


def test_exif_orientation_is_left_alone(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert io.read_image(tmp_path / "turned.jpg").shape == (4, 8)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"photometric": "minisblack", "rowsperstrip": 16}, (3, 40, 50)),
        ({"photometric": "minisblack", "tile": (16, 32)}, (40, 50)),
        ({"photometric": "rgb", "tile": (16, 16)}, (40, 50, 3)),
        ({"photometric": "rgb", "rowsperstrip": 7, "predictor": True}, (40, 50, 3)),
        ({"photometric": "rgb"}, (2, 40, 50, 3)),
        ({"photometric": "rgb", "planarconfig": "separate", "tile": (16, 16)}, (3, 40, 50)),
        ({"photometric": "minisblack", "tile": (16, 16, 16)}, (20, 40, 50)),
        ({"photometric": "minisblack", "bigtiff": True, "byteorder": ">"}, (2, 40, 50)),
    ],
)
def test_compressed_tiff_is_decoded_piece_by_piece(tmp_path, rng, options, shape):
    pixels = rng.integers(0, 2**16, shape).astype(np.uint16)
    tifffile.imwrite(tmp_path / "image.tif", pixels, compression="zlib", **options)
    image = io.read_image(tmp_path / "image.tif")
    separate = options.get("planarconfig") == "separate"
    expected = np.moveaxis(pixels, 0, -1) if separate else pixels
    assert not isinstance(image.data, np.ndarray)
    assert image.shape == expected.shape
    assert (image.channel_axis is None) == (options["photometric"] == "minisblack")
    np.testing.assert_array_equal(np.asarray(image), expected)
    for index in [
        0,
        (slice(1, 3), slice(10, 37)),
        (Ellipsis, slice(5, 1, -1)),
        (slice(None, None, 3), -1),
        (slice(4, 4),),
    ]:
        np.testing.assert_array_equal(image[index], expected[index])


def test_few_pieces_are_kept(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("pixelseg.io.tiff_pages._KEPT_BYTES", 3 * 16 * 50)
    pixels = rng.integers(0, 255, (200, 50)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", pixels, compression="zlib", rowsperstrip=16)
    image = io.read_image(tmp_path / "image.tif")
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert len(image.data.cache._kept) == 3
    np.testing.assert_array_equal(image[:100], pixels[:100])


def test_lzw_is_read_through_pillow(tmp_path, rng):
    for dtype in (np.uint8, np.uint16):
        pixels = rng.integers(0, 200, (30, 20)).astype(dtype)
        Image.fromarray(pixels).save(tmp_path / "lzw.tif", compression="tiff_lzw")
        np.testing.assert_array_equal(np.asarray(io.read_image(tmp_path / "lzw.tif")), pixels)
    colours = rng.integers(0, 200, (30, 20, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "lzw.tif", compression="tiff_lzw")
    image = io.read_image(tmp_path / "lzw.tif")
    np.testing.assert_array_equal(image[3:9, 5:], colours[3:9, 5:])


def test_imagej_axes_and_pixel_size(tmp_path, rng):
    pixels = rng.integers(0, 255, (4, 2, 10, 12)).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "stack.tif",
        pixels,
        imagej=True,
        resolution=(2.0, 2.0),
        metadata={"axes": "ZCYX", "spacing": 3.0, "unit": "um"},
    )
    image = io.read_image(tmp_path / "stack.tif")
    assert image.spacing == pytest.approx((3.0, 0.5, 0.5))
    assert image.channel_axis == 3
    np.testing.assert_array_equal(np.asarray(image), np.moveaxis(pixels, 1, -1))


def test_ome_units_become_micrometres(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        np.zeros((3, 10, 12), np.uint8),
        metadata={
            "axes": "ZYX",
            "PhysicalSizeX": 250.0,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 0.5,
            "PhysicalSizeZ": 0.002,
            "PhysicalSizeZUnit": "mm",
        },
    )
    assert io.read_image(tmp_path / "a.ome.tif").spacing == pytest.approx((2.0, 0.5, 0.25))


def test_resolution_tags_are_a_pixel_size(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.zeros((10, 12), np.uint8),
        resolution=(20000.0, 10000.0),
        resolutionunit="CENTIMETER",
    )
    assert io.read_image(tmp_path / "a.tif").spacing == pytest.approx((1.0, 0.5))


def test_pages_without_meaning_are_slices_unless_told(tmp_path, rng):
    pixels = rng.integers(0, 255, (5, 10, 12)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    assert io.read_image(tmp_path / "a.tif").channel_axis is None
    image = io.read_image(tmp_path / "a.tif", channel_axis=0)
    assert image.channel_axis == 2
    np.testing.assert_array_equal(np.asarray(image), np.moveaxis(pixels, 0, -1))
    with pytest.raises(ValueError, match="channel_axis is 3"):
        io.read_image(tmp_path / "a.tif", channel_axis=3)


def test_npy_is_mapped_and_ambiguous_shapes_stay_so(tmp_path, rng):
    np.save(tmp_path / "a.npy", rng.normal(size=(5, 6, 7)))
    image = io.read_image(tmp_path / "a.npy")
    assert isinstance(image.data, np.memmap)
    assert image.channel_axis == "auto"
    with pytest.raises(ValueError, match="channel_axis=None if it is a volume"):
        as_image(image, channel_axis=image.channel_axis)
    assert io.read_image(tmp_path / "a.npy", channel_axis=None).channel_axis is None


def test_a_movie_is_refused(tmp_path):
    pixels = np.zeros((5, 10, 12), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(ValueError, match="5 points in time"):
        io.read_image(tmp_path / "a.tif")
    assert io.read_image(tmp_path / "a.tif", channel_axis=None).shape == (5, 10, 12)


def test_several_images_in_a_file_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((10, 12), np.uint8))
        file.write(np.zeros((5, 6), np.uint8))
    with pytest.raises(ValueError, match="2 images"):
        io.read_image(tmp_path / "a.tif")
    frames = [Image.new("L", (4, 4), k) for k in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match="3 pictures"):
        io.read_image(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.png", "b.tif", "c.npy", "d.jpg", "zlib.tif"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
def test_truncated_files_are_named(tmp_path, rng, name, share):
    path = tmp_path / name
    pixels = rng.integers(0, 255, (200, 200)).astype(np.uint8)
    if name == "zlib.tif":
        tifffile.imwrite(path, pixels, compression="zlib", rowsperstrip=200)
    else:
        io.write_image(path, pixels)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ValueError, match=rf"{name} (cannot be read|is empty|is truncated)"):
        io.read_image(path)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy", "a.jpg"])
def test_text_with_an_images_name_is_named(tmp_path, name):
    (tmp_path / name).write_text("not an image at all\n" * 50)
    with pytest.raises(ValueError, match="not what its name says"):
        io.read_image(tmp_path / name)


def test_pickled_arrays_are_not_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot be read"):
        io.read_image(tmp_path / "a.npy")


def test_coloured_strokes_are_refused_and_grey_ones_in_colour_are_not(tmp_path):
    strokes = np.zeros((4, 5, 3), np.uint8)
    strokes[1, 1:3] = 2
    for name in ("labels.png", "labels.tif"):
        io.write_image(tmp_path / name, strokes, overwrite=True)
        np.testing.assert_array_equal(io.read_labels(tmp_path / name), strokes[..., 0])
    strokes[2, 1] = (255, 0, 0)
    for name in ("labels.png", "labels.tif"):
        io.write_image(tmp_path / name, strokes, overwrite=True)
        with pytest.raises(ValueError, match="palette"):
            io.read_labels(tmp_path / name)


def test_labels_stored_as_whole_floating_point_numbers(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0.0, 2.0]]))
    assert io.read_labels(tmp_path / "a.npy").tolist() == [[0, 2]]
    np.save(tmp_path / "a.npy", np.array([[0.0, 0.5]]))
    with pytest.raises(ValueError, match="fractions"):
        io.read_labels(tmp_path / "a.npy")


def test_jpeg_labels_and_negative_labels_are_refused(tmp_path):
    io.write_image(tmp_path / "a.jpg", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match="JPEG"):
        io.read_labels(tmp_path / "a.jpg")
    np.save(tmp_path / "a.npy", np.array([[0, -1]]))
    with pytest.raises(ValueError, match="holds -1"):
        io.read_labels(tmp_path / "a.npy")


def test_an_image_file_is_taken_wherever_an_image_is(tmp_path, rng):
    pixels = rng.integers(0, 255, (20, 30)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression="zlib")
    image = as_image(pixelseg.io.read_image(tmp_path / "a.tif"))
    np.testing.assert_array_equal(image.read(((3, 9), (4, 8)))[0, 0], pixels[3:9, 4:8])
