"""The feature bank by scipy.ndimage in float64: every filter on its own, cut at 6 sigma."""

import numpy as np
from scipy import ndimage


def feature_maps(image, sigma, spacing=None):
    """name -> feature map, for one channel (2-D or 3-D) at one sigma."""
    image = np.asarray(image, float)
    ndim = image.ndim
    spacing = np.ones(ndim) if spacing is None else np.asarray(spacing, float)
    pixels = sigma / spacing

    def gaussian(*axes, ratio=1.0, of=image):
        """Gaussian, differentiated once along each of `axes`."""
        order = [axes.count(k) for k in range(ndim)]
        scale = np.prod([1 / spacing[k] for k in axes])
        return scale * ndimage.gaussian_filter(of, ratio * pixels, order=order, truncate=6)

    gradient = [gaussian(k) for k in range(ndim)]
    hessian = {(i, j): gaussian(i, j) for i in range(ndim) for j in range(i, ndim)}
    structure = {
        (i, j): gaussian(ratio=0.5, of=gradient[i] * gradient[j])
        for i in range(ndim)
        for j in range(i, ndim)
    }
    found = {
        "gaussian": gaussian(),
        "gradient_magnitude": np.sqrt(sum(g**2 for g in gradient)),
        "laplacian_of_gaussian": sum(hessian[k, k] for k in range(ndim)),
        "difference_of_gaussians": gaussian() - gaussian(ratio=0.66),
    }
    for name, terms in (("structure_tensor", structure), ("hessian", hessian)):
        matrix = np.empty((*image.shape, ndim, ndim))
        for (i, j), value in terms.items():
            matrix[..., i, j] = matrix[..., j, i] = value
        values = np.linalg.eigvalsh(matrix)
        for k in range(ndim):
            found[f"{name}_{k}"] = values[..., ndim - 1 - k]
    return found


def local_contrast(image, sigma, around, spacing=1.0, mask=None):
    """The smoothed image minus its mean at scale `around`, in standard deviations there."""
    image = np.asarray(image, float)
    inside = np.ones(image.shape) if mask is None else mask.astype(float)

    def mean(of, scale):
        pixels = scale / np.broadcast_to(spacing, image.ndim)
        total, weight = (
            ndimage.gaussian_filter(part, pixels, truncate=6) for part in (of * inside, inside)
        )
        return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)

    middle = mean(image, around)
    deviation = np.sqrt(np.maximum(mean(image**2, around) - middle**2, 0))
    spread = deviation + 0.02 * np.abs(middle)
    contrast = mean(image, sigma) - middle
    return inside * np.divide(contrast, spread, out=np.zeros_like(spread), where=spread > 0)
