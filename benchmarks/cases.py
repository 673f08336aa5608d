"""The one table of cases: every public algorithm, its sizes, its peers, its bars.

The benchmarks time it at real sizes; tests/benchmarks/test_peers.py runs the same table at the
size "tiny" and checks that we and the peers agree. A new public algorithm belongs here: a test
compares what the cases cover with what pixelseg makes public.
"""

from __future__ import annotations

from . import (
    classify_cases,
    crf_cases,
    feature_cases,
    forest_cases,
    graph_cases,
    graph_superpixel_cases,
    metric_cases,
    refine_cases,
    segment_cases,
    start_cases,
    superpixel_cases,
)
from .case import Case

CASES: tuple[Case, ...] = (
    *feature_cases.CASES,
    *forest_cases.CASES,
    *classify_cases.CASES,
    *crf_cases.CASES,
    *graph_cases.CASES,
    *metric_cases.CASES,
    *refine_cases.CASES,
    *segment_cases.CASES,
    *superpixel_cases.CASES,
    *graph_superpixel_cases.CASES,
    *start_cases.CASES,
)
