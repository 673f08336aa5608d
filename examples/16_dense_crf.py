"""A dense CRF: a forest's probabilities of a cup of coffee, refined by every pair of pixels."""

from pathlib import Path

import numpy as np
from skimage import data

import pixelseg
from pixelseg import io, plot
from pixelseg.refine import dense_crf

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# The strokes that `pixelseg demo` paints: wood, saucer, cup, coffee and spoon.
image = data.coffee()
strokes = io.read_labels(Path(pixelseg.__file__).parent / "data" / "coffee_labels.png")

model = pixelseg.PixelClassifier(n_jobs=-1).fit(image, strokes)
probabilities = model.predict_proba(image)

# The widths are pixels and grey levels of the image; 5 iterations of the mean field.
refined = dense_crf(
    probabilities, image, sigma_spatial=40, sigma_values=8, bilateral_weight=5, n_jobs=-1
)
before, after = (p.argmax(axis=-1) + 1 for p in (probabilities, refined))
print(f"{(before != after).mean():.1%} of the pixels changed their label")

# The same as part of the model: DenseCRF counts grey levels in 255ths of the images' range.
model.set_params(refine=pixelseg.DenseCRF(5, 40, 8)).fit(image, strokes)
print("pixels of each class:", np.bincount(model.predict(image).ravel())[1:])

pictures = [
    plot.overlay(image, strokes),
    plot.overlay(image, before),
    plot.overlay(image, after),
    plot.boundaries(image, after),
]
io.write_image(out / "16_dense_crf.png", plot.montage(pictures, n_columns=2), overwrite=True)
