"""A minimum cut of superpixels: an object from a few strokes, on a graph of 600 nodes."""

from pathlib import Path

import numpy as np
from scipy import sparse
from skimage import data

from pixelseg import graph, io, plot, superpixels

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

image = data.coffee()
strokes = np.zeros(image.shape[:2], int)
strokes[60:320, 226:231] = strokes[245:250, 100:470] = strokes[120:125, 230:330] = 1
strokes[60:200, 40:45] = strokes[40:340, 555:560] = strokes[380:385, 470:590] = 2

segments = superpixels.slic(image, 600)
n = segments.max()
inside = segments.ravel() - 1
sizes = np.bincount(inside)
means = np.stack([np.bincount(inside, band.ravel()) for band in np.moveaxis(image, -1, 0)]) / sizes

# Neighbours, and how long the border is that they share; it is cheap to cut where colours differ.
pairs = [
    np.stack([a.ravel(), b.ravel()])[:, a.ravel() != b.ravel()] - 1
    for a, b in ((segments[1:], segments[:-1]), (segments[:, 1:], segments[:, :-1]))
]
rows, columns = np.concatenate(pairs, axis=1)
step = np.abs(means[:, rows] - means[:, columns]).sum(axis=0)
weights = np.exp(-step / 30) + 0.01
edges = sparse.coo_array((weights, (rows, columns)), (n, n)).tocsr()

# A superpixel that a stroke touches is tied to a side for good; of two, to that of more pixels.
marked = [np.bincount(inside, strokes.ravel() == side, minlength=n) for side in (1, 2)]
source, sink = (np.where(mine > others, np.inf, 0) for mine, others in (marked, marked[::-1]))
cut = graph.min_cut_sparse(source, sink, edges + edges.T)
labels = np.where(cut.source_side, 1, 2)[segments - 1]
print(f"{n} superpixels, {int(cut.source_side.sum())} of them are the cup")

pictures = [
    plot.strokes(plot.boundaries(image, segments), strokes),
    plot.overlay(image, labels),
]
io.write_image(out / "19_cutting_superpixels.png", plot.montage(pictures), overwrite=True)
