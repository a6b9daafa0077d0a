"""A watcher's events, from the log and from the socket: each once, in order, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given, settings

from engine.events.log import EventLog
from engine.events.types import EpochStarted, Event
from engine.remote.merge import EventMerger
from engine.remote.outbox import Outbox
from engine.remote.wire import Published


class World:
    """A run, its log, and a watcher whose connection comes and goes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.jsonl"
        self.path.unlink(missing_ok=True)
        self.log, self.outbox = EventLog(self.path), Outbox(self.path)
        self.seen: list[Event] = []
        self.merger = EventMerger(self.path, self.seen.append)
        self.emitted: list[Event] = []
        self.pending: list[Event] = []
        """What the disk has refused."""
        self.connected = False
        self.between: Event | None = None
        """Written, and not yet published."""

    def write(self) -> None:
        self.publish()
        event = EpochStarted(epoch=len(self.emitted) + 1, learning_rate=0.1, time=1.0)
        self.emitted.append(event)
        for waiting in [*self.pending, event]:
            self.log.append(waiting)
        self.pending.clear()
        self.between = event

    def refuse(self) -> None:
        self.publish()
        event = EpochStarted(epoch=len(self.emitted) + 1, learning_rate=0.1, time=1.0)
        self.emitted.append(event)
        self.pending.append(event)
        self.between = event

    def publish(self) -> None:
        if self.between is not None:
            self.outbox.put(self.between)
            self.between = None

    def connect(self) -> None:
        self.lose()
        welcome = self.outbox.join()[1]
        self.connected = True
        self.merger.connected(welcome.offset)
        for event in welcome.unrecorded:
            self.merger.received(Published(event, (welcome.offset, welcome.offset)))

    def receive(self) -> None:
        if self.connected:
            for published in self.outbox.take().events:
                self.merger.received(published)

    def lose(self) -> None:
        self.outbox.leave()
        self.connected = False

    def read_files(self) -> None:
        if not self.connected:
            self.merger.read_log()


STEPS = ("write", "write", "refuse", "publish", "connect", "receive", "receive", "lose", "read_files")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_every_event_comes_once_and_in_order(tmp_path_factory: object, steps: list[str]) -> None:
    world = World(tmp_path_factory.mktemp("run"))  # type: ignore[attr-defined]
    for step in steps:
        getattr(world, step)()
        assert world.seen == world.emitted[: len(world.seen)]
    world.write()
    world.publish()
    world.receive()
    world.lose()
    world.read_files()
    assert world.seen == world.emitted


def test_an_event_that_was_refused_then_written_and_read_from_the_log_is_not_taken_again_from_the_socket(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    for step in ("refuse", "write", "read_files", "connect", "publish", "receive"):
        getattr(world, step)()
    assert world.seen == world.emitted


def test_without_a_readable_log_the_socket_is_enough(tmp_path: Path) -> None:
    seen: list[Event] = []
    (tmp_path / "log").mkdir()
    merger = EventMerger(tmp_path / "log", seen.append)
    merger.connected(500)
    events = [EpochStarted(epoch=n, learning_rate=0.1) for n in range(3)]
    for n, event in enumerate(events):
        merger.received(Published(event, (500 + 10 * n, 510 + 10 * n)))
    assert seen == events


def test_events_that_only_the_log_has_are_read_from_it(tmp_path: Path) -> None:
    """The host could not publish them: the disk had refused them before it began to serve the run."""
    log = EventLog(tmp_path / "log")
    events = [EpochStarted(epoch=n, learning_rate=0.1) for n in range(3)]
    seen: list[Event] = []
    merger = EventMerger(log.path, seen.append)
    merger.connected(0)
    sizes = [0]
    for event in events:
        log.append(event)
        sizes.append(log.path.stat().st_size)
    merger.received(Published(events[2], (sizes[2], sizes[3])))
    assert seen == events


def test_a_log_that_somebody_has_shortened_costs_no_event(tmp_path: Path) -> None:
    seen: list[Event] = []
    merger = EventMerger(tmp_path / "log", seen.append)
    merger.connected(1000)
    events = [EpochStarted(epoch=n, learning_rate=0.1) for n in range(2)]
    merger.received(Published(events[0], (0, 120)))
    merger.received(Published(events[1], (120, 240)))
    assert seen == events


def test_nor_does_one_that_is_not_in_the_log_yet(tmp_path: Path) -> None:
    seen: list[Event] = []
    merger = EventMerger(tmp_path / "log", seen.append)
    merger.connected(1000)
    event = EpochStarted(epoch=1, learning_rate=0.1)
    merger.received(Published(event, (0, 0)))
    assert seen == [event]
