"""scikit-learn's own checks of estimators, as far as they do without a table of samples."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from pixelseg import PixelClassifier

_TABLE = "it fits a table of samples with one label a row; here a sample is an image"
_WORDS = "it wants scikit-learn's words for a table; what we say speaks of images and labels"
_DTYPE = "labels are integers, 0 where a pixel is unlabelled"
#: Checks that do not apply, with the reason.
EXCLUDED = {
    **dict.fromkeys(
        (
            "check_class_weight_classifiers",
            "check_classifier_data_not_an_array",
            "check_classifiers_train",
            "check_dict_unchanged",
            "check_dont_overwrite_parameters",
            "check_estimators_dtypes",
            "check_estimators_fit_returns_self",
            "check_estimators_overwrite_params",
            "check_estimators_pickle",
            "check_f_contiguous_array_estimator",
            "check_fit2d_predict1d",
            "check_fit_check_is_fitted",
            "check_fit_idempotent",
            "check_fit_score_takes_y",
            "check_methods_sample_order_invariance",
            "check_methods_subset_invariance",
            "check_n_features_in",
            "check_n_features_in_after_fitting",
            "check_pipeline_consistency",
            "check_positive_only_tag_during_fit",
            "check_readonly_memmap_input",
            "check_supervised_y_2d",
        ),
        _TABLE,
    ),
    **dict.fromkeys(
        (
            "check_classifiers_one_label",
            "check_complex_data",
            "check_dtype_object",
            "check_estimators_empty_data_messages",
            "check_estimators_nan_inf",
            "check_fit2d_1feature",
            "check_fit2d_1sample",
            "check_requires_y_none",
        ),
        _WORDS,
    ),
    **dict.fromkeys(
        (
            "check_classifiers_classes",
            "check_classifiers_regression_target",
            "check_supervised_y_no_nan",
        ),
        _DTYPE,
    ),
}


@parametrize_with_checks([PixelClassifier()], expected_failed_checks=lambda _: EXCLUDED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_what_the_excluded_checks_would_look_for(scene, quick):
    """On an image: fit returns self, changes no parameter and no input, and repeats itself."""
    image, _, strokes = scene
    image.flags.writeable = strokes.flags.writeable = False
    model = quick()
    before = {name: repr(value) for name, value in model.get_params().items()}
    assert model.fit(image, strokes) is model
    assert {name: repr(value) for name, value in model.get_params().items()} == before
    fresh = set(vars(model)) - set(vars(quick()))
    assert fresh == {"model_"}
    expected = model.predict_proba(image)
    np.testing.assert_array_equal(model.fit(image, strokes).predict_proba(image), expected)
    np.testing.assert_array_equal(clone(model).fit(image, strokes).predict_proba(image), expected)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(image), expected)


def test_views_of_the_model_are_there_once_it_is_fitted(scene, quick):
    image, _, strokes = scene
    views = [name for name in dir(PixelClassifier) if name.endswith("_") and name[0] != "_"]
    assert {"classes_", "classifier_", "class_prior_", "features_", "training_"} <= set(views)
    model = quick()
    for name in views:
        assert not hasattr(model, name)
        with pytest.raises(AttributeError):
            setattr(model, name, None)
    model.fit(image, strokes)
    for name in views:
        assert hasattr(model, name)
        assert name in PixelClassifier.__doc__
