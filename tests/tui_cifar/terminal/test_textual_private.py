"""What `textual_private` relies on in Textual. Where one of these fails, it names what a new version of Textual changed."""

from __future__ import annotations

import inspect
import os
import select
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import MagicMock

import pytest
from rich.segment import Segment
from rich.style import Style
from textual import drivers, widgets
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Footer, Static

from tui_cifar.terminal import textual_private
from tui_cifar.terminal.textual_private import (
    DrawingApp,
    FooterKey,
    SafePalette,
    Update,
    as_default_screen,
    bindings_in_use,
    footer_keys,
    full_update,
    screen_strips,
    strips_of,
)

SIGNATURES: dict[str, tuple[object, str, str]] = {
    "App._display": (
        App,
        "(self, screen, renderable)",
        "DrawingApp.show_update is not called: Textual draws, and sends too much",
    ),
    "App._begin_update": (App, "(self)", "frames are not synchronized: they flicker"),
    "App._end_update": (App, "(self)", "frames are not synchronized: they flicker"),
    "App._refresh_truecolor_filter": (App, "(self, theme)", "the themes ansi-… have the wrong colours at start-up"),
    "Screen._push_result_callback": (
        Screen,
        "(self, requester, callback, future=None)",
        "leaving the dashboard for another screen fails",
    ),
    "LinuxDriver._get_terminal_size": (LinuxDriver, "(self)", "resizing is ignored where COLUMNS and LINES are set"),
    "LinuxDriver._sigtstp_application": (LinuxDriver, "(self, *_)", "ctrl+z may hang or leave the terminal raw"),
    "LinuxDriver._sigcont_application": (LinuxDriver, "(self, *_)", "SIGCONT starts a second input thread"),
    "CommandPalette._action_command_list": (CommandPalette, "(self, action)", "see SafePalette"),
    "CommandPalette._gather_commands": (CommandPalette, "(self, search_value)", "see SafePalette"),
    "CommandPalette._refresh_command_list": (
        CommandPalette,
        "(self, command_list, commands, clear_current)",
        "see SafePalette",
    ),
    "CommandPalette._watch__list_visible": (CommandPalette, "(self)", "see SafePalette"),
    "CommandPalette._watch__show_busy": (CommandPalette, "(self)", "see SafePalette"),
}
"""Methods that are called or overridden: whose, with which parameters, and what goes wrong otherwise."""


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_method_has_its_name_and_parameters(name: str) -> None:
    owner, wanted, consequence = SIGNATURES[name]
    method = getattr(owner, name.partition(".")[2], None)
    assert method is not None, f"gone: {consequence}"
    parameters = inspect.signature(method).parameters.values()
    found = ", ".join(str(p.replace(annotation=p.empty)) for p in parameters)
    assert f"({found})" == wanted, consequence


class Numbers(DrawingApp[None]):
    """Shows a number, and keeps the updates of the screen instead of drawing them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "go", "Go", id="go"), Binding("y", "stay", "Stay")]

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[Update] = []
        self.first_keys: list[FooterKey] = []

    def compose(self) -> ComposeResult:
        yield Static("0", id="number")
        yield Static("─日é")
        yield Footer()

    def show_update(self, screen: Screen[Any], update: Update) -> None:
        assert screen is self.screen
        self.updates.append(update)
        super().show_update(screen, update)

    def count(self, number: int) -> None:
        self.query_one("#number", Static).update(str(number))


def painted(updates: list[Update], width: int, height: int) -> list[str]:
    """The characters on a screen after some updates; "" after a wide one."""
    cells = [[" "] * width for _ in range(height)]
    for update in updates:
        for x, y, strip in strips_of(update):
            for character in strip.text:
                columns = 2 if character == "日" else 1
                cells[y][x : x + columns] = [character, ""][:columns]
                x += columns
    return ["".join(row) for row in cells]


async def test_updates_hold_everything_that_is_drawn() -> None:
    """`App._display`, `LayoutUpdate` and `ChopsUpdate` and what they hold, `Compositor.render_strips`."""
    app = Numbers()
    async with app.run_test(size=(30, 6)) as pilot:
        await pilot.pause()
        assert app.updates, "Textual draws by another way than App._display"
        first = len(app.updates)
        for number in (7, 42):
            app.count(number)
            await pilot.pause()
        assert len(app.updates) > first, "changes are not drawn by way of App._display"
        kinds = {type(update).__name__ for update in app.updates}
        assert kinds == {"LayoutUpdate", "ChopsUpdate"}, "another kind of update: see strips_of"
        wanted = [strip.text for strip in screen_strips(app.screen)]
        assert any("42" in line for line in wanted) and any("日" in line for line in wanted)
        assert painted(app.updates, 30, 6) == wanted
        assert painted([full_update(screen_strips(app.screen))], 30, 6) == wanted


async def test_no_update_is_shown_while_more_are_to_follow() -> None:
    """`App._batch_count`."""
    app = Numbers()
    async with app.run_test(size=(30, 6)) as pilot:
        await pilot.pause()
        with app.batch_update():
            app.updates.clear()
            app.count(1)
            await pilot.pause()
            assert not app.updates
        await pilot.pause()
        assert app.updates


async def test_there_is_a_terminal_only_while_the_app_runs_with_one() -> None:
    """`App._driver`, `App._running`, `App._closed`."""
    app = Numbers()
    assert not app.has_terminal
    async with app.run_test(size=(30, 6)):
        assert not app.has_terminal, "it is headless"
        headless, app._driver = app._driver, MagicMock(is_headless=False, is_inline=False)
        assert app.has_terminal
        app._driver.is_inline = True
        assert not app.has_terminal
        app._driver = headless
    app._driver = MagicMock(is_headless=False, is_inline=False)
    assert not app.has_terminal, "it has ended"


@pytest.mark.parametrize("synchronized", [False, True])
async def test_a_frame_is_written_with_the_cursor_at_its_place(synchronized: bool) -> None:
    """`App._begin_update`, `App._end_update`, `Driver.write`."""
    app = Numbers()
    async with app.run_test(size=(30, 6)):
        headless, app._driver = app._driver, MagicMock(is_headless=False, is_inline=False)
        app._sync_available = synchronized
        app.cursor_position = app.cursor_position.__class__(3, 2)
        app.write_frame("a frame")
        written = "".join(call.args[0] for call in app._driver.write.call_args_list)
        app._driver = headless
    frame = "a frame\x1b[3;4H"
    assert written == (f"\x1b[?2026h{frame}\x1b[?2026l" if synchronized else frame)


async def test_a_sequence_is_written_only_where_there_is_a_terminal() -> None:
    app = Numbers()
    app.write_sequence("\x07")  # not running: nothing to write to
    async with app.run_test(size=(30, 6)):
        headless, app._driver = app._driver, MagicMock(is_headless=True)
        app.write_sequence("\x07")
        assert not app._driver.write.called
        app._driver.is_headless = False
        app.write_sequence("\x07")
        app._driver.write.assert_called_once_with("\x07")
        app._driver = headless


def test_a_terminal_that_takes_nothing_is_not_ready() -> None:
    """`LinuxDriver._writer_thread`, `WriterThread._queue`, `WriterThread.fileno`."""
    app = Numbers()
    assert app.terminal_is_ready, "no terminal: nobody to wait for"
    read, write = os.pipe()
    os.set_blocking(write, False)
    with os.fdopen(write, "w") as file:
        writer = drivers._writer_thread.WriterThread(file)  # not started: what is written stays in its queue
        app._driver = MagicMock(_writer_thread=writer)
        assert app.terminal_is_ready
        writer.write("x")
        assert not app.terminal_is_ready, "the thread has not written it yet"
        assert writer._queue.get_nowait() == "x"
        while select.select([], [write], [], 0)[1]:
            os.write(write, b"x" * 4096)
        assert not app.terminal_is_ready, "the pipe is full"
    os.close(read)
    assert app.terminal_is_ready, "closed: nobody to wait for"


def test_the_driver_keeps_what_it_writes_in_a_writer_thread() -> None:
    assert "self._writer_thread = WriterThread(" in inspect.getsource(LinuxDriver.start_application_mode)


async def test_the_app_says_that_it_is_exiting() -> None:
    """`App._exit`."""
    app = Numbers()
    async with app.run_test(size=(30, 6)):
        assert not app.is_exiting
        app.exit()
        assert app.is_exiting


class Screens(App[None]):
    """Starts with a screen that `as_default_screen` prepared, or not."""

    def __init__(self, prepared: bool) -> None:
        super().__init__()
        self.prepared = prepared

    def get_default_screen(self) -> Screen[Any]:
        screen: Screen[Any] = Screen(id="first")
        return as_default_screen(screen) if self.prepared else screen


@pytest.mark.parametrize("prepared", [True, False])
async def test_the_default_screen_can_be_switched(prepared: bool) -> None:
    """`Screen._push_result_callback`. Where the second case fails, `as_default_screen` is no longer needed."""
    app = Screens(prepared)
    async with app.run_test(size=(30, 6)) as pilot:
        await pilot.pause()
        if not prepared:
            with pytest.raises(IndexError):
                app.switch_screen(Screen(id="second"))
            return
        await app.switch_screen(Screen(id="second"))
        assert app.screen.id == "second"


@pytest.mark.parametrize(("theme", "kept"), [("ansi-dark", True), ("textual-dark", False)])
async def test_a_theme_set_without_its_watcher_decides_about_ansi_colours(theme: str, kept: bool) -> None:
    """`App._refresh_truecolor_filter`."""
    app = Numbers()
    app.set_reactive(App.theme, theme)
    app.update_ansi_colours()
    segment = Segment("x", Style(color="red"))
    for line_filter in app.get_line_filters():
        (segment,) = line_filter.apply([segment], Color(0, 0, 0))
    assert segment.style is not None and segment.style.color is not None
    assert (segment.style.color.triplet is None) == kept


async def test_bindings_have_the_keys_of_the_users_keymap() -> None:
    """`DOMNode._bindings`, `App._keymap`."""
    app = Numbers()
    app.set_keymap({"go": "z"})
    async with app.run_test(size=(30, 6)):
        found = {binding.description: binding.key for binding in bindings_in_use(app, app)}
        assert found["Go"] == "z" and found["Stay"] == "y"
        assert bindings_in_use(app, app) == bindings_in_use(app, app), "asking changes nothing"


class FirstFrame(Footer):
    """A footer that is composed once."""

    def compose(self) -> ComposeResult:
        yield from footer_keys(self)


async def test_a_footer_knows_its_keys_before_textual_shows_any() -> None:
    """`Footer._bindings_ready`, `textual.widgets._footer.FooterKey`."""
    assert widgets._footer.FooterKey is FooterKey

    class WithFooter(Numbers):
        def compose(self) -> ComposeResult:
            yield FirstFrame(show_command_palette=False)

    app = WithFooter()
    async with app.run_test(size=(30, 6)):
        keys = app.query(FooterKey)
        shown = [(key.key_display, key.description, key.action.rpartition(".")[2]) for key in keys]
        assert {("x", "Go", "go"), ("y", "Stay", "stay")} <= set(shown)


# -- the command palette ------------------------------------------------------------------------------------------------


class WithPalette(App[None]):
    def __init__(self, kind: type[CommandPalette]) -> None:
        super().__init__()
        self.kind = kind

    def on_mount(self) -> None:
        self.push_screen(self.kind())


async def test_a_palette_without_a_list_bears_keys_and_results() -> None:
    app = WithPalette(SafePalette)
    async with app.run_test(size=(30, 6)) as pilot:
        palette = app.screen
        assert isinstance(palette, SafePalette)
        await pilot.press("t")
        await palette.query("CommandList").remove()
        for action in ("page_down", "page_up", "cursor_down", "select"):
            palette._action_command_list(action)
        palette._refresh_command_list(MagicMock(), [], True)
        palette._list_visible = not palette._list_visible
        palette._show_busy = not palette._show_busy
        await pilot.press("h", "e")
        assert palette._gather_commands("theme") is None
    assert not app.return_code


async def test_textuals_own_palette_without_a_list_fails() -> None:
    """Where this fails, `SafePalette` may no longer be needed."""
    app = WithPalette(CommandPalette)
    async with app.run_test(size=(30, 6)):
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        await palette.query("CommandList").remove()
        with pytest.raises(NoMatches):
            palette._action_command_list("page_down")
        with pytest.raises(NoMatches):
            palette._watch__list_visible()


async def test_the_palette_finds_commands() -> None:
    app = WithPalette(SafePalette)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press(*"quit")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "Quit" in "\n".join(strip.text for strip in screen_strips(app.screen))


def test_every_name_of_the_module_is_tested_here() -> None:
    public = {
        name
        for name, value in vars(textual_private).items()
        if getattr(value, "__module__", "") == textual_private.__name__
    }
    sources = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_textual_private*.py")
    )
    tested = set(sources.replace("(", " ").replace(",", " ").split())
    assert public <= tested
