"""The policy for threads: results in order, the first error wins, no thread is waited for."""

import threading

import numpy as np
import pytest

from pixelseg._core.threads import effective_n_jobs, n_cores, run_chunks


@pytest.mark.parametrize(
    ("n_jobs", "expected"),
    [(None, 1), (1, 1), (3, 3), (np.int64(2), 2), (-1, n_cores()), (-1000, 1)],
)
def test_effective_n_jobs(n_jobs, expected):
    assert effective_n_jobs(n_jobs) == expected


@pytest.mark.parametrize("n_jobs", [0, 1.5, "all", True])
def test_bad_n_jobs(n_jobs):
    with pytest.raises(ValueError, match="n_jobs"):
        effective_n_jobs(n_jobs)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 5, 100])
def test_results_are_in_the_order_of_the_chunks(n_jobs):
    assert run_chunks(lambda k: k * k, range(57), n_jobs) == [k * k for k in range(57)]
    assert run_chunks(lambda k: k, [], n_jobs) == []


def test_chunks_run_on_several_threads():
    met = threading.Barrier(2)
    run_chunks(lambda _: met.wait(timeout=30), range(2), 2)


def test_chunks_may_run_chunks():
    def outer(k):
        return sum(run_chunks(lambda j: j * k, range(10), 3))

    assert run_chunks(outer, range(40), 8) == [45 * k for k in range(40)]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_first_error_is_raised_and_ends_the_work(n_jobs):
    done = []

    def work(k):
        if k == 5:
            raise KeyError("five")
        done.append(k)

    with pytest.raises(KeyError, match="five"):
        run_chunks(work, range(1000), n_jobs)
    assert len(done) < 900
