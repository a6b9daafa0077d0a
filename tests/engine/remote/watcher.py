"""`python -m tests.engine.remote.watcher DIRECTORY`: watches a run and prints what it sees."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.events.codec import name_of
from engine.events.types import LossSampled
from engine.remote.connection import Connection

if __name__ == "__main__":
    connection = Connection(Path(sys.argv[1]), name="watcher")
    connection.start()
    while True:
        for event in connection.events():
            if not event.live and not isinstance(event, LossSampled):
                print(name_of(event), flush=True)
        time.sleep(0.02)
