"""A few of the hostile files and kills of `python -m benchmarks.hostile`."""

import random

import pytest

from benchmarks import hostile, hostile_files


def test_mutated_models_are_read_or_refused():
    outcome = hostile.try_models(30, seed=1)
    assert outcome.faults == []
    assert set(outcome.counts) == {"read", "refused"}


def test_mutated_images_are_read_or_refused():
    outcome = hostile.try_images(60, seed=1)
    assert outcome.faults == []
    assert set(outcome.counts) == {"read", "refused"}


def test_killed_commands_damage_and_leave_nothing():
    outcome = hostile.try_kills(1, seed=1, only=["train"])
    assert outcome.faults == []


@pytest.mark.parametrize("seed", range(3))
def test_mutations_follow_from_the_seed(tmp_path, seed):
    images = hostile_files.make_images(tmp_path)
    for name, data in images:
        changed = [hostile_files.mutate_image(name, data, random.Random(seed)) for _ in range(2)]
        assert changed[0] == changed[1]
