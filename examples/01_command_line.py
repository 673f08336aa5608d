"""The outer ring: files in, files out. The same commands work in any terminal."""

import shutil
from pathlib import Path

import numpy as np
from skimage import data

from pixelseg import io, plot
from pixelseg.cli import main

folder = Path(__file__).parent / "out" / "command_line"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)

# Two photographs of coins (halves of one), and strokes painted on the first.
coins = data.coins()
left, right = coins[:, :192], coins[:, 192:]
strokes = np.zeros(left.shape, np.uint8)
strokes[8:11, 10:180] = strokes[90:93, 10:180] = strokes[160:163, 10:180] = 1  # table
strokes[228:231, 10:180] = strokes[292:295, 60:90] = 1
for row, column in [(55, 43), (50, 155), (125, 105), (197, 43), (195, 100), (262, 170)]:
    strokes[row - 4 : row + 5, column - 10 : column + 11] = 2  # coin
io.write_image(folder / "left.png", left)
io.write_image(folder / "right.png", right)
io.write_labels(folder / "left_labels.png", strokes)

model = folder / "coins.pixelseg"
main(["train", str(folder / "left.png"), "--output", str(model), "--classes", "1:table,2:coin"])
main(["inspect", str(model)])
main(["predict", str(folder / "right.png"), "--model", str(model), "--preview"])

pictures = [
    plot.strokes(left, strokes),
    io.read_image(folder / "right_preview.png").data,
]
io.write_image(folder.parent / "01_command_line.png", plot.montage(pictures), overwrite=True)
print("written:", *sorted(path.name for path in folder.iterdir()))
