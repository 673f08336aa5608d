"""The names of pydensecrf over our own inference: a script changes its import lines and runs on.

    import pixelseg.refine.pydensecrf.densecrf as dcrf
    from pixelseg.refine.pydensecrf.utils import unary_from_softmax

Labels are the same as those of pydensecrf 1.0, probabilities within 1e-3. Beyond it, arrays may
have any dtype and layout and be read-only, images any number of channels, and what is out of shape
or bounds is said. Learning is not here, as it is not in pydensecrf. In new code,
`pixelseg.refine.dense_crf` does the same in one line.
"""

from .densecrf import (
    CONST_KERNEL,
    DIAG_KERNEL,
    FULL_KERNEL,
    NO_NORMALIZATION,
    NORMALIZE_AFTER,
    NORMALIZE_BEFORE,
    NORMALIZE_SYMMETRIC,
    ConstUnary,
    DenseCRF,
    DenseCRF2D,
    KernelType,
    NormalizationType,
)
from .utils import (
    compute_unary,
    create_pairwise_bilateral,
    create_pairwise_gaussian,
    softmax_to_unary,
    unary_from_labels,
    unary_from_softmax,
)

__all__ = [
    "CONST_KERNEL",
    "DIAG_KERNEL",
    "FULL_KERNEL",
    "NO_NORMALIZATION",
    "NORMALIZE_AFTER",
    "NORMALIZE_BEFORE",
    "NORMALIZE_SYMMETRIC",
    "ConstUnary",
    "DenseCRF",
    "DenseCRF2D",
    "KernelType",
    "NormalizationType",
    "compute_unary",
    "create_pairwise_bilateral",
    "create_pairwise_gaussian",
    "softmax_to_unary",
    "unary_from_labels",
    "unary_from_softmax",
]
