"""The application: starts the training thread, folds its events into a `RunView`, and hands that to the screens."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual import events as ui
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from engine.config import Config, nearest
from engine.events import LineLogged, RunFailed, RunStarted, Terminal
from tui_cifar import notices
from tui_cifar.arguments import complain
from tui_cifar.outcome import exit_code, summary
from tui_cifar.resources import ResourceSampler
from tui_cifar.run_view import RunView
from tui_cifar.screens.dashboard import Dashboard
from tui_cifar.screens.data_missing import DataMissing
from tui_cifar.screens.failure import Failure
from tui_cifar.screens.help import Help
from tui_cifar.screens.leave import Leave
from tui_cifar.screens.too_small import TooSmall, too_small
from tui_cifar.settings import Settings
from tui_cifar.signals import EXIT_CODES
from tui_cifar.theme import THEMES
from tui_cifar.thin_app import ThinApp
from tui_cifar.worker import Engine, Worker, real_engine

POLL_SECONDS = 0.25
"""How often progress is looked at. Rare events are shown as they come."""


class EventsArrived(Message):
    """The training thread has something new to show."""

    def can_replace(self, message: Message) -> bool:
        """One wake-up stands for all that are waiting."""
        return isinstance(message, EventsArrived)


class CifarApp(ThinApp):
    """Train and watch.

    Args:
        config: what to train.
        engine: runs in the training thread; the tests give a script.
        images: how pictures are drawn: "half", "ascii" or "off".
        ascii: draw with characters up to 127 only.
        theme: name of a theme.
        settings: the user's keys and what was chosen the last time; none remembers nothing.
        notify: how to tell the terminal that the run has ended (`notices.NOTIFIERS`); None does not.
    """

    CSS_PATH = "app.tcss"
    TITLE = "cifar-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", id="run.pause", tooltip="Hold the training itself at the next batch"),
        Binding("space", "resume", "Resume", id="run.resume", tooltip="Go on with the training"),
        Binding("s", "save", "Save now", id="run.save", tooltip="Write a checkpoint of this very batch"),
        Binding(
            "d",
            "toggle_dark",
            "Dark or light",
            id="app.dark",
            show=False,
            tooltip="Switch between the dark and the light theme",
        ),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help", tooltip="All keys"),
        Binding("q", "leave", "Quit", id="app.quit", tooltip="Leave; asks first while a run is under way"),
        Binding(
            "ctrl+c",
            "interrupt",
            "Quit",
            id="app.interrupt",
            show=False,
            priority=True,
            tooltip="Leave; pressed twice, at once and without saving",
        ),
    ]

    def __init__(
        self,
        config: Config,
        engine: Engine,
        *,
        images: str = "half",
        ascii: bool = False,
        theme: str | None = None,
        settings: Settings | None = None,
        notify: str | None = None,
    ) -> None:
        super().__init__(ascii=ascii)
        self.settings = settings or Settings()
        self._notify_how = notify
        self._told_title = ""
        for t in THEMES:
            self.register_theme(t)
        self._wanted_theme = theme
        self.config, self.images, self.ascii = config, "ascii" if ascii and images == "half" else images, ascii
        self.view = RunView()
        self.worker = Worker(config, engine, self._wake)
        self._engine = engine
        self.resources = ResourceSampler()
        self.leave_at_once = False
        self._exit_when_ended: int | None = None
        self._signals = 0

    # -- life -----------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the dashboard; start training once its first frame is drawn."""
        remembered = self.settings.choice("theme", self.available_themes)
        self.theme = self._wanted_theme or remembered or "cifar-dark"
        self.theme_changed_signal.subscribe(self, self._theme_chosen)
        self._use_settings()
        self.begin_capture_print(self)
        loop = asyncio.get_running_loop()
        for number in EXIT_CODES:
            try:
                loop.add_signal_handler(number, self._on_signal, number)
            except (RuntimeError, ValueError):  # not in the main thread, as under a test
                break
        self.push_screen(Dashboard(images=self.images, ascii=self.ascii))
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.worker.start()
        self.resources.start()
        self._poll_timer = self.set_interval(POLL_SECONDS, self.take_events)

    def _wake(self) -> None:
        self.post_message(EventsArrived())

    @on(EventsArrived)
    def take_events(self) -> None:
        """Fold what has come since the last time into the view, and show it."""
        events = self.worker.take()
        for event in events:
            self.view.apply(event)
            if isinstance(event, RunStarted) and event.device.startswith("cuda"):
                self.resources.use_gpu(event.device)
        if not self.screen_stack:  # leaving: the last events count, but there is nothing left to draw on
            return
        if events and isinstance(events[-1], Terminal):
            self._ended(events[-1])
        self.show()
        self._tell_title()
        self._rest()
        if events:
            self.refresh_bindings()

    @property
    def titled(self) -> bool:
        """Whether the terminal's title was changed."""
        return bool(self._told_title)

    def _rest(self) -> None:
        """While nothing moves, nothing is looked at: whatever comes next wakes the screen."""
        if self.ended or self.view.state == "PAUSED":
            self._poll_timer.pause()
            self.resources.pause()
        else:
            self._poll_timer.resume()
            self.resources.resume()

    def _tell_title(self) -> None:
        """State and accuracy in the terminal's title."""
        view = self.view
        words = [view.started.name if view.started else "cifar-tui", view.state.lower()]
        if view.epochs and not self.ended:
            words.append(f"{view.epoch}/{view.epochs}")
        if view.tested is not None:
            words.append(f"test {view.tested.accuracy:.1%}")
        elif view.rows:
            words.append(f"{view.rows[-1].valid_accuracy:.1%}")
        text = " ".join(words)
        if text != self._told_title:
            self.tell_terminal(("" if self._told_title else notices.KEEP_TITLE) + notices.title(text))
            self._told_title = text

    def show(self) -> None:
        """Let the dashboard draw what has changed."""
        for screen in self.screen_stack:
            if isinstance(screen, Dashboard):
                screen.show(self.view, self.resources.text)

    def _ended(self, event: Terminal) -> None:
        if self._notify_how and self._exit_when_ended is None:
            name = self.view.started.name if self.view.started else "cifar-tui"
            what = event.title if isinstance(event, RunFailed) else ", ".join(summary(event)[:1])
            self.tell_terminal(notices.notification(self._notify_how, name, what))
        if self._exit_when_ended is not None:
            self.exit(return_code=self._exit_when_ended)
        elif isinstance(event, RunFailed):
            if event.kind == "data_unavailable":
                self.push_screen(DataMissing(event.message), self._other_data)
            else:
                self.push_screen(Failure(event.title, event.message, event.detail))

    def _other_data(self, change: dict[str, Any] | None) -> None:
        """Start again with what the dialog about missing data chose; None leaves."""
        if change is None:
            self.exit(return_code=2)
            return
        self.config = dataclasses.replace(self.config, **change)
        self.view = RunView()
        self.worker = Worker(self.config, self._engine, self._wake)
        self.worker.start()
        self._rest()

    # -- settings -------------------------------------------------------------------------------------------------------

    def _use_settings(self) -> None:
        """The user's keys; what is wrong with the files is said in the log and in a notice."""
        known = {b.id for node in (type(self), Dashboard) for b in _bindings(node)}
        unknown = [name for name in self.settings.keys if name not in known]
        problems = [*self.settings.problems, *(f"keys.toml: {name}: there is no such key binding" for name in unknown)]
        self.set_keymap({name: key for name, key in self.settings.keys.items() if name in known})
        for problem in problems:
            self.view.apply(LineLogged(source="settings", text=problem))
        if problems:
            more = f" (and {len(problems) - 1} more in the log)" if len(problems) > 1 else ""
            self.notify(problems[0] + more, title="Settings", severity="warning", markup=False)

    def _theme_chosen(self, theme: Theme) -> None:
        self.settings.remember("theme", theme.name)
        self.call_after_refresh(self.show)

    def on_resize(self, event: ui.Resize) -> None:
        """A terminal too small for anything gets a notice, which goes when there is room."""
        if too_small(*event.size) and not any(isinstance(s, TooSmall) for s in self.screen_stack):
            self.push_screen(TooSmall())

    def on_print(self, event: ui.Print) -> None:
        """A stray print or warning goes to the log pane instead of the screen."""
        for line in event.text.splitlines():
            if line.strip():
                self.view.apply(LineLogged(source="stderr" if event.stderr else "stdout", text=line))
        self.call_later(self.show)

    # -- actions --------------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self.view.terminal is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pause and resume share a key; both and save need a run under way."""
        if action == "pause":
            return not self.ended and not self.worker.control.paused
        if action == "resume":
            return not self.ended and self.worker.control.paused
        if action == "save":
            return not self.ended
        return True

    def action_pause(self) -> None:
        """Hold the training at its next batch."""
        self.worker.control.pause()
        self.refresh_bindings()

    def action_resume(self) -> None:
        """Go on with the training."""
        self.worker.control.resume()
        self.refresh_bindings()

    def action_save(self) -> None:
        """Write a checkpoint at the next batch."""
        self.worker.control.save()

    def action_toggle_dark(self) -> None:
        """Switch between the dark and the light theme."""
        self.theme = "cifar-light" if self.current_theme.dark else "cifar-dark"
        self.call_after_refresh(self.show)

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(Help())

    def action_leave(self) -> None:
        """Leave; ask first while a run is under way."""
        if not self.worker.alive or self.ended:
            self.exit(return_code=exit_code(self.view.terminal))
        elif not isinstance(self.screen, Leave):
            self.push_screen(Leave(self.view), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in ("save", "discard"):
            self.stop(save=answer == "save", reason="asked to stop", code=0)

    def stop(self, *, save: bool, reason: str, code: int) -> None:
        """End the run at its next batch, then the application with `code`."""
        if self.ended or not self.worker.alive:
            self.exit(return_code=code)
            return
        self._exit_when_ended = code
        self.worker.control.stop(save=save, reason=reason)
        self.notify("Stopping at the next batch" + (" and saving …" if save else " …"), timeout=60)

    def action_interrupt(self) -> None:
        """ctrl+c: ask as `q` does; the second one leaves at once."""
        if isinstance(self.screen, Leave) or self._exit_when_ended is not None:
            self.leave_now(EXIT_CODES[signal.SIGINT])
        else:
            self.action_leave()

    def leave_now(self, code: int) -> None:
        """Leave without waiting for the training thread."""
        self.leave_at_once = True
        self.exit(return_code=code)

    def _on_signal(self, number: signal.Signals) -> None:
        self._signals += 1
        if self._signals > 1:
            self.leave_now(EXIT_CODES[number])
        else:
            self.stop(save=True, reason=number.name, code=EXIT_CODES[number])

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that has a key is in the palette too."""
        yield from super().get_system_commands(screen)
        for active in screen.active_bindings.values():
            binding = active.binding
            if active.enabled and binding.id and not binding.id.startswith("app.interrupt"):
                name = binding.action.partition("(")[0]
                target = active.node if hasattr(active.node, f"action_{name}") else self
                yield SystemCommand(
                    binding.description,
                    binding.tooltip,
                    lambda a=binding.action, t=target: self.call_later(self.run_action, a, t),
                )


def _bindings(node: type[App[None]] | type[Screen[Any]]) -> Iterable[Binding]:
    """The bindings that a class and those it is made from declare."""
    for kind in node.__mro__:
        yield from (b for b in vars(kind).get("BINDINGS", ()) if isinstance(b, Binding))


def run_dashboard(
    config: Config,
    resume: Path | None,
    *,
    images: str | None = None,
    ascii: bool = False,
    theme: str | None = None,
    mouse: bool = True,
    notify: str | None = None,
) -> int:
    """Run the application to its end and return the exit code; leaves the outcome on the normal screen."""
    no_colour = "NO_COLOR" in os.environ  # Textual takes it out of the environment
    app = CifarApp(
        config,
        real_engine(resume),
        images=images or ("ascii" if ascii or no_colour else "half"),
        ascii=ascii,
        theme=theme,
        settings=Settings.read(),
        notify=notify,
    )
    if theme is not None and theme not in app.available_themes:
        complain(f"--theme: {theme!r} is no theme{nearest(theme, app.available_themes)}")
    app.run(mouse=mouse)
    if app.titled:
        sys.stdout.write(notices.RESTORE_TITLE)
    worker = app.worker
    if worker.alive and not app.leave_at_once:  # the application broke; the run need not be lost with it
        worker.control.stop(reason="the dashboard ended")
        worker.join(60)
        for event in worker.take():
            app.view.apply(event)
    for line in summary(app.view.terminal):
        print(line)
    sys.stdout.flush()
    code = app.return_code or 0
    if worker.alive:  # a thread inside PyTorch can't be waited for here, and must not hold up the exit
        os._exit(code)
    return code
