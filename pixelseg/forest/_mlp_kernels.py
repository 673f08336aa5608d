"""Layers of a small network on planes of features.

A block of rows goes through all layers while it is in the cache. Every row is one lane of the
same instructions, so that its bits depend neither on its neighbours nor on its place, which a
BLAS does not promise (its Haswell code gives row 6 of a product other bits than row 0). Four
outputs and four inputs a pass: as fast as OpenBLAS. Indices are unsigned, because the loops would
not vectorise with Python's rule for negative ones.
"""

import math

import numpy as np

from .._core.jit import CONTRACT, kernel

#: Rows that go through the layers together.
WIDTH = np.uint64(128)
#: The widths of layers are padded with zeros to a multiple of this.
PAD = 4

IDENTITY, RELU, TANH, LOGISTIC = 0, 1, 2, 3


@kernel(fastmath=CONTRACT)
def multiply(x, n_in, weights, biases, n_out, out):
    """out (n_out, WIDTH) = weights.T @ x + biases: x (n_in, WIDTH), weights (n_in, n_out), flat."""
    for j in range(0, n_out, PAD):
        o0 = np.uint64(j) * WIDTH
        o1 = o0 + WIDTH
        o2 = o1 + WIDTH
        o3 = o2 + WIDTH
        b0, b1, b2, b3 = biases[j], biases[j + 1], biases[j + 2], biases[j + 3]
        for i in range(WIDTH):
            out[o0 + i] = b0
            out[o1 + i] = b1
            out[o2 + i] = b2
            out[o3 + i] = b3
        for k in range(0, n_in, PAD):
            x0 = np.uint64(k) * WIDTH
            x1 = x0 + WIDTH
            x2 = x1 + WIDTH
            x3 = x2 + WIDTH
            w0 = weights[k * n_out + j :]
            w1 = weights[(k + 1) * n_out + j :]
            w2 = weights[(k + 2) * n_out + j :]
            w3 = weights[(k + 3) * n_out + j :]
            w00, w01, w02, w03 = w0[0], w0[1], w0[2], w0[3]
            w10, w11, w12, w13 = w1[0], w1[1], w1[2], w1[3]
            w20, w21, w22, w23 = w2[0], w2[1], w2[2], w2[3]
            w30, w31, w32, w33 = w3[0], w3[1], w3[2], w3[3]
            for i in range(WIDTH):
                a, b, c, d = x[x0 + i], x[x1 + i], x[x2 + i], x[x3 + i]
                out[o0 + i] = (((out[o0 + i] + w00 * a) + w10 * b) + w20 * c) + w30 * d
                out[o1 + i] = (((out[o1 + i] + w01 * a) + w11 * b) + w21 * c) + w31 * d
                out[o2 + i] = (((out[o2 + i] + w02 * a) + w12 * b) + w22 * c) + w32 * d
                out[o3 + i] = (((out[o3 + i] + w03 * a) + w13 * b) + w23 * c) + w33 * d


@kernel
def activate(x, n, activation):
    """Apply an activation to the first n values of x in place."""
    if activation == RELU:
        for i in range(n):
            x[i] = max(x[i], np.float32(0))
    elif activation == TANH:
        for i in range(n):
            x[i] = math.tanh(x[i])
    elif activation == LOGISTIC:
        for i in range(n):
            x[i] = np.float32(0.5) + np.float32(0.5) * math.tanh(np.float32(0.5) * x[i])


@kernel
def evaluate_rows(planes, start, mean, scale, sizes, weights, biases, activation, logits):
    """logits (n_classes, n) of the rows planes[:, start : start + n].

    mean, scale (n_features,); sizes: padded widths of all layers, features first; weights and
    biases: those of all layers one behind the other, padded.
    """
    n_classes, n = logits.shape
    width = np.int64(WIDTH)
    values, pitch = planes.reshape(-1), np.uint64(planes.shape[1])
    widest = sizes[0]
    for size in sizes[1:]:
        widest = max(widest, size)
    x = np.zeros(widest * width, np.float32)
    y = np.zeros(widest * width, np.float32)
    for first in range(0, n, width):
        m = min(width, n - first)
        x[:] = 0
        for f in range(np.uint64(len(mean))):
            source = f * pitch + np.uint64(start + first)
            target = f * WIDTH
            shift, unit = mean[f], scale[f]
            for i in range(np.uint64(m)):
                x[target + i] = (values[source + i] - shift) / unit
        w = 0
        b = 0
        for layer in range(len(sizes) - 1):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            multiply(x, n_in, weights[w:], biases[b:], n_out, y)
            if layer < len(sizes) - 2:
                activate(y, n_out * width, activation)
            x, y = y, x
            w += n_in * n_out
            b += n_out
        for c in range(n_classes):
            row = logits[c]
            for i in range(m):
                row[first + i] = x[c * width + i]
