"""Hosts and watchers in processes of their own, and a client without manners."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.remote.connection import Connection

ROOT = Path(__file__).parents[3]


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to be so."""
    due = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < due, "it was never so"
        time.sleep(0.005)


class Process:
    """A Python process that runs a module; killed at the end of its `with` block."""

    def __init__(self, module: str, *arguments: object) -> None:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit code. What it prints from now on is lost."""
        if self._process.returncode is None:
            self._process.communicate()
        return self._process.returncode

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


def hosted(path: Path, *options: str) -> Process:
    """A fake run in a process of its own."""
    return Process("tests.engine.remote.fake_run", path, *options)


def watcher(path: Path) -> Process:
    """A process that watches a run, and prints the name of every event but progress and loss samples."""
    return Process("tests.engine.remote.watcher", path)


class Watching(Connection):
    """A started connection that keeps what it has received."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self.seen: list[Any] = []
        self.answered: dict[int, str] = {}
        self.start()

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Receive until something is so."""

        def received() -> object:
            self.seen += self.events()
            self.answered |= {a.request: a.refused for a in self.answers()}
            return condition()

        wait_until(received, seconds)

    def of(self, kind: type[Any]) -> list[Any]:
        return [e for e in self.seen if isinstance(e, kind)]


class RawClient:
    """A client that sends whatever bytes it likes."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self._received = b""

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, content: bytes | dict[str, Any]) -> None:
        self.socket.sendall(content if isinstance(content, bytes) else json.dumps(content).encode() + b"\n")

    def hello(self, **changes: Any) -> None:
        self.send({"hello": "cifar-tui", "protocol": 1, "name": "raw", "read_only": False, **changes})

    def line(self) -> dict[str, Any]:
        """The next line from the server; empty at the end."""
        while b"\n" not in self._received:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return {}
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return dict(json.loads(line))

    def rest(self) -> list[dict[str, Any]]:
        """All lines to the end."""
        return list(iter(self.line, {}))
