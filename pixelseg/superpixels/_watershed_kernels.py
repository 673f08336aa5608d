"""Flooding a padded image, held as one flat array of words.

A word is a pixel's label (positive), what it waits for (negative: ~level, where it was not reached
yet), or 0 for what lies outside, the frame among it. So one look at a neighbour says all. Steps to
neighbours are a tuple, which unrolls the loop over them: a fifth of the time. Levels never fall
during the flood, so that the next one that waits is found by going on.

Few levels of large images have queues of chunks: the places that come next lie side by side, so
that the processor fetches their neighbours ahead (three times as fast as links at 12 megapixels,
1.2 times at 0.5; in the cache links are as fast). As many levels as pixels have links, since a
chunk for each would be sixteen times the memory. Tried in vain: links beside the words (between the
two at 12 megapixels, a quarter slower at 0.15).
"""

import numpy as np

from .._core.jit import kernel

#: Entries of a chunk: a cache line of places, the last of which says where the next chunk begins.
CHUNK = 16
_LAST = np.uint64(CHUNK - 1)


@kernel
def fill_words(levels, markers, inner):
    """Fill inner, int32 (D, H, W) within a frame, with labels where markers are, else ~levels."""
    depth, height, width = levels.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                marker = markers[z, y, x]
                inner[z, y, x] = marker if marker > 0 else ~np.int32(levels[z, y, x])


@kernel
def queue_markers(places, levels, pool, firsts, ends):
    """Put marked pixels at the ends of their levels' queues; return how much of pool is used.

    places, levels : of marked pixels, in their order
    pool : places, and where the next chunk begins in the last entry of each; chunks begin at
    multiples of their size, and 0 is none. firsts, ends : of each level, 0 on entry
    """
    n_used = CHUNK
    for k in range(len(places)):
        level = levels[k]
        end = ends[level]
        if end == 0 or end % CHUNK == CHUNK - 1:
            if end == 0:
                firsts[level] = n_used
            else:
                pool[end] = n_used
            end = n_used
            n_used += CHUNK
        pool[end] = places[k]
        ends[level] = end + 1
    return n_used


@kernel
def flood_few_levels(words, steps, pool, firsts, ends, n_used):
    """Give each pixel that markers reach the label of the one that comes first, in place.

    Pixels come by level, those of one level by when they were reached (Meyer's flooding by
    hierarchical queues). steps : a tuple of ints, to each neighbour's word; pool, firsts, ends and
    how much of pool is used : as `queue_markers` left them
    """
    n_used = np.uint64(n_used)
    for level in range(len(ends)):
        at = np.uint64(firsts[level])
        while at != np.uint64(ends[level]):
            if at & _LAST == _LAST:
                at = np.uint64(pool[at])
            place = np.uint64(pool[at])
            at += np.uint64(1)
            label = words[place]
            for step in steps:
                neighbour = np.uint64(np.int64(place) + step)
                word = words[neighbour]
                if word < 0:
                    words[neighbour] = label
                    joins = np.uint64(max(~word, level))
                    end = np.uint64(ends[joins])
                    if end & _LAST == _LAST:
                        pool[end] = n_used
                        end = n_used
                        n_used += np.uint64(CHUNK)
                    elif end == 0:
                        firsts[joins] = n_used
                        end = n_used
                        n_used += np.uint64(CHUNK)
                    pool[end] = neighbour
                    ends[joins] = end + np.uint64(1)


@kernel
def flood_many_levels(words, places, levels, steps, links, lasts):
    """The same, with links from each pixel to the one behind it.

    links, of as many as there are words and then one for each level: what follows a pixel in its
    queue, 0 behind the last, and the first of each level, 0 on entry; lasts : the last place of
    each level, where its first will be written on entry
    """
    n_words = len(words)
    for k in range(len(places)):
        links[places[k]] = 0
        links[lasts[levels[k]]] = places[k]
        lasts[levels[k]] = places[k]
    for level in range(len(lasts)):
        place = links[n_words + level]
        while place != 0:
            label = words[np.uint64(place)]
            for step in steps:
                neighbour = np.uint64(place + step)
                word = words[neighbour]
                if word < 0:
                    words[neighbour] = label
                    joins = np.uint64(max(~word, level))
                    links[neighbour] = 0
                    links[np.uint64(lasts[joins])] = neighbour
                    lasts[joins] = neighbour
            place = links[np.uint64(place)]
