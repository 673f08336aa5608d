"""What is imported by what, and what an import costs."""

import ast
from pathlib import Path

from . import house


def imported_modules(name: str, path: Path, modules: set[str]) -> set[str]:
    """The modules of pixelseg that a file imports anywhere, also in functions and for types."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *([node.module] * bool(node.module))])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if whole in modules else base)
    return found & modules


def cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Every set of modules that reach each other (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for other in sorted(imports[name]):
            if other not in order:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == order[name]:
            ring = [path.pop()]
            while ring[-1] != name:
                ring.append(path.pop())
            if len(ring) > 1 or name in imports[name]:
                found.append(sorted(ring))

    for name in sorted(imports):
        if name not in order:
            visit(name)
    return found


def test_cycles_are_found():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}}) == [["b", "c"], ["d"]]


def test_no_two_files_import_each_other():
    files = house.module_files()
    imports = {name: imported_modules(name, path, set(files)) for name, path in files.items()}
    assert sum(map(len, imports.values())) > len(imports), "the walk found hardly any import"
    assert cycles(imports) == []


def test_importing_pixelseg_loads_no_heavy_library():
    heavy = ["numba", "sklearn", "scipy", "skimage", "matplotlib"]
    code = f"import sys, pixelseg; print([name for name in {heavy} if name in sys.modules])"
    assert house.run_fresh(code).strip() == "[]"


def test_no_public_name_loads_numba():
    names = {package: house.public_names(package) for package in house.public_packages()}
    code = f"""
import sys
from importlib import import_module
for package, names in {names}.items():
    module = import_module(package)
    for name in names:
        getattr(module, name)
        assert "numba" not in sys.modules, f"{{package}}.{{name}} loads numba"
"""
    house.run_fresh(code)


def test_help_loads_no_numba():
    code = """
import sys
from pixelseg.cli import main
assert main(["--help"]) == 0
assert not {"numba", "sklearn", "scipy", "skimage"} & set(sys.modules)
"""
    assert "predict" in house.run_fresh(code)
