"""The inner ring: a feature bank, a forest of your own, and a feature of your own."""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data
from sklearn.ensemble import RandomForestClassifier

import pixelseg
from pixelseg import io, metrics, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)


def local_range(plane, sigma, spacing):
    """Largest minus smallest value within two sigmas."""
    size = 2 * round(2 * sigma) + 1
    return ndimage.maximum_filter(plane, size) - ndimage.minimum_filter(plane, size)


# Two textures side by side, and a random forest from scikit-learn on features of our own choice.
truth = np.repeat([[1, 2]], 256, axis=0).repeat(128, axis=1)
image = np.where(truth == 1, data.brick()[:256, :256], data.gravel()[:256, :256])
bank = pixelseg.FeatureBank(ops=["gaussian", "hessian", local_range], sigmas=(1.0, 3.5, 10.0))
features = bank.transform(image)
print("features:", features.shape, features.dtype, bank.get_feature_names_out())

rng = np.random.default_rng(0)
marked = rng.random(truth.shape) < 0.02
peer = RandomForestClassifier(50, random_state=0).fit(features[marked], truth[marked])
forest = pixelseg.ForestClassifier.from_sklearn(peer)
rows = features.reshape(-1, features.shape[-1])
probabilities = forest.predict_proba(rows)
assert (probabilities == peer.predict_proba(rows)).all(), "the same bits, sooner"

labels = forest.classes_[probabilities.argmax(axis=1)].reshape(truth.shape)
confusion = metrics.confusion_matrix(truth, labels)
print(f"mean IoU {metrics.mean_iou(confusion):.3f}")
pictures = [
    plot.overlay(image, labels),
    plot.probability_map(probabilities.reshape(*truth.shape, 2), 1),
]
io.write_image(out / "03_parts.png", plot.montage(pictures), overwrite=True)
