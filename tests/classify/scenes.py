"""Small pictures with known truth."""

import numpy as np


def make_scene(seed=0, shape=(72, 90), channels=None, dtype=np.float64):
    """An image of two textures, its truth (1, 2), and strokes on both."""
    rng = np.random.default_rng(seed)
    truth = np.ones(shape, int)
    truth[..., shape[-1] // 2 :] = 2
    size = shape if channels is None else (*shape, channels)
    noise = rng.normal(size=size)
    level = truth if channels is None else truth[..., np.newaxis]
    image = 100 + 30 * level + 10 * noise
    strokes = np.zeros(shape, int)
    middle = tuple(slice(size // 3, size // 3 + 4) for size in shape[:-1])
    strokes[(*middle, slice(5, 25))] = 1
    strokes[(*middle, slice(-25, -5))] = 2
    return image.astype(dtype), truth, strokes
