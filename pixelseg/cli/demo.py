"""`pixelseg demo`: from strokes to segmented images in seconds, with the truth beside it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import io, plot
from . import _arguments as arguments
from . import _files as files
from ._batch import make_folder
from ._report import Stopwatch, plural

EPILOG = """examples:
  pixelseg demo
  pixelseg demo -o /tmp/pixelseg-demo --jobs 1

The images come with scikit-image, the strokes with pixelseg; nothing is downloaded. Everything
goes into the folder pixelseg-demo below the current one; running it again writes it anew.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("pixelseg-demo"),
        metavar="FOLDER",
        help="(default: pixelseg-demo)",
    )
    arguments.add_resources(parser)


def run(args: argparse.Namespace) -> int:
    """Run the three parts and say where everything is."""
    watch = Stopwatch()
    make_folder(args.output, "--output")
    mosaics, tissue, photograph = (scene.show(args) for scene in _scenes())
    rows = [
        plot.montage(list(row.values()), titles=list(row), n_columns=9)
        for row in (mosaics | tissue, photograph)
    ]
    sheet = plot.montage(rows, n_columns=1, gap=0)
    io.write_image(args.output / "demo_preview.png", sheet, overwrite=True)
    model = args.output / "mosaic.pixelseg"
    print(f"\ndone in {watch}; look at {args.output / 'demo_preview.png'}")
    print("the same by hand:")
    print(f"  pixelseg train {args.output / 'mosaic.png'} -o {model} --overwrite")
    print(f"  pixelseg predict {args.output / 'mosaic1.png'} -m {model} --preview --overwrite")
    return 0


@dataclass(frozen=True)
class Scene:
    """An image to train on by the strokes of its name, and images to predict, with their truths.

    The truth of mosaics is known, and other parts of the textures are tested. Of the slide of
    tissue the right half is predicted from strokes on the left half, and of the photograph all
    from strokes on some of it.
    """

    name: str
    class_names: dict[int, str]
    image: Any
    tests: dict[str, tuple[Any, Any]]

    def show(self, args: argparse.Namespace) -> dict[str, Any]:
        """Train, save the model and predict; pictures by their titles."""
        import numpy as np

        import pixelseg

        watch = Stopwatch()
        strokes = packaged_strokes(self.name)
        model = pixelseg.PixelClassifier(
            class_names=self.class_names, n_jobs=args.jobs, max_memory=args.max_memory
        )
        model.fit(self.image, strokes)
        path = args.output / self.name
        model.save(f"{path}.pixelseg", overwrite=True)
        share = np.count_nonzero(strokes) / strokes.size
        print(
            f"\n{self.name}: {', '.join(self.class_names.values())}; learned from strokes on "
            f"{share:.1%} of one image in {watch}"
        )
        io.write_image(f"{path}.png", self.image, overwrite=True)
        io.write_labels(f"{path}{files.LABELS}.png", strokes, overwrite=True)
        pictures = {f"{self.name}: strokes": plot.strokes(self.image, strokes)}
        for name, (image, truth) in self.tests.items():
            picture = _predict(args.output / name, model, image, truth)
            pictures[f"{name}: prediction"] = picture
        return pictures


def _predict(path: Path, model: Any, image: Any, truth: Any) -> Any:
    """Predict an image, write it, its labels and an overlay, and return the overlay."""
    from ..metrics import accuracy, confusion_matrix, mean_iou

    watch = Stopwatch()
    labels = model.predict(image)
    report = f"  {path.name}: {plural(labels.size, 'pixel')} in {watch}"
    picture = plot.overlay(image, labels)
    io.write_image(f"{path}.png", image, overwrite=True)
    io.write_labels(f"{path}{files.SEGMENTED}.png", labels, overwrite=True)
    io.write_image(f"{path}{files.PREVIEW}.png", picture, overwrite=True)
    if truth is not None:
        io.write_labels(f"{path}{files.TRUTH}.png", truth, overwrite=True)
        confusion = confusion_matrix(truth, labels)
        score, share = mean_iou(confusion), accuracy(confusion)
        report += f", mean IoU {score:.3f}, accuracy {share:.3f} against the known truth"
    print(report)
    return picture


def packaged_strokes(name: str) -> Any:
    """Strokes that come with the package."""
    from importlib.resources import as_file, files

    with as_file(files("pixelseg") / "data" / f"{name}_labels.png") as path:
        return io.read_labels(path)


def _scenes() -> list[Scene]:
    """Mosaics, tissue and a photograph."""
    from skimage import data

    from ._demo_images import TEXTURES, mosaic

    slide, coffee = data.immunohistochemistry(), data.coffee()
    of_slide = {1: "epithelium", 2: "stroma", 3: "glass"}
    of_coffee = {1: "table", 2: "red china", 3: "white china", 4: "coffee", 5: "spoon"}
    mosaics = {"mosaic1": mosaic(1), "mosaic2": mosaic(2)}
    return [
        Scene("mosaic", TEXTURES, mosaic(0)[0], mosaics),
        Scene("tissue", of_slide, slide[:, :256], {"tissue1": (slide[:, 256:], None)}),
        Scene("coffee", of_coffee, coffee, {"coffee": (coffee, None)}),
    ]
