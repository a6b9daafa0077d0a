"""The log of events: appended to whole lines only, readable whatever happened to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.events import log as event_log
from engine.events.codec import to_json
from engine.events.log import EventLog, last_event, read_events
from engine.events.types import EpochStarted, Event, LossSampled, ValidationStarted


def epoch(number: int) -> Event:
    return EpochStarted(epoch=number, learning_rate=0.01, time=float(number))


def write(path: Path, *told: Event) -> None:
    log = EventLog(path)
    for event in told:
        log.append(event)
    log.close()


def test_events_are_read_in_the_order_in_which_they_were_appended(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, epoch(1), epoch(2))
    write(path, epoch(3))
    assert list(read_events(path)) == [epoch(1), epoch(2), epoch(3)]
    assert last_event(path) == epoch(3)


def test_a_line_is_on_the_disk_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(epoch(1))
    assert log.path.read_text() == to_json(epoch(1)) + "\n"
    log.close()


@pytest.mark.parametrize("torn", ['{"event": "epoch_st', "x" * 200_000])
def test_a_line_that_a_killed_process_left_incomplete_is_removed(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "events.jsonl"
    write(path, epoch(1))
    with path.open("a") as f:
        f.write(torn)
    assert list(read_events(path)) == [epoch(1)] and last_event(path) is None
    write(path, epoch(2))
    assert path.read_text() == to_json(epoch(1)) + "\n" + to_json(epoch(2)) + "\n"


def test_events_that_the_disk_refuses_are_written_once_it_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    log, write_some = EventLog(path), os.write
    log.append(epoch(1))

    def full(descriptor: int, content: bytes) -> int:
        if os.fstat(descriptor).st_size > len(to_json(epoch(1))) + 1:
            raise OSError(28, "No space left on device")
        return write_some(descriptor, content[:10])

    monkeypatch.setattr(os, "write", full)
    for number in (2, 3):
        with pytest.raises(OSError):
            log.append(epoch(number))
        assert list(read_events(path)) == [epoch(1)], "the part that was written is removed"
    monkeypatch.undo()
    log.append(epoch(4))
    log.close()
    assert list(read_events(path)) == [epoch(n) for n in (1, 2, 3, 4)]


def test_what_is_kept_for_a_disk_that_refuses_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_PENDING", 3 * (len(to_json(epoch(1))) + 1))
    log = EventLog(tmp_path / "missing" / "events.jsonl")
    for number in range(1, 6):
        with pytest.raises(FileNotFoundError):
            log.append(epoch(number))
    log.path.parent.mkdir()
    log.append(epoch(6))
    log.close()
    assert list(read_events(log.path)) == [epoch(1), epoch(2), epoch(3)], "the newest are dropped"


def test_nothing_is_appended_to_a_file_that_is_no_longer_at_its_path(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "run" / "events.jsonl")
    log.path.parent.mkdir()
    log.append(epoch(1))
    log.path.parent.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError, match="moved or deleted"):
        log.append(epoch(2))
    log.close()
    assert list(read_events(tmp_path / "moved" / "events.jsonl")) == [epoch(1)]


def test_malformed_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [b"", b"{", b"\xff\xfe", b'{"event": "of_the_future"}', to_json(epoch(1)).encode(), b"[]", b"null"]
    path.write_bytes(b"\n".join(lines))
    assert list(read_events(path)) == [epoch(1)] and last_event(path) is None


def test_there_is_no_last_event_of_a_missing_log(tmp_path: Path) -> None:
    assert last_event(tmp_path / "events.jsonl") is None


def test_a_thinned_read_of_a_large_log_skips_loss_samples_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    for number in range(1, 4):
        told += [epoch(number), *(LossSampled(epoch=number, step=s, steps=10, train_loss=1.0) for s in range(1, 11))]
        told.append(ValidationStarted(epoch=number))
    path = tmp_path / "events.jsonl"
    write(path, *told)
    assert list(read_events(path, thinned=True)) == told, "a small one is read whole"
    monkeypatch.setattr(event_log, "THIN_BYTES", path.stat().st_size // 3)
    thinned = list(read_events(path, thinned=True))
    assert [e for e in thinned if not isinstance(e, LossSampled)] == [e for e in told if not isinstance(e, LossSampled)]
    assert len([e for e in thinned if isinstance(e, LossSampled)]) == 30 // 4
    assert list(read_events(path)) == told
