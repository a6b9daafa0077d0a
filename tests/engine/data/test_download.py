"""CIFAR-10's official files: downloading, unpacking and reading them, with a server and an archive made here."""

from __future__ import annotations

import hashlib
import http.server
import io
import pickle
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from engine.data import cifar as cifar10
from engine.data.download import download
from engine.data.registry import load_dataset
from engine.data.types import Report
from engine.errors import Cancelled, DataError, DataUnavailableError
from engine.runtime.atomic_io import try_lock

RNG = np.random.default_rng(0)
PIXELS = {name: RNG.integers(0, 256, (20, 3072), dtype=np.uint8) for name in cifar10.BATCHES}


def members() -> dict[str, bytes]:
    """The published files in small: 20 images a batch."""
    files = {
        name: pickle.dumps({"data": pixels, "labels": [i % 10 for i in range(20)]}) for name, pixels in PIXELS.items()
    }
    files["batches.meta"] = pickle.dumps({"label_names": list(cifar10.CLASS_NAMES)})
    return files


def pack(extra: dict[str, bytes] | None = None, links: dict[str, str] | None = None) -> bytes:
    """A tar.gz of the files, with hostile ones where asked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for name, content in [*((f"{cifar10.FOLDER}/{n}", c) for n, c in members().items()), *(extra or {}).items()]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves `content` in the way `mode` says."""

    content = b""
    mode = "good"
    requests = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.gate = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        mode, content = self.server.mode, self.server.content
        if mode == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mode == "good":
            self.wfile.write(content)
        elif mode == "wrong":
            self.wfile.write(bytes(len(content)))
        elif mode == "cut":
            self.wfile.write(content[: len(content) // 2])
        elif mode == "gate":
            self.wfile.write(content[:1000])
            self.wfile.flush()
            self.server.gate.wait(60)
            self.wfile.write(content[1000:])
        elif mode == "trickle":  # slow, but never silent for long
            for start in range(0, len(content), len(content) // 10 + 1):
                self.wfile.write(content[start : start + len(content) // 10 + 1])
                self.wfile.flush()
                time.sleep(0.1)
        elif mode == "stall":
            self.wfile.write(content[:1000])
            self.wfile.flush()
            time.sleep(3)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine, with its address and the checksums of its small files patched into torchvision."""
    made = Server(("127.0.0.1", 0), Handler)
    made.content = pack()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    files = members()
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{made.server_address[1]}/{cifar10.ARCHIVE}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(made.content).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[n, md5[n]] for n in cifar10.BATCHES[:5]])
    monkeypatch.setattr(CIFAR10, "test_list", [[n, md5[n]] for n in cifar10.BATCHES[5:]])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": md5["batches.meta"]})
    yield made
    made.shutdown()
    made.server_close()


def load(tmp_path: Path, report: Report | None = None, spec: str = "cifar10") -> Any:
    return load_dataset(spec, data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", report=report or Report())


def check(data: Any) -> None:
    assert data.class_names == cifar10.CLASS_NAMES
    assert data.train.images.shape == (100, 3, 32, 32) and data.test.images.shape == (20, 3, 32, 32)
    assert data.train.labels.tolist() == [i % 10 for i in range(20)] * 5
    assert np.array_equal(data.train.images[0].numpy().reshape(-1), PIXELS["data_batch_1"][0])
    assert np.array_equal(data.test.images[3].numpy().reshape(-1), PIXELS["test_batch"][3])


def test_it_is_downloaded_unpacked_and_read_with_progress(server: Server, tmp_path: Path) -> None:
    steps: list[tuple[str, int | None, int | None, str]] = []

    class Told(Report):
        def step(
            self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
        ) -> None:
            steps.append((step, done, total, unit))

    check(load(tmp_path, Told()))
    assert ("Downloading CIFAR-10", len(server.content), len(server.content), "bytes") in steps or any(
        s[0] == "Downloading CIFAR-10" and s[2] == len(server.content) and s[3] == "bytes" for s in steps
    )
    assert {p.name for p in (tmp_path / "data").iterdir()} == {cifar10.ARCHIVE, cifar10.FOLDER}


def test_the_second_start_needs_neither_network_nor_torchvision(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path)
    monkeypatch.setattr(cifar10, "torchvision_cifar10", lambda: pytest.fail("not needed"))
    check(load(tmp_path))
    assert server.requests == 1


@pytest.mark.parametrize(("mode", "said"), [("missing", "404"), ("cut", "cut after"), ("wrong", "checksum")])
def test_a_bad_download_is_a_clear_error_and_can_be_tried_again(
    server: Server, tmp_path: Path, mode: str, said: str
) -> None:
    server.mode = mode
    with pytest.raises(DataUnavailableError) as e:
        load(tmp_path)
    assert said in e.value.message and "\n" not in e.value.message
    assert not list((tmp_path / "data").iterdir()), "nothing half-made stays"
    server.mode = "good"
    check(load(tmp_path))


def test_a_server_that_refuses_connections(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="refused"):
        download("http://127.0.0.1:9/x", tmp_path / "x", "", Report())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataUnavailableError, match=f"can't download it: {tmp_path}/file: "):
        download("http://127.0.0.1:9/x", tmp_path / "file" / "x", "", Report())


def test_a_stalled_download_times_out(server: Server, tmp_path: Path) -> None:
    server.mode = "stall"
    with pytest.raises(DataUnavailableError, match="nothing arrived"):
        download(CIFAR10.url, tmp_path / "x", "", Report(), patience=0.8)
    assert not list(tmp_path.iterdir())


def test_a_slow_download_succeeds(server: Server, tmp_path: Path) -> None:
    server.mode = "trickle"
    download(CIFAR10.url, tmp_path / "x", CIFAR10.tgz_md5, Report(), patience=0.8)
    assert (tmp_path / "x").read_bytes() == server.content, "it took longer in all than it may be silent"


class Waiting(Report):
    """Records the steps reported to it."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.waits = threading.Event()

    def step(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self.steps.append((step, detail))
        if step.startswith("Waiting"):
            self.waits.set()


FETCH = """
import sys
from pathlib import Path
from engine.data.types import Report
from engine.data.download import download
download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Report())
"""


@pytest.mark.parametrize("ends", ["done", "killed"])
def test_the_second_of_two_downloads_waits_and_reports_it(server: Server, tmp_path: Path, ends: str) -> None:
    server.mode = "gate"
    target, waiting = tmp_path / "data" / "x", Waiting()
    part = target.with_name("x.part")
    first = subprocess.Popen([sys.executable, "-c", FETCH, CIFAR10.url, str(target), CIFAR10.tgz_md5])
    try:
        while not server.requests:
            assert first.poll() is None
            time.sleep(0.01)
        second = threading.Thread(target=download, args=(CIFAR10.url, target, CIFAR10.tgz_md5, waiting))
        second.start()
        assert waiting.waits.wait(60) and server.requests == 1
        assert waiting.steps[0] == ("Waiting for another process", f"which downloads {part}")
        if ends == "killed":
            server.mode = "good"
            first.kill()
        server.gate.set()
        second.join(60)
        assert not second.is_alive() and first.wait(60) == (0 if ends == "done" else -9)
    finally:
        server.gate.set()
        first.kill()
    assert target.read_bytes() == server.content and list(target.parent.iterdir()) == [target]
    assert server.requests == (1 if ends == "done" else 2)


def test_it_can_be_stopped_while_another_process_downloads(tmp_path: Path) -> None:
    class Stopping(Waiting):
        def poll(self) -> None:
            if self.waits.is_set():
                raise Cancelled

    with (tmp_path / "x.part").open("wb") as held:
        assert try_lock(held)
        with pytest.raises(Cancelled):
            download("http://127.0.0.1:9/x", tmp_path / "x", "", Stopping())


def test_leftovers_of_killed_processes_are_removed_or_overwritten(server: Server, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / ".unpack-cifar-10-abc" / cifar10.FOLDER).mkdir(parents=True)
    (data / f"{cifar10.ARCHIVE}.part").write_bytes(b"half of another file" * 1000)
    check(load(tmp_path))
    assert {p.name for p in data.iterdir()} == {cifar10.ARCHIVE, cifar10.FOLDER}


def test_two_processes_unpack_one_after_the_other(server: Server, tmp_path: Path) -> None:
    data, waiting = tmp_path / "data", Waiting()
    data.mkdir()
    archive = data / cifar10.ARCHIVE
    archive.write_bytes(server.content)
    found: list[Any] = []
    second = threading.Thread(target=lambda: found.append(load(tmp_path, waiting)))
    with archive.open("rb") as held:
        assert try_lock(held)
        second.start()
        assert waiting.waits.wait(60)
        assert waiting.steps[0] == ("Waiting for another process", f"which unpacks {archive}")
        (data / cifar10.FOLDER).mkdir()  # what the other process would have unpacked
        for name, content in members().items():
            (data / cifar10.FOLDER / name).write_bytes(content)
    second.join(60)
    check(found[0])
    assert not [step for step, _ in waiting.steps if step.startswith("Unpacking")]


@pytest.mark.parametrize("mode", ["good", "stall"])
def test_it_can_be_stopped_at_once_even_while_nothing_arrives(server: Server, tmp_path: Path, mode: str) -> None:
    server.mode = mode
    start = time.monotonic()

    class Stopping(Report):
        polls = 0

        def poll(self) -> None:
            self.polls += 1
            if self.polls > 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        download(CIFAR10.url, tmp_path / "x", "", Stopping())
    assert time.monotonic() - start < 2.5
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["archive", "folder", "inside", "renamed"])
def test_existing_files_are_found(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if where == "archive":
        (data / cifar10.ARCHIVE).write_bytes(server.content)
    else:
        target = {"folder": data / cifar10.FOLDER, "inside": data, "renamed": tmp_path / "mine"}[where]
        target.mkdir(exist_ok=True)
        for name, content in members().items():
            (target / name).write_bytes(content)
    if where != "archive":  # no temporary folder is needed
        monkeypatch.setattr(cifar10.tempfile, "mkdtemp", lambda **_: pytest.fail("not needed"))
    check(load(tmp_path, spec=str(tmp_path / "mine") if where == "renamed" else "cifar10"))
    assert server.requests == 0


def test_an_archive_can_be_given_even_in_a_read_only_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    archive = tmp_path / "a" / cifar10.ARCHIVE
    archive.write_bytes(server.content)
    real = cifar10.tempfile.mkdtemp

    def refuse(*, prefix: str, dir: Path | None = None) -> str:
        if dir is not None:
            raise PermissionError(13, "Permission denied")
        return real(prefix=prefix, dir=tmp_path)

    monkeypatch.setattr(cifar10.tempfile, "mkdtemp", refuse)
    check(load(tmp_path, spec=str(archive)))
    assert [p.name for p in (tmp_path / "a").iterdir()] == [cifar10.ARCHIVE]
    assert {p.name for p in tmp_path.iterdir()} == {"a", "cache"}


def test_a_damaged_batch_is_named(server: Server, tmp_path: Path) -> None:
    load(tmp_path)
    batch = tmp_path / "data" / cifar10.FOLDER / "data_batch_3"
    batch.write_bytes(batch.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="damaged"):
        load(tmp_path)
    batch.unlink()
    with pytest.raises(DataError, match="data_batch_3"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", pack()[:3000]])
def test_a_damaged_archive_is_an_error_and_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "mine.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.tar\.gz"):
        load(tmp_path, spec=str(archive))
    assert list(tmp_path.iterdir()) == [archive]


def test_hostile_paths_write_nothing_outside_the_folder(server: Server, tmp_path: Path) -> None:
    inner = tmp_path / "deep" / "data"
    inner.mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    hostile = pack(
        extra={
            "../evil": b"x",
            f"{tmp_path}/outside/evil": b"x",
            f"{cifar10.FOLDER}/../../evil": b"x",
            "link/evil": b"x",
            f"{cifar10.FOLDER}/extra": b"x",
        },
        links={"link": str(outside), f"{cifar10.FOLDER}/data_batch_1": "/etc/passwd"},
    )
    archive = inner / "mine.tar.gz"
    archive.write_bytes(hostile)
    data = load_dataset(str(archive), data_dir=tmp_path, cache_dir=tmp_path / "cache", report=Report())
    check(data)
    assert not list(tmp_path.rglob("evil")) and not list(tmp_path.rglob("extra")) and not list(outside.iterdir())
    assert not any(p.is_symlink() for p in inner.rglob("*"))
    assert torch.equal(data.train.labels[:3], torch.tensor([0, 1, 2]))
