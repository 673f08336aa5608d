"""The table of ops: what a feature bank can compute.

Names of features, their number, the halo of a tile, the documentation and the tests all read
this table; an op that is added here is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Stands for one feature for each axis of the image.
PER_AXIS = ("per axis",)


@dataclass(frozen=True)
class Recipe:
    """What a built-in op makes its features of.

    `kind` says how (the names in _feature_kernels.py) and `of` from what: the smoothed "image",
    its "gradient", its "hessian", or the "tensor", products of the gradient smoothed over a
    window of `window` sigmas. A difference subtracts the image at `dog_base`
    sigmas. What `is_local` is told in standard deviations from the mean of its surroundings, at the
    largest sigma that the op has, where it has no feature.
    """

    about: str
    kind: str
    of: str
    dog_base: float | None = None
    window: float | None = None
    is_local: bool = False

    @property
    def order(self) -> int:
        """Highest derivative that is read."""
        return {"image": 0, "gradient": 1, "tensor": 1, "hessian": 2}[self.of]


@dataclass(frozen=True)
class Op:
    """What a bank computes at each sigma: a name, its features and what computes them.

    Parameters
    ----------
    name : str
    function : callable
        `function(plane, sigma, spacing)` gets one channel as a float32 array of the spatial
        shape with a border of `reach` sigmas (reflected where the image ends, 0 outside a mask),
        sigma as a number and spacing as one number for each axis. It returns an array of the
        same shape, or (n_features, ...). For tiles to have no seams, a value must depend on what
        is around its pixel only.
    features : tuple of str, default ("",)
        Suffixes of the features' names.
    reach : float, default 4
        How far your function looks, in sigmas. A pixel farther away must not matter: this is
        what a tile reads.
    recipe : Recipe
        Of built-in ops, in place of a function; `reach` then follows from the filters.
    degree : float, optional
        The degree of homogeneity: an image g times as bright has the features times g to this
        power; 0 for ratios. None finds it by trying on a training image, where that is asked for.
    offset : float, optional
        An image that is brighter by c has the features plus this times c: 1 for what is a mean of
        the image, 0 for what is made of differences. None finds it as `degree`.
    """

    name: str
    function: Callable[..., Any] | None = field(default=None, repr=False)
    features: tuple[str, ...] = ("",)
    reach: float = 4.0
    recipe: Recipe | None = field(default=None, repr=False)
    degree: float | None = None
    offset: float | None = None

    @property
    def is_local(self) -> bool:
        """Whether it compares with surroundings, at the largest of its sigmas."""
        return self.recipe is not None and self.recipe.is_local

    def suffixes(self, ndim: int) -> tuple[str, ...]:
        """Suffixes of the features' names for images of `ndim` axes."""
        if self.features is PER_AXIS:
            return tuple(f"_{k}" for k in range(ndim))
        return self.features


def _built_in(
    name: str,
    about: str,
    kind: str,
    of: str,
    *,
    features: tuple[str, ...] = ("",),
    degree: float = 1.0,
    offset: float = 0.0,
    is_local: bool = False,
    **scales: float,
) -> Op:
    recipe = Recipe(about, kind, of, is_local=is_local, **scales)
    return Op(name, features=features, recipe=recipe, degree=degree, offset=offset)


#: name -> op. The scales of the tensor and the Hessian are ilastik's.
OPS = {
    op.name: op
    for op in (
        _built_in("gaussian", "smoothed image", "VALUE", "image", offset=1.0),
        _built_in("gradient_magnitude", "length of its gradient", "LENGTH", "gradient"),
        _built_in("laplacian_of_gaussian", "sum of its second derivatives", "TRACE", "hessian"),
        _built_in(
            "difference_of_gaussians",
            "smoothed image minus the one at 0.66 sigma",
            "DIFFERENCE",
            "image",
            dog_base=0.66,
        ),
        _built_in(
            "structure_tensor",
            "eigenvalues of the products of first derivatives, smoothed by 0.5 sigma",
            "EIGENVALUES",
            "tensor",
            features=PER_AXIS,
            degree=2.0,
            window=0.5,
        ),
        _built_in(
            "hessian",
            "eigenvalues of the second derivatives",
            "EIGENVALUES",
            "hessian",
            features=PER_AXIS,
        ),
        _built_in(
            "local_contrast",
            "smoothed image minus the mean of its surroundings, by the standard deviation there",
            "VALUE",
            "image",
            degree=0.0,
            is_local=True,
        ),
    )
}
