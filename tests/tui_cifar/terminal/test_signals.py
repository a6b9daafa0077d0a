"""Signals reach a waiting thread whatever the main thread is doing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tui_cifar.terminal.signals import EXIT_CODES, Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in EXIT_CODES}
    wakeup = signal.set_wakeup_fd(-1)
    try:
        yield Signals()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)


@pytest.mark.parametrize("number", EXIT_CODES)
def test_a_signal_is_received(signals: Signals, number: signal.Signals) -> None:
    signals.install()
    assert signals.next(0) is None
    os.kill(os.getpid(), number)
    assert signals.next(10) == number
    assert signals.next(0) is None


def test_a_signal_is_received_while_the_main_thread_is_blocked(signals: Signals) -> None:
    signals.install()
    received: list[signal.Signals | None] = []
    thread = threading.Thread(target=lambda: received.append(signals.next(10)))
    thread.start()
    os.kill(os.getpid(), signal.SIGTERM)
    thread.join()
    assert received == [signal.SIGTERM]


def test_an_ignored_signal_stays_ignored(signals: Signals) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals.install()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signals.next(0.05) is None
