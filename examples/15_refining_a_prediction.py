"""GraphCut: a noisy prediction becomes regions, whose borders follow the image."""

from pathlib import Path

import numpy as np
from skimage import data, measure

import pixelseg
from pixelseg import io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Coins in noise; a few strokes on what lies between them (1) and on coins (2).
coins = data.coins()
image = np.clip(coins + np.random.default_rng(0).normal(0, 40, coins.shape), 0, 255)
image = image.astype(np.uint8)
strokes = np.zeros(image.shape, np.uint8)
strokes[10:14, 10:380], strokes[83:87, 20:280], strokes[152:155, 30:300] = 1, 1, 1
strokes[228:231, 60:300] = 1
for row, column in ((54, 44), (50, 155), (124, 45), (125, 102), (120, 270), (196, 102), (184, 347)):
    strokes[row - 4 : row + 4, column - 4 : column + 4] = 2

# A forest looks at each pixel by itself; the cut pays for every two neighbours that differ.
bank = pixelseg.FeatureBank(sigmas=(0.7, 1.6))
model = pixelseg.PixelClassifier(bank).fit(image, strokes)
pictures = [plot.strokes(image, strokes), plot.overlay(image, model.predict(image))]
pieces = [measure.label(model.predict(image)).max()]
for weight in (0.5, 2.0):
    model.set_params(refine=pixelseg.GraphCut(weight))
    refined = model.predict(image)
    pictures.append(plot.overlay(image, refined))
    pieces.append(measure.label(refined).max())
print("pieces of the prediction:", pieces[0], "and by weight of the cut 0.5 and 2:", *pieces[1:])
assert pieces[2] < pieces[1] < pieces[0]

io.write_image(out / "15_refining_a_prediction.png", plot.montage(pictures), overwrite=True)
