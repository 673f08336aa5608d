"""A dense CRF of a volume with spacing, and a Gaussian of any features."""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data

from pixelseg import io, metrics, plot
from pixelseg.refine import dense_crf, lattice_filter

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Blobs in noise, of which only every third slice was taken.
blobs = data.binary_blobs(length=96, n_dim=3, blob_size_fraction=0.2, rng=0)[::3]
truth = blobs.astype(np.uint8) + 1
rng = np.random.default_rng(0)
volume = ndimage.gaussian_filter(blobs.astype(np.float32), (0.3, 1, 1))
volume += rng.normal(0, 0.25, volume.shape).astype(np.float32)

# What a bare threshold says of each voxel, as probabilities of two classes.
p = 1 / (1 + np.exp(-6 * (volume - 0.5)))
probabilities = np.stack([1 - p, p], axis=-1)

# Widths in place are in units of spacing, those in value in units of the volume.
refined = dense_crf(
    probabilities,
    volume,
    sigma_spatial=4,
    sigma_values=0.4,
    gaussian_sigma=1.5,
    channel_axis=None,
    spacing=(3, 1, 1),
    n_jobs=-1,
)

# The filter by itself: a bilateral filter that takes the mean of what is near in place and value.
places = np.moveaxis(np.indices(volume.shape), 0, -1) * np.array([3, 1, 1])
features = np.concatenate([places, volume[..., np.newaxis]], axis=-1)
smooth = lattice_filter(volume, features, sigma=(3, 3, 3, 0.5), n_jobs=-1)

for name, found in (("threshold", p > 0.5), ("dense CRF", refined[..., 1] > 0.5)):
    confusion = metrics.confusion_matrix(truth, found.astype(np.uint8) + 1)
    print(f"{name}: mean IoU {metrics.mean_iou(confusion):.3f}")

pictures = [
    plot.overlay(volume[8], truth[8], alpha=0.0),
    plot.overlay(smooth[8], truth[8], alpha=0.0),
    plot.boundaries(volume[8], (p[8] > 0.5).astype(np.uint8) + 1),
    plot.boundaries(volume[8], refined[8].argmax(axis=-1) + 1),
]
picture = plot.montage(pictures, n_columns=2)
io.write_image(out / "17_dense_crf_of_a_volume.png", picture, overwrite=True)
