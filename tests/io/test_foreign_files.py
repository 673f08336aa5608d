"""Files as other programs write them, and files that are damaged."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

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


def test_labels_that_went_through_jpeg_are_refused_by_content(tmp_path):
    labels = np.zeros((64, 64), np.uint8)
    labels[20:40, 20:40] = 2
    Image.fromarray(labels).save(tmp_path / "renamed.png", format="JPEG")
    Image.fromarray(labels).save(tmp_path / "inside.tif", compression="jpeg")
    for name in ("renamed.png", "inside.tif"):
        assert io.read_image(tmp_path / name).shape == labels.shape
        with pytest.raises(ValueError, match=f"{name} is a JPEG"):
            io.read_labels(tmp_path / name)


def test_pillows_limit_is_left_as_it_was(tmp_path):
    limit = Image.MAX_IMAGE_PIXELS
    io.write_image(tmp_path / "a.png", np.zeros((50, 60), np.uint8))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: io.read_image(tmp_path / "a.png"), range(200)))
    assert limit == Image.MAX_IMAGE_PIXELS


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


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_planes_are_read_from_their_own_files(tmp_path, compression):
    planes = "".join(
        f'<TiffData FirstZ="{k}" IFD="0" PlaneCount="1"><UUID FileName="z{k}.ome.tif">urn:uuid:{k}'
        "</UUID></TiffData>"
        for k in range(3)
    )
    for k in range(3):
        xml = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{k}"><Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint8" '
            'DimensionOrder="XYZCT" SizeX="6" SizeY="4" SizeZ="3" SizeC="1" SizeT="1"><Channel '
            f'ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
        )
        pixels = np.full((4, 6), 10 * k, np.uint8)
        path = tmp_path / f"z{k}.ome.tif"
        tifffile.imwrite(path, pixels, description=xml, metadata=None, compression=compression)
    image = io.read_image(tmp_path / "z0.ome.tif")
    assert np.asarray(image)[:, 0, 0].tolist() == [0, 10, 20]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("options", [{}, {"ome": True}, {"imagej": True}, {"bigtiff": True}])
def test_a_stack_that_was_cut_is_never_a_smaller_one(tmp_path, options, share):
    volume = np.arange(5 * 30 * 32, dtype=np.uint16).reshape(5, 30, 32)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, volume, photometric="minisblack", metadata={"axes": "ZYX"}, **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ValueError, match=r"stack\.tif"):
        np.asarray(io.read_image(path))


def test_values_do_not_depend_on_the_compression(tmp_path):
    mask = np.eye(9) > 0
    for compression in (None, "packbits", "tiff_lzw", "group4"):
        Image.fromarray(mask).save(tmp_path / "mask.tif", compression=compression)
        assert np.unique(io.read_labels(tmp_path / "mask.tif")).tolist() == [0, 1]
    stored = np.array([[0, 1, 2], [3, 100, 255]], np.uint8)
    tifffile.imwrite(tmp_path / "plain.tif", stored, photometric="miniswhite")
    # Pillow turns values over where white is zero, also when it writes.
    Image.fromarray(255 - stored).save(
        tmp_path / "lzw.tif", compression="tiff_lzw", tiffinfo={262: 0}
    )
    for name in ("plain.tif", "lzw.tif"):
        np.testing.assert_array_equal(np.asarray(io.read_image(tmp_path / name)), stored)


@pytest.mark.parametrize("colour_type", [0, 2])
@pytest.mark.parametrize("bits", [8, 16])
def test_one_transparent_colour_is_a_mask(tmp_path, bits, colour_type):
    grey = np.arange(48).reshape(6, 8)
    samples = grey if colour_type == 0 else np.dstack([grey, grey + 1, grey])
    samples = samples.astype(f">u{bits // 8}")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    content = png((8, 6, bits, colour_type), rows)
    value = struct.pack(">H", 5) if colour_type == 0 else struct.pack(">HHH", 5, 6, 5)
    chunk = b"tRNS" + value
    chunk = struct.pack(">I", len(value)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    at = content.index(b"IDAT") - 4
    (tmp_path / "image.png").write_bytes(content[:at] + chunk + content[at:])
    image = io.read_image(tmp_path / "image.png")
    np.testing.assert_array_equal(np.asarray(image), samples)
    np.testing.assert_array_equal(image.mask, grey != 5)


@pytest.mark.parametrize("name", ["rgba.png", "la.png", "rgba.tif"])
def test_strokes_that_were_rubbed_out_are_unlabelled(tmp_path, name):
    layer = np.zeros((4, 6, 4), np.uint8)
    layer[0, :3], layer[1, :3] = (1, 1, 1, 255), (2, 2, 2, 255)
    layer[2] = (7, 8, 9, 0)
    if name.endswith(".tif"):
        options = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
        tifffile.imwrite(tmp_path / name, layer, **options)
    else:
        Image.fromarray(layer if name == "rgba.png" else layer[..., [0, 3]]).save(tmp_path / name)
    labels = io.read_labels(tmp_path / name)
    np.testing.assert_array_equal(labels, np.where(layer[..., 3] > 0, layer[..., 0], 0))


def test_the_main_picture_of_a_camera_is_read(tmp_path, rng):
    pixels = rng.integers(0, 255, (16, 24, 3)).astype(np.uint8)
    second = Image.fromarray(pixels[::2, ::2])
    path = tmp_path / "camera.jpg"
    Image.fromarray(pixels).save(path, format="MPO", save_all=True, append_images=[second])
    assert io.read_image(path).shape == (16, 24, 3)


def test_a_strip_that_is_damaged_is_named_when_it_is_read(tmp_path, rng):
    pixels = rng.integers(0, 4, (64, 50)).astype(np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(path) as file:
        start, size = file.pages[0].dataoffsets[3], file.pages[0].databytecounts[3]
    data = bytearray(path.read_bytes())
    data[start + size // 2 : start + size // 2 + 20] = b"\xff" * 20
    path.write_bytes(data)
    image = io.read_image(path)
    np.testing.assert_array_equal(image[:24], pixels[:24])
    with pytest.raises(ValueError, match=r"a\.tif cannot be read"):
        image[24:]


def bits_tiff(values, bits, photometric, compression=1):
    """A TIFF of few bits a sample, written by hand."""
    rows = [np.packbits((row[:, None] >> np.arange(bits)[::-1]) & 1).tobytes() for row in values]
    data = b"".join(rows)
    height, width = values.shape
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, compression),
        (262, 3, photometric), (273, 4, 400), (277, 3, 1), (278, 4, height), (279, 4, len(data)),
    ]  # fmt: skip
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    body = b"".join(struct.pack("<HHII", code, kind, 1, value) for code, kind, value in tags)
    return (head + body + bytes(4)).ljust(400, b"\0") + data


@pytest.mark.parametrize("bits", [2, 4, 12])
def test_tiff_of_few_bits_keeps_its_values(tmp_path, rng, bits):
    values = rng.integers(0, 2**bits, (6, 8))
    (tmp_path / "a.tif").write_bytes(bits_tiff(values, bits, 1))
    np.testing.assert_array_equal(io.read_labels(tmp_path / "a.tif"), values)


@pytest.mark.parametrize("compression", [34887, 34712])
def test_a_codec_that_is_missing_is_named(tmp_path, compression):
    content = bits_tiff(np.zeros((6, 8), int), 8, 1, compression)
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ValueError, match="only the package imagecodecs reads"):
        io.read_image(tmp_path / "a.tif")


def _write_pages(path, *pages):
    with tifffile.TiffWriter(path) as file:
        for pixels, options in pages:
            file.write(pixels, metadata=None, **options)


COLOUR = np.random.default_rng(1).integers(0, 255, (20, 24, 3)).astype(np.uint8)
VALID = np.ones((20, 24), bool)
VALID[:, :5] = False


def test_previews_before_the_image_do_not_count(tmp_path):
    rgb = {"photometric": "rgb"}
    path = tmp_path / "a.tif"
    _write_pages(
        path,
        (COLOUR[::4, ::4], {**rgb, "subfiletype": 1}),
        (COLOUR, rgb),
        (COLOUR[::2, ::2], {**rgb, "subfiletype": 1}),
    )
    image = io.read_image(path)
    np.testing.assert_array_equal(np.asarray(image), COLOUR)
    assert image.mask is None


@pytest.mark.parametrize("mask", [VALID, VALID * np.uint8(255)], ids=["bit", "byte"])
def test_a_mask_page_is_the_mask(tmp_path, mask):
    path, grey = tmp_path / "a.tif", COLOUR[..., 0]
    is_mask = {"photometric": "mask", "subfiletype": 4}
    # tifffile writes no masks of bytes, but there are.
    _write_pages(path, (grey, {}), (mask, is_mask if mask.dtype == bool else {"subfiletype": 2}))
    if mask.dtype != bool:
        with tifffile.TiffFile(path, mode="r+b") as file:
            file.pages[1].tags["NewSubfileType"].overwrite(4)
    image = io.read_image(path)
    np.testing.assert_array_equal(np.asarray(image), grey)
    np.testing.assert_array_equal(image.mask, VALID)


def test_a_mask_page_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    _write_pages(
        path, (COLOUR[..., 0], {}), (VALID[::2], {"photometric": "mask", "subfiletype": 4})
    )
    with pytest.raises(ValueError, match=r"a\.tif has a mask page of shape \(10, 24\)"):
        io.read_image(path)


@pytest.mark.parametrize(
    ("dtype", "value", "text"),
    [
        ("float32", np.nan, "nan"),
        ("float32", -9999, "-9999"),
        ("float64", -3.4e38, "-3.4e+38"),
        ("int16", -32768, "-32768"),
        ("uint8", 255, "255.0"),
    ],
)
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_what_gdal_calls_nodata_is_a_hole(tmp_path, dtype, value, text, compression):
    pixels = (COLOUR[..., 0] // 2).astype(dtype)
    pixels[~VALID] = value
    path = tmp_path / "a.tif"
    tags = [(42113, "s", len(text) + 1, text, True)]
    tifffile.imwrite(path, pixels, extratags=tags, compression=compression)
    image = io.read_image(path)
    np.testing.assert_array_equal(image.mask, VALID)
    np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("text", ["-9999", "nan", "none"])
def test_nodata_that_cannot_occur_makes_no_holes(tmp_path, text):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, COLOUR[..., 0], extratags=[(42113, "s", len(text) + 1, text, True)])
    assert io.read_image(path).mask is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_orientation_is_said_and_pixels_are_as_stored(tmp_path, orientation, suffix):
    path, grey = tmp_path / f"a{suffix}", COLOUR[..., 0]
    if suffix == ".tif":
        tifffile.imwrite(path, grey, extratags=[(274, "H", 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(grey).save(path, exif=exif)
    image = io.read_image(path)
    assert image.orientation == orientation
    assert image.shape == grey.shape


def test_more_pixels_than_bytes_can_hold_are_refused(tmp_path):
    path = tmp_path / "bomb.png"
    Image.fromarray(COLOUR).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 60_000, 60_000)  # of IHDR, whose checksum follows its 13 bytes
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"bomb\.png declares 11 GB of pixels"):
        io.read_image(path)

    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, COLOUR[..., 0], compression="deflate", rowsperstrip=20)
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            file.pages[0].tags[name].overwrite(60_000)
    with pytest.raises(ValueError, match=r"bomb\.tif declares 3\.6 GB of pixels"):
        io.read_image(path)


def test_an_ome_text_of_more_planes_than_anyone_has_is_refused(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((2, 8, 8), np.uint8), metadata={"axes": "ZYX"})
    data = path.read_bytes()
    assert data.count(b'SizeZ="2"') == 1
    with tifffile.TiffFile(path, mode="r+") as file:
        text = file.ome_metadata.replace('SizeZ="2"', 'SizeZ="2000000000"')
        file.pages[0].tags["ImageDescription"].overwrite(text)
    with pytest.raises(ValueError, match=r"speaks of 2e\+09 planes"):
        io.read_image(path)
