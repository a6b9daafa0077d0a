"""Learning rate and image size by position."""

from collections.abc import Callable

import pytest

from engine.config.schema import Config
from engine.training.schedule import COST_OF_WIDTH, DECAY, Schedule, cycles
from engine.training.trainer import Trainer
from tests.conftest import train


def lengths(epochs: int, kind: str = "cycles") -> list[int]:
    return [c.last - c.first + 1 for c in cycles(epochs, kind)]


@pytest.mark.parametrize(("epochs", "expected"), [(1, [1]), (2, [2]), (3, [1, 2]), (5, [1, 4]), (17, [1, 16])])
def test_the_first_epoch_is_a_cycle_of_its_own(epochs: int, expected: list[int]) -> None:
    assert lengths(epochs) == expected


@pytest.mark.parametrize("epochs", range(1, 120))
def test_cycles_cover_every_epoch_once(epochs: int) -> None:
    covered = [e for c in cycles(epochs, "cycles") for e in range(c.first, c.last + 1)]
    assert covered == list(range(1, epochs + 1))
    assert lengths(epochs, "linear") == lengths(epochs, "constant") == [epochs]


def test_the_rate_falls_to_nothing_in_each_cycle() -> None:
    s = Schedule("cycles", 5, 10, progressive=False)
    assert (s.lr_multiplier(1, 0), s.lr_multiplier(2, 0)) == (1.0, DECAY)
    assert s.lr_multiplier(1, 9) == pytest.approx(0.1)
    assert s.lr_multiplier(5, 9) == pytest.approx(DECAY / 40)
    assert [s.lr_multiplier(2, step) for step in range(10)] == sorted(
        (s.lr_multiplier(2, step) for step in range(10)), reverse=True
    )


def test_constant_stays_and_linear_falls_once() -> None:
    constant, linear = (Schedule(kind, 4, 10, progressive=False) for kind in ("constant", "linear"))
    assert {constant.lr_multiplier(e, s) for e in range(1, 5) for s in range(10)} == {1.0}
    assert (linear.lr_multiplier(1, 0), linear.lr_multiplier(3, 0), linear.lr_multiplier(4, 9)) == pytest.approx(
        (1.0, 0.5, 1 / 40)
    )


def test_a_first_cycle_of_one_epoch_shows_the_images_as_they_are() -> None:
    assert [Schedule("cycles", 4, 10, progressive=True).augmented(e) for e in range(1, 5)] == [False, True, True, True]
    assert all(Schedule(kind, n, 10, progressive=True).augmented(1) for kind, n in (("linear", 4), ("cycles", 2)))


def test_images_grow_within_a_cycle_and_end_large() -> None:
    s = Schedule("cycles", 5, 10, progressive=True)
    assert (s.size(1, 0), s.size(1, 5), s.size(2, 0), s.size(4, 0), s.size(5, 9)) == (16, 20, 24, 32, 32)
    assert {Schedule("cycles", 5, 10, progressive=False).size(e, 0) for e in range(1, 6)} == {32}
    only = Schedule("linear", 2, 10, progressive=True)
    assert (only.size(1, 0), only.size(2, 0)) == (24, 32)


def test_the_network_is_narrower_in_a_first_cycle_of_one_epoch() -> None:
    s = Schedule("cycles", 5, 10, progressive=True, full_width=48)
    assert [s.width(epoch) for epoch in (1, 2, 5)] == [32, 48, 48]
    narrow = {full: Schedule("cycles", 5, 10, True, full).width(1) for full in (0, 4, 8, 10, 12, 64)}
    assert narrow == {0: 0, 4: 4, 8: 8, 10: 8, 12: 8, 64: 40}
    for other in (
        Schedule("cycles", 5, 10, progressive=False, full_width=48),
        Schedule("cycles", 2, 10, progressive=True, full_width=48),
        Schedule("linear", 5, 10, progressive=True, full_width=48),
    ):
        assert other.width(1) == 48


def test_a_step_costs_by_pixels_and_width() -> None:
    s = Schedule("cycles", 3, 10, progressive=True, full_width=48)
    assert s.cost(1, 0) == pytest.approx((16 / 32) ** 2 * (2 / 3) ** COST_OF_WIDTH)
    assert (s.cost(2, 0), s.cost(3, 9)) == pytest.approx(((24 / 32) ** 2, 1.0))
    assert s.epoch_cost(1) == pytest.approx((16**2 + 20**2) / 2 / 32**2 * (2 / 3) ** COST_OF_WIDTH)


@pytest.mark.parametrize("full_width", [0, 8])
def test_where_the_network_grows_no_wider_only_pixels_count(full_width: int) -> None:
    s = Schedule("cycles", 3, 10, progressive=True, full_width=full_width)
    assert (s.cost(1, 0), s.cost(3, 9)) == pytest.approx(((16 / 32) ** 2, 1.0))


def test_the_forecast_counts_each_step_by_its_cost(
    quick: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = []
    validate = Trainer._validate

    def note(self: Trainer) -> None:
        worked.append((self._worked, sum(self.schedule.cost(self.epoch, step) for step in range(self.steps))))
        validate(self)

    monkeypatch.setattr(Trainer, "_validate", note)
    train(quick(recipe="fast", width=16, epochs=3, lr=0.1))
    before = 0.0
    for total, epoch in worked:
        assert total - before == pytest.approx(epoch)
        before = total
