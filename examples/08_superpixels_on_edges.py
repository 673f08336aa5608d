"""Superpixels that follow edges: watersheds, compact ones, and Felzenszwalb's segments.

A watershed floods any relief from any markers: here also coins, from their bright middles.
"""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data

from pixelseg import io, plot, superpixels

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

image = data.astronaut()[:256, 100:356]
results = {
    "grid": superpixels.grid(image, 200),
    "watershed": superpixels.watershed(image, 200),
    "compact watershed": superpixels.watershed(image, 200, compactness=10),
    "felzenszwalb": superpixels.felzenszwalb(image, scale=200, min_size=50),
}
for name, segments in results.items():
    print(f"{name}: {segments.max()} segments")
pictures = [plot.boundaries(image, segments) for segments in results.values()]

# Markers of one's own: coins are bright, the background is dark, and edges lie between them.
coins = data.coins()
markers = np.select([coins > 150, coins < 30], [1, 2])
gradient = superpixels.gradient_magnitude(coins)
parts = superpixels.watershed(gradient, markers=markers, relief="image")
parts, n = ndimage.label(ndimage.binary_opening(parts == 1, iterations=3))
print(f"{n} coins, {np.count_nonzero(parts) / n:.0f} pixels each")
pictures += [plot.boundaries(coins, parts)[:256, :256], plot.overlay(coins, parts)[:256, :256]]
titles = [*results, "coins", "coins, coloured"]
sheet = plot.montage(pictures, n_columns=3, titles=titles)
io.write_image(out / "08_superpixels_on_edges.png", sheet, overwrite=True)
