"""Watching and controlling a run that another process trains: over its control socket, or else, read-only, from its files."""

from __future__ import annotations

import itertools
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.events.buffer import EventBuffer
from engine.events.commands import Command
from engine.events.types import Event
from engine.remote.channel import Channel, NotConnectedError, default_name, dial
from engine.remote.host_file import read_host_file
from engine.remote.liveness import State
from engine.remote.log_end import LogEnd, read_log_end
from engine.remote.merge import EventMerger
from engine.remote.progress_file import read_progress
from engine.remote.summary import run_state
from engine.remote.wire import Answer, ClientHello, Published, Request

POLL_SECONDS = 1.0
"""While a run can't be reached: time between two attempts to connect, and between two reads of its files."""

_FIRST_RETRY_SECONDS = 0.1
"""After a connection was lost: the run may just have moved to another process."""


class Link(StrEnum):
    """The state of a connection."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    """To the process that trains the run."""
    FOLLOWING = "following"
    """The process can't be reached. Events are read from the files, and commands are refused."""
    ENDED = "ended"
    CRASHED = "crashed"
    """The process is gone, and the log has no terminal event."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a connection, and what is known of the run without its events."""

    link: Link = Link.CONNECTING
    reason: str = ""
    """Why the run can't be reached, in one line; "" if it is connected."""
    state: State = State.UNKNOWN
    """The state of the run according to its files; unknown if it is connected."""


class Connection:
    """Receives the events of a run that another process trains, and sends it commands. Thread-safe; no method blocks for long.

    If the connection is lost, it is made again as soon as possible, with the same process or another one that has resumed the
    run. Every event is received exactly once all the same.

    Args:
        directory: the run directory.
        name: shown to other watchers; by default user, machine and terminal.
        read_only: have the run refuse all commands that would change it.
    """

    def __init__(self, directory: Path, *, name: str | None = None, read_only: bool = False) -> None:
        self.directory = directory
        self._hello = ClientHello(default_name() if name is None else name, read_only)
        self._status = Status()
        self._wake: Callable[[], object] = lambda: None
        self._buffer = EventBuffer(lambda: self._wake())
        self._merger = EventMerger(directory / "events.jsonl", self._buffer.put)
        self._progress_time = 0.0
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._unanswered: set[int] = set()
        self._answers: list[Answer] = []
        self._closed = False
        self._wake_receiver, self._wake_sender = socket.socketpair()
        for end in (self._wake_receiver, self._wake_sender):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._work, name="connection", daemon=True)

    def start(self, wake: Callable[[], object] = lambda: None) -> None:
        """Start. `wake` is called, in another thread, when something should be shown before the next poll."""
        self._wake = wake
        self._thread.start()

    @property
    def status(self) -> Status:
        """The current status."""
        return self._status

    @property
    def is_alive(self) -> bool:
        """Whether more events are expected. If a run that has ended or crashed is resumed, its events are received, too."""
        return self._status.link not in (Link.ENDED, Link.CRASHED)

    def events(self) -> list[Event]:
        """All events since the last call, starting with the first event of the run; of progress, only the latest."""
        return self._buffer.take()

    def send(self, command: Command) -> int:
        """Send a command to the run. Returns the `request` number of the answer to come, see `answers`."""
        with self._lock:
            id = next(self._ids)
            if self._status.link is Link.CONNECTED:
                self._unanswered.add(id)
                self._requests.append(Request(id, command))
            else:
                self._answers.append(Answer(id, self._status.reason or "not connected yet"))
        self._interrupt()
        return id

    def answers(self) -> list[Answer]:
        """All answers since the last call."""
        with self._lock:
            answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        """Disconnect. The run goes on."""
        self._closed = True
        self._interrupt()
        if self._thread.ident is None:
            self._close_wake_up()
        elif self._thread is not threading.current_thread():
            self._thread.join(POLL_SECONDS)

    def _interrupt(self) -> None:
        try:
            self._wake_sender.send(b"\0")
        except OSError:
            pass  # enough wake-ups are pending, or the thread has ended

    # -- the thread -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        seconds = POLL_SECONDS
        try:
            while not self._closed:
                try:
                    self._converse(dial(self.directory, self._hello))
                except NotConnectedError as e:
                    if self._status.link is Link.CONNECTED:
                        self._disconnected(str(e))
                        seconds = _FIRST_RETRY_SECONDS
                    self._read_files(str(e))
                    self._rest(seconds)
                    seconds = min(2 * seconds, POLL_SECONDS)
        finally:
            self._close_wake_up()

    def _close_wake_up(self) -> None:
        self._wake_receiver.close()
        self._wake_sender.close()

    def _converse(self, channel: Channel) -> None:
        """Exchange messages until this connection is closed.

        Raises:
            NotConnectedError: the connection was lost.
        """
        try:
            self._report(Status(Link.CONNECTED))
            self._merger.connected(channel.hello.offset)
            while not self._closed:
                with self._lock:
                    requests, self._requests = self._requests, []
                for request in requests:
                    channel.send(request)
                channel.wait(POLL_SECONDS, self._wake_receiver)
                self._clear_interrupt()
                while (message := channel.take()) is not None:
                    if isinstance(message, Published):
                        self._merger.received(message)
                    elif isinstance(message, Answer):
                        self._answer(message)
        finally:
            channel.close()

    def _read_files(self, reason: str) -> None:
        """Read new events from the files, and find out what has become of the run."""
        end = read_log_end(self.directory / "events.jsonl") or LogEnd()
        state = run_state(self.directory, end, read_host_file(self.directory))
        try:
            self._merger.read_log()  # after `end`, so that nothing is missing when the status says that the run has ended
        except OSError as e:
            reason = f"can't read events.jsonl: {e.strerror or e}"
        link = Link.CRASHED if state is State.CRASHED else Link.FOLLOWING
        if state in (State.DONE, State.STOPPED, State.FAILED):
            link = Link.ENDED
        progress = read_progress(self.directory) if link is Link.FOLLOWING else None
        if progress is not None and progress.time != self._progress_time:
            self._progress_time = progress.time
            if progress.event is not None:
                self._buffer.put(progress.event)
        self._report(Status(link, reason, state))

    def _report(self, status: Status) -> None:
        if status != self._status:
            with self._lock:
                self._status = status
            self._wake()

    def _disconnected(self, reason: str) -> None:
        with self._lock:
            self._status = Status(Link.CONNECTING, reason)
            self._answers += [Answer(id, f"{reason} before it was answered") for id in sorted(self._unanswered)]
            self._unanswered.clear()
            self._requests = []

    def _answer(self, answer: Answer) -> None:
        with self._lock:
            self._unanswered.discard(answer.request)
            self._answers.append(answer)
        self._wake()

    def _rest(self, seconds: float) -> None:
        """Wait, unless this connection is closed."""
        waiting = select.poll()
        waiting.register(self._wake_receiver, select.POLLIN)
        due = time.monotonic() + seconds
        while not self._closed and (left := due - time.monotonic()) > 0:
            waiting.poll(left * 1000)
            self._clear_interrupt()

    def _clear_interrupt(self) -> None:
        try:
            self._wake_receiver.recv(4096)
        except OSError:
            pass
