"""Inspects images with the best weights of a run that has ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError
from engine.events.commands import InspectImage
from engine.events.types import Event, InspectionFailed


class BestWeights:
    """Answers `InspectImage` in a daemon thread, which loads the weights once; PyTorch is never called from another thread.

    Args:
        emit: gets an `ImageInspected` or `InspectionFailed` for each command, from the daemon thread.
    """

    def __init__(self, emit: Callable[[Event], object]) -> None:
        self._emit = emit
        self._commands: queue.Queue[tuple[Path, InspectImage]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def inspect(self, run: Path, command: InspectImage) -> None:
        """Have an image inspected with the best weights of a run directory."""
        self._commands.put((run, command))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="inspector", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        from engine.inspection.trained_model import TrainedModel, load_trained

        loaded: dict[Path, TrainedModel] = {}
        while True:
            run, command = self._commands.get()
            while not self._commands.empty():  # only the newest is still looked at
                self._emit(InspectionFailed(id=command.id, reason="Another image was asked for."))
                run, command = self._commands.get()
            try:
                if run not in loaded:
                    loaded = {run: load_trained(run)}
                self._emit(loaded[run].answer(command))
            except EngineError as e:
                self._emit(InspectionFailed(id=command.id, reason=e.message))
            except Exception as e:
                reason = f"The network can't be asked: {type(e).__name__}: {e}"
                self._emit(InspectionFailed(id=command.id, reason=reason))
