"""The table of ops: what a feature bank can compute.

Names of columns, their number, the halo of a tile, the documentation and the tests all read
this table; an op that is added here is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .._arrays import Array
from .derivatives import GRADIENT, HESSIAN, TRACE
from .plane import Plane, Region

#: The smaller scale of a difference of Gaussians, and the window of a structure tensor, as
#: multiples of sigma (ilastik's).
DIFFERENCE_RATIO = 0.66
WINDOW_RATIO = 0.5


def gaussian(level: Plane, region: Region, outs: list[Array]) -> None:
    """The smoothed image."""
    from ._column_kernels import copy_columns

    for first, out in _slices(level, region, outs):
        copy_columns(level.flat, first, level.stride, out[0])


def difference_of_gaussians(level: Plane, lower: Plane, region: Region, outs: list[Array]) -> None:
    """The smoothed image minus the one smoothed by 0.66 sigma."""
    from ._column_kernels import difference

    (z0, _), (y0, _), (x0, _) = region
    for z, (first, out) in enumerate(_slices(level, region, outs)):
        difference(
            level.flat,
            first,
            level.stride,
            lower.flat,
            lower.first(z0 + z, y0, x0),
            lower.stride,
            out[0],
        )


def gradient_magnitude(fields: Plane, first: int, outs: list[Array], row: Array, ndim: int) -> None:
    """Length of the gradient."""
    from ._column_kernels import magnitude

    magnitude(fields.flat, GRADIENT[ndim], first, fields.stride, outs[0], row)


def laplacian_of_gaussian(
    fields: Plane, first: int, outs: list[Array], row: Array, ndim: int
) -> None:
    """Sum of the second derivatives along the axes."""
    from ._column_kernels import trace

    trace(fields.flat, TRACE[ndim], first, fields.stride, outs[0])


def hessian(fields: Plane, first: int, outs: list[Array], row: Array, ndim: int) -> None:
    """Eigenvalues of the matrix of second derivatives, largest first."""
    eigenvalues(fields, HESSIAN[ndim], first, outs, row)


def eigenvalues(fields: Plane, terms: Array, first: int, outs: list[Array], row: Array) -> None:
    """Eigenvalues, largest first, of the symmetric matrices whose upper triangle is `terms`."""
    from ._column_kernels import eigenvalues_2, eigenvalues_3

    if len(terms) == 3:
        eigenvalues_2(fields.flat, terms, first, fields.stride, outs[0], outs[1], row)
    else:
        eigenvalues_3(fields.flat, terms, first, fields.stride, outs[0], outs[1], outs[2], row)


@dataclass(frozen=True)
class Op:
    """A feature: a name, its columns and the function that computes them.

    Parameters
    ----------
    name : str
    function : callable
        For an op of your own: `function(plane, sigma, spacing)` gets one channel as a float32
        array of the spatial shape, with a border of `reach` sigmas (reflected where the image
        ends), and returns an array of the same shape, or (n_columns, ...).
    columns : tuple of str, default ("",)
        Suffixes of the columns' names.
    reach : float, default 4
        How far the op looks, in sigmas. A pixel farther away must not matter: it decides what
        a tile reads.
    """

    name: str
    function: Callable[..., Any] = field(repr=False)
    columns: tuple[str, ...] = ("",)
    reach: float = 4.0
    kind: str = field(default="user", repr=False)
    order: int = field(default=0, repr=False)

    def suffixes(self, ndim: int) -> tuple[str, ...]:
        """Suffixes of the columns for images of `ndim` axes; an eigenvalue for each axis."""
        if self.kind in ("eigenvalues", "structure"):
            return tuple(f"_{k}" for k in range(ndim))
        return self.columns


#: name -> op. `kind` says what the function is given: a smoothed image ("level"), two of them
#: ("levels"), the derivatives of a strip ("fields", "eigenvalues") or the smoothed products of
#: its first derivatives ("structure").
OPS = {
    op.name: op
    for op in (
        Op("gaussian", gaussian, reach=5, kind="level"),
        Op("gradient_magnitude", gradient_magnitude, reach=6.5, kind="fields", order=1),
        Op("laplacian_of_gaussian", laplacian_of_gaussian, reach=6.5, kind="fields", order=2),
        Op("difference_of_gaussians", difference_of_gaussians, reach=5, kind="levels"),
        Op("structure_tensor", eigenvalues, reach=9, kind="structure", order=1),
        Op("hessian", hessian, reach=6.5, kind="eigenvalues", order=2),
    )
}


def _slices(plane: Plane, region: Region, outs: list[Array]) -> Any:
    """For each slice of `region`: where it begins in `plane`, and the (h, w) outputs."""
    (z0, z1), (y0, _), (x0, _) = region
    for z in range(z0, z1):
        yield plane.first(z, y0, x0), [out[z - z0] for out in outs]
