"""What the documents say of the tree is so: pages, their index, and the files that are named."""

import re

import pytest

from .conftest import ROOT

PAGES = sorted((ROOT / "docs/decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Measured", "Rejected", "Revisit when"]


def test_pages_are_numbered_without_gaps():
    assert [page.name[:4] for page in PAGES] == [f"{n + 1:04d}" for n in range(len(PAGES))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_headings(page):
    text = page.read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {page.name[:4]} ")
    assert re.search(r"^Status: \w+.* Date: \d{4}-\d{2}-\d{2}\.$", text, re.MULTILINE)


def test_the_index_is_what_there_is():
    index = re.findall(r"^- \[(.*)\]\((docs/decisions/.*)\)$", contributing(), re.MULTILINE)
    titles = [page.read_text().splitlines()[0].removeprefix("# ") for page in PAGES]
    assert index == [
        (title, f"docs/decisions/{page.name}") for title, page in zip(titles, PAGES, strict=True)
    ]


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", *(f"docs/decisions/{p.name}" for p in PAGES)])
def test_files_that_are_named_exist(name):
    named = set(re.findall(r"`((?:pixelseg|tests|benchmarks|docs|examples|\.ci)/[^` ]*)`",
                           (ROOT / name).read_text()))  # fmt: skip
    known = [path for path in named if not re.search("NAME|NNNN", path)]
    missing = [path for path in known if not (ROOT / path).exists() and not is_to_come(path)]
    assert not missing, f"{name} names {missing}"


def contributing():
    return (ROOT / "CONTRIBUTING.md").read_text()


def is_to_come(path):
    """Whether a path lies in a room that the contracts keep a place for."""
    rooms = re.findall(r"\((\w+)\)", (ROOT / "pyproject.toml").read_text())
    return path.startswith(
        tuple(f"{top}/{room}" for top in ("pixelseg", "tests") for room in rooms)
    )
