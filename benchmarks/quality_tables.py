"""Scores of the quality benchmark, and the tables that are made of them.

What is kept of the scores are `Figures`: a row for each set, way of painting and method, with its
mean IoU for each cell ("3/100": three images, 100 labels a class and image) and each seed. Two
methods are compared on the seeds that both have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .quality_methods import CHOICES, METHODS, OURS, PEERS
from .quality_strokes import STROKES
from .report import markdown

Figures = Iterable[dict[str, Any]]

#: A cell is behind a peer, or a choice does harm in it, where it loses more than this.
BEHIND, HARMED = 0.005, 0.003
#: The way of painting that the tables of cells are about.
MAIN_STROKES = "scattered"


@dataclass
class Score:
    """One method on one set, trained on one cell; the mean IoU is over the classes that occur."""

    set: str
    method: str
    n_images: int
    per_class: int
    strokes: str
    seed: int
    mean_iou: float
    accuracy: float
    iou: list[float]
    fit_seconds: float
    predict_seconds: float

    @property
    def key(self) -> tuple[Any, ...]:
        """What this score is the score of."""
        return self.set, self.method, self.n_images, self.per_class, self.strokes, self.seed


def figures_of(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """What is kept of scores: mean IoU by set, way of painting, method, cell and seed."""
    found: dict[tuple[str, str, str], dict[str, dict[str, float]]] = {}
    for score in sorted(scores, key=lambda s: s.key):
        cells = found.setdefault((score.set, score.strokes, score.method), {})
        by_seed = cells.setdefault(f"{score.n_images}/{score.per_class}", {})
        by_seed[str(score.seed)] = round(score.mean_iou, 4)
    return [
        {"set": name, "strokes": strokes, "method": method, "cells": cells}
        for (name, strokes, method), cells in found.items()
    ]


@dataclass(frozen=True, order=True)
class Place:
    """A cell of a set."""

    set: str
    per_class: int
    n_images: int

    def __str__(self) -> str:
        return f"{self.set} {self.n_images}/{self.per_class}"


class Grid:
    """The mean IoU of every method at every place, of one way of painting."""

    def __init__(self, figures: Figures, strokes: str = MAIN_STROKES):
        self._values: dict[tuple[Place, str], dict[str, float]] = {}
        for row in figures:
            if row["strokes"] == strokes:
                for cell, by_seed in row["cells"].items():
                    n_images, per_class = map(int, cell.split("/"))
                    place = Place(row["set"], per_class, n_images)
                    self._values[place, row["method"]] = by_seed
        self.sets = sorted({place.set for place, _ in self._values})
        self.places = sorted({place for place, _ in self._values})
        known = {method for _, method in self._values}
        self.methods = [method.name for method in METHODS if method.name in known]

    def mean(self, place: Place, method: str) -> float:
        """Mean over the seeds, NaN where there is none."""
        values = self._values.get((place, method), {})
        return float(np.mean(list(values.values()))) if values else np.nan

    def gain(self, place: Place, method: str, other: str) -> float:
        """How far a method is above another, on the seeds of both; NaN where there is none."""
        a, b = (self._values.get((place, name), {}) for name in (method, other))
        both = a.keys() & b.keys()
        return float(np.mean([a[seed] - b[seed] for seed in both])) if both else np.nan

    def lead(self, place: Place, method: str) -> float:
        """How far a method is above the better peer; NaN where there is no peer."""
        gains = [self.gain(place, method, peer) for peer in PEERS]
        return np.nan if np.isnan(gains).all() else float(np.nanmin(gains))

    def better_peer(self, place: Place) -> str:
        """The peer with the larger mean."""
        return max(PEERS, key=lambda peer: np.nan_to_num(self.mean(place, peer)))


def cells_table(figures: Figures) -> str:
    """Every method at every place, and how far ours is above the better peer."""
    grid = Grid(figures)
    lines = []
    for place in grid.places:
        lead = grid.lead(place, OURS)
        values = [_number(grid.mean(place, method)) for method in grid.methods]
        shown = _signed(lead)
        lines.append([str(place), *values, f"**{shown}**" if lead < -BEHIND else shown])
    return markdown(("set, images/labels", *grid.methods, "above the better peer"), lines)


def methods_table(figures: Figures) -> str:
    """Each method against the better peer: in the mean, how often behind, the worst place."""
    grid = Grid(figures)
    lines = []
    for method in grid.methods:
        mean = np.nanmean([grid.mean(place, method) for place in grid.places])
        lines.append([method, _number(mean), *_summary(grid, method, None, BEHIND)])
    header = ("", "mean IoU", "above the better peer", f"cells behind by more than {BEHIND}",
              "worst cell")  # fmt: skip
    return markdown(header, lines)


def behind_table(figures: Figures) -> str:
    """The places where a peer is better than what users get."""
    grid = Grid(figures)
    lines = []
    for place in grid.places:
        lead = grid.lead(place, OURS)
        if lead < -BEHIND:
            peer = grid.better_peer(place)
            values = (_number(grid.mean(place, OURS)), _number(grid.mean(place, peer)))
            lines.append([str(place), *values, peer, _signed(lead)])
    if not lines:
        return f"A peer is better by more than {BEHIND} in no cell."
    return markdown(("set, images/labels", OURS, "better peer", "", "difference"), lines)


def choices_table(figures: Figures) -> str:
    """What each choice of the default gains by set and in all, and where it does most harm."""
    grid = Grid(figures)
    lines = []
    for method, without in CHOICES:
        gains = {place: grid.gain(place, method, without) for place in grid.places}
        if np.isnan(list(gains.values())).all():
            continue
        by_set = [_mean([g for place, g in gains.items() if place.set == s]) for s in grid.sets]
        summary = _summary(grid, method, without, HARMED)
        lines.append([f"{method} against {without}", *map(_signed, by_set), *summary])
    header = ("", *grid.sets, "all cells", f"cells below by more than {HARMED}", "worst cell")
    return markdown(header, lines)


def strokes_table(figures: Figures) -> str:
    """The ways of painting side by side, over the places that all of them have."""
    figures = list(figures)
    known = {row["strokes"] for row in figures}
    ways = [way for way in (MAIN_STROKES, *STROKES) if way in known]
    grids = {way: Grid(figures, way) for way in ways}
    places = set.intersection(*(set(grid.places) for grid in grids.values())) if grids else set()
    sets = [name for name in grids[ways[0]].sets if any(p.set == name for p in places)]
    lines = []
    for way, grid in grids.items():
        for method in grid.methods:
            means = {place: grid.mean(place, method) for place in places}
            by_set = [_mean([v for place, v in means.items() if place.set == s]) for s in sets]
            lead = _mean([grid.lead(place, method) for place in places])
            lines.append([way, method, *map(_number, by_set), _signed(lead)])
    return markdown(("labels", "", *sets, "above the better peer"), lines)


def sets_table(figures: Figures, words: dict[str, str]) -> str:
    """The mean over the cells of a set for each method that `words` names; the best is bold."""
    grid = Grid(figures)
    means = {
        (method, name): _mean([grid.mean(p, method) for p in grid.places if p.set == name])
        for method in words
        for name in grid.sets
    }
    best = {name: np.nanmax([means[method, name] for method in words]) for name in grid.sets}
    lines = [
        [
            text,
            *(
                f"**{_number(means[method, name])}**"
                if means[method, name] == best[name]
                else _number(means[method, name])
                for name in grid.sets
            ),
        ]
        for method, text in words.items()
        if method in grid.methods
    ]
    return markdown(("", *grid.sets), lines)


def _summary(grid: Grid, method: str, other: str | None, limit: float) -> Sequence[str]:
    """Mean gain over another method (None: the better peer), places below, the worst place."""
    gains = {
        place: grid.lead(place, method) if other is None else grid.gain(place, method, other)
        for place in grid.places
    }
    gains = {place: gain for place, gain in gains.items() if not np.isnan(gain)}
    if not gains:
        return "", "", ""
    worst = min(gains, key=lambda place: gains[place])
    n_below = sum(gain < -limit for gain in gains.values())
    return (
        _signed(_mean(list(gains.values()))),
        f"{n_below} of {len(gains)}",
        f"{_signed(gains[worst])} ({worst})",
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def _signed(value: float) -> str:
    return "" if np.isnan(value) else f"{value:+.3f}"
