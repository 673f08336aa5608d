"""Forest or network: the same strokes, the time to fit and to predict, and the result."""

import time
from pathlib import Path

import numpy as np
from skimage import data

import pixelseg
from pixelseg import io, metrics, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# Four quarters of three textures; a few strokes; the truth is known.
truth = np.kron([[1, 2], [3, 1]], np.ones((200, 200), int))
pieces = [texture[:400, :400] for texture in (data.brick(), data.grass(), data.gravel())]
image = np.choose(truth - 1, pieces).astype(np.uint8)
strokes = np.zeros_like(truth)
for row in (60, 130, 270, 340):
    strokes[row : row + 4, 20:380] = truth[row : row + 4, 20:380]

other = np.choose(
    np.rot90(truth) - 1,
    [texture[-400:, -400:] for texture in (data.brick(), data.grass(), data.gravel())],
).astype(np.uint8)
pictures = []
for classifier in ("forest", "mlp"):
    model = pixelseg.PixelClassifier(classifier=classifier)
    start = time.perf_counter()
    model.fit(image, strokes)
    fitted = time.perf_counter()
    labels = model.predict(other)
    done = time.perf_counter()
    score = metrics.mean_iou(metrics.confusion_matrix(np.rot90(truth), labels))
    print(
        f"{classifier}: fit {fitted - start:.1f} s, predict {done - fitted:.2f} s, "
        f"mean IoU on other pieces of the textures {score:.3f}"
    )
    pictures.append(plot.overlay(other, labels))
io.write_image(out / "07_mlp_and_forest.png", plot.montage(pictures), overwrite=True)
