"""Control: how the outside steers a run. Every loop of the engine polls it once a batch."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from engine.errors import Cancelled

if TYPE_CHECKING:
    from engine.inspection.types import Question


class Control:
    """Pause, resume, stop, save, evaluate and ask, each acting at the next batch. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._save = threading.Event()
        self._evaluate = threading.Event()
        self._questions: deque[Question] = deque(maxlen=8)
        self._save_on_stop = True
        self.stop_reason = ""

    def pause(self) -> None:
        """Hold the run at its next batch until `resume` or `stop`."""
        self._running.clear()

    def resume(self) -> None:
        """Let a paused run go on."""
        self._running.set()

    def toggle_pause(self) -> None:
        """Pause a running run, resume a paused one."""
        if self._running.is_set():
            self.pause()
        else:
            self.resume()

    def stop(self, *, save: bool = True, reason: str = "asked to stop") -> None:
        """End the run at its next batch; with `save` it writes a checkpoint of that very batch first."""
        self._save_on_stop = save
        self.stop_reason = reason
        self._stop.set()
        self._running.set()

    def save(self) -> None:
        """Write a checkpoint at the next batch (a paused run writes it at once)."""
        self._save.set()

    def evaluate(self) -> None:
        """Classify the test images with the present weights at the next batch (a paused run does so at once)."""
        self._evaluate.set()

    def ask(self, question: Question) -> None:
        """Have a question about an image answered at the next batch (in a pause, at once), with the present weights."""
        self._questions.append(question)

    @property
    def paused(self) -> bool:
        """True while a pause is asked for."""
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        """True once a stop was asked for."""
        return self._stop.is_set()

    @property
    def save_on_stop(self) -> bool:
        """Whether the stop that was asked for wants a checkpoint."""
        return self._save_on_stop

    def take_save(self) -> bool:
        """True once for each request to save."""
        return _take(self._save)

    def take_evaluate(self) -> bool:
        """True once for each request to evaluate."""
        return _take(self._evaluate)

    def take_questions(self) -> list[Question]:
        """The questions asked since the last call, oldest first; of more than eight, the newest."""
        taken = []
        while self._questions:
            taken.append(self._questions.popleft())
        return taken

    def raise_if_stopping(self) -> None:
        """Poll point of loops that have nothing to save.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self._stop.is_set():
            raise Cancelled

    def wait_while_paused(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end of a pause; True while the run is still paused."""
        return not self._running.wait(seconds)


def _take(asked: threading.Event) -> bool:
    """Whether it is set; clears it."""
    taken = asked.is_set()
    if taken:
        asked.clear()
    return taken
