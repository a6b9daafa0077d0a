"""Dialogs about the run itself: an unfinished one to resume, one that failed, data that is missing."""

from __future__ import annotations

from typing import Any

from textual.app import App

from engine.events.types import RunFailed
from tui_cifar.app.run_controller import RunController
from tui_cifar.run.resume import Unfinished


class RunDialogs:
    """Asks the user, and has the controller do as was answered."""

    def __init__(self, app: App[None], controller: RunController) -> None:
        self._app, self._controller = app, controller

    def offer(self, run: Unfinished) -> None:
        """Ask whether to resume a run or to start a new one."""
        from tui_cifar.screens.dialogs.resume import ResumeDialog

        async def answered(answer: str | None) -> None:
            if answer == "leave":
                self._app.exit(return_code=0)
            elif answer == "resume":
                await self._controller.resume(run)
            else:
                await self._controller.start()

        self._app.push_screen(ResumeDialog(run), answered)

    def show_failure(self, event: RunFailed) -> None:
        """Say why a run failed; where its data is missing, ask where there is some."""
        if event.kind == "data_unavailable":
            from tui_cifar.screens.dialogs.data_missing import DataMissingDialog

            self._app.push_screen(DataMissingDialog(event.message), self._other_data)
        else:
            from tui_cifar.screens.dialogs.failure import FailureDialog

            self._app.push_screen(FailureDialog(event.title, event.message, event.detail))

    async def _other_data(self, changes: dict[str, Any] | None) -> None:
        if changes is None:
            self._app.exit(return_code=2)
        else:
            await self._controller.start_again(changes)
