"""The run that the application shows: where its events come from, its state, and which of its predictions are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.config.schema import Config
from engine.errors import DataError
from engine.events.types import Event, LineLogged, RunEnded
from tui_cifar.app.gc_tuning import freeze_gc
from tui_cifar.run.client import RunClient
from tui_cifar.run.local import LocalRun, real_engine
from tui_cifar.run.state import RunState, Saved

if TYPE_CHECKING:
    import numpy as np
    from textual.message import Message

    from tui_cifar.run.client import Capabilities
    from tui_cifar.run.inspector import Inspector
    from tui_cifar.run.predictions import Results
    from tui_cifar.run.resume import Unfinished


class HostRun(Protocol):
    """Makes a run that this process is to train."""

    def __call__(self, config: Config, resume: Path | None = None) -> RunClient: ...


def host_run(config: Config, resume: Path | None = None) -> RunClient:
    """A run that this process is to train: a new one, or one that continues a run directory or checkpoint."""
    return LocalRun(config, real_engine(resume), resumed=resume)


class RunController:
    """Follows one run at a time; another may take its place.

    Args:
        client: the run to begin with.
        config: settings to start again with, should the run's data be missing; `runs_dir` is where runs to resume are looked for.
        host: makes the runs that are started or resumed from the dashboard.
    """

    def __init__(self, client: RunClient, config: Config, host: HostRun = host_run) -> None:
        self.client, self.config = client, config
        self.state = RunState()
        self.results: Results | None = None
        """The evaluation of test or validation images that is shown, or None before there is one."""
        self.shown: Saved | None = None
        """The event that announced it."""
        self.results_missing = ""
        """Why it can't be shown, if so."""
        self.wake: Callable[[], object] = lambda: None
        """Called, from any thread, when `take_events` has something to show. Set by whoever shows it."""
        self._host = host

    # -- which run -----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin with the run given at first."""
        await self._begin(self.client)

    async def resume(self, run: Unfinished) -> None:
        """Continue an unfinished run in this process, in the place of one that has ended or was never started."""
        self.config = run.config
        await self._begin(self._host(run.config, run.path))

    async def start_again(self, changes: dict[str, Any]) -> None:
        """Start a new run, with changes to the settings, in the place of one that failed."""
        self.config = self.config.replace(**changes)
        self.state = RunState()
        await self._begin(self._host(self.config))

    async def _begin(self, client: RunClient) -> None:
        """Start a run, with its recorded past on the screen where it has one."""
        self.client = client
        if client.resumed is not None:
            from engine.storage.find_runs import run_of
            from tui_cifar.run.resume import recall

            self.state = await asyncio.to_thread(recall, run_of(client.resumed))
        self.results, self.shown, self.results_missing = None, None, ""
        client.start(self.wake)
        self.wake()

    # -- its state -----------------------------------------------------------------------------------------------------------

    def take_events(self) -> list[Event]:
        """Fold what has come since the last call into the state."""
        events = self.client.events()
        for event in events:
            self.state.apply(event)
            if event.live and "_inspector" in vars(self) and self._inspector.take(event) and self.ended:
                freeze_gc("PyTorch is loaded")  # to inspect with the best weights
        return events

    def log(self, source: str, text: str) -> None:
        """Add a line to the log that is shown."""
        self.state.apply(LineLogged(source=source, text=text))

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self.state.ended is not None

    @property
    def outcome(self) -> RunEnded | None:
        """How the run ended that this process trained; None before its end, and for one that it only shows."""
        return self.state.ended if self.capabilities.hosted else None

    @property
    def directory(self) -> Path | None:
        """The run directory; None before there is one."""
        return Path(self.state.started.directory) if self.state.started else None

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with the run now."""
        return self.client.capabilities

    def inspect(self, image: np.ndarray | Path, key: object, post: Callable[[Message], object]) -> None:
        """Ask what the network makes of uint8 (32, 32, 3) or of an image file; `post` gets an `Answered` with `key`."""
        self._inspector.ask(image, key, post)

    @cached_property
    def _inspector(self) -> Inspector:
        from tui_cifar.run.inspector import Inspector

        return Inspector(lambda: self.client)

    # -- its predictions -----------------------------------------------------------------------------------------------------

    @property
    def newer(self) -> Saved | None:
        """The newest evaluation, where another one is shown."""
        return self.state.newest if self.state.newest is not self.shown else None

    def saved(self, split: str) -> Saved | None:
        """The newest evaluation of "test" or "valid"."""
        return self.state.predictions if split == "test" else self.state.validated

    def open_results(self, saved: Saved) -> None:
        """Read an evaluation and show it."""
        if self.directory is None:
            return
        from tui_cifar.run.predictions import open_results

        self.shown = saved
        try:
            self.results, self.results_missing = open_results(self.directory / Path(saved.path).name), ""
        except DataError as e:
            self.results, self.results_missing = None, e.message

    def follow(self, held: Callable[[Saved], bool]) -> None:
        """Show the newest evaluation, unless a screen holds on to the one that it shows."""
        if (newer := self.newer) is not None and (self.results is None or not held(newer)):
            self.open_results(newer)
