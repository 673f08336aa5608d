"""GrabCut: an astronaut out of her picture by a box, and by a few strokes more."""

from pathlib import Path

import numpy as np
from skimage import data

from pixelseg import graph, io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# A box says where the background is for sure; the colours inside and outside do the rest.
image = data.astronaut()
box = (5, 60, 512, 420)
first = graph.grabcut(image, box=box)
print("energies:", *(f"{energy:.0f}" for energy in first.energies))

# Strokes correct what the box alone got wrong: 1 is the object, 2 the background.
seeds = np.zeros(image.shape[:2], np.uint8)
seeds[60:240, 225:240] = seeds[200:280, 130:140] = seeds[300:480, 200:280] = 1
seeds[20:250, 340:400] = seeds[100:200, 62:90] = 2
second = graph.grabcut(image, box=box, seeds=seeds)
assert second.mask[seeds == 1].all()
print(f"object: {first.mask.mean():.3f} of the pixels, with strokes {second.mask.mean():.3f}")

cut_out = np.where(second.mask[..., np.newaxis], image, 255)
pictures = [
    plot.overlay(image, np.where(first.mask, 1, 2)),
    plot.overlay(image, seeds),
    cut_out.astype(np.uint8),
]
io.write_image(out / "12_grabcut.png", plot.montage(pictures), overwrite=True)
