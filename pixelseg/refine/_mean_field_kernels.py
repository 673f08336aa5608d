"""One mean-field update of a piece of pixels: probabilities from unary terms and messages.

Two labels are one number a pixel, the difference of their probabilities. More labels are filtered
as rows of C numbers: of all labels, or, where every compatibility is one number (Potts), of the
differences to the last label, one channel fewer; C is padded with zeros to vectors.

Exponentials are our own: a polynomial, and the power of two put together from its bits, in loops
that run in vector registers (that of the C library is called for one number at a time).
"""

import math

import numpy as np

from .._core.jit import CONTRACT, kernel
from .._core.vectors import LANES, add_up, fill, largest, load, multiply_add, store

_BLOCK = 1024
#: Exponents are cut here: beyond, float32 has no numbers.
_MOST = np.float32(87.0)
#: Messages that reach this far are shifted by their largest before exponentials are taken.
_SAFE = 60.0
#: Adding and taking away this rounds a float32 to the nearest integer.
_ROUND = np.float32(1.5 * 2.0**23)
_LOG2E = np.float32(1.4426950408889634)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
#: The Taylor series of exp from its third power on.
_C3 = np.float32(1 / 6)
_C4 = np.float32(1 / 24)
_C5 = np.float32(1 / 120)
_C6 = np.float32(1 / 720)


@kernel
def worst_row(probabilities):
    """The row whose sum is farthest from 1, by how much, and the row with the least value.

    A row that holds NaN is farthest from 1, and NaN.
    """
    n, n_labels = probabilities.shape
    worst, least, farthest, lowest = 0, 0, np.float32(0), np.float32(0)
    whole = n_labels - n_labels % LANES
    for i in range(n):
        totals = fill(np.float32(0))
        for c in range(0, whole, LANES):
            totals = multiply_add(load(probabilities, i * n_labels + c), fill(_ONE), totals)
        total = add_up(totals)
        for c in range(whole, n_labels):
            total += probabilities[i, c]
        error = abs(total - _ONE)
        if not error <= farthest:
            worst, farthest = i, error
            if math.isnan(error):
                break
    # Whatever is negative has its sign in the first bit: one look at all of them.
    if any_negative(probabilities.reshape(n * n_labels)):
        for i in range(n):
            for c in range(n_labels):
                if probabilities[i, c] < lowest:
                    least, lowest = i, probabilities[i, c]
    return worst, farthest, least


@kernel
def any_negative(x):
    """Whether any number of x has a minus sign."""
    bits = x.view(np.int32)
    signs = np.int32(0)
    for i in range(len(bits)):
        signs |= bits[i]
    return signs < 0


@kernel(fastmath=CONTRACT)
def exponentials(x, powers, bits):
    """Replace each number of x by its exponential; `bits` is `powers` as int32, scratch."""
    for start in range(0, len(x), _BLOCK):
        n = min(_BLOCK, len(x) - start)
        part = x[start : start + n]
        for i in range(n):
            y = min(max(part[i], -_MOST), _MOST)
            whole = (y * _LOG2E + _ROUND) - _ROUND
            r = (y - whole * _LN2_HIGH) - whole * _LN2_LOW
            p = _HALF + r * (_C3 + r * (_C4 + r * (_C5 + r * _C6)))
            part[i] = _ONE + r * (_ONE + r * p)
            bits[i] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        for i in range(n):
            part[i] *= powers[i]


@kernel
def make_scratch():
    """Room for the powers of two of `exponentials`."""
    powers = np.empty(_BLOCK, np.float32)
    return powers, powers.view(np.int32)


@kernel
def update_two(logits, messages):
    """Replace messages by the difference of probabilities, label 1 less label 0.

    logits : float32 (n,), log-odds of label 1; messages : float32 (n,), what is added to them.
    """
    powers, bits = make_scratch()
    for i in range(len(logits)):
        messages[i] = -(messages[i] + logits[i])
    exponentials(messages, powers, bits)
    for i in range(len(logits)):
        messages[i] = (_ONE - messages[i]) / (_ONE + messages[i])


@kernel
def finish_two(logits, messages, out):
    """Probabilities (n, 2) of two labels; messages are lost."""
    powers, bits = make_scratch()
    for i in range(len(logits)):
        messages[i] = -(messages[i] + logits[i])
    exponentials(messages, powers, bits)
    for i in range(len(logits)):
        q = _ONE / (_ONE + messages[i])
        out[i, 0] = messages[i] * q
        out[i, 1] = q


@kernel
def largest_magnitude(x):
    """The largest magnitude in x, by the order of the bits of positive numbers."""
    bits = x.view(np.int32)
    top = np.int32(0)
    for i in range(len(bits)):
        top = max(top, bits[i] & np.int32(0x7FFFFFFF))
    found = np.empty(1, np.int32)
    found[0] = top
    return found.view(np.float32)[0]


@kernel
def shift_messages(messages, n_given, covered, last):
    """Take from each row its largest message, where exponentials would pass what float32 holds.

    covered : whether the last label is among the messages; last : float32 (n,), filled with what
    the exponential of its message is, if it is not.
    """
    n, n_channels = messages.shape
    for i in range(n):
        last[i] = _ONE
    if largest_magnitude(messages.reshape(n * n_channels)) <= _SAFE:
        return
    for i in range(n):
        top = messages[i, 0] if covered else np.float32(0)
        for c in range(n_given):
            top = max(top, messages[i, c])
        for c in range(n_channels):
            messages[i, c] -= top
        last[i] = math.exp(-top)


@kernel
def update_many(unary, floor, messages, n_given, last):
    """Replace messages by what is filtered next: probabilities, or differences to the last label.

    unary : float32 (n, L), probabilities before messages, at least `floor`; messages : float32
    (n, C), of which the first n_given columns count, L of them, or L - 1 where the last label's is
    0; last : float32 (n,), scratch.
    """
    n, width = messages.shape
    n_labels = unary.shape[1]
    powers, bits = make_scratch()
    shift_messages(messages, n_given, n_given == n_labels, last)
    exponentials(messages.reshape(n * width), powers, bits)
    # Vectors read beyond a row of unary terms, which nothing follows in the last rows.
    n_followed = max(0, (n * n_labels - width) // n_labels + 1)
    weigh_rows(unary, floor, n_followed, n_given, messages, last)
    for i in range(n_followed, n):
        for c in range(n_given):
            messages[i, c] *= max(unary[i, c], floor)
    normalize_rows(unary, floor, n_given, messages, last)


@kernel
def weigh_rows(unary, floor, n, n_given, messages, last):
    """Multiply n rows of exponentials by their probabilities before messages."""
    n_labels, width = unary.shape[1], messages.shape[1]
    zero, floors = fill(np.float32(0)), fill(floor)
    for i in range(n):
        for c in range(0, width, LANES):
            before = largest(load(unary, i * n_labels + c), floors)
            weighed = multiply_add(load(messages, i * width + c), before, zero)
            store(messages, i * width + c, weighed)


@kernel
def normalize_rows(unary, floor, n_given, messages, last):
    """Divide rows by their sum, less the last label where that is not among them; zeros behind."""
    n, width = messages.shape
    counted = np.zeros(width, np.float32)
    for c in range(n_given):
        counted[c] = _ONE
    zero = fill(np.float32(0))
    for i in range(n):
        totals = zero
        for c in range(0, width, LANES):
            totals = multiply_add(load(messages, i * width + c), load(counted, c), totals)
        total, taken = add_up(totals), np.float32(0)
        if n_given < unary.shape[1]:
            taken = last[i] * max(unary[i, n_given], floor)
            total += taken
        scale = _ONE / total
        scales, less = fill(scale), fill(-taken * scale)
        for c in range(0, width, LANES):
            row = multiply_add(load(messages, i * width + c), scales, less)
            row = multiply_add(row, load(counted, c), zero)
            store(messages, i * width + c, row)


@kernel
def finish_many(unary, floor, messages, n_given, last, out):
    """Probabilities (n, L); messages are lost."""
    update_many(unary, floor, messages, n_given, last)
    n, n_labels = out.shape
    for i in range(n):
        rest = np.float32(0)
        if n_given < n_labels:
            total = np.float32(0)
            for c in range(n_given):
                total += messages[i, c]
            rest = (_ONE - total) / n_labels
            out[i, n_given] = max(rest, np.float32(0))
        for c in range(n_given):
            out[i, c] = max(messages[i, c] + rest, np.float32(0))


@kernel
def differences(probabilities, n_given, out):
    """What is filtered of probabilities (n, L): the first n_given, less the last where it is not.

    out : float32 (n, C), filled, zeros where C is wider.
    """
    n, n_labels = probabilities.shape
    for i in range(n):
        taken = probabilities[i, n_given] if n_given < n_labels else np.float32(0)
        for c in range(n_given):
            out[i, c] = probabilities[i, c] - taken
        for c in range(n_given, out.shape[1]):
            out[i, c] = 0


@kernel
def mix_channels(values, matrix, out):
    """Rows of values times a matrix (C, C): the compatibility, taken at the vertices."""
    n, n_channels = values.shape
    for v in range(n):
        for c in range(n_channels):
            out[v, c] = 0
        for k in range(n_channels):
            value = values[v, k]
            for c in range(n_channels):
                out[v, c] += value * matrix[k, c]
