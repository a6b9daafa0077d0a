"""Where control sockets are."""

from __future__ import annotations

import os
import re
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.remote import address
from engine.remote.address import is_private, listen, remove_if_stale, remove_stale_sockets


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary directory: a short path."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def used() -> Path:
    """The directory that `listen` chooses."""
    listener, path = listen()
    listener.close()
    path.unlink()
    return path.parent


def stale(directory: Path, name: str = "0123456789abcdef.sock") -> Path:
    """A socket that nobody listens at."""
    path = directory / name
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
    return path


def test_a_socket_is_in_the_runtime_directory_and_only_this_user_can_use_it(runtime_dir: Path) -> None:
    listener, path = listen()
    with listener, socket.socket(socket.AF_UNIX) as client:
        assert path.parent == runtime_dir / "cifar-tui"
        assert re.fullmatch(r"[0-9a-f]{16}\.sock", path.name)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        client.connect(str(path))


def test_two_hosts_get_an_address_each() -> None:
    (a, path_a), (b, path_b) = listen(), listen()
    with a, b:
        assert path_a.parent == path_b.parent and path_a != path_b


@pytest.mark.parametrize("value", ["", "not/absolute", "/nowhere/at/all", "/" + "x" * 300])
def test_without_a_usable_runtime_directory_the_temporary_one_is_used(
    value: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert used() == temporary / f"cifar-tui-{os.geteuid()}"


def test_a_directory_that_others_can_enter_is_not_used(runtime_dir: Path, temporary: Path) -> None:
    (runtime_dir / "cifar-tui").mkdir(mode=0o700)
    (runtime_dir / "cifar-tui").chmod(0o750)
    assert used().parent == temporary


def test_a_symbolic_link_is_not_followed(runtime_dir: Path, temporary: Path) -> None:
    (runtime_dir / "elsewhere").mkdir(mode=0o700)
    (runtime_dir / "cifar-tui").symlink_to("elsewhere")
    assert used().parent == temporary


def test_a_file_in_the_place_of_the_directory_is_passed_over(runtime_dir: Path, temporary: Path) -> None:
    (runtime_dir / "cifar-tui").touch()
    assert used().parent == temporary


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_users_directory_is_not_used(runtime_dir: Path, temporary: Path) -> None:
    (runtime_dir / "cifar-tui").mkdir(mode=0o700)
    os.chown(runtime_dir / "cifar-tui", 65534, 65534)
    assert used().parent == temporary


def test_a_long_temporary_directory_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    long = tmp_path / ("x" * 200)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert used() == Path("/tmp") / f"cifar-tui-{os.geteuid()}"


def test_where_no_directory_is_usable_the_error_says_why_for_each(
    runtime_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked, open_to_all = runtime_dir / "blocked", runtime_dir / "open"
    blocked.touch()
    open_to_all.mkdir()
    monkeypatch.setattr(address, "socket_directories", lambda: iter([blocked / "x", open_to_all, Path("/" + "y" * 99)]))
    with pytest.raises(OSError, match=r"Not a directory.*only this user.*too long"):
        listen()


def test_stale_sockets_are_removed_by_the_next_host(runtime_dir: Path) -> None:
    listener, live = listen()
    left = [stale(live.parent, f"{n:016x}.sock") for n in range(3)]
    other, path = listen()
    with listener, other:
        assert not any(p.exists() for p in left)
        assert sorted(live.parent.iterdir()) == sorted([live, path])


def test_only_sockets_with_our_kind_of_name_in_a_private_directory_are_removed(runtime_dir: Path) -> None:
    private = runtime_dir / "cifar-tui"
    private.mkdir(mode=0o700)
    file = private / "0123456789abcdef.sock"
    file.touch()
    strange, outside = stale(private, "other.sock"), stale(runtime_dir)
    runtime_dir.chmod(0o755)
    for path in (file, strange, outside, private / "fedcba9876543210.sock"):
        remove_if_stale(path)
    assert file.exists() and strange.exists() and outside.exists()


def test_removing_stale_sockets_from_a_directory_that_is_gone_is_no_error(tmp_path: Path) -> None:
    remove_stale_sockets(tmp_path / "gone")
    assert not is_private(tmp_path / "gone")
