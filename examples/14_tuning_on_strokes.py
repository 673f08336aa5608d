"""Does refining help? The strokes tell: settings are measured on strokes held out from training."""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data

import pixelseg
from pixelseg import io, metrics, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Three pictures of blobs (2) in noise, with some dabs on each; the fourth is kept back.
images, truths = [], []
for seed in range(4):
    blobs = data.binary_blobs(200, blob_size_fraction=0.3, rng=seed)
    noise = np.random.default_rng(seed).normal(0, 40, blobs.shape)
    truths.append(np.where(blobs, 2, 1).astype(np.uint8))
    images.append(np.clip(100 + 40 * blobs + noise, 0, 255).astype(np.uint8))
strokes = []
for seed, truth in enumerate(truths[:3]):
    dabs = np.random.default_rng(seed).random(truth.shape) < 0.0005
    strokes.append(np.where(ndimage.maximum_filter(dabs, 5), truth, 0))

# By name at `fit`: models without some of the strokes are asked what they think there.
bank = pixelseg.FeatureBank(sigmas=(0.7, 1.6))
model = pixelseg.PixelClassifier(bank, refine="auto").fit(images[:3], strokes)
tuning = model.tuning_
rows = zip(tuning.choices, tuning.mean_iou, tuning.gain, tuning.standard_error, strict=True)
for name, mean_iou, gain, error in rows:
    if np.isfinite(gain):  # only some about the window that fits between borders are measured
        print(f"{mean_iou:.3f}  {gain:+.3f} (error {error:.3f})  {name}")
print("chosen:", tuning.choices[tuning.chosen], "since", tuning.reason)
assert tuning.refiner is not None

# Or any settings of any refiner, for any model, or for probabilities that come from elsewhere.
settings = [pixelseg.GraphCut(weight) for weight in (0.5, 1, 2)]
cut = pixelseg.refine.tune(settings, model, images[:3], strokes)
print("chosen of graph cuts:", cut.choices[cut.chosen], "since", cut.reason)

refined = model.predict(images[3])
plain = model.set_params(refine=None).predict(images[3])
scores = [metrics.mean_iou(metrics.confusion_matrix(truths[3], p)) for p in (plain, refined)]
print(f"mean IoU of the fourth picture: {scores[0]:.3f} before, {scores[1]:.3f} after")
assert scores[1] > scores[0]

pictures = [images[3], plot.overlay(images[3], plain), plot.overlay(images[3], refined)]
io.write_image(out / "14_tuning_on_strokes.png", plot.montage(pictures), overwrite=True)
