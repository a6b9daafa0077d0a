"""The application: starts the training thread, folds its events into a `RunState`, and hands that to the screens."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TextIO, cast

from textual import events as ui
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from engine.config.schema import Config, nearest
from engine.errors import DataError
from engine.events.commands import Evaluate, Pause, Resume, Save, Stop
from engine.events.types import CheckpointFailed, LineLogged, PredictionsSaved, RunEnded, RunFailed, RunStarted
from tui_cifar.app.gc_tuning import freeze_gc
from tui_cifar.app.settings import Settings
from tui_cifar.app.theme import THEMES
from tui_cifar.cli.arguments import usage_error
from tui_cifar.cli.outcome import exit_code, summary
from tui_cifar.run.local import Engine, Worker, real_engine
from tui_cifar.run.resources import ResourceSampler
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.registry import KINDS, RunScreens, kind
from tui_cifar.screens.base.run_screen import VIEWS, RunScreen
from tui_cifar.screens.dialogs.leave import QuitDialog
from tui_cifar.screens.dialogs.too_small import TooSmallNotice, too_small
from tui_cifar.terminal import notifications as notices
from tui_cifar.terminal.capture import Capture, printable
from tui_cifar.terminal.diff_app import DiffApp
from tui_cifar.terminal.guard import Guard
from tui_cifar.terminal.signals import EXIT_CODES

if TYPE_CHECKING:
    from tui_cifar.render.images.mosaic import Mode
    from tui_cifar.run.inspector import Inspector
    from tui_cifar.run.predictions import Results
    from tui_cifar.run.resume import Unfinished

POLL_SECONDS = 0.25
"""How often progress is looked at. Rare events are shown as they come."""


SWITCH_SECONDS = 0.001
"""How long the training thread may keep the interpreter while the screen waits for it. Python's own 5 ms add up: a key goes
through several turns."""


class EventsArrived(Message):
    """The training thread has something new to show."""

    def can_replace(self, message: Message) -> bool:
        """One wake-up stands for all that are waiting."""
        return isinstance(message, EventsArrived)


class CifarApp(DiffApp):
    """Train and watch.

    Args:
        config: what to train.
        engine: runs in the training thread; the tests give a script.
        images: how images are drawn: "half", "ascii" or "off".
        ascii: draw with characters up to 127 only.
        theme: name of a theme.
        resumed: the run directory, or a checkpoint in it, that `engine` goes on from; its past is shown.
        offer: an unfinished run to ask about before anything starts.
        directory: the run directory of a run that has ended and is only looked at.
        settings: the user's keys and what was chosen the last time; none remembers nothing.
        fps: frames a second that are sent at most, once the first one is drawn.
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
            "e",
            "evaluate",
            "Evaluate",
            id="run.evaluate",
            tooltip="Classify the test images with this batch's weights",
        ),
        *[
            Binding(str(i), f"view('{key}')", word, id=f"view.{key}", show=False, tooltip=f"Screen: {word}")
            for i, (key, word) in enumerate(VIEWS.items(), 1)
        ],
        Binding(
            "i",
            "own_image",
            "Own image",
            id="app.image",
            show=False,
            tooltip="Classify an image of your own: asks for its path",
        ),
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
        resumed: Path | None = None,
        offer: Unfinished | None = None,
        directory: Path | None = None,
        settings: Settings | None = None,
        fps: int = 30,
        notify: str | None = None,
    ) -> None:
        super().__init__(ascii=ascii)
        self.settings = settings or Settings()
        self._fps, self._notify_how = fps, notify
        self._told_title = ""
        for t in THEMES:
            self.register_theme(t)
        remembered = self.settings.choice("theme", self.available_themes)
        known = theme if theme in self.available_themes else remembered or "cifar-dark"
        self._begin_with(known)
        self.config, self.images, self.ascii = config, "ascii" if ascii and images == "half" else images, ascii
        self.view = RunState()
        self.worker = Worker(config, engine, self.wake)
        self._engine = engine
        self._resumed, self._offer = resumed, offer
        self.resources = ResourceSampler()
        self.results: Results | None = None
        """The evaluation of test or validation images that is shown, or None before there is one."""
        self.shown: Saved | None = None
        """The event that told of it."""
        self.results_missing = ""
        """Why it can't be shown, if so."""
        self.directory = directory
        self._evaluating = False
        self.run_screens = RunScreens(self)
        self.leave_at_once = False
        self._exit_when_ended: int | None = None
        self.guard: Guard | None = None
        """Watches signals and the terminal; None under a test."""
        self.capture: Capture | None = None
        """Where stray prints of libraries go; None under a test."""

    # -- life -----------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """The dashboard."""
        screen = self.run_screens["dashboard"]
        screen._push_result_callback(screen, None)  # which `switch_screen` takes away again
        return screen

    def on_mount(self) -> None:
        """Start training once the dashboard's first frame is drawn."""
        self.theme_changed_signal.subscribe(self, self._theme_chosen)
        self._use_settings()
        self.begin_capture_print(self)
        self.call_after_refresh(self._start)

    async def _start(self) -> None:
        freeze_gc("the first frame is drawn")
        self.frame_seconds = 1 / self._fps
        self.resources.start()
        self._poll_timer = self.set_interval(POLL_SECONDS, self.take_events)
        if self._offer is not None:
            from tui_cifar.screens.dialogs.resume import ResumeDialog

            self.push_screen(ResumeDialog(self._offer), self._go_on)
        else:
            await self._begin(self._resumed)

    async def _begin(self, resumed: Path | None) -> None:
        """Start the worker, where it goes on with a run with the past of that run on the screen."""
        if resumed is not None:
            from engine.storage.run_directory import run_of
            from tui_cifar.run.resume import recall

            self.view = await asyncio.to_thread(recall, run_of(resumed))
            self.results, self.shown = None, None
        self.worker.start()

    async def _go_on(self, answer: str | None) -> None:
        """Start as the question about an unfinished run was answered."""
        if answer == "leave":
            self.exit(return_code=0)
        elif answer == "resume" and self._offer is not None:
            await self.resume_run(self._offer)
        else:
            await self._begin(None)

    async def resume_run(self, run: Unfinished) -> None:
        """Go on with a run, in the place of one that has ended or was never started."""
        self.config, self._engine = run.config, real_engine(run.path)
        self.directory = None
        self.worker = Worker(self.config, self._engine, self.wake)
        await self._begin(run.path)
        self.show()

    async def on_event(self, event: ui.Event) -> None:
        """Keys, mouse and pastes come too late once the screens are being taken down: no screen is there to give them to."""
        if not (isinstance(event, ui.InputEvent | ui.Paste) and (self._exit or not self.screen_stack)):
            await super().on_event(event)

    def wake(self) -> None:
        """Have `take_events` called soon; may be called from any thread."""
        self.post_message(EventsArrived())

    @on(EventsArrived)
    def take_events(self) -> None:
        """Fold what has come since the last time into the view, and show it."""
        self._obey_guard()
        self._take_prints()
        events = self.worker.take()
        for event in events:
            self.view.apply(event)
            if event.live and "inspector" in vars(self):
                self.inspector.take(event)
            if isinstance(event, RunStarted):
                freeze_gc("the run has begun")
            if isinstance(event, RunStarted) and event.device.startswith("cuda"):
                self.resources.use_gpu(event.device)
            if isinstance(event, RunStarted) and self.capture is not None and self.directory is None:
                self.capture.move(Path(event.directory) / "log.txt")
            if isinstance(event, CheckpointFailed):
                self.notify(event.error, title="Checkpoint not saved", severity="error", markup=False)
            if isinstance(event, PredictionsSaved) and self._evaluating:
                self._evaluating = False
                self.clear_notifications()
                self.open_results(event)  # it was asked for
        self._follow()
        if not self.screen_stack:  # leaving: the last events count, but there is nothing left to draw on
            return
        if events and isinstance(events[-1], RunEnded):
            self._ended(events[-1])
        self._rest()
        self.show()
        self._tell_title()
        if events:
            self.refresh_bindings()

    def _begin_with(self, theme: str) -> None:
        """Have a theme before anything is styled: another one later means to parse and style everything again."""
        self.set_reactive(App.theme, theme)
        dark = self.current_theme.dark
        self.update_classes({"-dark-mode": dark, "-light-mode": not dark, f"-theme-{theme}": True}, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)  # the themes "ansi-…" leave colours to the terminal
        self.stylesheet.set_variables(self.get_css_variables())

    def on_unmount(self) -> None:
        """Give the terminal its title back."""
        if self._told_title:
            self.tell_terminal(notices.RESTORE_TITLE)
        self.settings.flush()

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
        """Let the screen that is shown, under a dialog too, draw what has changed."""
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen):
                screen.show(self.view, self.resources.text)

    @cached_property
    def inspector(self) -> Inspector:
        """Asks the network about images."""
        from tui_cifar.run.inspector import Inspector

        return Inspector(self)

    @property
    def run_path(self) -> Path | None:
        """The run directory; None before there is one."""
        if self.directory is not None:
            return self.directory
        return Path(self.view.started.directory) if self.view.started else None

    @property
    def image_mode(self) -> Mode:
        """How images are drawn: half-blocks in as many colours as the terminal has, letters, or not at all."""
        if self.images != "half":
            return "off" if self.images == "off" else "ascii"
        if self.no_color:
            return "ascii"
        systems: dict[str | None, Mode] = {"truecolor": "truecolor", "256": "256", "standard": "16", "windows": "16"}
        return systems.get(self.console.color_system, "ascii")

    @property
    def newer(self) -> Saved | None:
        """The newest evaluation, where another one is shown."""
        return self.view.newest if self.view.newest is not self.shown else None

    def saved(self, split: str) -> Saved | None:
        """The newest evaluation of "test" or "valid"."""
        return self.view.predictions if split == "test" else self.view.validated

    def _follow(self) -> None:
        """Show the newest evaluation, unless a screen holds on to the one that it shows."""
        if (newer := self.newer) is None:
            return
        held = any(isinstance(screen, RunScreen) and screen.holds(newer) for screen in self.screen_stack)
        if self.results is None or not held:
            self.open_results(newer)

    def open_results(self, saved: Saved) -> None:
        """Read an evaluation and show it."""
        path = self.run_path
        if path is None:
            return
        from tui_cifar.run.predictions import open_results

        self.shown = saved
        try:
            self.results, self.results_missing = open_results(path / Path(saved.path).name), ""
        except DataError as e:
            self.results, self.results_missing = None, e.message

    def _ended(self, event: RunEnded) -> None:
        if self._notify_how and self._exit_when_ended is None:
            name = self.view.started.name if self.view.started else "cifar-tui"
            what = event.title if isinstance(event, RunFailed) else ", ".join(summary(event)[:1])
            self.tell_terminal(notices.notification(self._notify_how, name, what))
        if self._exit_when_ended is not None:
            self.exit(return_code=self._exit_when_ended)
        elif isinstance(event, RunFailed) and self.directory is None:
            if event.kind == "data_unavailable":
                from tui_cifar.screens.dialogs.data_missing import DataMissingDialog

                self.push_screen(DataMissingDialog(event.message), self._other_data)
            else:
                from tui_cifar.screens.dialogs.failure import FailureDialog

                self.push_screen(FailureDialog(event.title, event.message, event.detail))

    def _other_data(self, change: dict[str, Any] | None) -> None:
        """Start again with what the dialog about missing data chose; None leaves."""
        if change is None:
            self.exit(return_code=2)
            return
        self.config = dataclasses.replace(self.config, **change)
        self.view, self.results, self.shown = RunState(), None, None
        self.worker = Worker(self.config, self._engine, self.wake)
        self.worker.start()
        self._rest()

    # -- settings -------------------------------------------------------------------------------------------------------

    def _use_settings(self) -> None:
        """The user's keys; what is wrong with the files is said in the log and in a notice."""
        problems = list(self.settings.problems)
        if self.settings.keys:
            from tui_cifar.app.keymap import checked

            keys, more = checked(self.settings.keys, type(self), map(kind, KINDS))
            problems += more
            self.set_keymap(keys)
        for problem in problems:
            self.view.apply(LineLogged(source="settings", text=problem))
        if problems:
            others = f" (and {len(problems) - 1} more in the log)" if len(problems) > 1 else ""
            self.notify(problems[0] + others, title="Settings", severity="warning", markup=False)

    def _theme_chosen(self, theme: Theme) -> None:
        self.settings.remember("theme", theme.name)
        self.call_after_refresh(self.show)

    def on_resize(self, event: ui.Resize) -> None:
        """A terminal too small for anything gets a notice, which goes when there is room."""
        if too_small(*event.size) and not any(isinstance(s, TooSmallNotice) for s in self.screen_stack):
            self.push_screen(TooSmallNotice())

    def on_print(self, event: ui.Print) -> None:
        """A stray print or warning goes to the log pane and `log.txt` instead of the screen."""
        for line in event.text.splitlines():
            if line.strip():
                self.view.apply(LineLogged(source="stderr" if event.stderr else "stdout", text=printable(line)))
                if self.capture is not None:
                    self.capture.write(line)
        self.call_later(self.show)

    def _take_prints(self) -> None:
        """What a library wrote past Python goes to the log pane too."""
        if self.capture is not None:
            for line in self.capture.lines():
                self.view.apply(LineLogged(source="stdout", text=line))

    def _obey_guard(self) -> None:
        """Do what a signal, or a terminal that went away, asks for."""
        guard = self.guard
        if guard is None:
            return
        if guard.at_once:
            self.leave_now(guard.code or 0)
        elif guard.code is not None and self._exit_when_ended is None:
            self.stop(save=True, reason=guard.reason, code=guard.code)
        elif guard.detached and self._exit_when_ended is None:
            self.exit(return_code=exit_code(self.trained))

    # -- actions --------------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self.view.terminal is not None

    @property
    def trained(self) -> RunEnded | None:
        """How the run ended that was trained here; None before its end, and for one that is only looked at."""
        return self.view.terminal if self.directory is None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pause and resume share a key; both and save need a run under way."""
        if action == "pause":
            return not self.ended and self.directory is None and not self.worker.control.paused
        if action == "resume":
            return not self.ended and self.worker.control.paused
        if action in ("save", "evaluate"):
            return not self.ended and self.directory is None and (action == "save" or self.view.started is not None)
        return True

    def action_pause(self) -> None:
        """Hold the training at its next batch."""
        self.worker.control.send(Pause())
        self.refresh_bindings()

    def action_resume(self) -> None:
        """Go on with the training."""
        self.worker.control.send(Resume())
        self.refresh_bindings()

    def action_save(self) -> None:
        """Write a checkpoint at the next batch."""
        self.worker.control.send(Save())

    def action_evaluate(self) -> None:
        """Classify the test images with the present weights."""
        if self.view.phase == "testing":
            self.notify("The test is under way; its predictions come at its end.")
            return
        self.worker.control.send(Evaluate())
        self._evaluating = True
        self.notify("Classifying the test images with the present weights …", timeout=30)

    def action_view(self, key: str) -> None:
        """Go to a screen."""
        if isinstance(self.screen, RunScreen) and self.screen is not self.run_screens[key]:
            self.switch_screen(self.run_screens[key])
            self._follow()

    def action_own_image(self) -> None:
        """Ask for the path of an image and show what the network takes it for."""
        from tui_cifar.screens.dialogs.own_image import OwnImageDialog

        self.push_screen(OwnImageDialog(ascii=self.ascii))

    def action_toggle_dark(self) -> None:
        """Switch between the dark and the light theme."""
        self.theme = "cifar-light" if self.current_theme.dark else "cifar-dark"
        self.call_after_refresh(self.show)

    def get_key_display(self, binding: Binding) -> str:
        """Keys by their names: the sign for enter is missing from many fonts."""
        return "enter" if binding.key == "enter" and not binding.key_display else super().get_key_display(binding)

    def action_help(self) -> None:
        """Show all keys."""
        from tui_cifar.screens.dialogs.help import HelpDialog

        self.push_screen(HelpDialog())

    def action_leave(self) -> None:
        """Leave; ask first while a run is under way."""
        if not self.worker.alive or self.ended:
            self.exit(return_code=exit_code(self.trained))
        elif not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self.view), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in ("save", "discard"):
            self.stop(save=answer == "save", reason="asked to stop", code=0)

    def stop(self, *, save: bool, reason: str, code: int) -> None:
        """End the run at its next batch, then the application with `code`."""
        if self.ended or not self.worker.alive:
            self.exit(return_code=code)
            return
        self._exit_when_ended = code
        self.worker.control.send(Stop(save=save, reason=reason))
        self.notify("Stopping at the next batch" + (" and saving …" if save else " …"), timeout=60)

    def action_interrupt(self) -> None:
        """ctrl+c: ask as `q` does; the second one leaves at once."""
        if isinstance(self.screen, QuitDialog) or self._exit_when_ended is not None:
            self.leave_now(EXIT_CODES[signal.SIGINT])
        else:
            self.action_leave()

    def leave_now(self, code: int) -> None:
        """Leave without waiting for the training thread."""
        self.leave_at_once = True
        self.exit(return_code=code)

    def action_command_palette(self) -> None:
        """Show every action."""
        from tui_cifar.screens.dialogs.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def search_themes(self) -> None:
        """Show every theme."""
        from textual.theme import ThemeProvider

        from tui_cifar.screens.dialogs.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that has a key is in the palette too."""
        # Textual's own, less those that the program has itself or that do nothing here.
        yield from (c for c in super().get_system_commands(screen) if c.title in ("Theme", "Screenshot"))
        from tui_cifar.run.resume import find_unfinished

        run = find_unfinished(Path(self.config.runs_dir), {}) if not self.worker.alive else None
        if run is not None:
            yield SystemCommand(
                f"Resume {run.path.name}",
                f"Go on with this unfinished run from epoch {run.epoch}",
                lambda: self.call_later(self.resume_run, run),
            )
        if isinstance(screen, RunScreen):
            yield from screen.commands()
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


def make_app(
    config: Config, engine: Engine, *, images: str | None, ascii: bool, theme: str | None, **more: Any
) -> CifarApp:
    """The application as the user has set it up; complains of a theme that there is none of."""
    no_colour = "NO_COLOR" in os.environ  # Textual takes it out of the environment
    images = images or ("ascii" if ascii or no_colour else "half")
    app = CifarApp(config, engine, images=images, ascii=ascii, theme=theme, settings=Settings.read(), **more)
    if theme is not None and theme not in app.available_themes:
        usage_error(f"--theme: {theme!r} is no theme{nearest(theme, app.available_themes)}")
    return app


def run_dashboard(
    config: Config,
    resume: Path | None,
    *,
    keep_going: bool = False,
    mouse: bool = True,
    **more: Any,
) -> int:
    """Train in the application, made by `make_app` with `more`, and return the exit code."""
    return run_app(make_app(config, real_engine(resume), resumed=resume, **more), keep_going=keep_going, mouse=mouse)


def run_app(app: CifarApp, *, keep_going: bool = False, mouse: bool = True) -> int:
    """Run the application to its end and return the exit code; leaves the outcome of what it trained on the normal screen.

    Signals, a terminal that goes away, a screen that hangs and stray prints are taken care of.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    with Capture() as capture:
        app.capture = capture
        app.error_console.file = cast(TextIO, capture.terminal)
        guard = app.guard = Guard(lambda: app.worker, app.wake, capture.terminal, keep_going=keep_going)
        guard.start()
        try:
            app.run(mouse=mouse)
        except Exception:
            if guard.code is None and not guard.detached:
                raise
            # else the terminal went away while something was being sent to it
        finally:
            guard.left.set()
        if guard.detached:
            code = _train_on(app, guard)
        else:
            code = (guard.code if app.return_code is None else app.return_code) or 0
            if app.worker.alive and not app.leave_at_once:  # the application broke; the run need not be lost with it
                app.worker.control.send(Stop(reason="the dashboard ended"))
                app.worker.join(60)
        for event in app.worker.take():
            app.view.apply(event)
    for line in summary(app.trained):
        _say(line)
    guard.stop()
    if app.worker.alive or _held_up():  # neither can be waited for: PyTorch may be at work in the first
        os._exit(code)
    return code


def _held_up() -> bool:
    """Whether the end of the process would wait for a thread: Textual's, of a terminal that went away, never end."""
    return any(not t.daemon and t is not threading.main_thread() for t in threading.enumerate())


def _train_on(app: CifarApp, guard: Guard) -> int:
    """Wait for a run whose terminal went away; its events are in the run directory."""
    if app.capture is not None:
        app.capture.write("The terminal went away; training goes on without it.")
    while not app.worker.join(0.5):
        for event in app.worker.take():
            app.view.apply(event)
    for event in app.worker.take():
        app.view.apply(event)
    return exit_code(app.trained) if guard.code is None else guard.code


def _say(line: str) -> None:
    """A line to standard output, unless it went away."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = None  # or Python would try once more at its end, and usage_error
