"""What the guards walk: the files, packages and public names of pixelseg, as they are today.

Nothing here is a list of names, so that a new room is guarded on the day it is built.
"""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pixelseg

FOLDER = Path(pixelseg.__file__).resolve().parent

#: Packages that nobody imports names from.
NOT_IMPORTED = {
    "cli": "a program: its names are the commands, held by the tests of the command line",
    "data": "pictures",
}


def module_files() -> dict[str, Path]:
    """Every module of pixelseg by its dotted name."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def kernel_files() -> list[Path]:
    """Every file of compiled functions."""
    return sorted(FOLDER.rglob("_*_kernels.py"))


def relative(path: str | Path) -> str:
    """A file's place in pixelseg, with slashes."""
    return Path(path).resolve().relative_to(FOLDER).as_posix()


def kernel_functions() -> set[tuple[str, str]]:
    """(file, function) of every compiled function."""
    return {
        (relative(path), node.name)
        for path in kernel_files()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }


def public_packages() -> list[str]:
    """`pixelseg` and every package or single module in it that users import names from."""
    rooms = {
        name.split(".")[1]
        for name in module_files()
        if name.count(".") == 1 or name.endswith(".__init__")
    }
    public = (room for room in rooms if not room.startswith("_") and room not in NOT_IMPORTED)
    return ["pixelseg", *(f"pixelseg.{room}" for room in sorted(public))]


def public_names(package: str) -> list[str]:
    """What a package calls public: its `__all__`; of a single file without one, what it defines."""
    module = import_module(package)
    return sorted(getattr(module, "__all__", defined_names(module)))


def defined_names(module: ModuleType) -> set[str]:
    """Names without underscore that a file defines, or that a package takes from its own files."""
    homes = "pixelseg." if hasattr(module, "__path__") else f"{module.__name__}."
    found = set()
    for name, thing in vars(module).items():
        home = getattr(thing, "__module__", None) or module.__name__
        if not isinstance(thing, ModuleType) and f"{home}.".startswith(homes):
            found.add(name)
    return {name for name in found if not name.startswith("_")}


def public_objects() -> dict[str, object]:
    """Every public function and class by its shortest public name, `iou` as `metrics.iou`."""
    found: dict[int, tuple[str, object]] = {}
    for package in public_packages():
        for name in public_names(package):
            thing = getattr(import_module(package), name)
            if inspect.isfunction(thing) or inspect.isclass(thing):
                full = f"{package}.{name}".removeprefix("pixelseg.")
                found.setdefault(id(thing), (full, thing))
    return dict(sorted(found.values()))


def can(thing: object, method: str) -> bool:
    """Whether a thing is a class that has a method; a protocol only says how others look."""
    return inspect.isclass(thing) and hasattr(thing, method) and not is_protocol(thing)


def is_protocol(thing: object) -> bool:
    """Whether a thing is a class of type `typing.Protocol`."""
    return bool(vars(thing).get("_is_protocol")) if inspect.isclass(thing) else False


def methods(thing: type) -> Iterator[tuple[str, object]]:
    """The public methods that a class of pixelseg defines itself."""
    for name, method in vars(thing).items():
        if isinstance(method, classmethod | staticmethod):
            method = method.__func__
        if inspect.isfunction(method) and not name.startswith("_"):
            yield name, method


def run_fresh(code: str) -> str:
    """What some code prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
