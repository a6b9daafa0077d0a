"""Questions about images, answered by the training thread while it trains and by a thread of their own afterwards."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from textual.message import Message

from engine.inspection.types import Inspection, Question
from tui_cifar.app.gc_tuning import freeze_gc

if TYPE_CHECKING:
    from tui_cifar.app.app import CifarApp


class Answered(Message):
    """An answer is there: for `key`, an inspection, or a line that says why there is none."""

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
        self._questions: queue.Queue[tuple[Path, Question]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def ask(
        self,
        image: np.ndarray | Path,
        key: object,
        post: Callable[[Message], object],
    ) -> None:
        """Ask; `post` gets an `Answered` with `key`, from another thread."""

        def reply(answer: Inspection | str) -> None:
            post(Answered(key, answer))

        question = Question(image, reply)
        worker, view = self._app.worker, self._app.view
        if worker.alive and view.terminal is None and self._app.directory is None:
            worker.control.ask(question)
            return
        run = self._app.run_path
        if run is None:
            reply("There is no network yet.")
            return
        self._questions.put((run, question))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="inspector", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        from engine.errors import EngineError
        from engine.inspection.trained_model import TrainedModel, load_trained

        loaded: dict[Path, TrainedModel] = {}
        while True:
            run, question = self._questions.get()
            while not self._questions.empty():  # only the newest is still looked at
                question.reply("Another image was asked for.")
                run, question = self._questions.get()
            try:
                if run not in loaded:
                    loaded = {run: load_trained(run)}
                    freeze_gc("PyTorch is loaded")
                loaded[run].answer(question)
            except EngineError as e:
                question.reply(e.message)
            except Exception as e:
                question.reply(f"The network can't be asked: {type(e).__name__}: {e}")
