"""The fold from events to what is shown."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine.events.codec import from_json, to_json
from engine.events.types import (
    CheckpointFailed,
    CheckpointSkipped,
    EpochStarted,
    ImagesSkipped,
    LineLogged,
    LossSampled,
    PredictionsSaved,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStopped,
    ValidationPredictionsSaved,
    ValidationStarted,
)
from tests.support.events import IMAGES, NAMES, STEPS, batch, epoch_completed, fold, run_events, run_started
from tui_cifar.run.state import MAX_LINES, MAX_POINTS, RunState, thin


def test_states_follow_the_run() -> None:
    seen = []
    view = RunState()
    for event in run_events(epochs=4, test=True):
        view.apply(event)
        if not seen or seen[-1] != view.status:
            seen.append(view.status)
    assert seen == ["PREPARING", *["TRAINING", "VALIDATING"] * 4, "TESTING", "DONE"]


@pytest.mark.parametrize(
    ("phase", "state"), [("training", "TRAINING"), ("validating", "VALIDATING"), ("testing", "TESTING")]
)
def test_the_state_before_a_pause_comes_back(phase: str, state: str) -> None:
    view = fold(run_started(), batch(1, 3, phase), RunPaused(phase=phase, epoch=1, step=3))
    assert view.status == "PAUSED"
    fold(batch(1, 3, phase), view=view)  # the last progress may be read after the pause was
    assert view.status == "PAUSED"
    fold(RunResumed(phase=phase, epoch=1, step=3, seconds=5), view=view)
    assert view.status == state


def test_an_end_outlasts_late_progress() -> None:
    view = fold(run_started(), RunStopped(epoch=1, step=4, reason="asked", saved=None), batch(1, 4))
    assert (view.status, view.ended is not None) == ("STOPPED", True)


def test_rows_points_best_and_images() -> None:
    view = fold(*run_events(epochs=2, upto=5))
    assert [r.epoch for r in view.rows] == [1, 2]
    assert view.best is view.rows[1]
    assert [x for x, _ in view.points] == pytest.approx([i / 10 for i in range(1, 26)])
    assert view.images is not None and np.array_equal(view.images, IMAGES)
    assert view.classified is not None and view.classified.epoch == 2
    assert (view.epoch, view.step, view.epochs, view.class_names) == (3, 5, 4, NAMES)


def test_the_best_epoch_is_the_last_marked_as_best() -> None:
    view = fold(run_started(), epoch_completed(1), epoch_completed(2), epoch_completed(3, best=False))
    assert view.best is not None and view.best.epoch == 2


def test_the_newest_predictions_are_those_that_came_last() -> None:
    validated = [ValidationPredictionsSaved(path="validation.npz", epoch=epoch) for epoch in (1, 2)]
    tested = PredictionsSaved(path="predictions.npz", epoch=2, step=5, accuracy=0.5)
    view = fold(run_started(), validated[0])
    assert view.newest is view.validated is validated[0]
    fold(tested, view=view)
    assert view.newest is view.predictions is tested and view.validated is validated[0]
    fold(validated[1], view=view)
    assert view.newest is view.validated is validated[1] and view.predictions is tested
    fold(run_started(resumed_from="epoch-0002.pt", epoch=3), view=view)
    assert view.newest is validated[1]
    fold(run_started(resumed_from="epoch-0001.pt", epoch=2), view=view)
    assert view.newest is tested and view.validated is None, "the epoch is trained once more"


def test_a_resumed_run_is_drawn_once() -> None:
    view = fold(*run_events(epochs=3, upto=8))
    fold(run_started(resumed_from="epoch-0002.pt", epoch=3, step=4), view=view)
    assert [r.epoch for r in view.rows] == [1, 2]
    assert max(x for x, _ in view.points) == pytest.approx(2.4)
    assert view.best is not None and view.best.epoch == 2
    assert view.classified is None, "what epoch 3 saw belongs to weights that are gone"
    fold(
        EpochStarted(epoch=3, learning_rate=0.01, step=4),
        LossSampled(epoch=3, step=5, steps=STEPS, train_loss=0.5),
        view=view,
    )
    xs = [x for x, _ in view.points]
    assert xs == sorted(set(xs))


def test_an_epoch_that_starts_again_replaces_itself() -> None:
    view = fold(*run_events(epochs=2, upto=5), EpochStarted(epoch=2, learning_rate=0.01, step=3))
    assert [r.epoch for r in view.rows] == [1]
    assert view.points[-1][0] == pytest.approx(1.3)


def test_a_terminal_event_is_forgotten_when_the_run_goes_on() -> None:
    view = fold(
        *run_events(epochs=1), RunStopped(epoch=2, step=5, reason="asked", saved="x.pt"), run_started(epoch=2, step=5)
    )
    assert (view.ended, view.status) == (None, "TRAINING")


def test_progress_rises_and_never_leaves_its_bounds() -> None:
    view, last = RunState(), 0.0
    assert (view.fraction, view.progress) == (0.0, 0.0)
    for event in run_events(epochs=4, test=True):
        view.apply(event)
        assert 0 <= view.fraction <= 1 and 0 <= view.progress <= 1
        assert view.progress >= last - 1e-9
        last = view.progress
    assert last == 1.0


def test_an_epochs_fraction_goes_on_through_its_validation() -> None:
    view = fold(run_started(), EpochStarted(epoch=1, learning_rate=0.01), batch(1, 10))
    assert view.fraction == pytest.approx(0.9)  # 300 images there and back, 100 there
    fold(ValidationStarted(epoch=1), batch(1, 2, "validating", 4), view=view)
    assert view.fraction == pytest.approx(0.95)


def test_absurd_progress_is_clamped() -> None:
    assert fold(run_started(), batch(9, 70)).progress == 1.0
    assert fold(batch(1, 70)).fraction == 1.0
    assert fold(batch(1, 3, steps=0)).fraction == 0.0
    none = {"train": 0, "valid": 0, "test": 0}
    assert fold(run_started(epochs=0, steps_per_epoch=0, counts=none), batch(0, 0, steps=0)).progress == 0.0


def test_memory_stays_bounded_and_spikes_stay() -> None:
    view = fold(run_started(epochs=10, steps_per_epoch=10_000))
    for step in range(1, 50_001):
        view.apply(
            LossSampled(
                epoch=1 + (step - 1) // 10_000,
                step=1 + (step - 1) % 10_000,
                steps=10_000,
                train_loss=99.0 if step == 777 else 1 + step % 7,
            )
        )
        if step % 10 == 0:
            view.apply(LineLogged(source="stderr", text=f"line {step}"))
    assert len(view.points) <= MAX_POINTS
    assert max(y for _, y in view.points) == 99.0
    assert [x for x, _ in view.points] == sorted(x for x, _ in view.points)
    assert len(view.lines) == MAX_LINES
    assert view.lines[-1][1] == "line 50000"


def test_thinning_keeps_the_lowest_and_highest_of_four() -> None:
    assert thin([(0, 5.0), (1, 1.0), (2, 9.0), (3, 4.0), (4, 2.0)]) == [(1, 1.0), (2, 9.0), (4, 2.0)]
    assert thin([(0, 1.0)] * 4) == [(0, 1.0)]
    assert thin([]) == []


def test_losses_that_are_no_numbers_are_left_out() -> None:
    view = fold(
        run_started(),
        *(
            LossSampled(epoch=1, step=i, steps=10, train_loss=y)
            for i, y in enumerate((1.0, float("nan"), float("inf"), 2.0))
        ),
    )
    assert [y for _, y in view.points] == [1.0, 2.0]


def test_changes_count_by_part() -> None:
    view = fold(*run_events(epochs=1, upto=0))
    before = dict(view.changes)
    fold(batch(2, 1), view=view)
    assert view.changes == before, "progress alone redraws no panel"
    fold(LossSampled(epoch=2, step=1, steps=10, train_loss=1.0), view=view)
    assert {k for k in view.changes if view.changes[k] != before.get(k)} == {"curve", "rows"}


def test_checkpoints_and_what_went_wrong_with_them() -> None:
    failed = CheckpointFailed(path="a.pt", epoch=2, step=3, reason="asked", error="No space left on device")
    skipped = CheckpointSkipped(path="b.pt", error="digest differs")
    view = fold(*run_events(epochs=1), failed, skipped)
    assert [type(c).__name__ for c in view.checkpoints] == ["CheckpointSaved", "CheckpointFailed", "CheckpointSkipped"]
    assert any("No space left on device" in text for _, text in view.lines)


def test_failure_and_skipped_images_are_in_the_log() -> None:
    view = fold(
        ImagesSkipped(count=2, names=("a.png", "b.png")),
        RunFailed(title="Loss is not finite", message="epoch 1", kind="non_finite", detail="Traceback\n  there"),
    )
    assert view.status == "FAILED"
    assert [t.strip() for _, t in view.lines] == [
        "2 unreadable images were left out:",
        "a.png",
        "b.png",
        "Loss is not finite: epoch 1",
        "Traceback",
        "there",
    ]


def test_the_tests_classes_take_the_place_of_the_validations() -> None:
    view = fold(*run_events(epochs=2, test=True))
    assert [c.correct for c in view.per_class] == [72, 72, 72]


def test_a_finished_runs_file_gives_the_same_view() -> None:
    events = list(run_events(epochs=4, test=True))
    live = fold(*events)
    read = fold(*(from_json(to_json(e)) for e in events if not e.live))
    for part in ("status", "rows", "points", "best", "classified", "tested", "labels", "ended"):
        assert getattr(read, part) == getattr(live, part), part


def test_each_phase_has_a_rate_of_its_own() -> None:
    view = RunState()
    for event in (run_started(), EpochStarted(epoch=1, learning_rate=0.01), batch(1, 5), ValidationStarted(epoch=1)):
        view.apply(event)
    assert view.images_per_second == 0.0  # nothing was validated yet
    view.apply(dataclasses.replace(batch(1, 2, "validating", 4), images_per_second=12_000.0))
    assert view.images_per_second == 12_000.0
    view.apply(EpochStarted(epoch=2, learning_rate=0.01))
    assert view.images_per_second == 4100.0  # as in the training before
