"""`python -m tests.engine.remote.real_run SETTINGS [RUN]`: trains as the program does, in reach of other processes; resumes RUN.

SETTINGS is a JSON object. In addition to those of a run, it may have "pace" and "start": seconds to wait before each batch, and
before `RunStarted`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from engine.config.sources import make_config
from engine.events.codec import name_of
from engine.events.types import Event, RunStarted
from engine.remote.host import Host
from engine.session.session import run
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState


class Pace(Hook):
    def __init__(self, pace: float, start: float) -> None:
        self.pace, self.start = pace, start

    def before_batch(self, state: TrainingState, batch: int) -> None:
        time.sleep(self.pace)

    def before_event(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            time.sleep(self.start)


def listen(event: Event) -> None:
    if not event.live:
        print(name_of(event), flush=True)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    hook = Pace(settings.pop("pace", 0.0), settings.pop("start", 0.0))
    resumed = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    control = Control()
    with Host(listen, control, resumed) as host:
        run(make_config(settings), control, host, resume=resumed, hook=hook)
