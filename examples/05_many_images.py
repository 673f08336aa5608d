"""Many images: choose settings by cross-validation that never splits an image."""

from pathlib import Path

import numpy as np
from skimage import data
from sklearn.model_selection import GridSearchCV

import pixelseg
from pixelseg import io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Eight pieces of three textures in two arrangements; one pixel in a hundred is labelled.
textures = [data.brick(), data.grass(), data.gravel()]
rng = np.random.default_rng(0)
images, truths, strokes = [], [], []
for k in range(8):
    top, left = rng.integers(0, 512 - 120, 2)
    truth = np.roll(np.arange(1, 4).repeat(40), 40 * (k % 3))[np.newaxis].repeat(120, axis=0)
    pieces = [texture[top : top + 120, left : left + 120] for texture in textures]
    images.append(np.choose(truth - 1, pieces).astype(np.uint8))
    truths.append(truth)
    strokes.append(truth * (rng.random(truth.shape) < 0.01))

search = GridSearchCV(
    pixelseg.PixelClassifier(),
    {
        "features__sigmas": [(0.7, 1.6), (1.6, 5.0), (0.7, 1.6, 5.0, 10.0)],
        "intensity_jitter": ["auto", 0],  # here brightness tells the textures apart
        "classifier__n_estimators": [30],
    },
    cv=3,
)
search.fit(images[:6], strokes[:6])
print("best:", search.best_params_, f"mean IoU {search.best_score_:.3f}")
print(f"mean IoU of the images left out, densely: {search.score(images[6:], truths[6:]):.3f}")

honest = search.best_estimator_.cross_validate(images[:6], strokes[:6], n_folds=3)
print("cross-validated by", honest.groups, f"mean IoU {honest.mean_iou:.3f}", honest.iou.round(3))

labels = search.predict(images[7])
pictures = [plot.overlay(images[7], truths[7]), plot.overlay(images[7], labels)]
io.write_image(out / "05_many_images.png", plot.montage(pictures), overwrite=True)
