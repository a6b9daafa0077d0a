"""Learning-rate schedules: cycles and multipliers by position."""

import pytest

from engine.optim.lr_schedule import RESTART, Constant, Cycles, Linear, LRSchedule


def lengths(schedule: LRSchedule) -> list[int]:
    return [c.last - c.first + 1 for c in schedule.cycles]


@pytest.mark.parametrize(("epochs", "expected"), [(1, [1]), (2, [2]), (3, [1, 2]), (5, [1, 4]), (17, [1, 16])])
def test_the_first_epoch_is_a_cycle_of_its_own(epochs: int, expected: list[int]) -> None:
    assert lengths(Cycles(epochs, 10)) == expected


@pytest.mark.parametrize("epochs", range(1, 120))
def test_cycles_cover_every_epoch_once(epochs: int) -> None:
    covered = [e for c in Cycles(epochs, 10).cycles for e in range(c.first, c.last + 1)]
    assert covered == list(range(1, epochs + 1))
    assert lengths(Linear(epochs, 10)) == lengths(Constant(epochs, 10)) == [epochs]


def test_the_learning_rate_decays_to_zero_in_each_cycle() -> None:
    s = Cycles(5, 10)
    assert (s.multiplier(1, 0), s.multiplier(2, 0)) == (1.0, RESTART)
    assert s.multiplier(1, 9) == pytest.approx(0.1)
    assert s.multiplier(5, 9) == pytest.approx(RESTART / 40)
    second = [s.multiplier(2, step) for step in range(10)]
    assert second == sorted(second, reverse=True)


def test_constant_never_changes_and_linear_decays_once() -> None:
    constant, linear = Constant(4, 10), Linear(4, 10)
    assert {constant.multiplier(e, s) for e in range(1, 5) for s in range(10)} == {1.0}
    assert (linear.multiplier(1, 0), linear.multiplier(3, 0), linear.multiplier(4, 9)) == pytest.approx(
        (1.0, 0.5, 1 / 40)
    )
