"""The outer ring: files in, files out. The same commands work in any terminal."""

import shutil
from pathlib import Path

import numpy as np
from skimage import data

from pixelseg import io
from pixelseg.cli import main

folder = Path(__file__).parent / "out" / "command_line"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)

# Two photographs of coins (halves of one), and strokes painted on the first.
coins = data.coins()
left, right = coins[:, :192], coins[:, 192:]
strokes = np.zeros(left.shape, np.uint8)
strokes[1:4, 30:180] = strokes[64:67, 20:150] = strokes[298:301, 20:150] = 1  # background
for row, column in [(45, 47), (48, 110), (100, 40), (108, 100), (170, 60), (185, 110)]:
    strokes[row - 4 : row + 5, column - 8 : column + 9] = 2  # coin
io.write_image(folder / "left.png", left)
io.write_image(folder / "right.png", right)
io.write_labels(folder / "left_labels.png", strokes)

model = folder / "coins.pixelseg"
main(["train", str(folder / "left.png"), "--output", str(model), "--classes", "1:table,2:coin"])
main(["inspect", str(model)])
main(["predict", str(folder / "right.png"), "--model", str(model), "--preview"])

print("written:", *sorted(path.name for path in folder.iterdir()))
