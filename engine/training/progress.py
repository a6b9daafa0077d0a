"""Progress: throughput, the time that is left, and throttled events that report them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from engine.data.resident import ResidentData
from engine.events.types import BatchCompleted, Event
from engine.runtime.timing import Rate
from engine.training.state import TrainingState

REPORT_SECONDS = 0.2
"""Minimum time between two reports."""
EVALUATION_SPEEDUP = 3
"""How much faster than training an evaluation is assumed to be before the first one was measured: it needs no gradients."""


class Progress:
    """Emits `BatchCompleted` a few times per second.

    Work is counted in full-size images: steps on smaller images, or of a narrower network, count less (see
    `Curriculum.cost`), so that the forecast holds when they change.

    Args:
        state: of the run.
        data: the images of each phase.
        emit: receives the events.
    """

    def __init__(self, state: TrainingState, data: ResidentData, emit: Callable[[Event], None]) -> None:
        self._state, self._emit = state, emit
        self._images = {"training": len(data.train), "validating": len(data.valid), "testing": len(data.test)}
        plan = state.plan
        costs = [plan.curriculum.epoch_cost(epoch) for epoch in range(1, plan.epochs + 1)]
        self._work_from = list(itertools.accumulate(reversed([*costs, 0.0])))[::-1]
        """Work from the start of each epoch to the end of the run, in full-size epochs; index 0 is epoch 1."""
        self._work_done = 0.0
        """Since this object was made, in full-size steps."""
        self._training_speed = self._evaluation_speed = 0.0
        """Full-size images per second; 0 before the first measurement."""
        self._steps, self._work = Rate(), Rate()
        self._last_report = -math.inf

    def start_phase(self) -> None:
        """Restart all rates, and report at the next batch."""
        self.restart_rates()
        self._last_report = -math.inf

    def restart_rates(self) -> None:
        """Forget measurements from before a pause."""
        self._steps, self._work = Rate(), Rate()

    def step_done(self) -> None:
        """Count the optimization step that was just done, and report it if a report is due."""
        state = self._state
        self._work_done += state.plan.curriculum.cost(state.epoch, state.step - 1)
        self.report(state.step, state.plan.steps)

    def evaluation_done(self, images: int, seconds: float) -> None:
        """Take note of how long an evaluation took."""
        cost = self._state.plan.curriculum.cost(self._state.reported_epoch, self._state.plan.steps - 1)
        self._evaluation_speed = cost * images / max(1e-9, seconds)

    def report(self, done: int, total: int) -> None:
        """Emit that `done` of the phase's `total` batches are done, unless the last report was a moment ago."""
        state, now = self._state, self._state.watch.seconds
        if now - self._last_report < REPORT_SECONDS and done < total:
            return
        self._last_report = now
        self._steps.mark(now, done)
        if state.phase == "training":
            self._work.mark(now, self._work_done)
            images_per_step = self._images["training"] / state.plan.steps
            self._training_speed = self._work.per_second * images_per_step or self._training_speed
        self._emit(
            BatchCompleted(
                phase=state.phase,
                epoch=state.reported_epoch,
                step=done,
                steps=total,
                images_per_second=self._steps.per_second * self._images[state.phase] / total,
                seconds_left=self._seconds_left(done / total),
            )
        )

    def state_dict(self) -> dict[str, Any]:
        """The training speed, so that a resumed run has a forecast at once."""
        return {"full_rate": self._training_speed}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from where `state_dict` was taken."""
        self._training_speed = saved["full_rate"]

    def _seconds_left(self, fraction: float) -> float | None:
        """Seconds to the end of the run, with `fraction` of the phase done; None before anything was measured."""
        state, images, epochs = self._state, self._images, self._state.plan.epochs
        if not self._training_speed and state.phase != "testing":
            return None
        evaluation_speed = self._evaluation_speed or EVALUATION_SPEEDUP * self._training_speed
        epoch = images["training"] / self._training_speed if self._training_speed else 0.0
        valid = images["validating"] / evaluation_speed if evaluation_speed else 0.0
        test = 2 * images["testing"] / evaluation_speed if evaluation_speed else 0.0  # each image is mirrored too
        if state.phase == "testing":
            return (1 - fraction) * test
        work_here, work_after = self._work_from[state.epoch - 1], self._work_from[state.epoch]
        if state.phase == "training":
            work, validations = work_after + (1 - fraction) * (work_here - work_after), 1.0
        else:
            work, validations = work_after, 1 - fraction
        return epoch * work + (epochs - state.epoch + validations) * valid + test
