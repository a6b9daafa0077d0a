"""Makes a run that is trained in this process visible to others: a listener that wraps the run's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from engine.events.codec import to_json
from engine.events.types import Event, LineLogged, PreparationAdvanced, RunEnded, RunStarted
from engine.remote.host_file import HostFile, remove_host_file, write_host_file
from engine.remote.liveness import is_locked
from engine.remote.progress_file import ProgressWriter
from engine.remote.server import Controls, ControlServer
from engine.remote.small_files import read_start

Listener = Callable[[Event], None]
LOG = "events.jsonl"


class Host:
    """A listener that serves the control socket of the run that it listens to, and keeps `host.json` and `progress.json`.

    Use it as a context manager around the run::

        with Host(listener, control) as host:
            engine.session.session.run(config, control, host)

    It serves the run from `RunStarted` to the terminal event; a run that is resumed, as soon as it has locked its directory.
    A failure is logged to `listener`, and the run goes on.

    Args:
        listener: receives every event, after it was published.
        control: the control of the run, which receives the commands of other processes.
        resumed: the directory of the run that is resumed, if one is.
    """

    def __init__(self, listener: Listener, control: Controls, resumed: Path | None = None) -> None:
        self._listener, self._control, self._resumed = listener, control, resumed
        self._early: list[Event] = []
        """Events from before the directory was known."""
        self._directory: Path | None = None
        self._server: ControlServer | None = None
        self._progress: ProgressWriter | None = None
        self._file: HostFile | None = None
        self._closed = False

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, event: Event) -> None:
        """Receive an event, right after it was written to the log."""
        try:
            problem = self._publish(event)
        finally:
            self._listener(event)
        self._log(problem)
        if isinstance(event, RunEnded):
            self.close()

    def close(self) -> None:
        """Stop serving the run, as if this process had nothing to do with it any more."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        if self._progress is not None:
            self._progress.close()
        if self._file is not None and self._directory is not None:
            remove_host_file(self._directory, self._file)
        self._server = self._progress = self._file = None

    def reopen(self) -> None:
        """Serve the run again after `close`, as after a failed hand-over to another process."""
        if self._closed and self._directory is not None:
            self._closed = False
            self._log(self._open(self._directory, ()))

    def _log(self, problem: str) -> None:
        if problem:
            self._listener(LineLogged(source="engine", text=f"Other processes can't control this run: {problem}"))

    def _publish(self, event: Event) -> str:
        """Publish an event. Returns what went wrong, if it is the first one to be published."""
        if self._closed:
            return ""
        problem = ""
        if self._directory is None:
            if not event.live:
                self._early.append(event)
            problem = self._open_if_locked(event)
            if not event.live:
                return problem  # the event is in the log, or among the early ones
        if self._server is not None:
            self._server.publish(event)
        if self._progress is not None:
            self._progress.note(event)
        return problem

    def _open_if_locked(self, event: Event) -> str:
        """Start to serve the run if its directory is known and locked by now."""
        if isinstance(event, RunStarted):
            directory = Path(event.directory)
            return self._open(directory, () if _ends_with(directory / LOG, event) else self._early)
        if isinstance(event, PreparationAdvanced) and self._resumed is not None and _is_locked_here(self._resumed):
            return self._open(self._resumed, self._early)
        return ""

    def _open(self, directory: Path, unrecorded: Iterable[Event]) -> str:
        """Start to serve the run. Returns what went wrong."""
        self._directory, problem = directory, ""
        try:
            self._server = ControlServer(directory, self._control, unrecorded)
        except OSError as e:
            problem = e.strerror or str(e)
        try:
            self._file = HostFile.of_this_process(directory, str(self._server.path) if self._server is not None else "")
            write_host_file(directory, self._file)
        except OSError as e:
            problem = problem or f"{directory}: {e.strerror or e}"
        self._progress = ProgressWriter(directory)
        return problem


def _ends_with(log: Path, event: Event) -> bool:
    """Whether the last line of a log is this event."""
    line = f"{to_json(event)}\n".encode()
    try:
        with log.open("rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - len(line)))
            return f.read() == line
    except OSError:
        return False


def _is_locked_here(directory: Path) -> bool:
    """Whether this process holds the lock of a run directory."""
    return read_start(directory / "lock", 32) == str(os.getpid()).encode() and is_locked(directory) is not False
