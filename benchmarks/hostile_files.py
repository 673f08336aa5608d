"""Hostile files: images and models of every kind, and seeded changes that no writer makes."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

_ODD_VALUES: tuple[Any, ...] = (
    None, -1, 0, 1e-300, 1e9, 1e308, float("inf"), float("nan"), 2**31, 10**30, "", "x" * 1000,
    [], [[]], {}, {"pairs": [[1]]}, True, list(range(1000)), [1e6] * 3,
)  # fmt: skip
_ODD_SIZES = (0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, double or overwrite a part."""
    changed = bytearray(data)
    kind = rng.choice(("flip", "flip", "cut", "double", "zeros", "sizes"))
    start = rng.randrange(min(len(data), 512) if rng.random() < 0.5 else len(data))
    length = rng.choice((1, 4, 64, 4096))
    if kind == "flip":
        for _ in range(rng.choice((1, 1, 8, 64))):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del changed[start:]
    elif kind == "double":
        changed[start:start] = changed[start : start + length]
    elif kind == "zeros":
        changed[start : start + length] = bytes(len(changed[start : start + length]))
    else:
        size = rng.choice(_ODD_SIZES).to_bytes(4, rng.choice(("little", "big")))
        changed[start : start + 4] = size
    return bytes(changed)


def mutate_model(data: bytes, rng: random.Random) -> bytes:
    """A model file with one part changed: the archive, a value, or an array."""
    if rng.random() < 0.2:
        return mutate_bytes(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    arrays = [name for name in entries if name.endswith(".npy")]
    if rng.random() < 0.5:
        record = json.loads(entries["model.json"])
        _change_value(record, rng)
        entries["model.json"] = json.dumps(record).encode()
    else:
        name = rng.choice(arrays)
        entries[name] = _change_array(entries[name], rng)
    method = zipfile.ZIP_LZMA if rng.random() < 0.03 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(memory := io.BytesIO(), "w", method) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    changed = memory.getvalue()
    return mutate_bytes(changed, rng) if rng.random() < 0.05 else changed


def _change_value(record: Any, rng: random.Random) -> None:
    """Replace a value anywhere in nested lists and mappings; sometimes drop or scale it."""
    while True:
        keys = list(record) if isinstance(record, dict) else list(range(len(record)))
        key = rng.choice(keys)
        value = record[key]
        if isinstance(value, dict | list) and value and rng.random() < 0.7:
            record = value
            continue
        if rng.random() < 0.15:
            del record[key]
        elif isinstance(value, list) and rng.random() < 0.3:
            record[key] = value * rng.choice((2, 100, 3000))
        elif isinstance(value, int | float) and rng.random() < 0.4:
            record[key] = value * rng.choice((-1, 1e-6, 1e6, 1000))
        else:
            record[key] = rng.choice(_ODD_VALUES)
        return


def _change_array(entry: bytes, rng: random.Random) -> bytes:
    """An array of another shape, dtype, or with other values; or with a false header."""
    array = np.load(io.BytesIO(entry))
    kind = rng.choice(("value", "value", "shuffle", "long", "huge", "dtype", "shape", "header"))
    if kind == "header":
        return mutate_bytes(entry[:128], rng) + entry[128:]
    if kind == "value" and array.size:
        array = array.copy()
        flat = array.reshape(-1)
        place = rng.randrange(len(flat))
        odd = (-1, 0, 1, place, len(flat), 2**31 - 1, float("nan"), float("inf"), 1e30)
        with np.errstate(all="ignore"):
            flat[place] = np.array(rng.choice(odd)).astype(array.dtype)
    elif kind == "shuffle":
        array = np.random.default_rng(rng.randrange(2**32)).permutation(array)
    elif kind == "long":
        array = np.concatenate([array] * rng.choice((2, 64)))
    elif kind == "huge":
        array = np.zeros(rng.choice((10**6, (4000, 4000))), array.dtype)
    elif kind == "dtype":
        with np.errstate(all="ignore"):
            array = array.astype(rng.choice((np.int8, np.uint64, np.float16, np.complex64)))
    elif kind == "shape":
        array = array.reshape(rng.choice(((-1,), (1, -1), (-1, 1, 1))))
    np.save(memory := io.BytesIO(), array)
    return memory.getvalue()


def mutate_image(name: str, data: bytes, rng: random.Random) -> bytes:
    """An image file with a part changed; checksums of a PNG are often made right again."""
    changed = mutate_bytes(data, rng)
    if name.endswith(".png") and rng.random() < 0.7:
        if rng.random() < 0.3:
            size = struct.pack(">II", *(rng.choice((1, 63, 40000, 60000)) for _ in range(2)))
            changed = changed[:16] + size + changed[24:]
        changed = _with_checksums(changed)
    return changed


def _with_checksums(data: bytes) -> bytes:
    """A PNG with right checksums, as far as its chunks can be told apart."""
    out, place = bytearray(data), 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        end = place + 8 + length
        if end + 4 > len(data):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(out)


def make_models(folder: Path) -> list[bytes]:
    """Model files of both classifiers, of an image and of a volume of two channels."""
    import pixelseg

    rng = np.random.default_rng(0)
    plans: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((48, 52), {"classifier": pixelseg.ForestClassifier(9)}),
        ((48, 52), {"classifier": "mlp", "refine": pixelseg.GuidedFilter()}),
        ((12, 20, 20, 2), {"classifier": pixelseg.ForestClassifier(5), "channel_axis": -1}),
    ]
    models = []
    for k, (shape, params) in enumerate(plans):
        image = rng.random(shape, np.float32)
        strokes = (image.reshape(*shape[: 2 if len(shape) == 2 else 3], -1)[..., 0] > 0.5) + 1
        bank = pixelseg.FeatureBank(sigmas=(1.0, 2.0))
        model = pixelseg.PixelClassifier(bank, class_names={1: "a", 2: "b"}, **params)
        model.fit(image, strokes).save(path := folder / f"original{k}.pixelseg")
        models.append(path.read_bytes())
    return models


def make_images(folder: Path) -> list[tuple[str, bytes]]:
    """Image files of every kind and layout that is read."""
    import tifffile
    from PIL import Image

    rng = np.random.default_rng(0)
    grey = np.cumsum(rng.integers(0, 3, (60, 70)), axis=1).astype(np.uint8)
    colour = np.stack([grey, grey.T[:60, :60].repeat(2, 1)[:, :70], 255 - grey], -1)
    tiff: dict[str, tuple[Any, dict[str, Any]]] = {
        "plain": (grey, {}),
        "zlib": (colour, {"compression": "zlib", "photometric": "rgb", "predictor": True}),
        "tiles": (grey.astype(np.uint16), {"tile": (16, 32), "compression": "zlib"}),
        "ome": (np.stack([grey, grey]), {"ome": True, "metadata": {"axes": "ZYX"}}),
        "imagej": (np.stack([grey, grey]), {"imagej": True, "metadata": {"axes": "ZYX"}}),
        "float": (grey.astype(np.float32), {"extratags": [(42113, "s", 3, "7", True)]}),
    }
    for name, (pixels, options) in tiff.items():
        tifffile.imwrite(folder / f"{name}.tif", pixels, **options)
    rows = Image.fromarray(grey)
    rows.save(folder / "lzw.tif", compression="tiff_lzw")
    Image.fromarray(colour).save(folder / "packbits.tif", compression="packbits")
    rows.save(folder / "grey.png")
    rows.convert("1").save(folder / "bits.png")
    Image.fromarray(colour).convert("P").save(folder / "palette.png", transparency=3)
    Image.fromarray(np.dstack([colour, grey])).save(folder / "alpha.png")
    Image.fromarray(grey.astype(np.uint16) * 200).save(folder / "deep.png")
    Image.fromarray(colour).save(folder / "colour.jpg")
    Image.fromarray(colour).save(folder / "progressive.jpg", progressive=True, quality=60)
    np.save(folder / "grey.npy", grey)
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
