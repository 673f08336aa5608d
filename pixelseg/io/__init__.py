"""Image files: PNG, JPEG, TIFF and .npy, in and out.

What is read is an `ImageFile`: an array-like whose channels are last, with the pixel size that
the file states. Large TIFF and .npy files are mapped or read piece by piece, never as a whole.
What is written appears whole or not at all, and never replaces a file unless told to.
"""

from .paths import IMAGE_SUFFIXES
from .reading import ImageFile, read_image, read_labels
from .writing import create_image, write_image, write_labels

__all__ = [
    "IMAGE_SUFFIXES",
    "ImageFile",
    "create_image",
    "read_image",
    "read_labels",
    "write_image",
    "write_labels",
]
