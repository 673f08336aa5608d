"""Round trips of every kind of file and dtype, and what each kind refuses."""

import numpy as np
import pytest
import tifffile

from pixelseg import io


def make(rng, shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(size=shape).astype(dtype)
    top = np.iinfo(dtype).max
    native = dtype.newbyteorder("=")
    return rng.integers(0, top, shape, dtype=native, endpoint=True).astype(dtype)


@pytest.mark.parametrize(
    ("suffix", "shape", "dtype"),
    [
        (".png", (7, 9), "uint8"),
        (".png", (7, 9), "uint16"),
        (".png", (7, 9, 3), "uint8"),
        (".png", (1, 1), "uint8"),
        (".tif", (1, 9), "uint8"),
        (".tif", (9, 1), "uint16"),
        (".tif", (1, 1), "float32"),
        (".tif", (7, 9), "float64"),
        (".tif", (7, 9), "int16"),
        (".tif", (7, 9, 3), "uint8"),
        (".tif", (7, 9, 3), "uint16"),
        (".tif", (7, 9, 3), "float32"),
        (".TIFF", (7, 9), "uint32"),
        (".npy", (7, 9), "float16"),
        (".npy", (7, 9, 3), ">u2"),
        (".npy", (1, 1), "int64"),
    ],
)
def test_images_survive_a_round_trip(tmp_path, rng, suffix, shape, dtype):
    image = make(rng, shape, dtype)
    path = tmp_path / f"image{suffix}"
    io.write_image(path, image)
    back = io.read_image(path)
    assert back.shape == shape
    assert back.dtype == image.dtype
    assert back.channel_axis == (2 if len(shape) == 3 else None)
    assert back.mask is None
    np.testing.assert_array_equal(np.asarray(back), image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    ("shape", "channel_axis"),
    [((4, 6, 5), None), ((4, 6, 5), 0), ((6, 5, 7), -1), ((4, 6, 5, 2), -1), ((2, 4, 6, 5), 0)],
)
def test_tiff_keeps_volumes_and_channels(tmp_path, rng, shape, channel_axis, dtype):
    image = make(rng, shape, dtype)
    io.write_image(tmp_path / "image.tif", image, channel_axis=channel_axis)
    back = io.read_image(tmp_path / "image.tif")
    expected = image if channel_axis is None else np.moveaxis(image, channel_axis, -1)
    assert back.channel_axis == (None if channel_axis is None else expected.ndim - 1)
    np.testing.assert_array_equal(np.asarray(back), expected)


def test_tiff_keeps_a_volume_of_colours(tmp_path, rng):
    image = make(rng, (2, 5, 6, 3), "uint8")
    io.write_image(tmp_path / "image.tif", image, channel_axis=-1)
    back = io.read_image(tmp_path / "image.tif")
    assert back.channel_axis == 3
    np.testing.assert_array_equal(np.asarray(back), image)


def test_big_endian_and_non_contiguous_arrays_are_written_as_they_look(tmp_path, rng):
    image = make(rng, (12, 14), ">u2")[::2, ::-1]
    io.write_image(tmp_path / "image.tif", image)
    np.testing.assert_array_equal(np.asarray(io.read_image(tmp_path / "image.tif")), image)


def test_jpeg_is_read_with_small_changes(tmp_path):
    rows = np.arange(64, dtype=np.uint8)[:, np.newaxis] * np.ones((1, 64), np.uint8)
    for name, image in [("grey.jpg", rows), ("colour.JPEG", np.stack([rows] * 3, axis=-1))]:
        io.write_image(tmp_path / name, image)
        back = np.asarray(io.read_image(tmp_path / name))
        assert back.shape == image.shape
        assert np.abs(back.astype(int) - image).max() < 6


def test_spacing_is_kept_by_tiff(tmp_path):
    io.write_image(tmp_path / "plane.tif", np.zeros((3, 4), np.uint8), spacing=(0.5, 0.25))
    assert io.read_image(tmp_path / "plane.tif").spacing == (0.5, 0.25)
    volume = np.zeros((3, 4, 5), np.float32)
    io.write_image(tmp_path / "volume.tif", volume, channel_axis=None, spacing=(2, 0.5, 0.25))
    assert io.read_image(tmp_path / "volume.tif").spacing == (2, 0.5, 0.25)
    io.write_labels(tmp_path / "labels.tif", np.zeros((3, 4, 5), int), spacing=2.0)
    assert io.read_image(tmp_path / "labels.tif").spacing == (2, 2, 2)


def test_spacing_is_unknown_where_the_file_does_not_say(tmp_path):
    for name in ("a.png", "a.tif", "a.npy", "a.jpg"):
        io.write_image(tmp_path / name, np.zeros((3, 4), np.uint8))
        assert io.read_image(tmp_path / name).spacing is None


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [([[0, 1], [2, 255]], "uint8"), ([[0, 256]], "uint16"), ([[0, 70000]], "uint32")],
)
@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_labels_are_stored_in_the_smallest_type(tmp_path, labels, dtype, suffix):
    labels = np.array(labels, np.int64)
    path = tmp_path / f"labels{suffix}"
    if suffix == ".png" and dtype == "uint32":
        with pytest.raises(ValueError, match=r"save it as \.tif or \.npy"):
            io.write_labels(path, labels)
        return
    io.write_labels(path, labels)
    back = io.read_labels(path)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, labels)


def test_labels_of_a_volume(tmp_path, rng):
    labels = rng.integers(0, 4, (3, 5, 4))
    for suffix in (".tif", ".npy"):
        io.write_labels(tmp_path / f"labels{suffix}", labels)
        np.testing.assert_array_equal(io.read_labels(tmp_path / f"labels{suffix}"), labels)


def test_mapped_output_of_every_kind(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("pixelseg.io.writing._IN_MEMORY_BYTES", 0)
    cases = [
        ("a.tif", (6, 7), "uint8", "auto"),
        ("b.tif", (6, 7, 2), "float32", -1),
        ("c.tif", (6, 7, 3), "uint8", "auto"),
        ("d.tif", (2, 6, 7, 4), "float32", 3),
        ("e.npy", (6, 7, 2), "float32", -1),
        ("f.png", (6, 7), "uint8", None),
        ("g.tif", (6, 7, 3), "uint8", None),
        ("h.tif", (2, 6, 7), "float32", 0),
    ]
    for name, shape, dtype, axis in cases:
        image = make(rng, shape, dtype)
        with io.create_image(tmp_path / name, shape, dtype, channel_axis=axis) as out:
            assert out.shape == shape
            assert out.dtype == dtype
            assert not (tmp_path / name).exists()
            out[..., :3, :] = image[..., :3, :]
            out[..., 3:, :] = image[..., 3:, :]
            np.testing.assert_array_equal(out[0], image[0])
        back = io.read_image(tmp_path / name)
        np.testing.assert_array_equal(
            np.asarray(back), np.moveaxis(image, axis, -1) if axis == 0 else image
        )
        assert (back.channel_axis is None) == (axis is None or len(shape) == 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name for name, *_ in cases]


def test_a_finished_output_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("pixelseg.io.writing._IN_MEMORY_BYTES", 0)
    with io.create_image(tmp_path / "a.npy", (3, 4), "uint8") as out:
        out[...] = 1
    with pytest.raises(ValueError, match="finished"):
        out[0] = 2


def test_large_tiff_gets_64_bit_offsets(tmp_path, monkeypatch):
    monkeypatch.setattr("pixelseg.io.writing._BIGTIFF_BYTES", 100)
    image = np.arange(200, dtype=np.uint8).reshape(10, 20)
    io.write_image(tmp_path / "big.tif", image)
    with tifffile.TiffFile(tmp_path / "big.tif") as file:
        assert file.is_bigtiff
    np.testing.assert_array_equal(np.asarray(io.read_image(tmp_path / "big.tif")), image)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("in_memory", [0, 2**20])
@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.png"])
def test_nothing_half_written_stays(tmp_path, monkeypatch, error, in_memory, name):
    monkeypatch.setattr("pixelseg.io.writing._IN_MEMORY_BYTES", in_memory)
    io.write_image(tmp_path / name, np.full((3, 4), 7, np.uint8))

    def fill_half():
        with io.create_image(tmp_path / name, (3, 4), "uint8", overwrite=True) as out:
            out[0] = 1
            raise error

    with pytest.raises(error):
        fill_half()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (np.asarray(io.read_image(tmp_path / name)) == 7).all()


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.png"])
def test_an_error_while_encoding_leaves_nothing(tmp_path, monkeypatch, name):
    def fail(*args, **options):
        raise OSError("no space left on device")

    monkeypatch.setattr("tifffile.imwrite", fail)
    monkeypatch.setattr("numpy.lib.format.write_array", fail)
    monkeypatch.setattr("pixelseg.io.pillow.write_pillow", fail)
    with pytest.raises(OSError, match="no space"):
        io.write_labels(tmp_path / name, np.zeros((3, 4), int))
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_only_replaced_on_request(tmp_path):
    path = tmp_path / "labels.png"
    io.write_labels(path, np.zeros((2, 3), int))
    for write in (io.write_labels, io.write_image):
        with pytest.raises(FileExistsError, match="overwrite=True"):
            write(path, np.ones((2, 3), np.uint8))
    with (
        pytest.raises(FileExistsError, match="overwrite=True"),
        io.create_image(path, (2, 3), "uint8"),
    ):
        pass
    io.write_labels(path, np.ones((2, 3), int), overwrite=True)
    assert (io.read_labels(path) == 1).all()


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "message"),
    [
        ("a.gif", (3, 4), "uint8", "no known kind"),
        ("a", (3, 4), "uint8", "no known kind"),
        ("a.png", (3, 4), "float32", r"save it as \.tif or \.npy"),
        ("a.png", (3, 4, 3), "uint16", r"save it as \.tif or \.npy"),
        ("a.jpg", (3, 4), "uint16", r"save it as \.tif or \.npy"),
        ("a.jpg", (3, 4, 4), "uint8", "other channels"),
        ("a.png", (2, 3, 4, 3), "uint8", "volumes"),
        ("a.tif", (3, 4), "int64", r"\.npy"),
        ("missing/a.tif", (3, 4), "uint8", "does not exist"),
    ],
)
def test_what_a_kind_cannot_hold_is_refused(tmp_path, name, shape, dtype, message):
    axis = -1 if len(shape) == 4 else "auto"
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        io.write_image(tmp_path / name, np.zeros(shape, dtype), channel_axis=axis)
    assert not (tmp_path / name).exists()


def test_labels_are_never_written_as_jpeg(tmp_path):
    with pytest.raises(ValueError, match="JPEG"):
        io.write_labels(tmp_path / "labels.jpg", np.zeros((3, 4), int))


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.png").mkdir()
    for call in (
        io.read_image,
        io.read_labels,
        lambda path: io.write_image(path, np.zeros((2, 2), np.uint8)),
    ):
        with pytest.raises(IsADirectoryError, match="folder"):
            call(tmp_path / "folder.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png does not exist"):
        io.read_image(tmp_path / "nowhere.png")
