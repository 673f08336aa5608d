"""Single values: NumPy's integers pass, bool and fractions do not, and the words name the rule."""

import numpy as np
import pytest

from pixelseg._core.checks import as_choice, as_count, as_integer, as_number, as_seed


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2)])
def test_integers_of_any_type(value):
    assert as_integer("n", value) == 2
    assert type(as_count("n", value)) is int


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "2", None, [2]])
def test_what_is_no_integer(value):
    with pytest.raises(ValueError, match=r"n_folds is .* but must be an integer of 2 or more\."):
        as_count("n_folds", value, least=2)


def test_counts_below_the_least():
    assert as_count("n", 0, least=0) == 0
    with pytest.raises(ValueError, match="n is 0 but must be an integer of 1 or more"):
        as_count("n", 0)


def test_numbers():
    assert as_number("x", np.float32(0.5), least=0, most=1) == 0.5
    for value in (np.nan, np.inf, -1, 2, True, "a", [0.5], None):
        with pytest.raises(ValueError, match=r"x is .* a finite number of at least 0 and"):
            as_number("x", value, least=0, most=1)
    with pytest.raises(ValueError, match="above 0"):
        as_number("x", 0, above=0)


def test_choices():
    assert as_choice("kind", "b", ("a", "b")) == "b"
    with pytest.raises(ValueError, match="kind is 'd' but must be 'a', 'b' or 'c'"):
        as_choice("kind", "d", ("a", "b", "c"))
    with pytest.raises(ValueError, match="kind is None but must be 'a'"):
        as_choice("kind", None, ("a",))


def test_seeds():
    assert as_seed("random_state", np.int64(7)) == 7
    assert as_seed("random_state", np.random.RandomState(3)) == as_seed(
        "random_state", np.random.RandomState(3)
    )
    generator = np.random.default_rng(3)
    assert as_seed("random_state", generator) != as_seed("random_state", generator)
    assert as_seed("random_state", None) != as_seed("random_state", None)
    for value in (-1, 2**32, 0.5, "zero", True):
        with pytest.raises(ValueError, match=r"random_state is .* or a NumPy random"):
            as_seed("random_state", value)
