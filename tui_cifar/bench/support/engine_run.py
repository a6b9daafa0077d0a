"""One run of the real engine in a process of its own, for a time or until an accuracy is reached. Prints one JSON object.

python -m tui_cifar.bench.support.engine_run '{"recipe": "fast", "dataset": "shapes"}' --seconds 5
python -m tui_cifar.bench.support.engine_run '{"recipe": "fast", "dataset": "IMAGES"}' --target 0.723
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.commands import Evaluate, Stop
from engine.events.types import (
    BatchCompleted,
    EpochCompleted,
    Event,
    PredictionsSaved,
    PreparationAdvanced,
    RunFailed,
    RunStarted,
    TestCompleted,
)
from engine.runtime.allocator import keep_freed_memory
from engine.training.control import Control
from engine.training.hooks import Hook

WARM_UP_SECONDS = 1.0


class Measurement:
    """A listener that measures, and ends the run once it has measured.

    Args:
        control: of the run.
        seconds: how long to measure the training after a warm-up; 0 to train to the end.
        target: validation accuracy, a fraction of 1; the run stops there after a test.
    """

    def __init__(self, control: Control, seconds: float, target: float) -> None:
        self.control, self.seconds, self.target = control, seconds, target
        self.result: dict[str, Any] = {}
        self._start = self._steps_per_epoch = 0.0
        self._train = 0
        self._first: tuple[float, float] | None = None

    def __call__(self, event: Event) -> None:
        now = time.perf_counter()
        match event:
            case PreparationAdvanced(step="Choosing a device"):  # PyTorch is imported; all that follows counts
                self._start = now
            case RunStarted():
                self._train, self._steps_per_epoch = event.counts["train"], event.steps_per_epoch
                self.result.update(
                    threads=event.threads,
                    precision=event.precision,
                    memory_format=event.memory_format,
                    device=event.device_name,
                    parameters=event.parameters,
                    ready_seconds=now - self._start,
                )
            case BatchCompleted(phase="training") if self.seconds:
                self._watch(event, now)
            case EpochCompleted() if self.target and event.valid_accuracy >= self.target:
                self.result.update(
                    reached=True, seconds=now - self._start, epochs=event.epoch, valid_accuracy=event.valid_accuracy
                )
                self.target = 0.0
                self.control.send(Evaluate())
            case EpochCompleted():
                self.result.update(seconds=now - self._start, epochs=event.epoch, valid_accuracy=event.valid_accuracy)
            case PredictionsSaved() if self.result.get("reached") and "test_accuracy" not in self.result:
                self.result["test_accuracy"] = event.accuracy
                self.control.send(Stop(save=False))
            case TestCompleted():
                self.result.setdefault("test_accuracy", event.accuracy)
            case RunFailed():
                self.result["error"] = event.message
            case _:
                pass

    def _watch(self, event: BatchCompleted, now: float) -> None:
        done = (event.epoch - 1) * self._steps_per_epoch + event.step
        if self._first is None:
            self._first = now + WARM_UP_SECONDS, -1
        elif self._first[1] < 0:
            if now >= self._first[0]:
                self._first = now, done
        elif now - self._first[0] >= self.seconds:
            began, steps = self._first
            self.result["images_per_second"] = (done - steps) / self._steps_per_epoch * self._train / (now - began)
            self.result["run_seconds"] = event.seconds_left
            self.control.send(Stop(save=False))


def run_measured(
    config: Config,
    seconds: float,
    target: float,
    listen: Callable[[Event], None] = lambda _: None,
    hook: Hook | None = None,
) -> dict[str, Any]:
    """Run the engine in a thread, as the application does, and return the figures.

    The run directory is temporary; the decoded images are kept. `listen` receives every event too.
    """
    from engine.session.session import run

    control = Control()
    measurement = Measurement(control, seconds, target)

    def emit(event: Event) -> None:
        measurement(event)
        listen(event)

    with _temporary_runs(config) as runs:
        arguments = (config.replace(runs_dir=str(runs)), control, emit)
        thread = threading.Thread(target=run, args=arguments, kwargs={"hook": hook}, name="training")
        thread.start()
        thread.join()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**measurement.result, "peak_bytes": peak * (1 if sys.platform == "darwin" else 1024)}


@contextmanager
def _temporary_runs(config: Config) -> Iterator[Path]:
    """A folder for runs that shares the decoded images of the configured one."""
    cache = Path(config.run.runs_dir) / ".cache"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".cache").symlink_to(cache.resolve(), target_is_directory=True)
        yield Path(folder)


def main() -> None:
    """Read the configuration from the first argument and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=json.loads)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--target", type=float, default=0.0)
    a = parser.parse_args()
    keep_freed_memory()
    print(json.dumps(run_measured(make_config(a.config), a.seconds, a.target)))


if __name__ == "__main__":
    main()
