"""Arguments that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_batch(
    parser: argparse.ArgumentParser, name: str = "images", metavar: str = "IMAGE"
) -> None:
    """Add the files of a command that writes results for each, and where they go."""
    parser.add_argument(name, nargs="+", metavar=metavar, help="files, folders or patterns")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="for the results (default: beside)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave out images whose results exist"
    )


def add_resources(parser: argparse.ArgumentParser) -> None:
    """Add --jobs and --max-memory."""
    group = parser.add_argument_group("resources")
    group.add_argument(
        "-j", "--jobs", type=jobs, default=-1, metavar="N", help="threads (default: all cores)"
    )
    group.add_argument(
        "--max-memory",
        metavar="SIZE",
        help='memory beyond input and output, such as "2GB" (default: some 400 MB; volumes: 2 GB)',
    )


def add_channel_axis(parser: Any) -> None:
    """Add --channel-axis."""
    parser.add_argument(
        "--channel-axis",
        type=channel_axis,
        default="auto",
        metavar="AXIS",
        help="axis of the stored array that holds channels, or none (default: what the file says)",
    )


def jobs(text: str) -> int:
    """A number of threads that is not 0."""
    number = int(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 threads do no work: pass -1 for all cores")
    return number


def channel_axis(text: str) -> int | str | None:
    """auto, none, or the number of an axis."""
    words = {"auto": "auto", "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither auto, none nor the number of an axis"
        ) from None


def positive_numbers(text: str) -> tuple[float, ...]:
    """Positive numbers with commas between them."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(0 < number < float("inf") for number in numbers):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be positive numbers with commas between them"
        )
    return numbers


def spacing(text: str) -> float | tuple[float, ...] | str:
    """`file`, one size of a pixel for all axes, or one for each with commas between them."""
    if text.lower() == "file":
        return "file"
    sizes = positive_numbers(text)
    return sizes[0] if len(sizes) == 1 else sizes


def intensity_jitter(text: str) -> float | str:
    """`auto`, or a number of 0 or more."""
    try:
        return "auto" if text.lower() == "auto" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be auto or a number") from None


def class_names(text: str) -> dict[int, str]:
    """Names such as 1:root,2:soil."""
    names: dict[int, str] = {}
    for part in text.split(","):
        value, _, name = part.partition(":")
        if not (value.strip().isdecimal() and int(value) > 0 and name.strip()):
            raise argparse.ArgumentTypeError(f"{part!r} must be like 1:root (a class and its name)")
        names[int(value)] = name.strip()
    return names
