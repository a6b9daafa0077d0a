"""The application: key bindings and what they do, and which screen is shown. What it shows of a run is `RunController`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events as ui
from textual import on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from engine.events.commands import Command, Evaluate, Pause, Resume, Save
from engine.events.types import Event, PredictionsSaved, RunEnded, RunFailed, RunStarted
from tui_cifar.app.announcer import Announcer
from tui_cifar.app.bindings import APP_BINDINGS
from tui_cifar.app.gc_tuning import freeze_gc
from tui_cifar.app.leaving import Leaving
from tui_cifar.app.news import news
from tui_cifar.app.preferences import use_keys, use_theme
from tui_cifar.app.prints import Prints
from tui_cifar.app.run_controller import RunController
from tui_cifar.app.run_dialogs import RunDialogs
from tui_cifar.app.settings import Settings
from tui_cifar.run.resources import ResourceSampler
from tui_cifar.run.state import RunState
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.screens.base.run_screens import RunScreens
from tui_cifar.screens.dialogs.too_small_notice import TooSmallNotice, too_small
from tui_cifar.terminal.diff_app import DiffApp
from tui_cifar.terminal.guard import Guard
from tui_cifar.terminal.textual_private import as_default_screen
from tui_cifar.widgets.theme import image_mode_of

if TYPE_CHECKING:
    from tui_cifar.render.look import ImageMode
    from tui_cifar.run.resume import Unfinished

POLL_SECONDS = 0.25
"""How often progress is looked at. Rare events are shown as they come."""


class EventsArrived(Message):
    """The run has something new to show. One message stands for all that are waiting."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, EventsArrived)


class CifarApp(DiffApp):
    """The dashboard of one run.

    Args:
        controller: the run.
        offer: an unfinished run to ask about before anything starts.
        settings: the user's keys and what was chosen the last time; none remembers nothing.
        images: how images are drawn: "half", "ascii" or "off".
        ascii: draw with characters up to 127 only.
        theme: name of a theme.
        fps: frames per second that are sent at most, once the first one is drawn.
        notify: how to notify at the end of the run (`tui_cifar.terminal.notifications.NOTIFIERS`); None doesn't.
    """

    CSS_PATH = "app.tcss"
    TITLE = "cifar-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = APP_BINDINGS
    when_drawn: ClassVar[list[Callable[[], object]]] = []
    """Called in the event loop once the first frame is drawn, before the run starts. For measurements."""

    def __init__(
        self,
        controller: RunController,
        *,
        offer: Unfinished | None = None,
        settings: Settings | None = None,
        images: str = "half",
        ascii: bool = False,
        theme: str | None = None,
        fps: int = 30,
        notify: str | None = None,
    ) -> None:
        super().__init__(ascii=ascii)
        self.controller, self._offer, self._fps = controller, offer, fps
        controller.wake = self.wake
        self.settings = settings or Settings()
        self._images, self.ascii = "ascii" if ascii and images == "half" else images, ascii
        self._announcer = Announcer(self.write_sequence, notify)
        use_theme(self, self.settings, theme)
        self.resources = ResourceSampler()
        self.run_screens = RunScreens(self.install_screen, ascii=ascii)
        self.leaving = Leaving(self, controller)
        self.prints = Prints(controller)
        self.dialogs = RunDialogs(self, controller)
        self._evaluating = False
        self.guard: Guard | None = None
        """Watches signals and the terminal; None under a test."""

    @property
    def run_state(self) -> RunState:
        """Everything that the events of the run have told."""
        return self.controller.state

    @property
    def image_mode(self) -> ImageMode:
        """How images are drawn on this terminal."""
        return image_mode_of(self, self._images)

    def get_default_screen(self) -> Screen[Any]:
        return as_default_screen(self.run_screens["dashboard"])

    def on_mount(self) -> None:
        """Start the run once the dashboard's first frame is drawn."""
        self.theme_changed_signal.subscribe(self, self._theme_chosen)
        for problem in use_keys(self, self.settings):
            self.controller.log("settings", problem)
        self.begin_capture_print(self)
        self.call_after_refresh(self._start)

    async def _start(self) -> None:
        freeze_gc("the first frame is drawn")
        for call in self.when_drawn:
            call()
        self.frame_seconds = 1 / self._fps
        self.resources.start()
        self._poll_timer = self.set_interval(POLL_SECONDS, self.take_events)
        if self._offer is not None:
            self.dialogs.offer(self._offer)
        else:
            await self.controller.start()

    def on_unmount(self) -> None:
        self._announcer.restore_title()
        self.settings.flush()

    async def on_event(self, event: ui.Event) -> None:
        """Keys, mouse and pastes come too late once the screens are being taken down: no screen is there to give them to."""
        if not (isinstance(event, ui.InputEvent | ui.Paste) and (self.is_exiting or not self.screen_stack)):
            await super().on_event(event)

    def wake(self) -> None:
        """Have `take_events` called soon; may be called from any thread."""
        self.post_message(EventsArrived())

    @on(EventsArrived)
    def take_events(self) -> None:
        """Show what has come since the last call."""
        if self.guard is not None:
            self.leaving.obey(self.guard)
        self.prints.take()
        events = self.controller.take_events()
        for event in events:
            self._react(event)
        self._follow()
        if not self.screen_stack:  # leaving: the last events count, but there is nothing left to draw on
            return
        if any(isinstance(event, RunEnded) for event in events) and (ended := self.run_state.ended) is not None:
            self._run_ended(ended)
        self._update_polling()
        self.show()
        self._announcer.show_title(self.run_state)
        if events:
            self.refresh_bindings()

    def _react(self, event: Event) -> None:
        """What an event means beside what it changes on the screens."""
        if (told := news(event, self.controller.directory)) is not None:
            self.notify(told.text, title=told.title, severity=told.severity, timeout=told.seconds, markup=False)
        match event:
            case RunStarted():
                freeze_gc("the run has begun")
                if event.device.startswith("cuda"):
                    self.resources.use_gpu(event.device)
                self.prints.run_started(event)
            case PredictionsSaved() if self._evaluating:
                self._evaluating = False
                self.clear_notifications()
                self.controller.open_results(event)  # it was asked for

    def _follow(self) -> None:
        """Show the newest evaluation, unless a screen holds on to the one that it shows."""
        screens = [screen for screen in self.screen_stack if isinstance(screen, RunScreen)]
        self.controller.follow(lambda newer: any(screen.holds(newer) for screen in screens))

    def _update_polling(self) -> None:
        """Stop polling while the run is paused or over; the next event wakes the application."""
        if self.controller.ended or self.run_state.status in ("PAUSED", "CRASHED"):
            self._poll_timer.pause()
            self.resources.pause()
            return
        self._poll_timer.resume()
        if self.controller.capabilities.hosted:  # otherwise another process trains
            self.resources.resume()
        else:
            self.resources.pause()

    def show(self) -> None:
        """Let the screen that is shown, under a dialog too, draw what has changed."""
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen):
                screen.show(self.run_state, self.resources.text)

    def _run_ended(self, event: RunEnded) -> None:
        if self.leaving.waiting:
            self.leaving.run_ended()
            return
        self._announcer.notify_end(self.run_state, event)
        if isinstance(event, RunFailed) and self.controller.capabilities.hosted:
            self.dialogs.show_failure(event)

    def on_resize(self, event: ui.Resize) -> None:
        """A terminal too small for anything gets a notice, which goes when there is room."""
        if too_small(*event.size) and not any(isinstance(s, TooSmallNotice) for s in self.screen_stack):
            self.push_screen(TooSmallNotice())

    def on_print(self, event: ui.Print) -> None:
        self.prints.add(event.text, "stderr" if event.stderr else "stdout")
        self.call_later(self.show)

    def _theme_chosen(self, theme: Theme) -> None:
        self.settings.remember("theme", theme.name)
        self.call_after_refresh(self.show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "resume", "save", "evaluate"):
            return bool(getattr(self.controller.capabilities, action))
        return True

    def send(self, command: Command) -> None:
        """Have the run carry out a command."""
        self.controller.client.send(command)
        self.refresh_bindings()

    def action_pause(self) -> None:
        self.send(Pause())

    def action_resume(self) -> None:
        self.send(Resume())

    def action_save(self) -> None:
        self.send(Save())

    def action_evaluate(self) -> None:
        if self.run_state.phase == "testing":
            self.notify("The final test is already running; its predictions appear when it finishes.")
            return
        self.send(Evaluate())
        self._evaluating = True
        self.notify("Classifying the test images with the current weights …", timeout=30)

    def action_view(self, key: str) -> None:
        """Go to a screen."""
        if isinstance(self.screen, RunScreen) and self.screen is not self.run_screens[key]:
            self.switch_screen(self.run_screens[key])
            self._follow()

    def action_own_image(self) -> None:
        from tui_cifar.screens.dialogs.own_image import OwnImageDialog

        self.push_screen(OwnImageDialog(ascii=self.ascii))

    def action_toggle_dark(self) -> None:
        self.theme = "cifar-light" if self.current_theme.dark else "cifar-dark"
        self.call_after_refresh(self.show)

    def action_help(self) -> None:
        from tui_cifar.screens.dialogs.help import HelpDialog

        self.push_screen(HelpDialog())

    def action_leave(self) -> None:
        self.leaving.ask()

    def action_interrupt(self) -> None:
        self.leaving.interrupt()

    def get_key_display(self, binding: Binding) -> str:
        """Keys by their names: the sign for enter is missing from many fonts."""
        return "enter" if binding.key == "enter" and not binding.key_display else super().get_key_display(binding)

    def action_command_palette(self) -> None:
        from tui_cifar.app.palette import open_palette

        open_palette(self)

    def search_themes(self) -> None:
        from tui_cifar.app.palette import open_themes

        open_themes(self)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from tui_cifar.app.palette import FROM_TEXTUAL, run_commands, screen_commands

        yield from (c for c in super().get_system_commands(screen) if c.title in FROM_TEXTUAL)
        yield from run_commands(self, self.controller)
        yield from screen_commands(self, screen)
