"""The middle ring: fit on strokes, predict, look, save."""

from pathlib import Path

import numpy as np
from skimage import data

import pixelseg
from pixelseg import io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# A cat, and three strokes: background, fur, eyes.
image = data.chelsea()
strokes = np.zeros(image.shape[:2], np.uint8)
strokes[8:14, 20:110] = strokes[60:66, 8:60] = strokes[150:156, 400:445] = 1
strokes[55:61, 190:300] = strokes[200:206, 130:200] = strokes[240:246, 250:330] = 2
strokes[112:118, 158:180] = strokes[128:134, 262:284] = 3

model = pixelseg.PixelClassifier(n_jobs=-1).fit(image, strokes)
labels = model.predict(image)
print("pixels of each class:", np.bincount(labels.ravel())[1:])
print("assumed share of each class:", model.class_prior_.round(3))
print("what decides:", list(model.feature_importances())[:3])

model.save(out / "cat.pixelseg", overwrite=True)
again = pixelseg.load(out / "cat.pixelseg")
assert (again.predict(image) == labels).all()

pictures = [
    plot.strokes(image, strokes),
    plot.overlay(image, labels),
    plot.boundaries(image, labels),
    plot.uncertainty_map(model.predict_uncertainty(image)),
]
io.write_image(out / "02_estimator.png", plot.montage(pictures, n_columns=2), overwrite=True)
