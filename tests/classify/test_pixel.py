"""The main job: what is learned from strokes holds everywhere, however the image is cut."""

import warnings

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.fixes import parse_version

import pixelseg
from pixelseg import FeatureBank, ForestClassifier, PixelClassifier, io
from pixelseg._core.image import as_image
from pixelseg._core.memory import DEFAULT_MEMORY
from pixelseg.classify import FittedModel, InputSpec, TilePlan
from pixelseg.classify.outputs import label_dtype
from pixelseg.classify.prediction_plan import PredictionPlan

from .scenes import make_scene


def test_strokes_segment_the_image_and_another(scene, quick):
    image, truth, strokes = scene
    model = quick().fit(image, strokes)
    other, other_truth, _ = make_scene(seed=1, shape=(50, 60))
    assert (model.predict(image) == truth).mean() > 0.97
    assert (model.predict(other) == other_truth).mean() > 0.97
    assert model.predict(image).dtype == np.uint8
    assert model.classes_.tolist() == [1, 2]


def test_probabilities(scene, quick):
    image, _, strokes = scene
    model = quick().fit(image, strokes)
    p = model.predict_proba(image)
    assert p.shape == (*image.shape, 2)
    assert p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_array_equal(model.predict(image), model.classes_[p.argmax(axis=-1)])
    margin = model.predict_uncertainty(image)
    top = np.sort(p, axis=-1)
    np.testing.assert_allclose(margin, 1 - (top[..., -1] - top[..., -2]), atol=1e-6)
    entropy = model.predict_uncertainty(image, kind="entropy")
    assert entropy.min() >= 0
    assert entropy.max() <= 1
    with pytest.raises(ValueError, match="'margin' or 'entropy'"):
        model.predict_uncertainty(image, kind="variance")


@pytest.mark.parametrize("prior", ["estimate", "labels", (0.02, 0.98)])
@pytest.mark.parametrize("classifier", ["forest", "mlp", GaussianNB()])
def test_labels_are_those_of_the_probabilities(quick, classifier, prior):
    """Also where the forest stops asking trees, on noise that leaves many pixels in doubt."""
    image, _, strokes = make_scene(shape=(130, 140))
    image += 40 * np.random.default_rng(5).normal(size=image.shape)
    mask = np.random.default_rng(6).random(image.shape) < 0.9
    model = quick(classifier=classifier, class_prior=prior).fit(image, strokes)
    p = model.predict_proba(image)
    expected = model.classes_[p.argmax(axis=-1)]
    np.testing.assert_array_equal(model.predict(image), expected)
    labels = model.predict(image, mask=mask)
    masked = model.predict_proba(image, mask=mask)
    assert (labels[~mask] == 0).all()
    np.testing.assert_array_equal(labels[mask], model.classes_[masked.argmax(axis=-1)][mask])


def test_all_answers_in_one_pass(scene, quick):
    image, _, strokes = scene
    model = quick().fit(image, strokes)
    mask = image > image.mean() - 40
    labels = np.zeros(image.shape, np.int32)
    probabilities = np.zeros((*image.shape, 2), np.float32)
    uncertainty = np.zeros(image.shape, np.float64)
    shares = []
    model.predict_into(
        image,
        labels=labels,
        probabilities=probabilities,
        uncertainty=uncertainty,
        kind="entropy",
        mask=mask,
        progress=lambda done, total: shares.append(done / total),
    )
    assert shares[-1] == 1
    np.testing.assert_array_equal(labels, model.predict(image, mask=mask))
    np.testing.assert_array_equal(probabilities, model.predict_proba(image, mask=mask))
    expected = model.predict_uncertainty(image, kind="entropy", mask=mask)
    np.testing.assert_array_equal(uncertainty, expected)

    with pytest.raises(ValueError, match="pass one array"):
        model.predict_into(image)
    with pytest.raises(ValueError, match="uncertainty has shape"):
        model.predict_into(image, uncertainty=uncertainty[1:])
    with pytest.raises(TypeError, match="labels has dtype bool"):
        model.predict_into(image, labels=np.zeros(image.shape, bool))
    with pytest.raises(ValueError, match="'margin' or 'entropy'"):
        model.predict_into(image, labels=labels, kind="variance")


@pytest.mark.parametrize("classes", [(1, 2), (3, 250), (7, 70000)])
def test_classes_are_any_positive_integers(scene, quick, classes):
    image, truth, strokes = scene
    names = np.array([0, *classes])
    model = quick().fit(image, names[strokes])
    labels = model.predict(image)
    assert model.classes_.tolist() == list(classes)
    assert labels.dtype == label_dtype(model.classes_)
    assert (labels == names[truth]).mean() > 0.97


@pytest.fixture(scope="module")
def fitted():
    image, _, strokes = make_scene(shape=(130, 140), dtype=np.float32)
    bank = FeatureBank(sigmas=(1.0, 3.5))
    model = PixelClassifier(bank, ForestClassifier(n_estimators=5), refine=None)
    model.fit(image, strokes)
    return model, image, model.predict_proba(image)


@pytest.mark.parametrize("tile", [(1, 64, 64), (1, 200, 200), (1, 17, 33)])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_tiles_and_threads_give_the_same_bits(fitted, tile, n_jobs, monkeypatch):
    model, image, expected = fitted
    tiles = TilePlan((1, *image.shape), tile, 10**9, n_jobs, 10**9)
    plan = PredictionPlan(model.features_.plan(as_image(image)), tiles)
    monkeypatch.setattr(FittedModel, "plan", lambda *_: plan)
    out = np.zeros_like(expected)
    model.predict_proba(image, out=out)
    np.testing.assert_array_equal(out, expected)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(100, 140), st.integers(100, 140))
def test_crops_give_the_same_bits_away_from_their_border(fitted, top, left, bottom, right):
    model, image, expected = fitted
    crop = model.predict_proba(image[top:bottom, left:right])
    halo = model.features_.plan(as_image(image)).halo
    inner = tuple(slice(h, -h) for h in halo[1:])
    np.testing.assert_array_equal(crop[inner], expected[top:bottom, left:right][inner])


def test_a_small_budget_gives_the_same_bits(fitted):
    model, image, expected = fitted
    small = clone(model).set_params(max_memory="3MB")
    small.model_ = model.model_
    assert len(small.plan_predict(image).boxes(2)) > 1
    np.testing.assert_array_equal(small.predict_proba(image), expected)


def test_mapped_files_in_and_out(fitted, tmp_path):
    model, image, expected = fitted
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(
        tmp_path / "out.npy", mode="w+", dtype=np.uint8, shape=image.shape
    )
    assert model.predict(mapped, out=out) is out
    np.testing.assert_array_equal(out, model.classes_[expected.argmax(-1)])


@pytest.mark.parametrize("kind", ["zarr", "h5py"])
def test_chunked_arrays_in_and_out(fitted, tmp_path, kind):
    module = pytest.importorskip(kind)
    model, image, expected = fitted
    if kind == "zarr":
        source = module.create_array(
            str(tmp_path / "image.zarr"), shape=image.shape, dtype=image.dtype, chunks=(50, 50)
        )
        out = module.create_array(
            str(tmp_path / "out.zarr"), shape=image.shape, dtype=np.uint8, chunks=(50, 50)
        )
        source[...] = image
    else:
        file = module.File(tmp_path / "image.h5", "w")
        source = file.create_dataset("image", data=image, chunks=(50, 50))
        out = file.create_dataset("out", image.shape, np.uint8)
    model.predict(source, out=out)
    np.testing.assert_array_equal(out[...], model.classes_[expected.argmax(-1)])


def test_layouts_and_byte_orders_just_work(fitted):
    model, image, expected = fitted
    read_only = image.copy()
    read_only.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for variant in (
            np.asfortranarray(image),
            np.repeat(image, 2, axis=0)[::2],
            image.astype(">f4"),
            read_only,
        ):
            np.testing.assert_array_equal(model.predict_proba(variant), expected)


def test_the_order_of_the_images_does_not_matter(quick):
    scenes = [make_scene(seed=k) for k in range(3)]
    images, strokes = [s[0] for s in scenes], [s[2] for s in scenes]
    a = quick(samples_per_class=30).fit(images, strokes)
    b = quick(samples_per_class=30).fit(images[::-1], strokes[::-1])
    np.testing.assert_array_equal(a.predict_proba(images[0]), b.predict_proba(images[0]))
    assert a.training_.label_hash == b.training_.label_hash
    np.testing.assert_array_equal(a.training_.check_patch, b.training_.check_patch)


def test_a_list_and_a_loader_are_the_same(quick):
    scenes = [make_scene(seed=k) for k in range(2)]

    class Loader:
        def __init__(self, index):
            self.index = index

        def __iter__(self):
            return (s[self.index] for s in scenes)

    a = quick().fit([s[0] for s in scenes], [s[2] for s in scenes])
    b = quick().fit(Loader(0), Loader(2))
    np.testing.assert_array_equal(a.predict_proba(scenes[0][0]), b.predict_proba(scenes[0][0]))


def test_colour_channels_and_volumes(quick):
    for shape, channels, options in [
        ((60, 60), 3, {}),
        ((60, 60), 5, {"channel_axis": -1}),
        ((10, 40, 60), None, {"channel_axis": None, "spacing": (3, 1, 1)}),
        ((6, 40, 60), 2, {"channel_axis": 3}),
        ((1, 60), None, {}),
    ]:
        image, truth, strokes = make_scene(shape=shape, channels=channels)
        model = quick(**options).fit(image, strokes)
        assert (model.predict(image) == truth).mean() > 0.9
        assert len(model.feature_names_out_) == model.classifier_.n_features_in_


def test_images_smaller_than_any_filter(fitted):
    model, image, _ = fitted
    (_, rows, columns) = model.features_.plan(as_image(image)).halo
    inner = slice(rows, -rows), slice(columns, -columns)
    for piece in (image[:1, :1], image[:1], image[:, :1], image[60:63, 40:45]):
        reflected = np.pad(piece, ((rows, rows), (columns, columns)), mode="symmetric")
        expected = model.predict_proba(reflected)[inner]
        np.testing.assert_allclose(model.predict_proba(piece), expected, atol=1e-6)


def test_mask_is_the_way_out_of_nan(scene, quick):
    image, truth, strokes = scene
    holes = image.copy()
    holes[60:] = np.nan
    mask = np.isfinite(holes)
    with pytest.raises(ValueError, match=r"nan at pixel \(60, 0\).*mask"):
        quick().fit(holes, strokes)
    model = quick().fit(holes, strokes, mask=mask)
    with pytest.raises(ValueError, match="nan"):
        model.predict(holes)
    labels = model.predict(holes, mask=mask)
    assert (labels[~mask] == 0).all()
    assert (labels[mask] == truth[mask]).mean() > 0.97
    holes[60:] = 1e6
    np.testing.assert_array_equal(model.predict(holes, mask=mask), labels)
    assert (model.predict_proba(holes, mask=mask)[~mask] == 0).all()
    assert (model.predict_uncertainty(holes, mask=mask)[~mask] == 0).all()


@pytest.mark.parametrize("forest", [RandomForestClassifier, ExtraTreesClassifier])
def test_a_scikit_learn_forest_gives_its_own_bits(scene, forest):
    image, _, strokes = scene
    bank = FeatureBank(sigmas=(1.0,))
    kind = forest(8, random_state=3)
    as_it_is = {"class_prior": "labels", "intensity_jitter": 0, "refine": None}
    model = PixelClassifier(bank, kind, **as_it_is)
    p = model.fit(image, strokes).predict_proba(image)
    X = bank.transform(image)
    peer = forest(8, random_state=3).fit(X[strokes > 0], strokes[strokes > 0])
    expected = peer.predict_proba(X.reshape(-1, X.shape[-1])).reshape(p.shape)
    np.testing.assert_array_equal(p, expected.astype(np.float32))
    assert isinstance(model.classifier_, ForestClassifier)


@pytest.mark.parametrize("classifier", ["mlp", LogisticRegression(max_iter=2000)])
def test_other_classifiers(scene, quick, classifier):
    image, truth, strokes = scene
    model = quick(classifier=classifier).fit(image, strokes)
    assert (model.predict(image) == truth).mean() > 0.9
    with pytest.raises(AttributeError, match="feature importances"):
        model.feature_importances()


def test_class_prior(scene, quick):
    image, truth, _ = scene
    image = image + 40 * np.random.default_rng(5).normal(size=image.shape)
    strokes = np.zeros(image.shape, int)
    strokes[:4], strokes[4:5] = truth[:4], truth[4:5]
    strokes[:5, 45:48] = 0
    shares = {}
    for prior in ("labels", "estimate", [0.9, 0.1]):
        model = quick(class_prior=prior).fit(image, strokes)
        assert abs(model.class_prior_.sum() - 1) < 1e-9
        shares[str(prior)] = (model.predict(image) == 1).mean(), model.class_prior_[0]
    assert shares["[0.9, 0.1]"][1] == pytest.approx(0.9)
    assert shares["labels"][1] == pytest.approx((strokes == 1).sum() / (strokes > 0).sum())
    assert shares["[0.9, 0.1]"][0] > shares["labels"][0] + 0.01
    with pytest.raises(ValueError, match="3 entries but the labels have 2"):
        quick(class_prior=[1, 1, 1]).fit(image, strokes)


def test_dense_masks_rule_the_prior(scene, quick):
    image, truth, _ = scene
    truth = truth.copy()
    truth[:, 20:] = 2
    model = quick(samples_per_class=50).fit(image, truth)
    np.testing.assert_allclose(model.class_prior_, [20 / 90, 70 / 90], atol=0.1)


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="rows were drawn alike and then weighted, which pure leaves do not show",
)
def test_class_weight(scene, quick):
    image, _, strokes = scene
    image = image + 40 * np.random.default_rng(5).normal(size=image.shape)
    strokes[strokes == 2] = np.arange((strokes == 2).sum()) % 8 // 7 * 2
    means = []
    for weight in (None, "balanced", {2: 30}):
        # The noise is for trees that search for it.
        forest = ForestClassifier(10, max_features=0.3)
        model = quick(
            classifier=forest, class_weight=weight, class_prior="labels", intensity_jitter=0
        ).fit(image, strokes)
        assert model.classifier_.class_weight == weight
        means.append(model.predict_proba(image)[..., 1].mean())
    assert means[0] + 0.1 < means[1] < means[2]
    model = quick(class_weight="balanced", class_prior="labels").fit(image, strokes)
    np.testing.assert_allclose(model.class_prior_, [0.5, 0.5])
    with pytest.raises(ValueError, match=r"class_weight.*class_prior"):
        quick(classifier="mlp", class_weight="balanced").fit(image, strokes)


def test_scikit_learn_manners(quick):
    model = PixelClassifier()
    assert clone(model).get_params().keys() == model.get_params().keys()
    model.set_params(features__sigmas=(1.0,), classifier__max_depth=4, n_jobs=2)
    assert model.features.sigmas == (1.0,)
    assert model.classifier.max_depth == 4
    assert clone(model).get_params()["classifier__max_depth"] == 4
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(colour="red")
    with pytest.raises(ValueError, match="Invalid parameter"):
        PixelClassifier().set_params(classifier__colour="red")


def test_grid_search_over_lists_of_images(quick):
    scenes = [make_scene(seed=k, shape=(40, 60)) for k in range(3)]
    grid = {"features__sigmas": [(1.0,), (2.0,)], "classifier__max_depth": [1, 4]}
    search = GridSearchCV(PixelClassifier(samples_per_class=50), grid, cv=3)
    search.set_params(estimator__classifier__n_estimators=5)
    search.fit([s[0] for s in scenes], [s[2] for s in scenes])
    assert search.best_score_ > 0.9
    assert search.predict(scenes[0][0]).shape == (40, 60)


def test_progress_and_repeatability(scene, quick):
    image, _, strokes = scene
    told = []
    model = quick(max_memory="3MB").fit(image, strokes, progress=lambda *p: told.append(p))
    assert told == [(1, 1)]
    told.clear()
    model.predict(image, progress=lambda *p: told.append(p))
    assert told[-1][0] == told[-1][1] == len(told)
    again = quick().fit(image, strokes)
    np.testing.assert_array_equal(model.predict_proba(image), again.predict_proba(image))


def test_feature_importances_have_names(scene, quick):
    image, _, strokes = scene
    importances = quick().fit(image, strokes).feature_importances()
    assert sum(importances.values()) == pytest.approx(1)
    assert list(importances.values()) == sorted(importances.values(), reverse=True)
    assert any("gaussian" in name for name in importances)


@pytest.mark.parametrize(
    "params",
    [
        {"random_state": np.int64(3)},
        {"random_state": None},
        {"random_state": np.random.RandomState(3)},
        {"random_state": np.random.default_rng(3)},
        {"n_jobs": np.int64(2)},
        {"samples_per_class": np.int32(20)},
        {"max_memory": np.int64(400_000_000)},
    ],
)
@pytest.mark.parametrize("classifier", ["forest", "mlp"])
def test_parameters_as_scikit_learn_takes_them(scene, params, classifier, tmp_path):
    image, truth, strokes = scene
    model = PixelClassifier(FeatureBank(sigmas=(1.0,)), classifier, **params)
    assert (model.fit(image, strokes).predict(image) == truth).mean() > 0.9
    seed = model.model_.params["random_state"]
    assert isinstance(seed, int)
    model.save(tmp_path / "m.pixelseg")
    model.set_params(random_state=seed).fit(image, strokes)
    again = pixelseg.load(tmp_path / "m.pixelseg")
    np.testing.assert_array_equal(again.predict_proba(image), model.predict_proba(image))


def test_seeds_that_nobody_named_differ(scene, quick):
    image, truth, _ = scene
    seeds = [
        quick(random_state=None, samples_per_class=20).fit(image, truth).model_.params
        for _ in range(2)
    ]
    assert seeds[0] != seeds[1]


def test_no_call_refuses_where_nobody_named_a_budget(scene, quick, monkeypatch):
    image, truth, strokes = scene
    expected = quick().fit(image, strokes).predict_proba(image)
    images = [np.stack([image] * 14, axis=-1)] * 3
    monkeypatch.setitem(DEFAULT_MEMORY, 2, 100_000)
    model = quick(n_jobs=2).fit(image, strokes)
    plan = model.plan_predict(image)
    assert not plan.fits
    assert plan.n_parallel == 1
    np.testing.assert_array_equal(model.predict_proba(image), expected)
    assert model.score(image, truth) > 0.9
    assert model.cross_validate([image, image], [strokes, strokes], n_folds=2).accuracy > 0.9

    many = quick(channel_axis=-1).fit(images, [truth] * 3)
    assert (many.predict(images[0]) == truth).mean() > 0.9
    for call in (many.set_params(max_memory="100kB").predict, many.plan_predict):
        with pytest.raises(ValueError, match="max_memory is 100 kB, but this model needs"):
            call(images[0])


class Counted:
    """An array-like that counts the values that are read of it."""

    def __init__(self, shape):
        self.array = np.random.default_rng(0).random(shape).astype(np.float32)
        self.shape, self.dtype, self.n_read = shape, self.array.dtype, 0

    def __getitem__(self, index):
        self.n_read += self.array[index].size
        return self.array[index]


@pytest.mark.parametrize("shape", [(400, 400, 100), (50, 400, 400, 2), (3, 2000, 2)])
def test_the_look_for_warnings_is_bounded(shape):
    source = Counted(shape)
    InputSpec.of(as_image(source, channel_axis=-1))
    assert 0 < source.n_read <= 2**18


def test_images_that_were_not_scaled_alike_are_told(quick):
    image, _, strokes = make_scene(dtype=np.uint8)
    images = [image, image.astype(np.uint16) * 257]
    with pytest.warns(UserWarning, match="images have values up to .*: rescale them alike"):
        model = quick().fit(images, [strokes, strokes])
    assert model.input_spec_.dtypes == ("uint16", "uint8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for known in images:
            model.predict(known)
    with pytest.warns(UserWarning, match="values from"):
        model.predict(image // 32)


def test_a_handful_of_labels_that_tell_nothing_is_told(scene, quick):
    image, _, strokes = scene
    few = np.zeros_like(strokes)
    few[25, 10], few[25, -10] = 1, 2
    with pytest.warns(UserWarning, match="all of its 2 training pixels class"):
        quick().fit(image, few)


def test_a_model_reads_arrays_as_it_was_trained(scene, quick, tmp_path):
    """Axes and pixel size are those of training where nobody says otherwise."""
    for shape, channels, spacing in [((40, 60), 5, None), ((6, 40, 60), None, (4, 1, 1))]:
        image, _, strokes = make_scene(shape=shape, channels=channels)
        axis = None if channels is None else -1
        model = quick().fit(as_image(image, channel_axis=axis, spacing=spacing), strokes)
        expected = model.predict(as_image(image, channel_axis=axis, spacing=spacing))
        np.testing.assert_array_equal(model.predict(image), expected)
        if spacing is not None:
            assert (model.predict(as_image(image, channel_axis=None)) != expected).any()
        model.save(tmp_path / "m.pixelseg", overwrite=True)
        np.testing.assert_array_equal(
            pixelseg.load(tmp_path / "m.pixelseg").predict(image), expected
        )


def test_an_image_file_goes_straight_into_fit_and_predict(scene, quick, tmp_path):
    image, _, strokes = scene
    colour = np.stack([image, 255 - image, image, np.full(image.shape, 255)], axis=-1)
    colour[:10, :, 3] = 0
    io.write_image(tmp_path / "a.png", colour.astype(np.uint8), channel_axis=-1)
    file = io.read_image(tmp_path / "a.png")
    model = quick().fit(file, strokes)
    mask = colour[..., 3] > 0
    plain = quick().fit(colour[..., :3].astype(np.uint8), strokes, mask=mask)
    expected = plain.predict(colour[..., :3].astype(np.uint8), mask=mask)
    np.testing.assert_array_equal(model.predict(file), expected)
    assert (expected[:10] == 0).all()


def test_one_plan_serves_images_alike(scene, quick, monkeypatch):
    image, _, strokes = scene
    model = quick().fit(image, strokes)
    model.predict(image)
    monkeypatch.setattr(FeatureBank, "plan", None)
    model.predict(image)
    model.predict_proba(image[::-1])
    with pytest.raises(TypeError):
        model.predict(image[:50])


class Reload:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda i, s: (i, s[1:]), ValueError, r"\(71, 90\).*\(72, 90\)"),
        (lambda i, s: (i, s * 0), ValueError, "no labelled pixel"),
        (lambda i, s: (i, np.minimum(s, 1)), ValueError, r"only class \[1\]"),
        (lambda i, s: (np.where(i > 150, np.inf, i), s), ValueError, "inf at pixel"),
        (lambda i, s: (np.stack([i] * 5), s), ValueError, "channel_axis=None"),
        (lambda i, s: (i[:0], s[:0]), ValueError, "empty"),
        (lambda i, s: (i, s.astype(float)), TypeError, "integers"),
        (lambda i, s: (i, -s), ValueError, "-2"),
        (lambda i, s: ("a.png", s), TypeError, "images is 'a.png'.*read_image"),
        (lambda i, s: (i, "a.png"), TypeError, "labels is 'a.png'.*read_labels"),
        (lambda i, s: (["a.png"], [s]), TypeError, "image is 'a.png'.*read_image"),
        (lambda i, s: (i, None), TypeError, "labels is None"),
        (lambda i, s: ([i, i], Reload([s])), ValueError, "different lengths"),
        (lambda i, s: (Reload([]), Reload([])), ValueError, "empty"),
        (lambda i, s: ([i, i[..., np.newaxis].repeat(3, 2)], [s, s]), ValueError, "channels"),
    ],
)
def test_bad_training_input(scene, quick, change, kind, words):
    image, _, strokes = scene
    with pytest.raises(kind, match=words):
        quick().fit(*change(image, strokes))


class Untouchable:
    """An array that nobody may read; images that load themselves one by one."""

    def __init__(self, shape):
        self.shape, self.dtype, self.ndim = shape, np.dtype(float), len(shape)

    def __getitem__(self, index):
        raise AssertionError("the image was read")


@pytest.mark.parametrize(
    ("change", "params", "words"),
    [
        (lambda s: s * 0, {}, "no labelled pixel"),
        (lambda s: np.minimum(s, 1), {}, r"only class \[1\]"),
        (lambda s: s, {"class_prior": [0.2, 0.3, 0.5]}, "3 entries but the labels have 2"),
        (lambda s: s, {"max_memory": "100kB"}, "takes at least"),
    ],
)
@pytest.mark.parametrize("gather", [lambda x: x, lambda x: [x, x], lambda x: Reload([x, x])])
def test_labels_are_judged_before_an_image_is_read(scene, quick, change, params, words, gather):
    image, _, strokes = scene
    images, labels = gather(Untouchable(image.shape)), gather(change(strokes))
    with pytest.raises(ValueError, match=words):
        quick(**params).fit(images, labels)


def test_the_least_memory_to_train_with_suffices(scene, quick):
    image, _, strokes = scene
    expected = quick().fit(image, strokes).predict_proba(image)
    with pytest.raises(ValueError, match="takes at least") as error:
        quick(max_memory="100kB").fit(image, strokes)
    least = str(error.value).split("max_memory='")[1].split("'")[0]
    model = quick(max_memory=least).fit(image, strokes)
    model.set_params(max_memory=None)
    np.testing.assert_array_equal(model.predict_proba(image), expected)


@pytest.mark.parametrize(
    ("params", "kind", "words"),
    [
        ({"classifier": "svm"}, ValueError, "'forest', 'mlp'"),
        ({"classifier": 3}, TypeError, "fit and predict_proba"),
        ({"features": "all"}, TypeError, "FeatureBank"),
        ({"samples_per_class": 0}, ValueError, "samples_per_class is 0"),
        ({"max_memory": "lots"}, ValueError, "max_memory is 'lots'"),
        ({"max_memory": 1000}, ValueError, "max_memory"),
        ({"class_prior": "guess"}, ValueError, "class_prior is 'guess'"),
        ({"class_prior": "strokes"}, ValueError, "now called 'labels'"),
        ({"samples_per_class": 2.5}, ValueError, "samples_per_class is 2.5"),
        ({"n_jobs": 0}, ValueError, "n_jobs is 0"),
        ({"n_jobs": 1.5}, ValueError, "n_jobs is 1.5"),
        ({"random_state": -1}, ValueError, "random_state is -1"),
        ({"random_state": "lucky"}, ValueError, "random_state is 'lucky'"),
    ],
)
def test_bad_parameters(scene, quick, params, kind, words):
    image, _, strokes = scene
    with pytest.raises(kind, match=words):
        quick(**params).fit(image, strokes)
    if "max_memory" not in params:
        with pytest.raises(kind, match=words):
            quick(**params).fit(Untouchable(image.shape), strokes)


def test_bad_images_to_predict(fitted):
    model, image, _ = fitted
    with pytest.raises(ValueError, match="3 channels but the model has 1"):
        model.predict(np.stack([image] * 3, axis=-1))
    with pytest.raises(TypeError, match="one at a time"):
        model.predict([image, image])
    with pytest.raises(TypeError, match="read_image"):
        model.predict("a.png")
    with pytest.raises(ValueError, match="out has shape"):
        model.predict(image, out=np.zeros((3, 3), np.uint8))
    with pytest.raises(TypeError, match="out has dtype"):
        model.predict(image, out=np.zeros(image.shape, bool))
    with pytest.warns(UserWarning, match="float64 but the model was trained on float32"):
        model.predict(image.astype(np.float64))
    with pytest.warns(UserWarning, match="values from"):
        model.predict(image / 255)


def test_the_old_name_of_samples_per_class(scene, quick):
    image, _, strokes = scene
    expected = quick(samples_per_class=20).fit(image, strokes)
    with pytest.warns(FutureWarning, match="samples_per_class"):
        found = quick(max_samples=20).fit(image, strokes)
    assert found.training_ == expected.training_
    assert found.model_.params == expected.model_.params
    with pytest.warns(FutureWarning), pytest.raises(ValueError, match="max_samples is 'a'"):
        quick().set_params(max_samples="a").fit(image, strokes)
