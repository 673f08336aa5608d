"""The guided filter: probabilities smoothed where the image is smooth, not across its edges."""

from pathlib import Path

import numpy as np
from skimage import data

import pixelseg
from pixelseg import io, metrics, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Coins in noise; a few strokes on what lies between them (1) and on coins (2).
coins = data.coins()
noise = np.random.default_rng(0).normal(0, 25, coins.shape)
image = np.clip(coins + noise, 0, 255).astype(np.uint8)
strokes = np.zeros(image.shape, np.uint8)
strokes[10:14, 10:380], strokes[83:87, 20:280], strokes[152:155, 30:300] = 1, 1, 1
strokes[228:231, 60:300] = 1
for row, column in ((54, 44), (50, 155), (124, 45), (125, 102), (120, 270), (196, 102), (184, 347)):
    strokes[row - 4 : row + 4, column - 4 : column + 4] = 2

bank = pixelseg.FeatureBank(sigmas=(0.7, 1.6))
model = pixelseg.PixelClassifier(bank, refine=None).fit(image, strokes)
plain = model.predict(image)

# What the filter needs to know of grey values, it takes from training; it works tile by tile.
model.set_params(refine=pixelseg.GuidedFilter(sigma=2.6, epsilon=1e-2))
refined = model.predict(image)
print("pixels that an answer depends on, on each side:", model.refine.reach(image))

shares = [metrics.boundary_map(labels).mean() for labels in (plain, refined)]
print(f"boundary pixels: {shares[0]:.1%} before, {shares[1]:.1%} after")
assert shares[1] < shares[0]

pictures = [plot.strokes(image, strokes), plot.overlay(image, plain), plot.overlay(image, refined)]
io.write_image(out / "13_guided_filter.png", plot.montage(pictures), overwrite=True)
