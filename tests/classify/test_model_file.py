"""Model files: they come back as they went, and a bad one is refused before it can do harm."""

import io
import json
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import pixelseg
from pixelseg import FeatureBank

from .scenes import make_scene


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    image, _, strokes = make_scene()
    model = pixelseg.PixelClassifier(
        FeatureBank(sigmas=(1.0, 2.0)),
        pixelseg.ForestClassifier(n_estimators=5),
        class_names={1: "left", 2: "right"},
    ).fit(image, strokes)
    path = tmp_path_factory.mktemp("model") / "scene.pixelseg"
    model.save(path)
    return model, path, image


def rewrite(path, target, change):
    """Copy a model file, with `change(name, data)` deciding what becomes of each entry."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                out.writestr(name, data)
    return target


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def test_the_score_of_these_labels_is_kept_and_no_other(quick, tmp_path):
    image, _, strokes = make_scene()
    strokes[5:9, 5:25], strokes[5:9, -25:-5] = 1, 2
    path = tmp_path / "scored.pixelseg"
    model = quick()
    before = dict(vars(model))
    result = model.cross_validate(image, strokes, n_folds=2)
    assert vars(model) == before
    with pytest.raises(NotFittedError):
        model.save(path)

    model.fit(image, strokes).save(path, score=result)
    loaded = pixelseg.load(path)
    assert loaded.training_.cross_validated_mean_iou == result.mean_iou
    loaded.save(path, overwrite=True)
    assert pixelseg.load(path).training_.cross_validated_mean_iou == result.mean_iou
    model.save(path, overwrite=True)
    assert pixelseg.load(path).training_.cross_validated_mean_iou is None
    strokes[6] = 0
    with pytest.raises(ValueError, match="other labels"):
        model.fit(image, strokes).save(tmp_path / "m.pixelseg", score=result)
    assert list(tmp_path.iterdir()) == [path]


def test_round_trip(saved):
    model, path, image = saved
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = pixelseg.load(path)
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))
    assert loaded.class_names == {1: "left", 2: "right"}
    assert loaded.feature_names_out_ == model.feature_names_out_
    assert loaded.training_.label_hash == model.training_.label_hash
    assert loaded.input_spec_ == model.input_spec_
    assert loaded.feature_importances() == model.feature_importances()


def test_a_loaded_model_can_be_saved_and_fitted_again(saved, tmp_path):
    _, path, _image = saved
    loaded = pixelseg.load(path)
    loaded.save(tmp_path / "again.pixelseg")
    again = pixelseg.load(tmp_path / "again.pixelseg")
    assert again.get_params().keys() == loaded.get_params().keys()
    scene = make_scene(seed=4)
    again.fit(scene[0], scene[2])


@pytest.mark.parametrize(
    "params",
    [
        {"classifier": "mlp"},
        {"features": FeatureBank(ops={"gaussian": (1.0,), "hessian": (2.0,)})},
        {"class_prior": [0.3, 0.7]},
        {"class_weight": {1: 2.0, 2: 1.0}},
        {"class_prior": "labels"},
    ],
)
def test_what_a_model_is_made_of_survives(quick, tmp_path, params):
    image, _, strokes = make_scene(shape=(40, 60))
    model = quick(**params).fit(image, strokes)
    model.save(tmp_path / "m.pixelseg")
    loaded = pixelseg.load(tmp_path / "m.pixelseg")
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))


def test_volume_with_spacing(quick, tmp_path):
    image, _, strokes = make_scene(shape=(6, 40, 60))
    model = quick(channel_axis=None, spacing=(4, 1, 1)).fit(image, strokes)
    model.save(tmp_path / "m.pixelseg")
    loaded = pixelseg.load(tmp_path / "m.pixelseg")
    np.testing.assert_array_equal(loaded.predict(image), model.predict(image))


def test_what_is_not_data_is_a_type_error(scene, quick, tmp_path):
    image, _, strokes = scene

    def own(plane, sigma, spacing):
        return plane * sigma

    class Refiner:
        def refine(self, probabilities, image):
            return probabilities

    for params in (
        {"features": FeatureBank(ops=["gaussian", own], sigmas=(1.0,))},
        {"classifier": LogisticRegression(max_iter=1000)},
        {"refine": Refiner()},
    ):
        model = quick(**params).fit(image, strokes)
        with pytest.raises(TypeError, match="cannot be stored as data"):
            model.save(tmp_path / "m.pixelseg")
    assert list(tmp_path.iterdir()) == []


def test_targets(saved, tmp_path):
    model, path, _ = saved
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(path)
    with pytest.raises(IsADirectoryError, match="folder"):
        model.save(tmp_path)
    with pytest.raises(FileNotFoundError, match="create it"):
        model.save(tmp_path / "no" / "m.pixelseg")
    model.save(tmp_path / "m.pixelseg")
    model.save(tmp_path / "m.pixelseg", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["m.pixelseg"]


def test_a_failing_save_leaves_the_old_file(saved, tmp_path, monkeypatch):
    model, _, _ = saved
    path = tmp_path / "m.pixelseg"
    model.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(path, overwrite=True)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_not_a_model(tmp_path):
    path = tmp_path / "m.pixelseg"
    with pytest.raises(FileNotFoundError, match="does not exist"):
        pixelseg.load(path)
    with pytest.raises(IsADirectoryError):
        pixelseg.load(tmp_path)
    for data in (b"", b"hello", pickle.dumps({"a": 1})):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a whole pixelseg model"):
            pixelseg.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match=r"model\.json"):
        pixelseg.load(path)


def test_every_truncation_is_refused(saved, tmp_path):
    _, path, _ = saved
    data = path.read_bytes()
    target = tmp_path / "m.pixelseg"
    for length in range(0, len(data), max(1, len(data) // 40)):
        target.write_bytes(data[:length])
        with pytest.raises(ValueError, match="pixelseg"):
            pixelseg.load(target)


def test_every_flipped_byte_is_refused_or_harmless(saved, tmp_path):
    _, path, image = saved
    data = bytearray(path.read_bytes())
    target = tmp_path / "m.pixelseg"
    for position in np.linspace(0, len(data) - 1, 60).astype(int):
        changed = bytearray(data)
        changed[position] ^= 0x55
        target.write_bytes(changed)
        try:
            loaded = pixelseg.load(target)
        except ValueError:
            continue
        assert loaded.predict(image).shape == image.shape


def test_no_pickle_is_ever_read(saved, tmp_path):
    _, path, _ = saved

    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    bomb = npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        arrays = [name for name in archive.namelist() if name.endswith(".npy")]
    for victim in arrays:
        target = rewrite(
            path, tmp_path / "m", lambda n, d, victim=victim: bomb if n == victim else d
        )
        with pytest.raises(ValueError, match="bad array"):
            pixelseg.load(target)


def test_wrong_arrays_are_refused(saved, tmp_path):
    _, path, _ = saved
    with zipfile.ZipFile(path) as archive:
        arrays = [name for name in archive.namelist() if name.endswith(".npy")]
    changes = [
        lambda a: a[:-1],
        lambda a: np.zeros(0, a.dtype),
        lambda a: np.zeros((3, 3, 3, 3)),
        lambda a: np.full(a.shape, np.nan),
    ]
    for victim in arrays:
        for change in changes:

            def swap(name, data, victim=victim, change=change):
                if name != victim:
                    return data
                array = np.load(io.BytesIO(data))
                return npy(change(array.copy()) if array.ndim else np.zeros(9))

            target = rewrite(path, tmp_path / "m", swap)
            # A forest that lacks its last tree is a forest: then the check patch tells.
            with pytest.raises(
                (ValueError, UserWarning), match=r"pixelseg|model|holds|differently"
            ):
                pixelseg.load(target)


def test_missing_pieces_are_refused(saved, tmp_path):
    _, path, _ = saved
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    for victim in names:
        if victim == "prior_ratio.npy":
            continue
        target = rewrite(
            path, tmp_path / "m", lambda n, d, victim=victim: None if n == victim else d
        )
        with pytest.raises(ValueError, match="model"):
            pixelseg.load(target)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("format", "another program", "does not say"),
        ("format_version", 99, "version 99.*train again"),
        ("features", {"ops": ["no such filter"], "sigmas": [1.0]}, "usable"),
        ("features", {"ops": None, "sigmas": [1.0]}, "usable"),
        ("classifier", "svm", "usable"),
        ("input", {"ndim": 7}, "usable"),
        ("feature_names", [], "usable"),
        ("classifier_params", {"exec": "1"}, "usable"),
    ],
)
def test_wrong_records_are_refused(saved, tmp_path, key, value, words):
    _, path, _ = saved

    def change(name, data):
        if name != "model.json":
            return data
        record = json.loads(data)
        record[key] = value
        return json.dumps(record)

    with pytest.raises(ValueError, match=words):
        pixelseg.load(rewrite(path, tmp_path / "m", change))


def test_too_large_a_file_is_refused(saved, tmp_path, monkeypatch):
    _, path, _ = saved
    monkeypatch.setattr("pixelseg.classify.model_file._MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="more than the"):
        pixelseg.load(path)


def test_what_shrank_too_much_is_refused_before_it_is_unpacked(saved, tmp_path, monkeypatch):
    _, path, _ = saved
    monkeypatch.setattr("pixelseg.classify.model_file._MAX_SMALL_BYTES", 2**20)
    bomb = npy(np.zeros((3000, 3000), np.uint8))
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "m", "w", 8) as out:
        for name in source.namelist():
            out.writestr(name, bomb if name == "check/image.npy" else source.read(name))
    with pytest.raises(ValueError, match=r"more than the .* that a model of its size may have"):
        pixelseg.load(tmp_path / "m")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_codecs_are_never_fed(saved, tmp_path, method):
    _, path, _ = saved
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "m", "w", method) as out:
        for name in source.namelist():
            out.writestr(name, source.read(name))
    with pytest.raises(ValueError, match="packed as no pixelseg model is"):
        pixelseg.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("features", {"sigmas": np.linspace(0.5, 30, 101).tolist()}),
        ("features", {"sigmas": [1e6, 1.0]}),
        ("input", {"spacing": [1e-6, 1e-6]}),
        ("input", {"spacing": ["1", "nan"]}),
        ("input", {"n_channels": 10**9}),
        ("training", {"n_images": float("inf")}),
        ("training", {"classes": None}),
        ("params", {"no_such_parameter": 1}),
        ("params", {"channel_axis": -1000}),
        ("params", {"channel_axis": True}),
        ("params", {"spacing": {}}),
        ("params", {"spacing": 1e-6}),
        ("refiner", {"name": "DenseCRF", "settings": {"n_iterations": 10**9}}),
        ("refiner", {"name": "GuidedFilter", "settings": {"value_range": ""}}),
    ],
)
def test_the_work_that_a_file_asks_for_is_bounded(saved, tmp_path, key, values):
    _, path, _ = saved

    def change(name, data):
        if name != "model.json":
            return data
        record = json.loads(data)
        return json.dumps(record | {key: (record[key] or {}) | values})

    with pytest.raises(ValueError, match=r"/m does not hold a usable model \(.+\)"):
        pixelseg.load(rewrite(path, tmp_path / "m", change))


@pytest.mark.parametrize("patch", [(1, 65, 9), (1, 9), (1, 2, 2, 2), (1, 0, 9)])
def test_a_check_patch_of_another_size_is_refused(saved, tmp_path, patch):
    _, path, _ = saved
    odd = npy(np.zeros(patch, np.float32))
    target = rewrite(path, tmp_path / "m", lambda n, d: odd if n == "check/image.npy" else d)
    with pytest.raises(ValueError, match="/m does not hold a usable model"):
        pixelseg.load(target)


def test_trees_without_end_are_refused(saved, tmp_path):
    _, path, _ = saved
    n = 2**20 + 1
    place = np.arange(n, dtype=np.int32)
    # A chain: the right child of each split is the next split, and the last one is a leaf.
    is_split = (place % 2 == 0) & (place < n - 1)
    left = np.where(is_split, place + 1, place)
    threshold = np.where(is_split, 0, np.inf).astype(np.float32)
    chain = {"threshold": threshold, "feature": np.zeros(n, np.int32), "left": left}
    leaves = np.zeros(np.count_nonzero(~is_split), np.int32)
    chain |= {"roots": np.zeros(1, np.int32), "leaf_values": leaves}

    def change(name, data):
        part = name.removeprefix("classifier/").removesuffix(".npy")
        return npy(chain[part]) if part in chain else data

    with pytest.raises(ValueError, match="too many trees, levels or weights"):
        pixelseg.load(rewrite(path, tmp_path / "m", change))


def test_an_npy_header_that_is_cut_is_refused(saved, tmp_path):
    _, path, _ = saved
    target = rewrite(
        path, tmp_path / "m", lambda n, d: d.replace(b"}", b" ") if n.endswith(".npy") else d
    )
    with pytest.raises(ValueError, match="/m holds a bad array"):
        pixelseg.load(target)


def test_other_bits_are_told(saved, tmp_path):
    _, path, _ = saved

    def change(name, data):
        if name != "check/probabilities.npy":
            return data
        return npy(np.load(io.BytesIO(data))[..., ::-1].copy())

    with pytest.warns(UserWarning, match="predicts its check patch differently here"):
        pixelseg.load(rewrite(path, tmp_path / "m", change))
