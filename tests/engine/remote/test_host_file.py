"""`host.json`: what a host writes, and that nothing else is believed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.remote.host_file import HostFile, read_host_file, remove_host_file, write_host_file
from engine.remote.processes import is_running, process_start


def written(directory: Path, **changes: Any) -> None:
    """A `host.json` of this process with some values changed; one that is `...` is left out."""
    values = {"version": 1, **dataclasses.asdict(HostFile.of_this_process(directory, "/run/x.sock")), **changes}
    content = {k: v for k, v in values.items() if v is not ...}
    (directory / "host.json").write_text(json.dumps(content))


def test_it_reads_back_as_written(tmp_path: Path) -> None:
    host = HostFile.of_this_process(tmp_path, "/run/user/0/cifar-tui/0123456789abcdef.sock")
    write_host_file(tmp_path, host)
    assert read_host_file(tmp_path) == host
    assert host.is_here and host.is_running and host.pid == os.getpid()
    assert [p.name for p in tmp_path.iterdir()] == ["host.json"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2),
        ("version", ...),
        ("pid", 0),
        ("pid", -1),
        ("pid", 2**31),
        ("pid", "1"),
        ("pid", True),
        ("pid", 1.0),
        ("pid", None),
        ("pid", ...),
        ("process_start", -1),
        ("process_start", 2**63),
        ("hostname", "x" * 256),
        ("hostname", 3),
        ("boot_id", ["x"]),
        ("boot_id", "x" * 65),
        ("uid", -1),
        ("uid", 2**32),
        ("socket", "relative.sock"),
        ("socket", "/" + "x" * 107),
        ("socket", "/run/\0"),
        ("socket", None),
        ("since", float("nan")),
        ("since", float("inf")),
        ("since", 10**400),
        ("since", "now"),
        ("inode", -1),
        ("inode", ...),
    ],
)
def test_a_value_of_another_type_or_range_makes_it_no_host_file(tmp_path: Path, name: str, value: Any) -> None:
    written(tmp_path)
    assert read_host_file(tmp_path) is not None
    written(tmp_path, **{name: value})
    assert read_host_file(tmp_path) is None


def test_unknown_values_of_a_newer_program_are_ignored(tmp_path: Path) -> None:
    written(tmp_path, mood="good")
    assert read_host_file(tmp_path) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 3000, b'{"pid": ' + b"9" * 4000])
def test_garbage_is_no_host_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "host.json").write_bytes(content)
    assert read_host_file(tmp_path) is None


def test_only_a_small_regular_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    written(tmp_path, padding="x" * 5000)
    assert read_host_file(tmp_path) is None
    path.unlink()
    os.mkfifo(path)
    assert read_host_file(tmp_path) is None  # and does not wait for a writer
    path.unlink()
    path.symlink_to("/dev/zero")
    assert read_host_file(tmp_path) is None
    path.unlink()
    path.mkdir()
    assert read_host_file(tmp_path) is None


def test_only_the_host_that_wrote_it_removes_it(tmp_path: Path) -> None:
    mine = HostFile.of_this_process(tmp_path, "")
    successor = dataclasses.replace(mine, pid=1, since=mine.since + 1)
    write_host_file(tmp_path, successor)
    remove_host_file(tmp_path, mine)
    assert read_host_file(tmp_path) == successor
    remove_host_file(tmp_path, successor)
    assert read_host_file(tmp_path) is None
    remove_host_file(tmp_path, successor)


def test_a_process_is_known_by_its_start_too() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process_start(process.pid)
    assert start and is_running(process.pid, start) and not is_running(process.pid, start + 1)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(process.pid, start), "a zombie is gone"
    process.communicate()
    assert not is_running(process.pid, start)
