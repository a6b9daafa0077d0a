"""What the driver of `textual_private` relies on in Textual."""

from __future__ import annotations

import inspect
import signal
from collections.abc import AsyncIterator
from typing import ClassVar
from unittest.mock import MagicMock

import pytest
from textual.drivers.linux_driver import LinuxDriver

from tui_cifar.terminal.textual_private import SignalDriver


class Driver(SignalDriver):
    """Notes what it is asked for."""

    calls: ClassVar[list[str]] = []

    def on_stop_signal(self) -> None:
        self.calls.append("stop")

    def on_continue_signal(self) -> None:
        self.calls.append("continue")

    def terminal_size(self) -> tuple[int, int]:
        return 33, 7

    def suspend_application_mode(self) -> None:
        self.calls.append("suspend")

    def resume_application_mode(self) -> None:
        self.calls.append("resume")


@pytest.fixture
async def driver() -> AsyncIterator[Driver]:
    numbers = (signal.SIGTSTP, signal.SIGCONT)
    before = [signal.getsignal(number) for number in numbers]
    Driver.calls.clear()
    yield Driver(MagicMock(_running=True), size=(80, 24))
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


async def test_the_signals_of_job_control_reach_the_driver(driver: Driver) -> None:
    for number in (signal.SIGTSTP, signal.SIGCONT):
        signal.raise_signal(number)
    assert driver.calls == ["stop", "continue"], "Textual installs its handlers elsewhere"


async def test_the_driver_is_asked_for_the_size_of_the_terminal(driver: Driver) -> None:
    assert driver._get_terminal_size() == (33, 7)
    assert "self._get_terminal_size()" in inspect.getsource(LinuxDriver.start_application_mode)


async def test_a_released_terminal_is_remembered(driver: Driver) -> None:
    """`LinuxDriver._must_signal_resume`: Textual resets it, and tells the app, when the terminal was taken again."""
    assert not driver.released
    driver.release_terminal()
    assert driver.released
    driver.take_terminal()
    assert driver.calls == ["suspend", "resume"]
    source = inspect.getsource(LinuxDriver.start_application_mode)
    assert "if self._must_signal_resume:" in source and "self.SignalResume()" in source


async def test_the_driver_is_in_charge_while_the_screen_is_up(driver: Driver) -> None:
    """`Driver._auto_restart`, `Driver._app`, `App._running`."""
    assert driver.in_charge
    with driver.no_automatic_restart():
        assert not driver.in_charge, "lent to another program"
    driver._app._running = False
    assert not driver.in_charge, "being taken down"
