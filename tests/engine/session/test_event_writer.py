"""The way of a run's events: in order, to the log and to the listener, whatever either of them does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.events.log import read_events
from engine.events.types import BatchCompleted, EpochStarted, Event, LineLogged
from engine.session.event_writer import EventWriter
from engine.storage.run_directory import RunDirectory
from engine.training.hooks import Hook


def started(epoch: int) -> EpochStarted:
    return EpochStarted(epoch=epoch, learning_rate=0.1, step=0)


def logged(directory: RunDirectory) -> list[Event]:
    return list(read_events(directory.path / "events.jsonl"))


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def test_events_from_before_the_run_directory_are_written_first(directory: RunDirectory) -> None:
    heard: list[Event] = []
    events = EventWriter(heard.append, Hook())
    events.emit(started(1))
    events.open(directory)
    events.emit(started(2))
    events.close()
    events.emit(started(3))
    assert [e.epoch for e in heard if isinstance(e, EpochStarted)] == [1, 2, 3]
    assert logged(directory) == heard[:2]


def test_live_events_are_heard_and_not_written(directory: RunDirectory) -> None:
    heard: list[Event] = []
    events = EventWriter(heard.append, Hook())
    events.open(directory)
    live = BatchCompleted(phase="training", epoch=1, step=1, steps=2, images_per_second=1.0, seconds_left=None)
    events.emit(live)
    events.emit(started(1))
    assert heard[0] is live and logged(directory) == heard[1:]


def test_a_disk_that_refuses_is_reported_once_until_it_accepts_again(directory: RunDirectory) -> None:
    class Refusal(Hook):
        refuses = True

        def before_event(self, event: Event) -> None:
            if self.refuses:
                raise OSError(28, "No space left on device")

    heard: list[Event] = []
    hook = Refusal()
    events = EventWriter(heard.append, hook)
    events.open(directory)
    for refuses in (True, True, False, True):
        hook.refuses = refuses
        events.emit(started(1))
    lines = [e.text for e in heard if isinstance(e, LineLogged)]
    assert lines == ["events.jsonl: not written: No space left on device"] * 2
    assert len(logged(directory)) == 1


def test_a_listener_that_raises_stops_nothing(directory: RunDirectory) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("a bug in the screen")

    events = EventWriter(fail, Hook())
    events.open(directory)
    with pytest.warns(UserWarning, match="a bug in the screen"):
        events.emit(started(1))
    assert len(logged(directory)) == 1


def test_events_of_several_threads_have_one_order(directory: RunDirectory) -> None:
    heard: list[Event] = []
    events = EventWriter(heard.append, Hook())
    events.open(directory)
    threads = [threading.Thread(target=lambda n=n: [events.log(f"{n} {i}") for i in range(50)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 200 and logged(directory) == heard
