"""Asks what the network makes of an image: the training thread while it trains, a thread of its own afterwards."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from textual.message import Message

from engine.events.commands import InspectImage
from engine.events.types import Event
from engine.inspection.types import ImageInspected, Inspection, InspectionFailed
from tui_cifar.app.gc_tuning import freeze_gc

if TYPE_CHECKING:
    from tui_cifar.app.app import CifarApp


class Answered(Message):
    """The answer about the image of `key`: an inspection, or a line that says why there is none."""

    def __init__(self, key: object, answer: Inspection | str) -> None:
        super().__init__()
        self.key, self.answer = key, answer


class Inspector:
    """Asks the engine what the network makes of an image. The answer comes as `Answered` to whoever asked.

    While a run trains, its own thread answers between two batches. Afterwards a daemon thread does, with the best weights
    of the run directory, which it loads once; PyTorch is never called from the thread that draws.
    """

    def __init__(self, app: CifarApp) -> None:
        self._app = app
        self._ids = itertools.count()
        self._waiting: dict[str, tuple[object, Callable[[Message], object]]] = {}
        self._commands: queue.Queue[tuple[Path, InspectImage]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def ask(
        self,
        image: np.ndarray | Path,
        key: object,
        post: Callable[[Message], object],
    ) -> None:
        """Ask; `post` gets an `Answered` with `key`, perhaps from another thread."""
        id = str(next(self._ids))
        command = InspectImage.of_file(id, image) if isinstance(image, Path) else InspectImage.of_pixels(id, image)
        self._waiting[id] = key, post
        worker, view = self._app.worker, self._app.view
        if worker.alive and view.terminal is None and self._app.directory is None:
            worker.control.send(command)
            return
        run = self._app.run_path
        if run is None:
            self.take(InspectionFailed(id=id, reason="There is no network yet."))
            return
        self._commands.put((run, command))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="inspector", daemon=True)
            self._thread.start()

    def take(self, event: Event) -> None:
        """Hand an answer to whoever asked; other events are none of its business."""
        if not isinstance(event, ImageInspected | InspectionFailed):
            return
        found = self._waiting.pop(event.id, None)
        if found is not None:
            key, post = found
            post(Answered(key, event.inspection if isinstance(event, ImageInspected) else event.reason))

    def _work(self) -> None:
        from engine.errors import EngineError
        from engine.inspection.trained_model import TrainedModel, load_trained

        loaded: dict[Path, TrainedModel] = {}
        while True:
            run, command = self._commands.get()
            while not self._commands.empty():  # only the newest is still looked at
                self.take(InspectionFailed(id=command.id, reason="Another image was asked for."))
                run, command = self._commands.get()
            try:
                if run not in loaded:
                    loaded = {run: load_trained(run)}
                    freeze_gc("PyTorch is loaded")
                self.take(loaded[run].answer(command))
            except EngineError as e:
                self.take(InspectionFailed(id=command.id, reason=e.message))
            except Exception as e:
                reason = f"The network can't be asked: {type(e).__name__}: {e}"
                self.take(InspectionFailed(id=command.id, reason=reason))
