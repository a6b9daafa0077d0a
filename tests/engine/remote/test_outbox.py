"""What the training thread leaves for the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events.log import EventLog
from engine.events.types import EpochStarted, Event, InspectionFailed, PreparationAdvanced, RunStopped
from engine.remote.outbox import Outbox, Welcome
from engine.remote.wire import Published
from tests.engine.remote.fake_run import progress


def epoch(n: int) -> Event:
    return EpochStarted(epoch=n, learning_rate=0.1, time=float(n))


class Run:
    """A log and an outbox; the disk may refuse events."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.jsonl"
        self.log, self.outbox = EventLog(self.path), Outbox(self.path)

    def emit(self, event: Event, refused: bool = False) -> bool:
        if not event.live and not refused:
            self.log.append(event)
        return self.outbox.put(event)

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_without_clients_nothing_is_kept_and_nobody_need_be_woken(run: Run) -> None:
    assert not any(run.emit(event) for event in (epoch(1), progress(1), epoch(2)))
    taken = run.outbox.take()
    assert taken.events == [] and taken.progress is None
    taken, welcome = run.outbox.join()
    assert taken.events == [] and welcome == Welcome(run.size, ())


def test_every_event_after_a_client_came_says_which_part_of_the_log_it_is(run: Run) -> None:
    run.emit(epoch(1))
    offset = run.outbox.join()[1].offset
    assert offset == run.size
    for n in (2, 3):
        before = run.size
        assert run.emit(epoch(n))
        assert run.outbox.take().events == [Published(epoch(n), (before, run.size))]


def test_an_event_that_is_written_but_not_yet_put_in_when_a_client_comes_is_sent_to_it(run: Run) -> None:
    run.emit(epoch(1))
    before = run.size
    run.log.append(epoch(2))
    assert run.outbox.join()[1].offset == before
    run.outbox.put(epoch(2))
    assert run.outbox.take().events == [Published(epoch(2), (before, run.size))]


def test_what_the_disk_refuses_is_told_to_new_clients_until_it_is_written(run: Run) -> None:
    run.emit(epoch(1))
    size = run.size
    run.outbox.join()
    run.emit(epoch(2), refused=True)
    assert run.outbox.take().events == [Published(epoch(2), (size, size))]
    assert run.outbox.join()[1] == Welcome(size, (epoch(2),))
    run.log.append(epoch(2))
    run.emit(epoch(3))
    assert run.outbox.take().events == [Published(epoch(3), (size, run.size))]
    assert run.outbox.join()[1] == Welcome(run.size, ())


def test_a_log_that_somebody_has_shortened_is_followed(run: Run) -> None:
    run.emit(epoch(1))
    run.outbox.join()
    run.path.write_bytes(b"")
    run.outbox.put(epoch(2))
    assert run.outbox.take().events == [Published(epoch(2), (0, 0))]
    run.emit(epoch(3))
    assert run.outbox.take().events == [Published(epoch(3), (0, run.size))]


def test_of_progress_only_the_newest_is_there_and_none_that_came_before_another_event(run: Run) -> None:
    run.outbox.join()
    for event in (progress(1), PreparationAdvanced(step="x"), progress(2)):
        assert run.emit(event)
    assert run.outbox.take().progress == progress(2)
    run.emit(epoch(1))
    taken = run.outbox.take()
    assert [p.event for p in taken.events] == [epoch(1)] and taken.progress is None
    run.emit(progress(3))
    assert run.outbox.join()[0].progress == progress(3)


def test_other_live_events_are_never_recorded(run: Run) -> None:
    run.outbox.join()
    failed = InspectionFailed(id="1", reason="no")
    run.emit(failed)
    assert run.outbox.take().events == [Published(failed, None)]


def test_it_knows_when_the_run_has_ended(run: Run) -> None:
    run.emit(epoch(1))
    assert not run.outbox.ended
    run.emit(RunStopped(epoch=1, step=1, reason="x", saved=None))
    assert run.outbox.ended


def test_nothing_is_kept_once_nobody_is_left(run: Run) -> None:
    run.outbox.join()
    run.emit(epoch(1))
    run.outbox.leave()
    assert not run.emit(epoch(2))
    assert run.outbox.take().events == []
