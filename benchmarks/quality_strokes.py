"""Ways of painting a few labels, drawn from a dense truth: the way moves the answer.

The data folder's own `sparse` scatters short strokes and dabs over a class, up to its borders.
People rather paint what is here: long lines in the middle of things, or a few patches. Each takes
`(truth, per_class, seed)` and gives labels of about `per_class` pixels for each class, 0 where
nothing is painted; only pixels of the class itself are marked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

Array = np.ndarray

#: Side of the brush of a line, and its length at the most, in pixels.
_BRUSH = 3
_LENGTH = 120
#: The eight directions of a step, in circular order.
_HEADINGS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
#: Lines of a class at the most: a small class is then covered as far as lines can.
_MAX_LINES = 400
#: What a line does at each step: mostly it goes straight on.
_TURNS = (-1, 0, 0, 0, 0, 0, 1)
#: Patches of each class.
_N_BLOBS = 3


def lines(truth: Array, per_class: int, seed: int) -> Array:
    """Long thin lines inside objects: each starts well inside and keeps away from borders."""
    return _each_class(truth, per_class, seed, _draw_lines)


def blobs(truth: Array, per_class: int, seed: int) -> Array:
    """A few patches of each class: the pixels of an object around one of its inner pixels."""
    return _each_class(truth, per_class, seed, _draw_blobs)


STROKES: dict[str, Callable[[Array, int, int], Array]] = {"lines": lines, "blobs": blobs}

#: Marks pixels of one class, slice by slice, in `marked`: (inside, per_class, generator, marked).
_Draw = Callable[[Array, int, np.random.Generator, Array], None]


def _each_class(truth: Array, per_class: int, seed: int, draw: _Draw) -> Array:
    """Paint class by class; what is painted of one does not depend on the others."""
    out = np.zeros(truth.shape, np.uint8)
    slices = truth.reshape(-1, *truth.shape[-2:])
    for value in np.unique(truth[truth > 0]).tolist():
        marked = np.zeros(slices.shape, bool)
        draw(slices == value, per_class, np.random.default_rng([seed, value]), marked)
        out[marked.reshape(truth.shape)] = value
    return out


def _depth(inside: Array) -> Array:
    """Distance to what is not the class within the same slice, the image's border included."""
    padded = np.pad(inside, ((0, 0), (1, 1), (1, 1)))
    return np.stack([ndimage.distance_transform_edt(plane)[1:-1, 1:-1] for plane in padded])


def _draw_lines(inside: Array, per_class: int, rng: np.random.Generator, marked: Array) -> None:
    # Far from a border no place is better than another.
    depth = np.minimum(_depth(inside), 2 * _BRUSH)
    where = np.flatnonzero(inside)
    deep = np.cumsum(depth.reshape(-1)[where] ** 2)
    starts = where[np.searchsorted(deep, rng.random(per_class) * deep[-1])]
    half, n_marked = _BRUSH // 2, 0
    for start in starts[:_MAX_LINES]:
        z, y, x = (int(i) for i in np.unravel_index(start, inside.shape))
        heading = int(rng.integers(8))
        for turn in rng.choice(_TURNS, rng.integers(_LENGTH // 4, _LENGTH)).tolist():
            window = np.s_[z, max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
            n_marked += np.count_nonzero(inside[window] & ~marked[window])
            marked[window] |= inside[window]
            if n_marked >= min(per_class, len(where)):
                return
            heading = _turn(depth[z], (y, x), heading, turn)
            if heading < 0:
                break
            y, x = y + _HEADINGS[heading][0], x + _HEADINGS[heading][1]


def _turn(depth: Array, at: tuple[int, int], heading: int, turn: int) -> int:
    """The next heading: where it is deepest ahead, and as `turn` says of equals; -1 for none."""
    best, chosen = 0.0, -1
    for step in (turn, 0, -1, 1):
        ahead = (heading + step) % 8
        y, x = at[0] + _HEADINGS[ahead][0], at[1] + _HEADINGS[ahead][1]
        if 0 <= y < depth.shape[0] and 0 <= x < depth.shape[1] and depth[y, x] > best:
            best, chosen = depth[y, x], ahead
    return chosen


def _draw_blobs(inside: Array, per_class: int, rng: np.random.Generator, marked: Array) -> None:
    depth = _depth(inside)
    objects = np.stack([ndimage.label(plane, np.ones((3, 3)))[0] for plane in inside])
    n_missing = per_class
    for k in range(4 * _N_BLOBS):
        free = inside & ~marked
        if n_missing <= 0 or not free.any():
            return
        where = np.flatnonzero(free)
        # The deeper of a few pixels drawn: people paint patches where there is room.
        drawn = where[rng.integers(len(where), size=8)]
        at = np.unravel_index(drawn[depth.reshape(-1)[drawn].argmax()], inside.shape)
        z = at[0]
        own = np.argwhere((objects[z] == objects[at]) & free[z])
        size = -(-n_missing // max(1, _N_BLOBS - k))
        distance = ((own - at[1:]) ** 2).sum(axis=1)
        chosen = own[np.argsort(distance, kind="stable")[:size]]
        marked[z][tuple(chosen.T)] = True
        n_missing -= len(chosen)
