"""Features of points, for Gaussian kernels among them; of pixels, positions and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Shape3D


class Features(Protocol):
    """Where the features of N points come from, in units of the kernel's standard deviations."""

    @property
    def name(self) -> str:
        """What error messages call them."""

    @property
    def n_points(self) -> int:
        """N."""

    @property
    def n_features(self) -> int:
        """The number d of features of a point."""

    def bounds(self) -> tuple[Array, Array]:
        """The least and the largest value of each feature, or wider bounds: float64 (d,)."""

    def fill(self, start: int, stop: int, out: Array) -> None:
        """Features of the points from `start` to `stop`, into float64 (d, stop - start)."""


@dataclass(frozen=True)
class FeatureArray:
    """Features that lie in an array (d, N), times `scales` (d,)."""

    values: Array
    scales: Array | float = 1.0
    name: str = "features"

    @property
    def n_points(self) -> int:
        """N."""
        return self.values.shape[1]

    @property
    def n_features(self) -> int:
        """The number d of features of a point."""
        return self.values.shape[0]

    def bounds(self) -> tuple[Array, Array]:
        """The least and the largest value of each feature."""
        low, high = self.values.min(axis=1), self.values.max(axis=1)
        return low.astype(np.float64) * self.scales, high.astype(np.float64) * self.scales

    def fill(self, start: int, stop: int, out: Array) -> None:
        """Features of the points from `start` to `stop`."""
        scales = np.reshape(self.scales, (-1, 1))
        np.multiply(self.values[:, start:stop], scales, out=out, dtype=np.float64)


@dataclass(frozen=True)
class PixelFeatures:
    """Positions x, y (, z) and values of the pixels that count, over the widths of a kernel.

    They are made for some pixels at a time, and are nowhere stored. `shape` is (D, H, W),
    `position_scales` what z, y, x are multiplied by, None where positions do not matter; `values`
    (C, N) those of the pixels that count, `value_scales` (C,); `inside` their places in raster
    order, None for all.
    """

    shape: Shape3D
    position_scales: Array | None
    values: Array
    value_scales: Array
    inside: Array | None = None
    name: str = "image"

    @property
    def n_points(self) -> int:
        """The number of pixels that count."""
        return int(np.prod(self.shape)) if self.inside is None else len(self.inside)

    @property
    def n_positions(self) -> int:
        """How many coordinates are features: 2 where D is 1."""
        if self.position_scales is None:
            return 0
        return 2 if self.shape[0] == 1 else 3

    @property
    def n_features(self) -> int:
        """The number of features of a pixel."""
        return self.n_positions + len(self.values)

    def bounds(self) -> tuple[Array, Array]:
        """The least and the largest value of each feature."""
        low, high = np.zeros(self.n_features), np.zeros(self.n_features)
        n = self.n_positions
        if self.position_scales is not None:
            high[:n] = [
                (size - 1) * scale
                for size, scale in zip(
                    self.shape[::-1][:n], self.position_scales[::-1], strict=False
                )
            ]
        for k, (row, scale) in enumerate(zip(self.values, self.value_scales, strict=True)):
            low[n + k], high[n + k] = float(row.min()) * scale, float(row.max()) * scale
        return low, high

    def fill(self, start: int, stop: int, out: Array) -> None:
        """Features of the pixels from `start` to `stop`, into float64 (d, stop - start)."""
        n = self.n_positions
        if self.position_scales is not None:
            self._fill_positions(start, stop, self.position_scales, out[:n])
        for k, scale in enumerate(self.value_scales):
            np.multiply(self.values[k, start:stop], scale, out=out[n + k])

    def _fill_positions(self, start: int, stop: int, scales: Array, out: Array) -> None:
        from ._lattice_build_kernels import fill_positions

        if self.inside is None:
            fill_positions(start, self.shape, scales, out)
            return
        places = np.unravel_index(self.inside[start:stop], self.shape)
        for row, place, scale in zip(out, places[::-1], scales[::-1], strict=False):
            np.multiply(place, scale, out=row)


def scales_of(widths: Array, spacing: Sequence[float]) -> Array:
    """What positions in pixels are multiplied by, (z, y, x), for widths in units of spacing."""
    scales = np.zeros(3)
    scales[3 - len(widths) :] = np.divide(spacing, widths)
    return scales
