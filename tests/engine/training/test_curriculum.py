"""Image size, network width and cost of a step by position."""

import pytest

from engine.optim.lr_schedule import Cycles, Linear
from engine.training.curriculum import WIDTH_EXPONENT, Curriculum


def test_a_first_cycle_of_one_epoch_is_not_augmented() -> None:
    assert [Curriculum(Cycles(4, 10), progressive=True).augmented(e) for e in range(1, 5)] == [False, True, True, True]
    assert all(Curriculum(s, progressive=True).augmented(1) for s in (Linear(4, 10), Cycles(2, 10)))


def test_images_grow_within_a_cycle_to_full_size() -> None:
    s = Curriculum(Cycles(5, 10), progressive=True)
    assert (s.size(1, 0), s.size(1, 5), s.size(2, 0), s.size(4, 0), s.size(5, 9)) == (16, 20, 24, 32, 32)
    assert {Curriculum(Cycles(5, 10), progressive=False).size(e, 0) for e in range(1, 6)} == {32}
    only = Curriculum(Linear(2, 10), progressive=True)
    assert (only.size(1, 0), only.size(2, 0)) == (24, 32)


def test_the_network_is_narrower_in_a_first_cycle_of_one_epoch() -> None:
    s = Curriculum(Cycles(5, 10), progressive=True, full_width=48)
    assert [s.width(epoch) for epoch in (1, 2, 5)] == [32, 48, 48]
    narrow = {full: Curriculum(Cycles(5, 10), True, full).width(1) for full in (0, 4, 8, 10, 12, 64)}
    assert narrow == {0: 0, 4: 4, 8: 8, 10: 8, 12: 8, 64: 40}
    for other in (
        Curriculum(Cycles(5, 10), progressive=False, full_width=48),
        Curriculum(Cycles(2, 10), progressive=True, full_width=48),
        Curriculum(Linear(5, 10), progressive=True, full_width=48),
    ):
        assert other.width(1) == 48


def test_cost_of_a_step_depends_on_pixels_and_width() -> None:
    s = Curriculum(Cycles(3, 10), progressive=True, full_width=48)
    assert s.cost(1, 0) == pytest.approx((16 / 32) ** 2 * (2 / 3) ** WIDTH_EXPONENT)
    assert (s.cost(2, 0), s.cost(3, 9)) == pytest.approx(((24 / 32) ** 2, 1.0))
    assert s.epoch_cost(1) == pytest.approx((16**2 + 20**2) / 2 / 32**2 * (2 / 3) ** WIDTH_EXPONENT)


@pytest.mark.parametrize("full_width", [0, 8])
def test_cost_depends_on_pixels_alone_when_the_width_is_fixed(full_width: int) -> None:
    s = Curriculum(Cycles(3, 10), progressive=True, full_width=full_width)
    assert (s.cost(1, 0), s.cost(3, 9)) == pytest.approx(((16 / 32) ** 2, 1.0))
