"""Walks down the trees of a flat forest, a block of rows after the other.

The block's features are copied into columns side by side, so that a comparison with one node's
threshold is a loop over rows that compiles to vector instructions. The first steps of every walk
are such loops: each split of a tree's top takes the leaves that a row can no longer reach from a
vector of 32 bits, and the lowest bit that is left is the leaf of the top that it reaches
(QuickScorer: Lucchese et al. 2015; for many rows at once, RapidScorer: Ye et al. 2018). From
there, twelve rows step down side by side: a single walk is a chain of waits for memory, and
twelve wait together.

Features and thresholds are compared as keys, unsigned integers in the order of the floats: a
comparison and the sum that it decides are then two instructions. A packed node is two integers:
the key of its threshold, and place of the left child << bits | feature; the right child is the
next node. The threshold of a leaf is a NaN, whose key is above all others, and the leaf is its
own left child: a row that has arrived stays where it is and needs no branch. The NaN's payload is
the row of the leaf's values, so that reading them costs no other access to memory.

`forest` is a `PackedForest`. Indices are unsigned, or Numba would test each for being negative.

Tried: 8, 16, 20, 24 and 32 lanes (1 to 10 % slower), lanes grouped by operation (out of registers,
1.2 times), a loop over lanes in memory (8 to 19 %), the `or` of differences to see whether a lane
moved (a branch each); floats instead of keys (2 to 12 %); rows of features by signed indices (four
times the copying); values in a table of their own (1.16 to 1.4 times at full depth); half as many
leaves of a top (as fast on shallow trees), splits chosen by levels (one to two steps more); a list
of rows on their way, unchecked steps by the depth of a tree, blocks of 512 rows (1.1 to 1.2 times).
Not built: sorting rows by their leaf of the top (3 to 14 % of the steps), retiring groups of rows
(half of what single rows save).
"""

import numpy as np

from .._core.jit import kernel

LANES = 12
#: Rows that go through the trees together: their features and a tree stay in the cache.
BLOCK = 20 * LANES
#: From one feature's column to the next, an odd number of cache lines: columns a power of two
#: apart would share a few sets of the cache.
PITCH = np.uint64(17 * 16)
#: Trees between two looks at which rows are decided.
ROUND = 8
SIGN = np.uint32(0x80000000)
ALL = np.uint32(0xFFFFFFFF)
INFINITY = np.uint32(0xFF800000)
#: The key of a quiet NaN, and the bits of it that are free.
LEAF = np.uint32(0xFFC00000)
PAYLOAD = np.uint32(0x003FFFFF)


@kernel
def load(planes, first, n, x):
    """x = the keys of n rows of planes (n_features, n_rows), the first of them `first`."""
    bits = planes.reshape(-1).view(np.int32)
    size = np.uint64(planes.shape[1])
    for f in range(np.uint64(planes.shape[0])):
        source = f * size + np.uint64(first)
        target = f * PITCH
        for i in range(np.uint64(n)):
            b = bits[source + i]
            # Larger for positive numbers; for negative ones in the other order.
            key = np.uint32(b) ^ (np.uint32(b >> np.int32(31)) | SIGN)
            # A NaN must not be above a leaf, or its walk would leave the tree.
            x[target + i] = min(key, INFINITY)


@kernel
def find_exits(x, n, features, thresholds, masks, entries, open_leaves, lowest, at):
    """at[:n] = the node at which each row leaves the top of one tree.

    features, thresholds, masks (32,): the top's splits, behind the last ones without an effect;
    open_leaves (uint32), lowest (float32): room for one word a row.
    """
    n = np.uint64(n)
    for i in range(n):
        open_leaves[i] = ALL
    for s in range(0, len(features), 4):
        if thresholds[s] == ALL:
            break
        c0 = np.uint64(features[s]) * PITCH
        c1 = np.uint64(features[s + 1]) * PITCH
        c2 = np.uint64(features[s + 2]) * PITCH
        c3 = np.uint64(features[s + 3]) * PITCH
        t0, t1, t2, t3 = thresholds[s], thresholds[s + 1], thresholds[s + 2], thresholds[s + 3]
        m0, m1, m2, m3 = masks[s], masks[s + 1], masks[s + 2], masks[s + 3]
        for i in range(n):
            b0 = m0 if x[c0 + i] > t0 else ALL
            b1 = m1 if x[c1 + i] > t1 else ALL
            b2 = m2 if x[c2 + i] > t2 else ALL
            b3 = m3 if x[c3 + i] > t3 else ALL
            open_leaves[i] &= (b0 & b1) & (b2 & b3)
    # The place of a lone bit is the exponent of its value as a float.
    for i in range(n):
        lowest[i] = np.float32(open_leaves[i] & (~open_leaves[i] + np.uint32(1)))
    exponents = lowest.view(np.uint32)
    for i in range(n):
        at[i] = entries[np.uint64((exponents[i] >> np.uint32(23)) - np.uint32(127))]


@kernel
def walk(x, n, packed, bits, at):
    """at[:n] = the row of values that each row reaches in one tree from its node `at`.

    packed: the tree's nodes; n is a multiple of LANES.
    """
    one = np.uint64(1)
    zero = np.uint64(0)
    mask = (one << bits) - one
    for i in range(0, n, LANES):
        r0 = np.uint64(i)
        r1 = np.uint64(i + 1)
        r2 = np.uint64(i + 2)
        r3 = np.uint64(i + 3)
        r4 = np.uint64(i + 4)
        r5 = np.uint64(i + 5)
        r6 = np.uint64(i + 6)
        r7 = np.uint64(i + 7)
        r8 = np.uint64(i + 8)
        r9 = np.uint64(i + 9)
        r10 = np.uint64(i + 10)
        r11 = np.uint64(i + 11)
        k0 = np.uint64(at[r0])
        k1 = np.uint64(at[r1])
        k2 = np.uint64(at[r2])
        k3 = np.uint64(at[r3])
        k4 = np.uint64(at[r4])
        k5 = np.uint64(at[r5])
        k6 = np.uint64(at[r6])
        k7 = np.uint64(at[r7])
        k8 = np.uint64(at[r8])
        k9 = np.uint64(at[r9])
        k10 = np.uint64(at[r10])
        k11 = np.uint64(at[r11])
        before = zero
        moved = True
        while moved:
            t = np.uint64(packed[(k0 << one) | one])
            k0 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r0] > packed[k0 << one])
            t = np.uint64(packed[(k1 << one) | one])
            k1 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r1] > packed[k1 << one])
            t = np.uint64(packed[(k2 << one) | one])
            k2 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r2] > packed[k2 << one])
            t = np.uint64(packed[(k3 << one) | one])
            k3 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r3] > packed[k3 << one])
            t = np.uint64(packed[(k4 << one) | one])
            k4 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r4] > packed[k4 << one])
            t = np.uint64(packed[(k5 << one) | one])
            k5 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r5] > packed[k5 << one])
            t = np.uint64(packed[(k6 << one) | one])
            k6 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r6] > packed[k6 << one])
            t = np.uint64(packed[(k7 << one) | one])
            k7 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r7] > packed[k7 << one])
            t = np.uint64(packed[(k8 << one) | one])
            k8 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r8] > packed[k8 << one])
            t = np.uint64(packed[(k9 << one) | one])
            k9 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r9] > packed[k9 << one])
            t = np.uint64(packed[(k10 << one) | one])
            k10 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r10] > packed[k10 << one])
            t = np.uint64(packed[(k11 << one) | one])
            k11 = (t >> bits) + np.uint64(x[(t & mask) * PITCH + r11] > packed[k11 << one])
            places = k0 + k1 + k2 + k3 + k4 + k5 + k6 + k7 + k8 + k9 + k10 + k11
            moved = places != before
            before = places
        at[r0] = packed[k0 << one] & PAYLOAD
        at[r1] = packed[k1 << one] & PAYLOAD
        at[r2] = packed[k2 << one] & PAYLOAD
        at[r3] = packed[k3 << one] & PAYLOAD
        at[r4] = packed[k4 << one] & PAYLOAD
        at[r5] = packed[k5 << one] & PAYLOAD
        at[r6] = packed[k6 << one] & PAYLOAD
        at[r7] = packed[k7 << one] & PAYLOAD
        at[r8] = packed[k8 << one] & PAYLOAD
        at[r9] = packed[k9 << one] & PAYLOAD
        at[r10] = packed[k10 << one] & PAYLOAD
        at[r11] = packed[k11 << one] & PAYLOAD


@kernel
def add_votes(forest, tree, x, n, open_leaves, lowest, at, sums):
    """Add one tree's class shares of n rows to sums (n_classes * BLOCK,)."""
    features, thresholds = forest.top_features[tree], forest.top_thresholds[tree]
    masks, entries = forest.top_masks[tree], forest.top_nodes[tree]
    # Lanes without a row of their own walk along; what they find is not read.
    filled = (n + LANES - 1) // LANES * LANES
    find_exits(x, filled, features, thresholds, masks, entries, open_leaves, lowest, at)
    nodes = 2 * forest.roots[tree]
    walk(x, filled, forest.packed[nodes:], forest.bits, at)
    shares = forest.shares.reshape(-1)
    n_values = np.uint64(forest.shares.shape[1])
    for c in range(np.uint64(forest.shares.shape[0])):
        column, total = c * n_values, c * np.uint64(BLOCK)
        for i in range(np.uint64(n)):
            sums[total + i] += shares[column + np.uint64(at[i])]


@kernel
def find_leaders(sums, n, weights, n_left, slack, scores, limits, rivals, leader):
    """leader[:n] = the class that no other can catch up with in n_left trees, -1 for none.

    A tree gives a class at most its weight; slack is what a lead must have beyond that. scores,
    limits, rivals: room for a float64 a row, for the leader's score, the most that it may reach,
    and the most that any other class may.
    """
    n = np.uint64(n)
    for i in range(n):
        scores[i] = -1.0
        limits[i] = rivals[i] = 0.0
    for c in range(len(weights)):
        column = np.uint64(c * BLOCK)
        gain = n_left * weights[c]
        for i in range(n):
            score = sums[column + i] * weights[c]
            leads = score > scores[i]
            rivals[i] = max(rivals[i], limits[i] if leads else score + gain)
            limits[i] = score + gain if leads else limits[i]
            scores[i] = score if leads else scores[i]
            leader[i] = c if leads else leader[i]
    for i in range(n):
        leader[i] = leader[i] if scores[i] > rivals[i] + slack else -1


@kernel
def compact_rows(kept, n_kept, stride, n_columns, values):
    """Move the values of the kept rows, in ascending order, to the front of each column."""
    for f in range(np.uint64(n_columns)):
        column = f * stride
        for i in range(np.uint64(n_kept)):
            values[column + i] = values[column + np.uint64(kept[i])]


@kernel
def retire_decided(leader, n, row, kept, n_features, n_classes, x, sums, chosen):
    """Write the leader of each row that has one; move the others up; return their number.

    Nothing happens before a quarter of the rows has a leader, as moving takes time too.
    row: the row of `chosen` that each row of the block is; kept: room for an int64 a row.
    """
    n_kept = np.int64(0)  # a literal would compile compact_rows once more
    for i in range(n):
        kept[n_kept] = i
        n_kept += leader[i] < 0
    if 4 * n_kept > 3 * n:
        return n
    for i in range(n):
        if leader[i] >= 0:
            chosen[row[i]] = leader[i]
    compact_rows(kept, n_kept, PITCH, n_features, x)
    compact_rows(kept, n_kept, np.uint64(BLOCK), n_classes, sums)
    compact_rows(kept, n_kept, np.uint64(BLOCK), np.int64(1), row)
    return n_kept


@kernel
def choose_classes(sums, n, n_trees, weights, weighted, row, chosen):
    """chosen[row[:n]] = class of the largest probability in float32, the first of equals.

    Where `weighted`, a probability is the share times its weight, over the sum of these.
    """
    for i in range(n):
        total = 1.0
        if weighted:
            total = 0.0
            for c in range(len(weights)):
                total += sums[c * BLOCK + i] / n_trees * weights[c]
        best = np.float32(-1)
        for c in range(len(weights)):
            value = np.float32(sums[c * BLOCK + i] / n_trees * weights[c] / total)
            if value > best:
                best = value
                chosen[row[i]] = c


@kernel
def evaluate_rows(planes, start, forest, weights, weighted, probabilities, chosen):
    """Mean of the trees' class shares, added in the trees' order, or the class that wins.

    planes (n_features, n): a row of the forest is a column here, the first of them `start`.
    Without weights (an empty array), all trees are evaluated, and probabilities (n_rows, n_classes)
    are filled. With weights (n_classes,), chosen (n_rows,) is, and rows whose largest share times
    weight is certain before all trees were evaluated (Schwing et al. 2011) leave the block. What is
    not filled may be of no size.
    """
    n_features = planes.shape[0]
    n_classes = forest.shares.shape[0]
    n_trees = len(forest.roots)
    early = len(weights) > 0
    n_rows = len(chosen) if early else len(probabilities)
    x = np.zeros(n_features * np.int64(PITCH), np.uint32)
    open_leaves = np.empty(BLOCK, np.uint32)
    lowest = np.empty(BLOCK, np.float32)
    at = np.empty(BLOCK, np.uint32)
    row = np.empty(BLOCK, np.int64)
    kept = np.empty(BLOCK, np.int64)
    leader = np.empty(BLOCK, np.int64)
    scores, limits, rivals = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    heaviest, lightest = 0.0, np.inf
    for c in range(len(weights)):
        heaviest, lightest = max(heaviest, weights[c]), min(lightest, weights[c])
    # More than rounding to float32 could level out.
    slack = 1e-6 * n_trees * heaviest
    for first in range(0, n_rows, BLOCK):
        n = np.int64(min(BLOCK, n_rows - first))
        load(planes, start + first, n, x)
        sums = np.zeros(n_classes * BLOCK)
        for i in range(n):
            row[i] = first + i
        for tree in range(n_trees):
            add_votes(forest, tree, x, n, open_leaves, lowest, at, sums)
            n_left = n_trees - 1 - tree
            # Until then, even the lightest class wins if all trees to come choose it.
            may_be_certain = (tree + 1) * heaviest > n_left * lightest
            if n_left % ROUND == 0 and n_left > 0 and may_be_certain:
                find_leaders(sums, n, weights, n_left, slack, scores, limits, rivals, leader)
                n = retire_decided(leader, n, row, kept, n_features, n_classes, x, sums, chosen)
                if n == 0:
                    break
        if early:
            choose_classes(sums, n, n_trees, weights, weighted, row, chosen)
        else:
            for i in range(n):
                for c in range(n_classes):
                    probabilities[first + i, c] = sums[c * BLOCK + i] / n_trees
