"""GrabCut: an object cut out of an image by a box, a few strokes, or both.

Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph
cuts", 2004. The colours of object and background are learned from the labels at hand, a minimum cut
gives better labels, and so on until nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, to_array
from .._core.boxes import slices_of
from .._core.checks import as_count, as_integer, as_number
from .._core.grid import as_connectivity
from .._core.image import Image, as_image
from .contrast import LARGEST, weigh
from .min_cut import min_cut
from .mixtures import Mixture, fit_mixture, sample

#: A box alone says little of the object: colours are first learned on every n-th pixel, so that so
#: many are left along the longest axis, which takes a fraction of the time.
_COARSE = 200
#: Values of `seeds`.
OBJECT, BACKGROUND = 1, 2
#: The loop ends when fewer pixels changed than this share of those that may.
_FEW_CHANGES = 1e-3


@dataclass(frozen=True)
class GrabCut:
    """An object cut out.

    Attributes
    ----------
    mask : ndarray of bool, of the spatial shape
        True where the object is.
    energies : tuple of float
        The energy of the cut of every iteration: costs of the colours, and of the border.
    """

    mask: Array = field(repr=False)
    energies: tuple[float, ...]


def grabcut(
    image: Any,
    *,
    box: Sequence[int] | None = None,
    seeds: Any = None,
    weight: float = 50.0,
    sharpness: float = 3.0,
    n_components: int = 5,
    n_iterations: int = 10,
    connectivity: int | None = None,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | str | None = "auto",
    mask: Any = None,
) -> GrabCut:
    """Cut out an object by a box around it, seeds in and around it, or both (GrabCut).

    Parameters
    ----------
    image : array (H, W), (D, H, W), either with channels, or Image
        Any real dtype and any number of channels.
    box : (row0, col0, row1, col1) or (z0, row0, col0, z1, row1, col1), optional
        Half open. What is outside is background for good.
    seeds : array of int, of the spatial shape, optional
        1 where the object is for good, 2 where the background is, 0 where the cut decides. Without
        a box, both must be there.
    weight : float, default 50.0
        How much a border costs, see `contrast_weights`. A pixel's colour costs the negative
        logarithm of its density: 50, from the paper, means smooth borders.
    sharpness : float, default 3.0
        How much more a border costs where the image does not change. 1, as in the paper, smooths
        over thin parts of an object, and had more errors on real images.
    n_components : int, default 5
        Gaussians in the mixture of either side.
    n_iterations : int, default 10
        The most rounds of learning and cutting. It ends sooner, when hardly a pixel changes.
    connectivity : int, optional
        Which neighbours have edges; default is corners too.
    spacing : float or sequence of float, optional
        Size of a pixel along each spatial axis; default is the image's own, or 1.
    channel_axis : int, "auto" or None, default "auto"
        Which axis holds channels.
    mask : bool array of the spatial shape, optional
        What lies outside is not looked at, and is not the object.

    Returns
    -------
    GrabCut

    Raises
    ------
    ValueError
        For neither box nor seeds, a box outside the image or around all of it, seeds of another
        shape or that leave one side empty.

    Notes
    -----
    Nothing is drawn by chance: the same call gives the same mask. Mixtures are fitted to some
    10,000 pixels of each side, and the flow of each cut is the start of the next one. With a box
    and no seeds of the object, the first labels are those of a coarser image. Memory: 170 bytes a
    pixel in 2-D with all neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import graph
    >>> image = np.zeros((20, 20))
    >>> image[5:12, 6:13] = 1
    >>> found = graph.grabcut(image, box=(2, 2, 18, 18))
    >>> bool((found.mask == (image == 1)).all())
    True
    """
    image = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    n_components = as_count("n_components", n_components)
    n_iterations = as_count("n_iterations", n_iterations)
    weight = as_number("weight", weight, least=0, most=LARGEST)
    sharpness = as_number("sharpness", sharpness, least=0, most=LARGEST)
    if connectivity is None:
        connectivity = image.ndim
    connectivity = as_connectivity(connectivity, image.ndim)
    marks = _as_marks(image, box, seeds)
    planes = image.read().reshape(image.n_channels, *image.spatial_shape)
    scene = _Scene(
        image,
        _standardised(planes, image.mask),
        marks,
        weigh(image, planes, weight, sharpness, connectivity),
        connectivity,
        n_components,
    )
    if (marks == OBJECT).any():
        # Seeds of the object say more about its colours than all that may be it.
        return scene.iterate(marks == OBJECT, n_iterations)
    step = max(1, round(max(image.spatial_shape) / _COARSE))
    coarse = scene.coarser(step, weight / step, sharpness)
    best = coarse.iterate(coarse.is_free, n_iterations).mask
    for axis, size in enumerate(marks.shape):
        best = best.repeat(step, axis).take(range(size), axis)
    start = best & scene.is_free
    # A small object may be lost between every n-th pixel.
    return scene.iterate(start if start.any() else scene.is_free, n_iterations)


@dataclass(frozen=True)
class _Scene:
    """What stays the same while colours are learned and cut: pixels are planes (C, *spatial)."""

    image: Image
    pixels: Array
    marks: Array
    weights: Any
    connectivity: int
    n_components: int

    @property
    def inside(self) -> Array:
        """Where the image counts."""
        mask = self.image.mask
        return np.ones(self.marks.shape, bool) if mask is None else mask

    @property
    def is_free(self) -> Array:
        """Where the cut decides."""
        return self.inside & (self.marks == 0)

    def coarser(self, step: int, weight: float, sharpness: float) -> _Scene:
        """Every step-th pixel along each axis; borders there are shorter by so much."""
        every = (slice(None, None, step),) * self.marks.ndim
        pixels = np.ascontiguousarray(self.pixels[(slice(None), *every)])
        mask = None if self.image.mask is None else self.image.mask[every]
        image = replace(self.image, spatial_shape=pixels.shape[1:], mask=mask)
        weights = weigh(image, pixels, weight, sharpness, self.connectivity)
        marks = self.marks[every]
        return _Scene(image, pixels, marks, weights, self.connectivity, self.n_components)

    def learn(self, side: Array, before: Mixture | None) -> Mixture:
        """The colours of one side."""
        pixels = sample(self.pixels, side)
        return before.improve(pixels, 2) if before else fit_mixture(pixels, self.n_components)

    def iterate(self, is_object: Array, n_iterations: int) -> GrabCut:
        """Learn colours and cut, in turn, until hardly a pixel changes."""
        inside, is_free, marks = self.inside, self.is_free, self.marks
        others = marks == BACKGROUND if (marks == OBJECT).any() else ~is_object
        sides = (is_object & inside, others & inside)
        both: list[Mixture | None] = [None, None]
        energies: list[float] = []
        cut = None
        for _ in range(n_iterations):
            both = [self.learn(side, old) for side, old in zip(sides, both, strict=True)]
            likely = [mixture.score(self.pixels) for mixture in both if mixture]
            most = np.maximum(*likely)
            source, sink = most - likely[1], most - likely[0]
            source[marks == OBJECT], sink[marks == OBJECT] = np.inf, 0
            sink[marks == BACKGROUND], source[marks == BACKGROUND] = np.inf, 0
            cut = min_cut(
                source,
                sink,
                self.weights,
                connectivity=self.connectivity,
                mask=self.image.mask,
                reuse=cut,
            )
            energies.append(float(cut.flow - most.sum(dtype=np.float64, where=is_free)))
            n_changed = np.count_nonzero(cut.source_side != sides[0])
            mask = cut.source_side
            sides = (mask, inside & ~mask)
            if not (mask.any() and sides[1].any()) or n_changed <= _FEW_CHANGES * is_free.sum():
                break
        return GrabCut(mask, tuple(energies))


def _standardised(planes: Array, mask: Array | None) -> Array:
    """Planes (C, *spatial) moved and scaled as a whole, to mean 0 and variance 1."""
    chosen = planes.reshape(len(planes), -1) if mask is None else planes[:, mask]
    centre = chosen.mean(axis=1, dtype=np.float64)
    scale = np.sqrt(np.mean(chosen.var(axis=1, dtype=np.float64))) or 1.0
    return ((planes - centre.reshape(-1, *(1,) * (planes.ndim - 1))) / scale).astype(np.float32)


def _as_marks(image: Image, box: Any, seeds: Any) -> Array:
    """What is settled from the start: OBJECT, BACKGROUND, or 0."""
    shape = image.spatial_shape
    if box is None and seeds is None:
        raise ValueError(
            "box and seeds are both None: pass a box around the object, seeds, or both."
        )
    marks = np.zeros(shape, np.uint8)
    if box is not None:
        within = slices_of(_as_box(box, shape))
        marks[...] = BACKGROUND
        marks[within] = 0
    if seeds is not None:
        seeds = as_labels(seeds, shape, name="seeds")
        if seeds.max() > BACKGROUND:
            raise ValueError(
                f"seeds holds {seeds.max()} but must be 0 (open), 1 (object) or 2 (background)."
            )
        outside = (seeds == OBJECT) & (marks == BACKGROUND)
        if outside.any():
            place = tuple(np.argwhere(outside)[0].tolist())
            raise ValueError(f"seeds marks the object at {place}, outside of box: enlarge the box.")
        marks[seeds > 0] = seeds[seeds > 0]
    counts = np.bincount(
        marks[image.mask] if image.mask is not None else marks.ravel(), minlength=3
    )
    if counts[BACKGROUND] == 0:
        raise ValueError(
            "box covers the whole image, so that nothing is known of the background: pass a "
            "smaller box, or seeds with 2 where it is."
            if box is not None
            else "seeds holds no 2, so that nothing is known of the background: mark some of it."
        )
    if counts[OBJECT] == 0 and (box is None or counts[0] == 0):
        raise ValueError(
            "seeds holds no 1, so that nothing is known of the object: mark some of it."
        )
    return marks


def _as_box(box: Any, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Check a box (starts, stops) within an image."""
    ndim = len(shape)
    values = [as_integer("box", value) for value in to_array("box", box).ravel().tolist()]
    rule = "(row0, col0, row1, col1)" if ndim == 2 else "(z0, row0, col0, z1, row1, col1)"
    spans = list(zip(values[:ndim], values[ndim:], strict=False))
    fits = len(values) == 2 * ndim and all(
        0 <= start < stop <= size for (start, stop), size in zip(spans, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"box is {tuple(values)} but must be {rule}, half open, within the image's spatial "
            f"shape {shape}, at least one pixel."
        )
    return spans
