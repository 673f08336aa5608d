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
strokes[20:26, 390:440] = strokes[150:156, 400:445] = strokes[250:256, 385:440] = 1
strokes[95:101, 390:440] = strokes[190:196, 375:440] = 1
strokes[55:61, 190:300] = strokes[200:206, 130:200] = strokes[235:241, 20:90] = 2
strokes[160:166, 60:110] = strokes[180:210, 250:256] = strokes[243:249, 258:284] = 2
strokes[104:112, 145:161] = strokes[124:132, 150:170] = 3
strokes[104:128, 184:194] = strokes[112:142, 304:316] = 3

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
