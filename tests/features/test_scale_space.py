"""The plan of smoothing: few samples, and no scale from one that is too fine or too coarse."""

import numpy as np
import pytest

from pixelseg.features.scale_space import IMAGE, dilated, plan_scale_space, widest_step


def test_large_scales_need_few_samples():
    sigmas = (0.7, 1.6, 2.31, 3.5, 5.0, 10.0)
    steps = {step.sigmas[1]: step for step in plan_scale_space((0.0, s, s) for s in sigmas)}
    assert set(sigmas) <= set(steps)
    assert steps[0.7].base == steps[1.6].base == IMAGE
    assert steps[10.0].base == (0, 5, 5)
    assert steps[10.0].cost < 24
    assert steps[10.0].filters[2].step >= 4


def test_a_single_large_scale_takes_steps_of_its_own():
    steps = plan_scale_space([(0.0, 20.0, 20.0)])
    assert steps[-1].sigmas == (0, 20, 20)
    assert 1 < len(steps) < 6
    assert sum(step.cost for step in steps) < 120  # 200 in one step


def test_every_base_comes_first():
    known = {IMAGE}
    for step in plan_scale_space((s, s, s) for s in (0.46, 0.7, 1.0, 2.31, 3.3, 5.0, 9.0, 30.0)):
        assert step.base in known
        known.add(step.sigmas)


def test_an_axis_of_thick_slices_is_left_for_last():
    steps = {
        s.sigmas: s for s in plan_scale_space([(0.0, 3.5, 3.5), (0.0, 10.0, 10.0), (2, 10, 10)])
    }
    assert steps[2, 10, 10].base == (0, 10, 10)
    assert [f.reach for f in steps[2, 10, 10].filters[1:]] == [0, 0]


@pytest.mark.parametrize(("base", "residual"), [(2.0, 3.0), (5.0, 8.66), (1.2, 1.2)])
def test_what_a_step_lets_through(base, residual):
    made = dilated(base, residual)
    assert made is not None
    half, step = made.weights[0].astype(float), made.step
    frequency = np.linspace(0, np.pi, 2000)
    k = np.arange(1, len(half)) * step
    gain = half[0] + 2 * np.cos(np.outer(frequency, k)) @ half[1:]
    before = np.exp(-0.5 * (frequency * base) ** 2)
    wanted = np.exp(-0.5 * frequency**2 * (base**2 + residual**2))
    assert np.abs(before * gain - wanted).max() < 5e-6


def test_no_step_fits_where_the_base_is_too_fine():
    assert dilated(0.5, 1.0) is None
    assert widest_step(0.5, 1.0, 1e-6) == 0
    assert plan_scale_space([(0.0, 0.5, 0.5), (0.0, 0.6, 0.6)])[1].base == IMAGE
