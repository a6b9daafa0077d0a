"""Following a log that another process writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.events.codec import to_json
from engine.events.log import THIN_BYTES
from engine.events.types import EpochStarted, Event, LossSampled
from engine.remote.follow import LogFollower


def epoch(n: int) -> EpochStarted:
    return EpochStarted(epoch=n, learning_rate=0.1, time=float(n))


def line(n: int) -> bytes:
    return (to_json(epoch(n)) + "\n").encode()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def epochs(events: list[Event]) -> list[int]:
    return [e.epoch for e in events if isinstance(e, EpochStarted)]


def append(log: Path, content: bytes) -> None:
    with log.open("ab") as f:
        f.write(content)


def test_each_line_is_given_once_as_soon_as_it_is_whole(log: Path) -> None:
    follower = LogFollower(log)
    assert list(follower.read()) == [], "no log yet"
    content, given = line(1) + line(2) + line(3), []
    for byte in content:
        append(log, bytes([byte]))
        given += follower.read()
        assert len(given) == log.read_bytes().count(b"\n")
    assert given == [epoch(1), epoch(2), epoch(3)]
    assert follower.position == len(content)


def test_it_reads_up_to_an_offset(log: Path) -> None:
    log.write_bytes(line(1) + line(2) + line(3))
    follower = LogFollower(log)
    assert epochs(list(follower.read(len(line(1))))) == [1]
    assert epochs(list(follower.read(len(line(1) + line(2))))) == [2]
    assert epochs(list(follower.read(10**9))) == [3]


def test_lines_that_are_no_events_are_skipped(log: Path) -> None:
    garbage = [b"\n", b"\xff\xfe\n", b"{}\n", b'{"event": "epoch_started"}\n', b"\0" * 100 + b"\n", b"[" * 9999 + b"\n"]
    log.write_bytes(line(1) + b"".join(garbage) + line(2))
    assert epochs(list(LogFollower(log).read())) == [1, 2]


def test_a_line_that_is_far_too_long_is_skipped(log: Path) -> None:
    follower = LogFollower(log)
    append(log, line(1) + b"x" * (40 * 2**20))
    assert epochs(list(follower.read())) == [1]
    append(log, b"x" * 2**20 + b"\n" + line(2))
    assert epochs(list(follower.read())) == [2]


def test_what_a_full_disk_made_half_of_and_was_taken_back_is_given_once(log: Path) -> None:
    """The log writes several events at once, and cuts off what was written if not all of it could be."""
    follower = LogFollower(log)
    append(log, line(1) + line(2))
    assert epochs(list(follower.read())) == [1, 2]
    before = log.stat().st_size
    append(log, line(3) + line(4) + line(5)[:20])
    assert epochs(list(follower.read())) == [3, 4]
    os.truncate(log, before)
    assert list(follower.read()) == []
    append(log, line(3) + line(4) + line(5))
    assert epochs(list(follower.read())) == [5]


def test_other_lines_in_the_place_of_those_that_were_taken_back_are_given(log: Path) -> None:
    follower = LogFollower(log)
    append(log, line(1) + line(2) + line(3))
    list(follower.read())
    os.truncate(log, len(line(1)))
    append(log, line(7) + line(8) + line(9) + line(3))
    assert epochs(list(follower.read())) == [7, 8, 9, 3]


def test_a_log_cut_within_a_line_is_taken_up_at_that_line(log: Path) -> None:
    follower = LogFollower(log)
    append(log, line(1) + line(2))
    list(follower.read())
    os.truncate(log, len(line(1)) + 7)
    assert list(follower.read()) == []
    os.truncate(log, len(line(1)))
    append(log, line(2) + line(3))
    assert epochs(list(follower.read())) == [3]


def test_another_log_in_its_place_is_read_from_its_start(log: Path) -> None:
    follower = LogFollower(log)
    append(log, line(1) + line(2))
    list(follower.read())
    other = log.with_name("other")
    other.write_bytes(line(8) + line(9) + line(10))
    other.replace(log)
    assert epochs(list(follower.read())) == [8, 9, 10]
    log.write_bytes(line(5))
    assert epochs(list(follower.read())) == [5]


def test_a_log_replaced_by_a_copy_of_itself_is_read_on(log: Path) -> None:
    follower = LogFollower(log)
    append(log, line(1) + line(2))
    list(follower.read())
    copy = log.with_name("copy")
    copy.write_bytes(log.read_bytes() + line(3))
    copy.replace(log)
    assert epochs(list(follower.read())) == [3]


def test_a_log_that_comes_back_after_its_directory_was_away_is_read_on(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    log = run / "events.jsonl"
    log.write_bytes(line(1))
    follower = LogFollower(log)
    list(follower.read())
    run.rename(tmp_path / "away")
    assert list(follower.read()) == []
    append(tmp_path / "away" / "events.jsonl", line(2))
    (tmp_path / "away").rename(run)
    assert epochs(list(follower.read())) == [2]


def test_a_pipe_or_a_directory_in_its_place_is_an_error_and_not_waited_for(log: Path) -> None:
    os.mkfifo(log)
    with pytest.raises(OSError, match="not a regular file"):
        list(LogFollower(log).read())
    log.unlink()
    log.mkdir()
    with pytest.raises(OSError):
        list(LogFollower(log).read())


def test_of_a_very_long_log_loss_samples_are_left_out_and_nothing_else(log: Path) -> None:
    sample = to_json(LossSampled(epoch=1, step=1, steps=10, train_loss=0.5)).encode() + b"\n"
    count = 3 * THIN_BYTES // len(sample)
    log.write_bytes(line(1) + sample * (count // 2) + line(2) + sample * (count // 2) + line(3))
    given = list(LogFollower(log).read())
    assert epochs(given) == [1, 2, 3]
    assert count // 5 < len(given) < count // 3 + 10
