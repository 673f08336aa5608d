"""`pixelseg demo`: from strokes to segmented images in seconds, with the truth beside it."""

from __future__ import annotations

import argparse
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
    demo = Demo(args)
    upper, lower = {**_mosaics(demo), **_tissue(demo)}, _coffee(demo)
    rows = [
        plot.montage(list(row.values()), titles=list(row), n_columns=9) for row in (upper, lower)
    ]
    sheet = plot.montage(rows, n_columns=1, gap=0)
    io.write_image(args.output / "demo_preview.png", sheet, overwrite=True)
    model = args.output / "mosaic.pixelseg"
    print(f"\ndone in {watch}; look at {args.output / 'demo_preview.png'}")
    print("the same by hand:")
    print(f"  pixelseg train {args.output / 'mosaic.png'} -o {model} --overwrite")
    print(f"  pixelseg predict {args.output / 'mosaic1.png'} -m {model} --preview --overwrite")
    return 0


class Demo:
    """Where the demo writes, and how it trains."""

    def __init__(self, args: argparse.Namespace):
        self.folder: Path = args.output
        self._options = {"n_jobs": args.jobs, "max_memory": args.max_memory}

    def train(self, name: str, image: Any, class_names: dict[int, str]) -> tuple[Any, Any]:
        """Train on an image and the strokes that the package holds for it; save the model.

        Returns the model and a picture of the strokes.
        """
        import numpy as np

        import pixelseg

        watch = Stopwatch()
        strokes = packaged_strokes(name)
        model = pixelseg.PixelClassifier(class_names=class_names, **self._options)
        model.fit(image, strokes)
        model.save(self.folder / f"{name}.pixelseg", overwrite=True)
        share = np.count_nonzero(strokes) / strokes.size
        print(
            f"\n{name}: {', '.join(class_names.values())}; learned from strokes on {share:.1%} of "
            f"one image in {watch}"
        )
        io.write_image(self.folder / f"{name}.png", image, overwrite=True)
        io.write_labels(self.folder / f"{name}{files.LABELS}.png", strokes, overwrite=True)
        return model, plot.strokes(image, strokes)

    def predict(self, name: str, model: Any, image: Any, truth: Any = None) -> Any:
        """Predict an image, write it, its labels and an overlay, and return the overlay."""
        from ..metrics import accuracy, confusion_matrix, mean_iou

        watch = Stopwatch()
        labels = model.predict(image)
        report = f"  {name}: {plural(labels.size, 'pixel')} in {watch}"
        picture = plot.overlay(image, labels)
        io.write_image(self.folder / f"{name}.png", image, overwrite=True)
        io.write_labels(self.folder / f"{name}{files.SEGMENTED}.png", labels, overwrite=True)
        io.write_image(self.folder / f"{name}{files.PREVIEW}.png", picture, overwrite=True)
        if truth is not None:
            io.write_labels(self.folder / f"{name}{files.TRUTH}.png", truth, overwrite=True)
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


def _mosaics(demo: Demo) -> dict[str, Any]:
    """Mosaics of textures: the truth is known, and other parts of the textures are tested."""
    from ._demo_images import TEXTURES, mosaic

    model, strokes = demo.train("mosaic", mosaic(0)[0], TEXTURES)
    pictures = {"mosaic: strokes": strokes}
    for number in (1, 2):
        name = f"mosaic{number}"
        pictures[f"{name}: prediction"] = demo.predict(name, model, *mosaic(number))
    return pictures


def _tissue(demo: Demo) -> dict[str, Any]:
    """Stained tissue: strokes on the left half of a slide, prediction of the right half."""
    from skimage import data

    slide = data.immunohistochemistry()
    left, right = slide[:, :256], slide[:, 256:]
    names = {1: "epithelium", 2: "stroma", 3: "glass"}
    model, strokes = demo.train("tissue", left, names)
    return {
        "tissue: strokes": strokes,
        "tissue1: prediction": demo.predict("tissue1", model, right),
    }


def _coffee(demo: Demo) -> dict[str, Any]:
    """A photograph: strokes on some of it, prediction of all of it."""
    from skimage import data

    image = data.coffee()
    names = {1: "table", 2: "red china", 3: "white china", 4: "coffee", 5: "spoon"}
    model, strokes = demo.train("coffee", image, names)
    return {
        "coffee: strokes": strokes,
        "coffee: prediction": demo.predict("coffee", model, image),
    }
