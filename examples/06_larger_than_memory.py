"""An image on disk to labels on disk: only a few tiles are ever in memory."""

from pathlib import Path

import numpy as np
from skimage import data

import pixelseg
from pixelseg import io, plot

out = Path(__file__).parent / "out"
out.mkdir(exist_ok=True)

# A photograph repeated to 2048 x 3072 pixels in a file that is mapped, not read.
camera = data.camera()
path = out / "large.npy"
large = np.lib.format.open_memmap(path, mode="w+", dtype=camera.dtype, shape=(2048, 3072))
for row in range(0, 2048, 512):
    for column in range(0, 3072, 512):
        large[row : row + 512, column : column + 512] = camera
large.flush()

# Trained on the photograph itself: sky, coat, grass.
strokes = np.zeros(camera.shape, np.uint8)
strokes[20:26, 50:400], strokes[60:66, 330:480] = 1, 1
strokes[200:320, 180:186], strokes[260:266, 150:220] = 2, 2
strokes[440:446, 30:200], strokes[480:486, 280:480] = 3, 3
bank = pixelseg.FeatureBank(sigmas=(1.0, 3.5))
model = pixelseg.PixelClassifier(bank, "mlp", max_memory="40MB", n_jobs=-1).fit(camera, strokes)

image = np.load(path, mmap_mode="r")
plan = model.plan_predict(image)
print(f"{len(plan.boxes(2))} tiles of {plan.tile_shape[1:]}, {plan.bytes / 1e6:.0f} MB in flight")
labels = np.lib.format.open_memmap(out / "labels.npy", mode="w+", dtype=np.uint8, shape=image.shape)
model.predict(image, out=labels)

# The same bits in a crop, away from its border: no filter reaches farther than 9 sigmas.
crop = model.predict(image[:1024, :1024])
inner = 1024 - int(9 * 3.5) - 1
assert (labels[:inner, :inner] == crop[:inner, :inner]).all()
picture = plot.overlay(image[::4, ::4], labels[::4, ::4])
io.write_image(out / "06_larger_than_memory.png", picture, overwrite=True)
path.unlink()
