"""Cases of dense CRFs: probabilities of classes refined by the image they were predicted for.

Pictures are scikit-image's, cut to 3:2 (16:9 at 1080x1920) and scaled. Probabilities are those of
two mixtures of four Gaussians inside and outside the middle box for 2 classes, and for more classes
the softmax of smooth random fields that know the brightness. Parameters are those of pydensecrf's
README, (3, 3) and (80, 13, 10), or `narrow` ones, 40 and 5.

The peer starts from energies, the logarithms being taken outside; ours from probabilities, checks
included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, largest_difference

Array = np.ndarray

_SHAPES = {
    TINY: (24, 36),
    "321x481": (321, 481),
    "1080x1920": (1080, 1920),
    "64x128x128": (64, 128, 128),
}
_USUAL, _NARROW = (80.0, 13.0), (40.0, 5.0)
PICTURES = ("astronaut", "coffee", "chelsea", "rocket", "motorcycle")


@dataclass(frozen=True)
class Job:
    """What is refined, and with what."""

    image: Array
    probabilities: Array
    energies: Array
    sigma_spatial: float
    sigma_values: float
    gaussian_sigma: float
    n_iterations: int
    both_ways: bool = False


def _picture(name: str, shape: tuple[int, int]) -> Array:
    from skimage import data, transform

    picture = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    height = min(len(picture), picture.shape[1] * shape[0] // shape[1])
    top = (len(picture) - height) // 2
    cut = picture[top : top + height, :, :3]
    scaled = transform.resize(cut, shape, anti_aliasing=True, preserve_range=True)
    return np.rint(scaled).astype(np.uint8)


def _two_classes(image: Array) -> Array:
    from sklearn.mixture import GaussianMixture

    rows = image.reshape(-1, 3).astype(float)
    inside = np.zeros(image.shape[:2], bool)
    height, width = inside.shape
    inside[height // 6 : -height // 6, width // 4 : -width // 4] = True
    step = max(1, len(rows) // 5000)
    scores = [
        GaussianMixture(4, random_state=0, reg_covar=10.0)
        .fit(rows[part.ravel()][::step])
        .score_samples(rows)
        for part in (~inside, inside)
    ]
    p = 1 / (1 + np.exp(np.clip(scores[0] - scores[1], -4, 4)))
    return np.stack([1 - p, p], axis=-1).reshape(*inside.shape, 2)


def _many_classes(image: Array, n_classes: int) -> Array:
    from scipy import ndimage

    rng = np.random.default_rng(0)
    shape = image.shape[:2]
    brightness = image.mean(axis=-1) / 255
    scores = np.empty((*shape, n_classes))
    for k in range(n_classes):
        coarse = rng.normal(0, 2, [side // 8 + 2 for side in shape])
        zoomed = ndimage.zoom(coarse, 8, order=1)[: shape[0], : shape[1]]
        scores[..., k] = zoomed - 8 * (brightness - k / n_classes) ** 2
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def _job(image: Array, p: Array, widths: tuple[float, float], **params: Any) -> Job:
    p = np.ascontiguousarray(p, np.float32)
    energies = -np.log(np.maximum(p, 1e-5)).reshape(-1, p.shape[-1]).T
    sigmas = {"gaussian_sigma": 3.0, **params}
    return Job(image, p, np.ascontiguousarray(energies), *widths, **sigmas)


@cache
def _photograph(
    picture: str, n_classes: int, widths: tuple[float, float], n_iterations: int, size: str
) -> Job:
    image = _picture(picture, _SHAPES[size])
    p = _two_classes(image) if n_classes == 2 else _many_classes(image, n_classes)
    return _job(image, p, widths, n_iterations=n_iterations)


@cache
def _volume(sigma: float, gaussian_sigma: float, size: str) -> Job:
    shape = (4, 12, 16) if size == TINY else _SHAPES[size]
    image = images.volume(*shape)
    p = np.random.default_rng(0).random((*shape, 3)) + 0.1
    p[np.arange(3) == (image // 86)[..., None]] += 0.4
    p /= p.sum(axis=-1, keepdims=True)
    widths = sigma, sigma
    return _job(image, p, widths, gaussian_sigma=gaussian_sigma, n_iterations=10)


def _ours(job: Job) -> Array:
    from pixelseg.refine import dense_crf

    return dense_crf(
        job.probabilities,
        job.image,
        sigma_spatial=job.sigma_spatial,
        sigma_values=job.sigma_values,
        gaussian_sigma=job.gaussian_sigma,
        n_iterations=job.n_iterations,
        channel_axis=-1 if job.image.ndim > job.probabilities.ndim - 1 else None,
    )


def _pydensecrf(job: Job) -> Array:
    import pydensecrf.densecrf as dcrf

    return _in_its_lines(dcrf, job)


def _shim(job: Job) -> Array:
    import pixelseg.refine.pydensecrf.densecrf as dcrf

    return _in_its_lines(dcrf, job)


def _in_its_lines(dcrf: Any, job: Job) -> Array:
    height, width, n_classes = job.probabilities.shape
    crf = dcrf.DenseCRF2D(width, height, n_classes)
    crf.setUnaryEnergy(job.energies)
    crf.addPairwiseGaussian(sxy=job.gaussian_sigma, compat=3)
    crf.addPairwiseBilateral(
        sxy=job.sigma_spatial, srgb=job.sigma_values, rgbim=job.image, compat=10
    )
    q = np.array(crf.inference(job.n_iterations))
    return q.T.reshape(job.probabilities.shape)


def _pydensecrf_volume(job: Job) -> Array:
    import pydensecrf.densecrf as dcrf

    shape, n_classes = job.image.shape, job.probabilities.shape[-1]
    crf = dcrf.DenseCRF(job.image.size, n_classes)
    crf.setUnaryEnergy(job.energies)
    positions = np.indices(shape, np.float32).reshape(3, -1)[::-1]
    values = job.image.reshape(1, -1).astype(np.float32)
    smooth = np.ascontiguousarray(positions / np.float32(job.gaussian_sigma))
    crf.addPairwiseEnergy(smooth, 3)
    near = [positions / np.float32(job.sigma_spatial), values / np.float32(job.sigma_values)]
    crf.addPairwiseEnergy(np.concatenate(near).astype(np.float32), 10)
    return np.array(crf.inference(job.n_iterations)).T.reshape(job.probabilities.shape)


def _photograph_case(
    n_classes: int,
    n_iterations: int,
    *,
    picture: str = "astronaut",
    size: str = "321x481",
    widths: tuple[float, float] = _USUAL,
    bar: float,
    quick: bool = False,
) -> Case:
    kind = "" if widths == _USUAL else ", narrow"
    return Case(
        name=f"dense_crf, {picture}, {n_classes} classes, {n_iterations} iterations{kind}, {size}",
        covers=("refine.dense_crf", "refine.FeatureKernel", "DenseCRF.refine"),
        make=partial(_photograph, picture, n_classes, widths, n_iterations),
        ours=_ours,
        peers=(
            Peer(
                "pydensecrf",
                _pydensecrf,
                needs="pydensecrf",
                bar=bar,
                difference=largest_difference,
                tolerance=1e-3,
            ),
        ),
        sizes=(size,),
        quick=(size,) if quick else (),
    )


_SHIM = Case(
    name="pydensecrf's lines over refine.pydensecrf, 2 classes, 5 iterations",
    covers=("refine.dense_crf",),
    make=partial(_photograph, "astronaut", 2, _USUAL, 5),
    ours=_shim,
    peers=(
        Peer(
            "pydensecrf",
            _pydensecrf,
            needs="pydensecrf",
            bar=3.0,
            difference=largest_difference,
            tolerance=1e-3,
        ),
    ),
    sizes=("321x481",),
    quick=(),
)


def _volume_case(sigma: float, gaussian_sigma: float) -> Case:
    return Case(
        name=f"dense_crf, volume, widths {sigma:g} and {gaussian_sigma:g}",
        covers=("refine.dense_crf",),
        make=partial(_volume, sigma, gaussian_sigma),
        ours=_ours,
        peers=(
            Peer(
                "pydensecrf",
                _pydensecrf_volume,
                needs="pydensecrf",
                bar=2.0,
                difference=largest_difference,
                # Positions that are multiples of a width lie on borders of simplices, where float32
                # and float64 touch other vertices.
                tolerance=2e-2,
            ),
        ),
        sizes=("64x128x128",),
        quick=(),
    )


def _filtered(job: Job) -> Array:
    from pixelseg.refine import lattice_filter

    return lattice_filter(job.probabilities, _features(job))


def _features(job: Job) -> Array:
    places = np.moveaxis(np.indices(job.image.shape[:2]), 0, -1) / job.sigma_spatial
    return np.concatenate([places, job.image / job.sigma_values], axis=-1)


def _filtered_by_all_pairs(job: Job) -> Array:
    rows = _features(job).reshape(-1, 5)
    squares = np.square(rows[:, None] - rows).sum(axis=-1)
    kernel = np.exp(-squares / 2)
    values = job.probabilities.reshape(len(rows), -1)
    return (kernel @ values / kernel.sum(axis=1, keepdims=True)).reshape(job.probabilities.shape)


_FILTER = Case(
    name="lattice_filter, 5 features, 2 values",
    covers=("refine.lattice_filter",),
    make=partial(_photograph, "astronaut", 2, _USUAL, 5),
    ours=_filtered,
    peers=(
        Peer(
            "NumPy, all pairs",
            _filtered_by_all_pairs,
            difference=largest_difference,
            tolerance=0.2,
            sizes=(TINY,),
        ),
    ),
    sizes=("321x481", "1080x1920"),
    quick=("321x481",),
)

CASES = (
    *(
        _photograph_case(2, n, picture=picture, bar=3.5, quick=picture == "astronaut")
        for picture in PICTURES
        for n in (5, 10)
    ),
    *(_photograph_case(21, n, picture="astronaut", bar=2.5, quick=n == 5) for n in (5, 10)),
    *(_photograph_case(21, 5, picture=picture, bar=2.5) for picture in PICTURES[1:]),
    *(_photograph_case(n, 5, widths=_NARROW, bar=2.0, quick=n == 2) for n in (2, 21)),
    *(_photograph_case(2, n, size="1080x1920", bar=4.0) for n in (5, 10)),
    _volume_case(10.0, 1.5),
    _volume_case(5.0, 1.0),
    _SHIM,
    _FILTER,
)
