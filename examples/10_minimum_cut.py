"""A minimum cut: an image of two values out of noise, and two regions from five strokes."""

from pathlib import Path

import numpy as np
from skimage import data

from pixelseg import graph, io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Black and white under noise. It costs the squared distance to its value to give a pixel a label,
# and 70 for every neighbour with another one.
truth = data.camera() > 100
noisy = np.where(truth, 255, 0) + np.random.default_rng(0).normal(0, 90, truth.shape)
to_black, to_white = (100 * (noisy - value) ** 2 / (2 * 90**2) for value in (0, 255))
cut = graph.min_cut(to_black, to_white, 70, connectivity=2)
print(f"noise: {(cut.source_side != truth).mean():.4f} of the pixels are wrong,", end=" ")
print(f"{((noisy > 127) != truth).mean():.4f} without the cut")

# Strokes alone: what is tied to a side for good, and edges that are cheap where grey changes.
image = data.camera().astype(float)
mine, others = np.zeros((2, *image.shape))
mine[230:430, 70:80] = mine[95:130, 205:240] = np.inf
others[20:30, 40:480] = others[440:450, 170:230] = others[300:310, 330:480] = np.inf
weights = {}
for dy, dx in ((0, 1), (1, 0)):
    step = image - np.roll(image, (-dy, -dx), (0, 1))
    weights[dy, dx] = 0.01 + np.exp(-((step / 8) ** 2))
man = graph.min_cut(mine, others, weights).source_side
print(f"strokes: {man.mean():.3f} of the pixels, for {np.isinf(mine + others).mean():.3f} marked")

pictures = [
    np.clip(noisy, 0, 255).astype(np.uint8),
    (255 * cut.source_side).astype(np.uint8),
    plot.overlay(data.camera(), np.where(others > 0, 2, mine > 0), alpha=1.0),
    plot.overlay(data.camera(), np.where(man, 1, 2)),
]
io.write_image(out / "10_minimum_cut.png", plot.montage(pictures), overwrite=True)
