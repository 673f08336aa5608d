"""Memory that is used again: scopes, budgets, results, and one cap for all threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from pixelseg._core.workspace import Pool, Workspace


@pytest.fixture
def pool():
    return Pool()


def test_what_a_scope_took_is_used_again(pool):
    space = Workspace(pool)
    with space.scope():
        first = space.take((3, 40))
        assert first.ctypes.data % 64 == 0
        space.give(first)
        again = space.take(120)
        assert again.ctypes.data == first.ctypes.data
        assert not np.shares_memory(space.take(120), again)
        with space.scope():
            outer = space.take(500)
            space.give(again)
            inner = space.take(7)
        assert space.take(500).ctypes.data == outer.ctypes.data
        assert space.take(7).ctypes.data == inner.ctypes.data
    assert pool.taken_bytes == 0
    assert pool.idle_bytes == 4 * (2 * 120 + 500 + 7)


def test_an_error_gives_back_what_was_taken(pool):
    space = Workspace(pool)

    def fail():
        with space.within(1000):
            space.take(10)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (pool.taken_bytes, pool.idle_bytes) == (0, 40)


def test_idle_memory_makes_room_within_a_budget(pool):
    space = Workspace(pool)
    with space.within(10_000):
        first = space.take(1000)
    assert pool.idle_bytes == 4000
    with space.within(10_000):
        assert np.shares_memory(space.take(1000), first)
        space.take(1200)
        space.take(900)  # more than the budget, and nothing idle to give
        assert pool.idle_bytes == 0
    with space.within(10_000):
        space.take(1500)
        assert pool.idle_bytes + pool.taken_bytes <= 10_000
        space.take(800)
        assert pool.idle_bytes + pool.taken_bytes <= 10_000
    assert pool.taken_bytes == 0


def test_budgets_of_threads_add_up(pool):
    space, both = Workspace(pool), Barrier(2)

    def work(size):
        with space.within(4000):
            both.wait()
            space.take(size)
            both.wait()
            space.take(10)
            both.wait()
            return pool.idle_bytes + pool.taken_bytes

    with space.scope():
        for size in range(100, 1000, 100):
            space.take(size)
    with ThreadPoolExecutor(2) as threads:
        assert max(threads.map(work, (700, 750))) <= 8000


def test_all_threads_leave_no_more_than_the_cap(pool):
    pool.KEPT = 100_000
    space, all_of_them = Workspace(pool), Barrier(4)

    def work(size):
        with space.scope():
            space.take(size)
            all_of_them.wait()

    with ThreadPoolExecutor(4) as threads:
        for first in (8000, 9000):
            list(threads.map(work, range(first, first + 4)))
            assert 0 < pool.idle_bytes <= 100_000
            assert pool.taken_bytes == 0


def test_a_result_s_memory_is_used_again_when_nobody_holds_it(pool):
    first = pool.lend((2, 30, 40))
    assert first.flags.writeable
    assert first.ctypes.data % 64 == 0
    assert first.dtype == np.float32
    address = first.ctypes.data
    view = np.moveaxis(first, 0, -1)[3:, 4:, 1]
    view[...] = 5
    del first
    other = pool.lend((2, 30, 40))
    assert not np.shares_memory(view, other)
    assert (view == 5).all()
    assert pool.idle_bytes == 0
    del view
    assert pool.idle_bytes == 2 * 30 * 40 * 4
    assert pool.lend((60, 40)).ctypes.data == address
    pool.KEPT = 100
    del other
    assert pool.idle_bytes == 0
    pool.lend((3, 3))
    assert pool.idle_bytes == 36
