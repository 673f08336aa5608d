"""Alpha-expansion: eight colours instead of thousands, in pieces that hold together."""

from pathlib import Path

import numpy as np
from skimage import data
from sklearn.cluster import KMeans

from pixelseg import graph, io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# A cup of coffee in noise, and eight colours. A label costs the squared distance to its colour.
image = data.coffee()[:, 100:500]
noisy = image + np.random.default_rng(0).normal(0, 20, image.shape)
colours = KMeans(8, n_init=1, random_state=0).fit(noisy.reshape(-1, 3)[::37]).cluster_centers_
data_cost = np.square(noisy[..., np.newaxis, :] - colours).sum(axis=-1) / 20

# The nearest colour alone; and with 150 for every pair of neighbours that differ.
nearest = data_cost.argmin(axis=-1)
found = graph.alpha_expansion(data_cost, 150, connectivity=1)
print("energy:", *(f"{energy:.0f}" for energy in found.energies))
assert found.energy < graph.energy(nearest, data_cost, 150)

pictures = [np.clip(noisy, 0, 255), colours[nearest], colours[found.labels]]
pictures = [picture.astype(np.uint8) for picture in pictures]
io.write_image(out / "11_labels_of_least_energy.png", plot.montage(pictures), overwrite=True)
