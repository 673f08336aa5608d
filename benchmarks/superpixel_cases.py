"""Cases of superpixels: whole calls from an image to connected segments.

fast-slic is not on the package registry in a form that builds: it is found by import where it was
built by hand. OpenCV's superpixels need its contrib build.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer

Array = np.ndarray


@dataclass(frozen=True)
class Task:
    """An image and how many superpixels to cut it into."""

    image: Array
    n_segments: int

    def run(self, method: str, **params: Any) -> Array:
        """Our method of that name."""
        from pixelseg import superpixels

        if self.image.shape[-1] != 3:
            params["channel_axis"] = None
        return getattr(superpixels, method)(self.image, self.n_segments, **params)


_SHAPES = {
    TINY: (60, 80, 20),
    "321x481, 200": (321, 481, 200),
    "321x481, 1000": (321, 481, 1000),
    "512x512, 200": (512, 512, 200),
    "512x512, 1000": (512, 512, 1000),
    "1080x1920, 1000": (1080, 1920, 1000),
    "3000x4000, 4000": (3000, 4000, 4000),
}
_SMALL = (TINY, "321x481, 200", "321x481, 1000")
_MIDDLE = (TINY, "512x512, 200", "512x512, 1000")
_LARGE = (TINY, "1080x1920, 1000", "3000x4000, 4000")
_ALL = tuple(_SHAPES)
_VOLUMES = {TINY: (6, 20, 24, 12), "64x256x256, 2000": (64, 256, 256, 2000)}


def photograph(size: str) -> Task:
    """An RGB image of uint8."""
    *shape, n_segments = _SHAPES[size]
    return Task(images.colour(*shape), n_segments)


def volume(size: str) -> Task:
    """A grey volume of uint8."""
    *shape, n_segments = _VOLUMES[size]
    return Task(images.volume(*shape), n_segments)


def _fast_slic(**params: Any) -> Callable[[Task], Array]:
    def call(task: Task) -> Array:
        from fast_slic.avx2 import SlicAvx2

        slic = SlicAvx2(num_components=task.n_segments, compactness=10, num_threads=1, **params)
        return slic.iterate(task.image)

    return call


def _scikit_image(task: Task) -> Array:
    from skimage.segmentation import slic

    colour = task.image.shape[-1] == 3
    return slic(
        task.image,
        task.n_segments,
        # Its scale of grey values is 0 to 1, that of CIELAB 0 to 100.
        compactness=10 if colour else 0.1,
        max_num_iter=10,
        channel_axis=-1 if colour else None,
    )


def _opencv(task: Task) -> Array:
    import cv2

    lab = cv2.cvtColor(task.image, cv2.COLOR_RGB2LAB)
    side = max(2, round((lab.shape[0] * lab.shape[1] / task.n_segments) ** 0.5))
    slic = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, side, 10.0)
    slic.iterate(10)
    slic.enforceLabelConnectivity(25)
    return slic.getLabels()


def _seeds_of_opencv(task: Task) -> Array:
    import cv2

    lab = cv2.cvtColor(task.image, cv2.COLOR_RGB2LAB)
    height, width = lab.shape[:2]
    seeds = cv2.ximgproc.createSuperpixelSEEDS(width, height, 3, task.n_segments, 4, 2)
    seeds.iterate(lab, 10)
    return seeds.getLabels()


def _peers(default: float, all_rows: float | None, scikit_image: float | None) -> tuple[Peer, ...]:
    return (
        Peer("fast-slic, every third row", _fast_slic(), needs="fast_slic", bar=default),
        Peer(
            "fast-slic, all rows",
            _fast_slic(subsample_stride=1),
            needs="fast_slic",
            bar=all_rows,
        ),
        Peer("scikit-image", _scikit_image, bar=scikit_image),
        Peer("OpenCV", _opencv, needs="cv2.ximgproc"),
    )


def _sampled(title: str, sizes: tuple[str, ...], bar: float) -> Case:
    return Case(
        name=f"superpixels.slic, sampling=4, {title}",
        covers=("superpixels.slic",),
        make=photograph,
        ours=lambda task: task.run("slic", sampling=4),
        sizes=sizes,
        quick=sizes[1:2],
        peers=_peers(bar, None, 25.0),
    )


def _connect(inputs: tuple[Task, Array]) -> Array:
    from pixelseg.superpixels import enforce_connectivity

    return enforce_connectivity(inputs[1], inputs[0].image)


def _stray(size: str) -> tuple[Task, Array]:
    """Segments of which a tenth of the pixels lie astray."""
    task = photograph(size)
    segments = task.run("slic")
    rng = np.random.default_rng(0)
    astray = rng.random(segments.shape) < 0.1
    return task, np.where(astray, rng.permutation(segments.ravel()).reshape(astray.shape), segments)


def _seeds(size: str) -> Array:
    """A mask with holes, and how many seeds it gets."""
    *shape, _ = _SHAPES[size]
    return images.grey(*shape) > 60


def _place(mask: Array) -> Array:
    from pixelseg.superpixels import grid_seeds

    return grid_seeds(mask.shape, max(1, mask.size // 500), mask=mask)


CASES: tuple[Case, ...] = (
    _sampled("small", _SMALL, 1.4),
    _sampled("middle", _MIDDLE, 1.7),
    _sampled("large", _LARGE, 2.0),
    Case(
        name="superpixels.slic",
        covers=("superpixels.slic",),
        make=photograph,
        ours=lambda task: task.run("slic"),
        sizes=_ALL,
        quick=_SMALL[1:2],
        peers=_peers(0.85, 1.4, None),
    ),
    Case(
        name="superpixels.slic, volume",
        covers=("superpixels.slic",),
        make=volume,
        ours=lambda task: task.run("slic"),
        sizes=tuple(_VOLUMES),
        quick=(),
        peers=(Peer("scikit-image", _scikit_image, bar=15.0),),
    ),
    Case(
        name="superpixels.snic",
        covers=("superpixels.snic",),
        make=photograph,
        ours=lambda task: task.run("snic"),
        sizes=_SMALL,
        quick=_SMALL[1:2],
        peers=(Peer("scikit-image slic", _scikit_image),),
        # 40 images a second.
        limit=0.025,
    ),
    Case(
        name="superpixels.snic, large",
        covers=("superpixels.snic",),
        make=photograph,
        ours=lambda task: task.run("snic"),
        sizes=(*_MIDDLE, *_LARGE[1:]),
        quick=(),
    ),
    Case(
        name="superpixels.snic, volume",
        covers=("superpixels.snic",),
        make=volume,
        ours=lambda task: task.run("snic"),
        sizes=tuple(_VOLUMES),
        quick=(),
    ),
    Case(
        name="superpixels.etps",
        covers=("superpixels.etps",),
        make=photograph,
        ours=lambda task: task.run("etps"),
        sizes=_ALL,
        quick=_SMALL[2:],
        peers=(
            Peer("fast-slic, every third row", _fast_slic(), needs="fast_slic"),
            Peer("OpenCV SEEDS", _seeds_of_opencv, needs="cv2.ximgproc"),
        ),
    ),
    Case(
        name="superpixels.etps, not merged",
        covers=("superpixels.etps",),
        make=photograph,
        ours=lambda task: task.run("etps", oversegmentation=1),
        sizes=_SMALL,
        quick=(),
    ),
    Case(
        name="superpixels.etps, volume",
        covers=("superpixels.etps",),
        make=volume,
        ours=lambda task: task.run("etps"),
        sizes=tuple(_VOLUMES),
        quick=(),
    ),
    Case(
        name="superpixels.enforce_connectivity",
        covers=("superpixels.enforce_connectivity",),
        make=_stray,
        ours=_connect,
        sizes=(TINY, "512x512, 1000"),
        quick=(),
    ),
    Case(
        name="superpixels.grid_seeds, masked",
        covers=("superpixels.grid_seeds",),
        make=_seeds,
        ours=_place,
        sizes=(TINY, "512x512, 1000", "3000x4000, 4000"),
        quick=(),
    ),
)
