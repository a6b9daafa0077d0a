"""What the terminal is told beside the screen: state and accuracy in its title, and a notification when the run has ended."""

from __future__ import annotations

from collections.abc import Callable

from engine.events.types import RunEnded, RunFailed
from tui_cifar.cli.outcome import summary
from tui_cifar.run.state import RunState
from tui_cifar.terminal import notifications


class Announcer:
    """Sends escape sequences to the terminal.

    Args:
        send: writes a sequence to the terminal.
        notify: how to notify at the end of a run (`notifications.NOTIFIERS`); None doesn't.
    """

    def __init__(self, send: Callable[[str], object], notify: str | None) -> None:
        self._send, self._notify = send, notify
        self._title = ""

    def show_title(self, state: RunState) -> None:
        """State and accuracy in the terminal's title, if they have changed."""
        words = [_name(state), state.status.lower()]
        if state.epochs and state.ended is None:
            words.append(f"{state.epoch}/{state.epochs}")
        if state.tested is not None:
            words.append(f"test {state.tested.accuracy:.1%}")
        elif state.rows:
            words.append(f"{state.rows[-1].valid_accuracy:.1%}")
        title = " ".join(words)
        if title != self._title:
            self._send(("" if self._title else notifications.KEEP_TITLE) + notifications.title(title))
            self._title = title

    def restore_title(self) -> None:
        """Give the terminal back the title that it had."""
        if self._title:
            self._send(notifications.RESTORE_TITLE)

    def notify_end(self, state: RunState, event: RunEnded) -> None:
        """Notify of the end of a run, if that was asked for."""
        if self._notify:
            text = event.title if isinstance(event, RunFailed) else ", ".join(summary(event)[:1])
            self._send(notifications.notification(self._notify, _name(state), text))


def _name(state: RunState) -> str:
    return state.started.name if state.started else "cifar-tui"
