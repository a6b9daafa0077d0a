"""How the application is left: at once, or when the run that would end with it has stopped."""

from __future__ import annotations

import signal

from textual.app import App

from engine.events.commands import Stop
from tui_cifar.app.run_controller import RunController
from tui_cifar.cli.outcome import exit_code
from tui_cifar.screens.dialogs.quit import QuitDialog
from tui_cifar.terminal.guard import Guard
from tui_cifar.terminal.signals import EXIT_CODES


class Leaving:
    """Asks before a run is ended, stops it, and exits the application with the right code."""

    def __init__(self, app: App[None], controller: RunController) -> None:
        self._app, self._controller = app, controller
        self._code: int | None = None
        self.at_once = False
        """Whether the application was left without waiting for the run."""

    @property
    def waiting(self) -> bool:
        """Whether the application is left as soon as the run has ended."""
        return self._code is not None

    def ask(self) -> None:
        """Leave; ask first if the run can be stopped."""
        if not self._can_be_stopped:
            self._leave()
        elif not isinstance(self._app.screen, QuitDialog):
            hosted = self._controller.capabilities.hosted
            self._app.push_screen(QuitDialog(self._controller.state, hosted=hosted), self._answered)

    def interrupt(self) -> None:
        """Ask as `ask` does; the second time leave at once."""
        if isinstance(self._app.screen, QuitDialog) or self.waiting:
            self.leave_now(EXIT_CODES[signal.SIGINT])
        else:
            self.ask()

    def stop(self, *, save: bool, reason: str, code: int) -> None:
        """End the run at its next batch, then the application with `code`."""
        if not self._can_be_stopped:
            self._app.exit(return_code=code)
            return
        self._code = code
        self._controller.client.send(Stop(save=save, reason=reason))
        self._app.notify("Stopping at the next batch" + (" and saving …" if save else " …"), timeout=60)

    def leave_now(self, code: int) -> None:
        """Leave without waiting for the run."""
        self.at_once = True
        self._app.exit(return_code=code)

    def run_ended(self) -> None:
        """Leave, if that was to follow the end of the run."""
        if self._code is not None:
            self._app.exit(return_code=self._code)

    def obey(self, guard: Guard) -> None:
        """Do what a signal, or a terminal that went away, asks for."""
        if guard.at_once:
            self.leave_now(guard.code or 0)
        elif self.waiting:
            pass
        elif guard.code is not None:
            if self._controller.capabilities.hosted:
                self.stop(save=True, reason=guard.reason, code=guard.code)
            else:
                self._app.exit(return_code=guard.code)
        elif guard.detached:
            self._leave()

    @property
    def _can_be_stopped(self) -> bool:
        return self._controller.capabilities.stop and not self._controller.ended

    def _leave(self) -> None:
        self._app.exit(return_code=exit_code(self._controller.outcome))

    def _answered(self, answer: str | None) -> None:
        if answer in ("save", "discard"):
            self.stop(save=answer == "save", reason="asked to stop", code=0)
        elif answer == "leave":
            self._leave()
