"""Runs the dashboard in the terminal: signals, stray prints, a terminal that goes away, and what is left on the normal screen."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any, TextIO, cast

from engine.config.schema import Config
from engine.options import nearest
from tui_cifar.app.app import CifarApp
from tui_cifar.app.run_controller import RunController, host_run
from tui_cifar.app.settings import Settings
from tui_cifar.cli.arguments import usage_error
from tui_cifar.cli.outcome import attach_command, exit_code, resume_command, summary
from tui_cifar.run.recorded import RecordedRun
from tui_cifar.run.remote import RemoteRun
from tui_cifar.terminal.capture import Capture
from tui_cifar.terminal.guard import Guard

SWITCH_SECONDS = 0.001
"""How long the training thread may keep the interpreter while the screen waits for it. Python's own 5 ms add up: handling a key
takes several switches."""
END_SECONDS = 60
"""How long a run may take to stop and save after the dashboard has broken down."""


def train(config: Config, resume: Path | None, *, keep_going: bool = False, mouse: bool = True, **options: Any) -> int:
    """Train in the dashboard, made by `make_app` with `options`, and return the exit code."""
    app = make_app(RunController(host_run(config, resume), config), **options)
    return run_app(app, keep_going=keep_going, mouse=mouse)


def attach(run: Path, config: Config, *, read_only: bool = False, mouse: bool = True, **options: Any) -> int:
    """Show a run that another process trains, in a dashboard made by `make_app` with `options`, and return the exit code."""
    return run_app(make_app(RunController(RemoteRun(run, read_only=read_only), config), **options), mouse=mouse)


def browse(run: Path, config: Config, *, mouse: bool = True, **options: Any) -> int:
    """Show a run that has ended, in a dashboard made by `make_app` with `options`, and return the exit code."""
    return run_app(make_app(RunController(RecordedRun(run), config), **options), mouse=mouse)


def make_app(
    controller: RunController, *, images: str | None, ascii: bool, theme: str | None, **options: Any
) -> CifarApp:
    """The application as the user has set it up; an unknown theme is a usage error."""
    no_colour = "NO_COLOR" in os.environ  # Textual takes it out of the environment
    images = images or ("ascii" if ascii or no_colour else "half")
    app = CifarApp(controller, images=images, ascii=ascii, theme=theme, settings=Settings.read(), **options)
    if theme is not None and theme not in app.available_themes:
        usage_error(f"--theme: {theme!r} is no theme{nearest(theme, app.available_themes)}")
    return app


def run_app(app: CifarApp, *, keep_going: bool = False, mouse: bool = True) -> int:
    """Run the application to its end and return the exit code; leaves the outcome of what it trained on the normal screen."""
    sys.setswitchinterval(SWITCH_SECONDS)
    controller = app.controller
    with Capture() as capture:
        app.prints.capture = capture
        app.error_console.file = cast(TextIO, capture.terminal)
        guard = app.guard = Guard(lambda: controller.client, app.wake, capture.terminal, keep_going=keep_going)
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
            capture.write("The terminal went away; the run continues without it. Come back with 'cifar-tui attach'.")
            code = _train_on(controller, guard)
        else:
            code = (guard.code if app.return_code is None else app.return_code) or 0
            if not app.leaving.at_once:  # if the application broke, the run need not be lost with it
                _end_run(controller)
        controller.take_events()
    for line in _last_words(controller):
        _print(line)
    guard.stop()
    if controller.client.alive or _waits_for_threads():  # PyTorch may be at work in the first
        os._exit(code)
    return code


def _last_words(controller: RunController) -> list[str]:
    """What is left on the normal screen: how the run ended, or how to come back to one that continues elsewhere."""
    client, run = controller.client, controller.directory
    if client.capabilities.hosted or run is None:
        return summary(controller.outcome)
    if controller.state.status == "CRASHED":
        return [f"run {run.name} crashed", f"to resume:    {resume_command(run)}"]
    return [f"run {run.name} is still training: {attach_command(run)}"] if client.alive and not controller.ended else []


def _end_run(controller: RunController) -> None:
    """Stop a run that is still trained in this process, and wait until it has saved."""
    client = controller.client
    if client.alive and client.capabilities.hosted:
        client.close("the dashboard ended")
        client.join(END_SECONDS)


def _train_on(controller: RunController, guard: Guard) -> int:
    """Wait for a run whose terminal went away; its events are in the run directory."""
    while not controller.client.join(0.5):
        controller.take_events()
    controller.take_events()
    return exit_code(controller.outcome) if guard.code is None else guard.code


def _waits_for_threads() -> bool:
    """Whether the end of the process would wait for a thread: Textual's, of a terminal that went away, never end."""
    return any(not t.daemon and t is not threading.main_thread() for t in threading.enumerate())


def _print(line: str) -> None:
    """A line to standard output, unless it went away."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = None  # or Python would try once more at its end, and complain
