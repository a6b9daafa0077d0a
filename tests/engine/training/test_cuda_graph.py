"""Which steps are recorded and what is replayed, with a stand-in for CUDA's recorder; `test_cuda` uses the real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.config.schema import Config
from engine.events.types import EpochCompleted, LossSampled, RunCompleted
from engine.training import cuda_graph as captured
from engine.training.cuda_graph import EAGER_STEPS, CapturedStep
from tests.support.runs import train

CPU = torch.device("cpu")


class Recorder:
    """Keeps the work that it is given, and does it on replay."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def __call__(self, work: Callable[[], None], draws: torch.Generator | None) -> Callable[[], None]:
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            work()

        return replay


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Replaces CUDA's recorder."""
    made = Recorder()
    monkeypatch.setattr(captured, "record", made)
    return made


def test_each_kind_of_batch_is_recorded_once_after_some_steps_and_sees_every_batch(recorder: Recorder) -> None:
    seen: list[tuple[float, float, float]] = []

    def step(x: Tensor, y: Tensor, factor: Tensor) -> None:
        seen.append((float(x.sum()), float(y.sum()), float(factor)))

    steps, expected = CapturedStep(CPU), []
    for n in range(4 * EAGER_STEPS):
        for count, kind in ((4, "small"), (4, "large"), (3, "small")):
            x, y = torch.full((count, 2), float(n)), torch.full((count,), n)
            steps.run(step, x, y, 1 / (n + 1), kind)
            expected.append((2.0 * n * count, float(n * count), pytest.approx(1 / (n + 1))))
    assert seen == expected
    assert recorder.recorded == 3 and recorder.replayed == 3 * 3 * EAGER_STEPS


def test_a_recording_keeps_the_layout_of_its_batch(recorder: Recorder) -> None:
    strides: list[tuple[int, ...]] = []
    x = torch.zeros(4, 3, 8, 8).to(memory_format=torch.channels_last)
    steps = CapturedStep(CPU)
    for _ in range(EAGER_STEPS + 1):
        steps.run(lambda x, *_: strides.append(x.stride()), x, torch.zeros(4), 1.0)
    assert recorder.replayed == 1 and set(strides) == {x.stride()}


def test_if_recording_fails_every_step_still_runs_and_a_line_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    monkeypatch.setattr(captured, "record", refuse)
    done, told = [], list[str]()
    steps = CapturedStep(CPU, None, told.append)
    for n in range(2 * EAGER_STEPS):
        for kind in "ab":
            steps.run(lambda x, *_: done.append(int(x)), torch.tensor([n]), torch.zeros(1), 1.0, kind)
    assert done == [n for n in range(2 * EAGER_STEPS) for _ in "ab"]
    assert told == ["Steps can't be recorded as CUDA graphs, and take longer: operation not permitted"]


def test_running_out_of_memory_while_recording_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(captured, "record", fail)
    steps = CapturedStep(CPU)
    for _ in range(EAGER_STEPS):
        steps.run(lambda *_: None, torch.zeros(1), torch.zeros(1), 1.0)
    with pytest.raises(torch.OutOfMemoryError):
        steps.run(lambda *_: None, torch.zeros(1), torch.zeros(1), 1.0)


@pytest.mark.parametrize("recipe", [{"recipe": "tutorial"}, {"recipe": "fast", "width": 12, "batch_size": 8}])
def test_a_run_with_recorded_steps_equals_one_without(
    quick: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, recorder: Recorder, recipe: dict[str, object]
) -> None:
    values = {**recipe, "epochs": 5, "lr": 0.05}
    plain = train(quick(**values))
    monkeypatch.setattr(captured, "can_record", lambda device: True)
    runs = plain, train(quick(**values, name="recorded"))
    assert all(isinstance(r.events[-1], RunCompleted) for r in runs)
    assert recorder.recorded >= 1 and recorder.replayed > 20
    for kind in (LossSampled, EpochCompleted):
        losses = [[e.train_loss for e in r.of(kind)] for r in runs]  # type: ignore[attr-defined]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
