"""A dense CRF: a coarse mask sharpened by its photograph, in one line and as pydensecrf does it."""

from pathlib import Path

import numpy as np
from skimage import data, draw

import pixelseg.refine.pydensecrf.densecrf as dcrf  # instead of pydensecrf.densecrf
from pixelseg import io, plot, refine
from pixelseg.refine.pydensecrf.utils import unary_from_softmax

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# A person as a network sees her that has one answer for 32 x 32 pixels, and is not too sure.
image = data.astronaut()
outline = [(8, 205), (60, 150), (160, 150), (250, 60), (512, 20), (512, 420), (300, 390),
           (230, 290), (120, 300), (30, 280)]  # fmt: skip
inside = draw.polygon2mask(image.shape[:2], outline)
coarse = inside.reshape(16, 32, 16, 32).mean(axis=(1, 3)) > 0.5
p = np.where(coarse.repeat(32, axis=0).repeat(32, axis=1), 0.7, 0.3)
probabilities = np.stack([1 - p, p], axis=-1)

# One line: pixels near in position (60 pixels) and colour (15 grey levels) hold together.
settings = {"sigma_spatial": 60, "sigma_values": 15, "bilateral_weight": 5}
sharp = refine.dense_crf(probabilities, image, **settings).argmax(axis=-1)

# The lines of pydensecrf, of which only the imports are changed: labels first, width before height.
d = dcrf.DenseCRF2D(image.shape[1], image.shape[0], 2)
d.setUnaryEnergy(unary_from_softmax(np.moveaxis(probabilities, -1, 0)))
d.addPairwiseGaussian(sxy=3, compat=3)
d.addPairwiseBilateral(sxy=60, srgb=15, rgbim=image, compat=5)
same = np.argmax(d.inference(5), axis=0).reshape(image.shape[:2])
print(f"pixels that the image changed: {(sharp != (p > 0.5)).mean():.1%}")
print(f"labels that differ from those of pydensecrf's lines: {(sharp != same).sum()}")
assert (sharp == same).mean() > 0.9999

pictures = [plot.overlay(image, 1 + labels) for labels in (p > 0.5, sharp)]
cut_out = np.where(sharp[..., np.newaxis] == 1, image, 255).astype(np.uint8)
io.write_image(out / "18_coarse_mask.png", plot.montage([*pictures, cut_out]), overwrite=True)
