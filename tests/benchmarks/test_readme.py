"""What stands in the README is what the stored figures say."""

import json

import pytest

from benchmarks import readme, report
from benchmarks.cases import CASES
from benchmarks.quality_methods import METHODS


def figures():
    return json.loads(readme.FIGURES.read_text())


@pytest.mark.parametrize("document", readme.DOCUMENTS, ids=lambda path: path.name)
def test_the_tables_of_a_document_are_those_of_the_stored_figures(document):
    text = document.read_text()
    assert text == readme.fill(text, figures()), "run python -m benchmarks.readme"


def test_every_table_has_its_place():
    text = "".join(document.read_text() for document in readme.DOCUMENTS)
    for name, (kind, table) in readme.TABLES.items():
        assert f"<!-- table: {name} -->\n{table(figures()[kind])}\n<!-- end -->" in text


def test_what_the_readme_shows_is_still_measured():
    rows = {(c.name, size, peer.name) for c in CASES for size in c.sizes for peer in c.peers}
    assert set(readme.SPEED) <= rows
    assert set(readme.QUALITY) <= {method.name for method in METHODS}


def test_results_replace_what_was_kept_of_the_same(tmp_path):
    case, size, peer = readme.SPEED[0]
    same = {"case": case, "size": size}
    kept = {"speed": [{**same, "peer": peer, "ratio": 2.0}, {**same, "peer": "o", "ratio": 3.0}]}
    rows = [
        report.Row(case, size, 0.5, "call", peer=peer, ratio=12.3456),
        report.Row("unknown", size, 0.5, "call", peer=peer, ratio=1.0),
    ]
    report.write_json(tmp_path / "speed.json", "speed", rows)
    readme.take(tmp_path / "speed.json", kept)
    assert [row["ratio"] for row in kept["speed"]] == [12.346, 3.0]
    text = "# a\n<!-- table: speed -->\nold\n<!-- end -->\nb\n"
    filled = readme.fill(text, kept)
    assert "12x" in filled
    assert "old" not in filled
    assert filled.endswith("<!-- end -->\nb\n")
    with pytest.raises(KeyError):
        readme.fill("<!-- table: speed -->\n<!-- end -->", {})
