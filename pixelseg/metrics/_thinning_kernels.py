"""Thinning of a binary map, pixel list by pixel list."""

import numpy as np

from .._core.jit import kernel


@kernel
def thin_until_stable(padded, width, pixels, removable):
    """Remove pixels from `padded` by two alternating tables until a whole round removes none.

    padded : uint8 (h * width,), 1 on the line, with a frame of zeros; changed in place
    pixels : int64 (n,), flat positions of the ones; used as scratch
    removable : bool (2, 256), whether a pixel with this code of neighbours goes in a half round
    """
    doomed = np.empty(len(pixels), np.int64)
    n_pixels = len(pixels)
    n_doomed = 1
    while n_doomed > 0:
        n_before = n_pixels
        for half in range(2):
            n_doomed = 0
            for k in range(n_pixels):
                position = pixels[k]
                if removable[half, neighbour_code(padded, width, position)]:
                    doomed[n_doomed] = position
                    n_doomed += 1
            # All of a half round go at once: the codes above saw the map before it.
            for k in range(n_doomed):
                padded[doomed[k]] = 0
            n_left = 0
            for k in range(n_pixels):
                position = pixels[k]
                if padded[position] != 0:
                    pixels[n_left] = position
                    n_left += 1
            n_pixels = n_left
        n_doomed = n_before - n_pixels


@kernel
def neighbour_code(padded, width, position):
    """The eight neighbours as bits 0..7: east, then against the clock to south-east."""
    return (
        padded[position + 1]
        | padded[position - width + 1] << 1
        | padded[position - width] << 2
        | padded[position - width - 1] << 3
        | padded[position - 1] << 4
        | padded[position + width - 1] << 5
        | padded[position + width] << 6
        | padded[position + width + 1] << 7
    )
