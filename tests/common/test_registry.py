"""Whoever has the form of an estimator, a refiner or a segmenter has joined the common checks."""

import inspect

from benchmarks import gate

from .. import house
from . import registry


def joined(*tables):
    """The names in some tables; what stands behind a comma tells variants of one thing apart."""
    return {entry.name.partition(",")[0] for table in tables for entry in table}


def classes_with(method):
    """Names of the public classes that have a method."""
    things = house.public_objects().items()
    return {name.rpartition(".")[2] for name, thing in things if house.can(thing, method)}


def functions_of(package):
    """Names of the public functions of a package, none where it is not built yet."""
    things = house.public_objects().items()
    return {
        name.removeprefix(f"{package}.")
        for name, thing in things
        if name.startswith(f"{package}.") and inspect.isfunction(thing)
    }


def test_every_estimator_has_joined():
    assert classes_with("fit") <= joined(registry.ESTIMATORS, registry.CLASSIFIERS)


def test_every_refiner_has_joined():
    assert classes_with("refine") <= joined(registry.REFINERS)


def test_every_function_of_superpixels_has_joined():
    functions = functions_of("superpixels")
    assert set(registry.NO_SEGMENTERS) <= functions
    assert functions - set(registry.NO_SEGMENTERS) <= joined(registry.SEGMENTERS)


def test_every_method_of_segmentation_is_held_by_the_gate():
    segmenters = functions_of("superpixels") - set(registry.NO_SEGMENTERS)
    wanted = classes_with("refine") | segmenters | {"PixelClassifier"}
    assert wanted <= {method.name.partition(",")[0] for method in gate.METHODS}


def test_every_package_has_tests_of_its_own():
    folder = house.FOLDER.parent / "tests"
    rooms = [package.split(".")[1] for package in house.public_packages()[1:]]
    untested = [
        room
        for room in rooms
        if not [*folder.glob(f"{room}/test_*.py"), *folder.glob(f"test_{room}.py")]
    ]
    assert not untested


def test_what_is_excluded_is_in_the_tables():
    tables = (registry.ESTIMATORS, registry.CLASSIFIERS, registry.REFINERS, registry.SEGMENTERS)
    names = {entry.name for table in tables for entry in table}
    assert {name for _, name in registry.EXCLUDED} <= names
