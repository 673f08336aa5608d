"""The command line: one file a command; only the chosen one is imported.

Exit codes: 0 all is well, 1 something failed (the others were done), 2 the command was not
understood, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .. import __version__

#: What `pixelseg --help` lists. A command is a module of this package with `add_arguments` and
#: `run`, and its examples in `EPILOG`.
COMMANDS = {
    "demo": "train and predict on images that are already on this machine, and say how well",
    "train": "learn from images and strokes, and write a model file",
    "predict": "segment images with a model file",
    "refine": "correct saved probabilities by looking at their images",
    "superpixels": "cut images into superpixels",
    "grabcut": "cut an object out of images, by a box or by seeds",
    "evaluate": "score predictions against truths",
    "inspect": "show what is in a model file",
    "warmup": "compile everything once, so that later commands start fast",
}

_EPILOG = """examples:
  pixelseg demo
  pixelseg train cells.png -o cells.pixelseg      # strokes are in cells_labels.png
  pixelseg predict more_cells/ -m cells.pixelseg -o results/ --preview
  pixelseg superpixels slic cells.png -n 1000 --preview
  pixelseg COMMAND --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal or log cannot show is no reason to stop.
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parse(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    from ._report import complain, note, show_warning

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show_warning
        try:
            return int(args.run(args))
        except KeyboardInterrupt:
            note("stopped; nothing half written was left")
            return 130
        except BrokenPipeError:
            # Whoever read stdout (head, less) has seen enough; nothing more can be printed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (ValueError, TypeError, OSError, MemoryError) as error:
            complain(error)
            return 1


def _parse(argv: list[str]) -> Any:
    """Parse the arguments, importing the chosen command's module and no other."""
    parser = argparse.ArgumentParser(
        prog="pixelseg",
        description="Image segmentation from a few strokes, on a CPU.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pixelseg {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    chosen = next((word for word in argv if not word.startswith("-")), None)
    for name, purpose in COMMANDS.items():
        if name != chosen:
            commands.add_parser(name, help=purpose)
            continue
        module = import_module(f"{__name__}.{name}")
        command = commands.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    if args.command is None:
        parser.error(f"choose a command: {', '.join(COMMANDS)}")
    return args
