"""A volume whose slices are farther apart than its pixels: say so by `spacing`."""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data

import pixelseg
from pixelseg import io, metrics, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Blobs in noise, of which only every third slice was taken.
blobs = data.binary_blobs(length=96, n_dim=3, blob_size_fraction=0.2, rng=0)[::3]
truth = blobs.astype(np.uint8) + 1
rng = np.random.default_rng(0)
volume = ndimage.gaussian_filter(blobs.astype(np.float32), (0.3, 1, 1))
volume += rng.normal(0, 0.4, volume.shape).astype(np.float32)

# Strokes in a single slice.
strokes = np.zeros_like(truth)
strokes[16, 10:90:20, 5:90] = truth[16, 10:90:20, 5:90]

bank = pixelseg.FeatureBank(sigmas=(1.0, 1.6, 3.5))
model = pixelseg.PixelClassifier(bank, channel_axis=None, spacing=(3, 1, 1), n_jobs=-1)
model.fit(volume, strokes)
labels = model.predict(volume)
confusion = metrics.confusion_matrix(truth, labels)
print(f"mean IoU of the whole volume {metrics.mean_iou(confusion):.3f}")

pictures = [
    plot.overlay(volume[8], truth[8], alpha=0.0),
    plot.boundaries(volume[8], truth[8]),
    plot.boundaries(volume[8], labels[8]),
]
io.write_image(out / "04_volume.png", plot.montage(pictures), overwrite=True)
