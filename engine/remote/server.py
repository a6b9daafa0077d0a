"""The server of a run's control socket: sends the events of the run to other processes, and their commands to the run.

All I/O is done by one thread. A client that is slow, dead or hostile does not affect the run or other clients; see the bounds
in `engine.remote.wire`.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from engine.events.commands import Command, InspectImage
from engine.events.types import Event, InspectionFailed
from engine.remote.address import listen, peer_uid
from engine.remote.inspections import Inspections
from engine.remote.outbox import Outbox
from engine.remote.peer import ClientGoneError, Peer
from engine.remote.wire import (
    MAX_CLIENTS,
    Answer,
    CommandError,
    ProtocolError,
    Published,
    ServerHello,
    decode_client_hello,
    decode_request,
    encode,
)

_ACCEPT_AGAIN = 1.0
"""Seconds to wait before accepting clients again, after running out of file descriptors."""


class Controls(Protocol):
    """Carries out commands; in a real run, an `engine.training.control.Control`."""

    def send(self, command: Command, *, by: str = "") -> None:
        """Have the run carry out a command at its next batch. `by` is the name of the client that sent it."""


class ControlServer:
    """Serves the control socket of a run that is trained in this process, from its creation until `close`.

    Args:
        directory: the run directory. Only this process may write to its `events.jsonl`.
        control: receives the commands of the clients, in the thread of the server.
        unrecorded: events that should be in `events.jsonl`, but could not be written so far.

    Raises:
        OSError: there is no usable directory for the socket.
    """

    def __init__(self, directory: Path, control: Controls, unrecorded: Iterable[Event] = ()) -> None:
        self._name, self._control = directory.name, control
        self._outbox = Outbox(directory / "events.jsonl", unrecorded)
        self._peers: set[Peer] = set()
        self._inspections = Inspections()
        self._sent_progress: Event | None = None
        self._accept_again: float | None = None
        self._close_by: float | None = None
        self._listener, self.path = listen()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for waited_for in (self._listener, self._wake_receiver):
            waited_for.setblocking(False)
            self._selector.register(waited_for, selectors.EVENT_READ)
        self._wake_sender.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="control-socket", daemon=True)
        self._thread.start()

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    def publish(self, event: Event) -> None:
        """Send an event to all clients. Call this right after writing the event to the log, before writing the next one.

        Never blocks. Without clients, progress costs no more than a check of a flag; for other events the length of the log
        is noted, so that a new client can be told where its history ends.
        """
        if self._outbox.put(event):
            self._wake()

    def close(self, seconds: float = 1.0) -> None:
        """Send what is queued, waiting at most so many seconds for slow clients, and close all connections."""
        self._close_by = time.monotonic() + seconds
        self._wake()
        self._thread.join(seconds + 1)

    def _wake(self) -> None:
        try:
            self._wake_sender.send(b"\0")
        except OSError:
            pass  # enough wake-ups are pending, or the thread has ended

    # -- the thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._is_closed():
                ready = {key.fileobj for key, _ in self._selector.select(self._timeout())}
                if self._wake_receiver in ready:
                    self._wake_receiver.recv(4096)
                self._send_published()
                if self._listener in ready:
                    self._accept()
                for peer in list(self._peers):
                    self._guarded(peer, self._attend, peer.socket in ready)
                if not self._peers:
                    self._outbox.leave()
                if self._accept_again is not None and self._accept_again <= time.monotonic():
                    self._accept_again = None
                    self._selector.register(self._listener, selectors.EVENT_READ)
        finally:
            self._outbox.leave()
            self.path.unlink(missing_ok=True)
            for opened in (
                *(peer.socket for peer in self._peers),
                self._listener,
                self._wake_receiver,
                self._wake_sender,
            ):
                opened.close()
            self._selector.close()

    def _is_closed(self) -> bool:
        if self._close_by is None:
            return False
        self._send_published()
        for peer in list(self._peers):
            self._guarded(peer, Peer.flush)
        return self._close_by <= time.monotonic() or not any(peer.wants_writing for peer in self._peers)

    def _timeout(self) -> float | None:
        """Seconds until the next deadline; None if there is none."""
        now = time.monotonic()
        due = [peer.hello_due - now for peer in self._peers if peer.hello is None]
        due += [seconds for peer in self._peers if (seconds := peer.next_line_in) is not None]
        due += [moment - now for moment in (self._accept_again, self._close_by) if moment is not None]
        return max(0.0, min(due)) if due else None

    def _accept(self) -> None:
        """Accept a client, or refuse it."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            self._selector.unregister(self._listener)
            self._accept_again = time.monotonic() + _ACCEPT_AGAIN
            return
        connection.setblocking(False)
        peer = Peer(connection)
        if peer_uid(connection) != os.geteuid():
            peer.close("this run belongs to another user")
        elif len(self._peers) >= MAX_CLIENTS:
            peer.close(f"{MAX_CLIENTS} clients are already connected")
        else:
            self._welcome(peer)

    def _welcome(self, peer: Peer) -> None:
        """Say hello to a new client. From now on, it is sent all events."""
        taken, welcome = self._outbox.join()
        self._send(taken.events, taken.progress)  # to the other clients
        self._peers.add(peer)
        lines = [encode(ServerHello(self._name, os.getpid(), welcome.offset))]
        lines += filter(None, (_encoded(Published(e, (welcome.offset, welcome.offset))) for e in welcome.unrecorded))
        for line in lines:
            self._guarded(peer, Peer.put, line)
        if taken.progress is not None:
            peer.put_progress(_encoded(Published(taken.progress)))

    def _send_published(self) -> None:
        taken = self._outbox.take()
        self._send(taken.events, taken.progress)

    def _send(self, events: list[Published], progress: Event | None) -> None:
        """Queue events and progress for all clients, and answers to `InspectImage` for the client that asked."""
        for published in events:
            if self._inspections.is_answer(published.event):
                answered = self._inspections.answered(published.event)
                if answered is not None and answered[0] in self._peers:
                    self._guarded(answered[0], Peer.put, _encoded(Published(answered[1])))
                continue
            if line := _encoded(published):
                for peer in list(self._peers):
                    self._guarded(peer, Peer.put_event, line)
        if progress is not None and progress is not self._sent_progress:
            self._sent_progress = progress
            line = _encoded(Published(progress))
            for peer in self._peers:
                peer.put_progress(line)

    def _attend(self, peer: Peer, ready: bool) -> None:
        """Receive from a client, answer, and send what is queued."""
        if ready and peer.wants_reading:
            peer.read()
        while (line := peer.take_line()) is not None:
            if (answer := self._handle(peer, line)) is not None:
                peer.put(encode(answer))
        if peer.hello is None and peer.hello_due <= time.monotonic():
            raise ProtocolError("no hello")
        peer.flush()
        self._watch(peer)

    def _handle(self, peer: Peer, line: bytes) -> Answer | None:
        if peer.hello is None:
            peer.hello = decode_client_hello(line)
            return None
        try:
            request = decode_request(line)
        except CommandError as e:
            return Answer(e.request, e.reason)
        command = request.command
        if self._outbox.ended:
            return Answer(request.id, "the run has ended")
        if isinstance(command, InspectImage):
            command = self._inspections.asked(peer, command)
        elif peer.hello.read_only:
            return Answer(request.id, "this client is read-only")
        self._control.send(command, by=peer.hello.name)
        return Answer(request.id)

    def _watch(self, peer: Peer) -> None:
        """Have the selector wait for what is of interest now."""
        events = selectors.EVENT_READ * peer.wants_reading | selectors.EVENT_WRITE * peer.wants_writing
        if events == peer.watched:
            return
        if peer.watched:
            self._selector.unregister(peer.socket)
        if events:
            self._selector.register(peer.socket, events)
        peer.watched = events

    def _guarded(self, peer: Peer, act: Callable[..., None], *arguments: object) -> None:
        """Call `act(peer, *arguments)`; if it fails, drop the client."""
        try:
            act(peer, *arguments)
        except ClientGoneError:
            self._drop(peer)
        except ProtocolError as e:
            self._drop(peer, str(e))
        except Exception as e:
            warnings.warn(f"dropped a client:\n{traceback.format_exc()}", stacklevel=2)
            self._drop(peer, f"{type(e).__name__}: {e}")

    def _drop(self, peer: Peer, reason: str = "") -> None:
        if peer.watched:
            self._selector.unregister(peer.socket)
        self._peers.discard(peer)
        peer.close(reason)


def _encoded(published: Published) -> bytes:
    """An event as a line; empty if it can't be encoded, and so is not in the log either."""
    try:
        return encode(published)
    except ValueError as e:
        if published.log is None and isinstance(id := getattr(published.event, "id", None), str):
            return encode(Published(InspectionFailed(id=id, reason=str(e))))
        return b""
