"""Documented parameters are the real ones: their names, their order, the defaults stated."""

import ast
import inspect
import re
from collections.abc import Iterator

import pytest

from . import house

#: A line that opens parameters in a numpydoc section: `name : type` or `name, other : type`.
_OPENS = re.compile(r"(\*{0,2}\w+(?:, *\*{0,2}\w+)*)(?: : (.*))?$")
_DEFAULT = re.compile(r"\bdefault(?:s to|:|=)? +(.+?)$")


def documented(docstring: str) -> dict[str, str]:
    """Parameters of a docstring's section, with the text of their type; {} without the section."""
    lines = inspect.cleandoc(docstring).splitlines()
    headings = [n for n, line in enumerate(lines) if line == "Parameters"]
    if not headings:
        return {}
    found = {}
    for number, line in enumerate(lines[headings[0] + 2 :], start=headings[0] + 2):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if following and set(following) == {"-"}:
            break
        opening = _OPENS.match(line)
        if opening and not line.startswith(" "):
            for name in opening[1].split(","):
                found[name.strip()] = opening[2] or ""
    return found


def real(thing: object) -> dict[str, object]:
    """Parameters of a signature, and their defaults; stars belong to the name, as in numpydoc."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(thing).parameters.values()
    return {
        stars.get(each.kind, "") + each.name: each.default
        for each in parameters
        if each.name not in ("self", "cls")
    }


def complaints(thing: object) -> list[str]:
    """In what way a docstring and a signature disagree."""
    section, signature = documented(thing.__doc__ or ""), real(thing)
    if not section:
        return []
    if list(section) != list(signature):
        return [f"documents {', '.join(section)} but takes {', '.join(signature)}"]
    found = []
    for name, text in section.items():
        stated = _DEFAULT.search(text)
        if not stated or "..." in stated[1]:
            continue
        try:
            value = ast.literal_eval(stated[1])
        except (ValueError, SyntaxError):
            continue  # said in words: "default all of them"
        if value != signature[name]:
            found.append(f"says {name} is {value!r} by default, but it is {signature[name]!r}")
    return found


def everything() -> Iterator[tuple[str, object]]:
    """Every public function and class, and the public methods of the classes."""
    for name, thing in house.public_objects().items():
        yield name, thing
        if inspect.isclass(thing):
            for method_name, method in house.methods(thing):
                yield f"{name}.{method_name}", method


def test_what_disagrees_is_found():
    def function(a, b=2, *, c="x"):
        """Do.

        Parameters
        ----------
        a, b : int, default 3
            What.
        c : str, default "x"

        Returns
        -------
        d : int
        """

    assert documented(function.__doc__) == dict.fromkeys("ab", "int, default 3") | {
        "c": 'str, default "x"'
    }
    assert [text.split()[1] for text in complaints(function)] == ["a", "b"]
    function.__doc__ = function.__doc__.replace("a, b", "b, a")
    assert complaints(function) == ["documents b, a, c but takes a, b, c"]


@pytest.mark.parametrize(
    ("name", "thing"), [pytest.param(*each, id=each[0]) for each in everything()]
)
def test_documented_parameters_are_the_real_ones(name, thing):
    assert not complaints(thing), f"{name} " + "; ".join(complaints(thing))
